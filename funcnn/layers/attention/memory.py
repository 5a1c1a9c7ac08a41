"""The memory of causal attention: keys and values of the positions so far, in arrays that grow or of a fixed size."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import Array, counted, is_array, namespace, short
from funcnn.errors import ShapeError
from funcnn.fields import is_whole
from funcnn.layers.attention.dot_product import no_later
from funcnn.layers.attention.heads import MultiHead, check_memory_of_heads
from funcnn.layers.attention.masks import allowed_pairs
from funcnn.layers.memories import memory_sequences_error

Grown = tuple[Array, Array, Array | None]


class FixedMemory(NamedTuple):
    """k, v: (m, heads, t_most, d); the mask, bool (m, t_most), or None; `length`, the number of positions so far."""

    k: Array
    v: Array
    mask: Array | None
    length: Any


def positions_before(params: MultiHead, memory: Any, x: Array) -> Any:
    """The number of positions in the memory, which is checked: the place of the first position of x."""
    if memory is None:
        return 0
    fixed = type(memory) is FixedMemory
    check_memory_of_heads(params, memory[:3] if fixed else memory, 3)
    if memory[0].shape[0] != x.shape[0]:
        raise memory_sequences_error(memory[0].shape[0], x.shape[0])
    most = memory[0].shape[2]
    if not fixed:
        return most
    start = _known(memory.length)
    traced = is_array(start) and start.shape == () and start.dtype.kind in "iu"
    if not traced and not (type(start) is int and 0 <= start <= most):
        given = short(memory.length)
        raise ShapeError(f"step: memory.length must be a whole number from 0 to {most}, not {given}")
    if not traced and start + x.shape[1] > most:
        needed, remedy = counted(start + x.shape[1], "position"), "call fixed_memory with a larger t_most"
        raise ShapeError(f"step: memory must have room for {needed}, not for {most}; {remedy}")
    return start


def extended(
    memory: Any, k: Array, v: Array, mask: Array | None
) -> tuple[tuple[Array, Array], Array | None, Grown | FixedMemory]:
    """((k, v) to attend to, the allowed pairs, the memory), from k, v and the mask of the new positions."""
    t, xp = k.shape[2], namespace(k)
    if type(memory) is not FixedMemory:
        memory = (k, v, mask) if memory is None else _written(memory, (k, v, mask), memory[0].shape[2])
        k, v, mask = memory
        return (k, v), allowed_pairs(mask, _order(k.shape[2], t, xp))[2], memory
    start = _known(memory.length)
    memory = FixedMemory(*_written(memory[:3], (k, v, mask), start), start + t)
    k, v, mask, stop = memory
    if type(stop) is int:
        k, v, mask = k[:, :, :stop], v[:, :, :stop], mask if mask is None else mask[:, :stop]
        return (k, v), allowed_pairs(mask, _order(stop, t, xp))[2], memory
    order = xp.arange(k.shape[2]) <= start + xp.arange(t)[:, None]
    v = xp.where(stop <= k.shape[2], v, xp.asarray(np.nan, dtype=v.dtype))  # too many positions, which no error can say
    return (k, v), allowed_pairs(mask, order)[2], memory


def _known(length: Any) -> Any:
    """The number of positions as an int, unless it is traced."""
    return int(length) if is_whole(length) or (type(length) is np.ndarray and length.dtype.kind in "iu") else length


def _order(s: int, t: int, xp: Any) -> Array | None:
    """The last t of s positions are queries; one query alone may attend to all."""
    return None if t == 1 else no_later(s, t, xp)


def _written(past: Grown, new: Grown, start: Any) -> Grown:
    """Keys, values and mask, with the new ones from `start` on; a part without a mask has no padding."""
    (past_k, past_v, past_mask), (k, v, mask) = past, new
    if past_mask is not None or mask is not None:
        xp = namespace(k)
        masks = [xp.ones(a.shape[:3:2], dtype=bool) if m is None else m for m, a in ((past_mask, past_k), (mask, k))]
        mask = _placed(masks[0], masks[1], start, 1)
    return _placed(past_k, k, start, 2), _placed(past_v, v, start, 2), mask


def _placed(past: Array, new: Array, start: Any, axis: int) -> Array:
    """`past` with `new` in the places from `start` on along the axis; a traced start writes by a mask."""
    xp, n = namespace(new), new.shape[axis]
    if type(start) is int:
        before: Any = (slice(None),) * axis
        parts = past[(*before, slice(start))], new, past[(*before, slice(start + n, None))]
        return xp.concatenate(parts, axis=axis)
    place = xp.arange(past.shape[axis]) - start
    inside = ((place >= 0) & (place < n)).reshape(-1, *[1] * (past.ndim - 1 - axis))
    return xp.where(inside, xp.take(new, xp.clip(place, 0, n - 1), axis=axis), past)

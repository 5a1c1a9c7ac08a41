"""The last step of a sequence, padding excluded."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, is_array, namespace
from funcnn.core import backward, forward
from funcnn.generation import step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_out_gradient, foreign_cache_error
from funcnn.layers.memories import check_memory
from funcnn.layers.outlines import outline
from funcnn.layers.sequences import as_triple, in_form_of
from funcnn.records import record
from funcnn.shapes import shapes


@shapes(x="m t+ k", out="m k", cache="_", forms=2)
@record
class Last:
    """out[m] = x[m, s_m], where s_m is the last step of sequence m; dx[m, s_m] = dA[m], else 0

    x may be `(x, mask)`, mask of bools, False at padded positions, or None; out has no mask. s_m is t - 1, or the last
    position at which the mask is True. For a sequence that is all padding, out is 0. x is not read at padded positions.
    A classifier of sequences is a chain of recurrent layers, a Last and a Dense.

    `step` returns the last step so far, both as out and as memory.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> x = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    >>> forward(layers.Last(), (x, np.array([[True, True, True], [True, True, False]])))[0]
    array([[3.],
           [5.]])

    Raises:
        ShapeError: x is not (m, t, k) with t at least 1, the mask not (m, t), or there is a third part, a state.
        KindError: x is not an array of floats, or the mask not of bools.
    """


@forward.register(Last)
def last_forward(params: Last, given: Any) -> tuple[Array, Any]:
    """out[m] = x[m, s_m]; the cache is the outline of x, and the mask"""
    x, mask, _ = as_triple("", given)
    return _taken(x, mask, 0), in_form_of(given, outline(x), mask)


@backward.register(Last)
def last_backward(params: Last, cache: Any, dA: Array) -> Grads[Last]:
    """dx[m, s_m] = dA[m], else 0"""
    kept, mask = cache if type(cache) is tuple and len(cache) == 2 else (cache, None)
    if not is_array(kept) or kept.ndim != 4 or len(kept):
        raise foreign_cache_error(params, cache)
    m, t, k = kept.shape[1:]
    check_out_gradient(params, dA, (m, k), kept.dtype)
    xp = namespace(dA)
    here = xp.arange(t) == (t - 1 if mask is None else _positions(mask, xp)[:, None])
    if mask is not None:  # 0 everywhere in a sequence of padding alone
        here = here & mask
    return Grads(gradient(params), in_form_of(cache, xp.where(here[..., None], dA[:, None], 0)))


@step.register(Last)
def last_step(params: Last, given: Any, memory: Any = None) -> tuple[Array, Array]:
    """The memory is out; a sequence whose x is all padding here keeps its memory"""
    x, mask, _ = as_triple("", given)
    m, _, k = x.shape
    if memory is not None:
        check_memory(params, memory, (m, k), x.dtype)
    out = _taken(x, mask, 0 if memory is None else memory)
    return out, out


def _positions(mask: Array, xp: Any) -> Any:
    """The last position at which the mask is True, (m,); any position if the mask is False everywhere."""
    return mask.shape[1] - 1 - xp.argmax(mask[:, ::-1], axis=1)


def _taken(x: Array, mask: Any, otherwise: Any) -> Array:
    """x[m, s_m], or `otherwise` if all of x is padding; a copy, since a view would keep all of x in memory."""
    if mask is None:
        return x[:, -1].copy()
    xp = namespace(x)
    found = xp.take_along_axis(x, _positions(mask, xp)[:, None, None], axis=1)[:, 0]
    return xp.where(mask.any(axis=1)[:, None], found, otherwise)

"""Sums over blocks: the cost, the gradient, and the next states, added in pairs in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import add  # `sum` adds floats otherwise from Python 3.12 on
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import freeze, is_array, is_float, is_native_float, namespace, same, short, wide
from funcnn.errors import KindError
from funcnn.fields import is_whole
from funcnn.gradients import Grads
from funcnn.parallel.blocks import laid
from funcnn.records import build, plans, values
from funcnn.trees.walks import map_arrays


class PartialSum(NamedTuple):
    """What blocks `start` to `stop` add to the result: their costs and gradients, times their shares of the rows."""

    start: int
    stop: int
    cost: Any
    like: Any  # the gradient of block 0, without its numbers; None for others
    slopes: list[Any]
    states: list[list[Any]]  # the next states in each block
    dx: list[Any]  # of each block


def term(i: int, share: float, made: tuple[Any, Grads[Any]]) -> PartialSum:
    """What block i adds, which has this share of all rows: a loss is a mean over rows."""
    cost, given = made
    grads = laid(given.params)
    slopes, states = list[Any](), list[Any]()
    for _, part, is_state in _parts(grads):
        (states if is_state else slopes).append(part)
    like = None if i else _ended(grads, iter([np.empty(0, g.dtype) for g in slopes]), iter([None] * len(states)))
    dx = _shared(given.x, share)
    return PartialSum(i, i + 1, share * cost, like, [share * wide(g) for g in slopes], [states], [dx])


def sums(k: int, parts: Iterable[PartialSum], start: int, stop: int) -> Iterator[PartialSum]:
    """The sums of blocks `start` to `stop` of k, from those of fewer blocks, in order.

    Sums are added in pairs, by a binary tree whose node j at depth d has the blocks from k j / 2^d to k (j + 1) / 2^d,
    rounded down. So the bits of the whole sum do not depend on who added which part. There is one sum for each of the
    largest nodes inside, which is a single sum where all blocks are divided among 2^d equal parts.
    """
    rest, waiting = iter(parts), list[PartialSum]()

    def sum_of(j: int, depth: int) -> PartialSum:
        if not waiting:
            waiting.append(next(rest))
        if (waiting[0].start, waiting[0].stop) == _node(k, j, depth):
            return waiting.pop()
        left = sum_of(2 * j, depth + 1)
        return _added(left, sum_of(2 * j + 1, depth + 1))

    for j, depth in _largest(k, start, stop, 0, 0):
        yield sum_of(j, depth)


def _node(k: int, j: int, depth: int) -> tuple[int, int]:
    return k * j >> depth, k * (j + 1) >> depth


def _largest(k: int, start: int, stop: int, j: int, depth: int) -> Iterator[tuple[int, int]]:
    """The largest nodes of the tree inside these blocks."""
    first, last = _node(k, j, depth)
    if start <= first and last <= stop:
        yield j, depth
    elif first < stop and start < last:
        yield from _largest(k, start, stop, 2 * j, depth + 1)
        yield from _largest(k, start, stop, 2 * j + 1, depth + 1)


def _added(a: PartialSum, b: PartialSum) -> PartialSum:
    if len(a.slopes) != len(b.slopes):
        raise _unlike_gradients_error(f"of {len(a.slopes)} and of {len(b.slopes)}")
    for one, other in zip(a.slopes, b.slopes, strict=True):
        if one.shape != other.shape:
            raise _unlike_gradients_error(f"of the shapes {one.shape} and {other.shape}")
    slopes = list(map(_plus, a.slopes, b.slopes))
    return PartialSum(a.start, b.stop, a.cost + b.cost, a.like, slopes, a.states + b.states, a.dx + b.dx)


def _plus(a: Any, b: Any) -> Any:
    is_ours = type(a) is np.ndarray and a.flags.writeable and a.dtype == b.dtype
    return np.add(a, b, out=a) if is_ours else a + b  # arrays of JAX are replaced


def result(params: Any, total: PartialSum, shares: list[float], rows: Any) -> tuple[Any, Grads[Any]]:
    """(cost, Grads) = sum_i share_i (cost_i, grads_i).

    The rows of `Grads.x` are those of all blocks, times their shares, in the order of x: row i of the blocks is row
    `rows[i]` of x, unless `rows` is None. A state is a mean in the same way if its next values are floats that differ;
    if all are equal, it is that value.
    """
    columns = enumerate(zip(*total.states, strict=True))
    following = [_next_state(i, params, states, shares) for i, states in columns]
    dx = _joined(total.dx)
    if rows is not None and dx is not None:
        order = np.argsort(rows)
        dx = map_arrays(lambda d: d[order], dx)
    return total.cost, Grads(_ended(total.like, iter(total.slopes), iter(following)), dx)


def _unlike_gradients_error(given: str) -> KindError:
    needed = "gradients of the same arrays for each block"
    return KindError(f"sharded: value_and_grad must return {needed}, not {given}")


def _shared(dx: Any, share: float) -> Any:
    return None if dx is None else map_arrays(lambda d: (share * wide(d)).astype(d.dtype), laid(dx))


def _joined(parts: Sequence[Any]) -> Any:
    """The rows of all blocks, below one another; None where there is no gradient."""
    if type(parts[0]) is tuple:
        return tuple([_joined(of) for of in zip(*parts, strict=True)])
    return None if parts[0] is None else freeze(namespace(parts[0]).concatenate(parts))


def _parts(g: Any, path: str = "") -> Iterator[tuple[str, Any, bool]]:
    """The path and the value of each state and gradient, in the order of the fields; and whether it is a state."""
    if type(g) is tuple:
        for i, part in enumerate(g):
            yield from _parts(part, f"{path}.{i}")
    elif type(g) in plans:
        for (name, is_state), part in zip(plans[type(g)], values(g), strict=True):
            if is_state:
                yield f"{path}.{name}".strip("."), part, True
            else:
                yield from _parts(part, f"{path}.{name}")
    elif _is_slope(g):
        yield path, g, False


def _is_slope(g: Any) -> bool:
    return is_native_float(g) or (is_array(g) and is_float(g))


def _ended(first: Any, total: Iterator[Any], states: Iterator[Any]) -> Any:
    """The sums in the dtypes of the first gradient, read-only, with the next states."""
    if type(first) is tuple:
        return tuple([_ended(part, total, states) for part in first])
    if type(first) in plans:
        fields = zip(values(first), plans[type(first)], strict=True)
        return build(
            type(first), [next(states) if is_state else _ended(part, total, states) for part, (_, is_state) in fields]
        )
    return freeze(next(total).astype(first.dtype, copy=False)) if _is_slope(first) else first


def _next_state(i: int, params: Any, states: Sequence[Any], shares: list[float]) -> Any:
    """The next value of state i of the network, from its next value in each block, where None means unchanged."""
    first = states[0]
    if all([same(state, first) for state in states]):
        return first
    path, old = [(path, state) for path, state, is_state in _parts(params) if is_state][i]
    states = [old if state is None else laid(state) for state in states]
    shapes = {getattr(state, "shape", ()) for state in states}
    if all([isinstance(a, float) or (is_array(a) and is_float(a)) for a in states]) and len(shapes) == 1:
        parts = [wide(state) if is_array(state) else state for state in states]
        mean: Any = reduce(add, [share * part for share, part in zip(shares, parts, strict=True)])
        return freeze(mean.astype(states[0].dtype)) if is_array(states[0]) else float(mean)
    if any([is_array(state) or is_whole(state) for state in states]):
        other = next(state for state in states if not same(state, states[0]))
        needed = "equal in all blocks or made of floats"
        raise KindError(
            f"sharded: the next value of the state {path} must be {needed}, not {short(states[0])} and {short(other)}"
        )
    return states[-1]

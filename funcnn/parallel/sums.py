"""Sums over blocks: the cost, the gradient, and the next states, in the order of the blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from funcnn.arrays import as_array, freeze, is_array, is_float, namespace, same, short, wide
from funcnn.errors import KindError
from funcnn.fields import is_whole
from funcnn.gradients import Grads
from funcnn.records import build, plans
from funcnn.trees.walks import map_arrays


def summed(params: Any, made: Iterable[tuple[Any, Grads[Any]]], bounds: list[int]) -> tuple[Any, Grads[Any]]:
    """(cost, Grads) = sum_i m_i / m (cost_i, grads_i), where block i has m_i of m rows: a loss is a mean over rows

    `made` has the cost and the gradient of each block, in order. The rows of `Grads.x` are those of all blocks, times
    m_i / m. A state is a mean in the same way if its next values
    are floats that differ; if all are equal, it is that value.

    >>> import numpy as np
    >>> from funcnn.parallel.sums import summed
    >>> from funcnn import Grads
    >>> p = np.zeros(1)
    >>> summed(p, [(1.0, Grads(p + 2, None)), (4.0, Grads(p + 5, None))], [0, 2, 3])
    (2.0, Grads(params=<f64 [3.]>, x=None))
    """
    shares = [(stop - start) / bounds[-1] for start, stop in pairwise(bounds)]
    cost: Any = 0.0
    first = total = None
    states: list[list[Any]] = []
    slopes = []
    for share, (part, given) in zip(shares, made, strict=True):
        cost, grads = cost + share * part, given.params
        slopes.append(_shared(given.x, share))
        if first is None:
            first, total = grads, _times(grads, share)
        else:
            total = _plus(total, grads, share)
        states.append(list(_states_of(grads, params, "")))
    columns = iter([_next_state(column, shares) for column in zip(*states, strict=True)])
    return cost, Grads(_ended(first, total, columns), _joined(slopes))


def _shared(dx: Any, share: float) -> Any:
    return None if dx is None else map_arrays(lambda d: (share * wide(d)).astype(d.dtype), dx)


def _joined(parts: Sequence[Any]) -> Any:
    """The rows of all blocks, below one another; None where there is no gradient."""
    if type(parts[0]) is tuple:
        return tuple([_joined(of) for of in zip(*parts, strict=True)])
    return None if parts[0] is None else freeze(namespace(parts[0]).concatenate(parts))


def _times(g: Any, share: float) -> Any:
    """A new tree: each parameter's gradient times the share, in float32 or wider; states and settings as they are."""
    if type(g) is tuple:
        return tuple([_times(part, share) for part in g])
    if type(g) in plans:
        fields = [(getattr(g, name), is_state) for name, is_state in plans[type(g)]]
        return build(type(g), [part if is_state else _times(part, share) for part, is_state in fields])
    return as_array(share * wide(g)) if is_array(g) and is_float(g) else g


def _plus(total: Any, g: Any, share: float) -> Any:
    """total + share g; arrays of NumPy that `_times` has made are added to."""
    if type(g) is tuple:
        return tuple([_plus(t, part, share) for t, part in zip(total, g, strict=True)])
    if type(g) in plans:
        fields = [(getattr(total, name), getattr(g, name), is_state) for name, is_state in plans[type(g)]]
        return build(type(g), [t if is_state else _plus(t, part, share) for t, part, is_state in fields])
    if is_array(g) and is_float(g):
        total += share * wide(g)  # arrays of JAX are replaced
    return total


def _states_of(g: Any, p: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The path of each state in a gradient, its value before the step, and its next value."""
    if type(g) is tuple:
        for i, (part, old) in enumerate(zip(g, p, strict=True)):
            yield from _states_of(part, old, f"{path}.{i}")
    for name, is_state in plans.get(type(g), ()):
        part, old, where = getattr(g, name), getattr(p, name), f"{path}.{name}"
        if is_state:
            yield where.strip("."), old, part
        else:
            yield from _states_of(part, old, where)


def _ended(first: Any, total: Any, states: Iterator[Any]) -> Any:
    """The sums in the dtypes of the first gradient, read-only, with the next states."""
    if type(first) is tuple:
        return tuple([_ended(one, part, states) for one, part in zip(first, total, strict=True)])
    if type(first) in plans:
        fields = [(getattr(first, name), getattr(total, name), is_state) for name, is_state in plans[type(first)]]
        return build(
            type(first), [next(states) if is_state else _ended(one, part, states) for one, part, is_state in fields]
        )
    return freeze(total.astype(first.dtype, copy=False)) if is_array(first) else first


def _next_state(column: Sequence[tuple[str, Any, Any]], shares: list[float]) -> Any:
    """The next value of a state from (path, old, next) of each block, where a next value of None means unchanged."""
    path, _, first = column[0]
    if all([same(state, first) for _, _, state in column]):
        return first
    states = [old if state is None else state for _, old, state in column]
    shapes = {getattr(state, "shape", ()) for state in states}
    if all(map(_is_of_floats, states)) and len(shapes) == 1:
        mean: Any = sum([share * wide(as_array(state)) for share, state in zip(shares, states, strict=True)])
        return freeze(mean.astype(states[0].dtype)) if is_array(states[0]) else float(mean)
    if any([is_array(state) or is_whole(state) for state in states]):
        other = next(state for state in states if not same(state, states[0]))
        needed = "equal in all blocks or made of floats"
        raise KindError(
            f"sharded: the next value of the state {path} must be {needed}, got {short(states[0])} and {short(other)}"
        )
    return states[-1]


def _is_of_floats(state: Any) -> bool:
    return isinstance(state, float) or (is_array(state) and is_float(state))

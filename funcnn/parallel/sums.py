"""Sums over blocks: the cost, the gradient, and the next states, in the order of the blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import pairwise
from operator import add  # `sum` adds floats otherwise from Python 3.12 on
from typing import Any

from funcnn.arrays import freeze, is_array, is_float, is_native_float, namespace, same, short, wide
from funcnn.errors import KindError
from funcnn.fields import is_whole
from funcnn.gradients import Grads
from funcnn.parallel.blocks import laid
from funcnn.records import build, plans, values
from funcnn.trees.walks import map_arrays


def summed(params: Any, made: Iterable[tuple[Any, Grads[Any]]], bounds: list[int]) -> tuple[Any, Grads[Any]]:
    """(cost, Grads) = sum_i m_i / m (cost_i, grads_i), where block i has m_i of m rows: a loss is a mean over rows

    `made` has the cost and the gradient of each block, in order. The rows of `Grads.x` are those of all blocks, times
    m_i / m. A state is a mean in the same way if its next values are floats that differ; if all are equal, it is that
    value.
    """
    shares = [(stop - start) / bounds[-1] for start, stop in pairwise(bounds)]
    cost: Any = 0.0
    first: Any = None
    total: list[Any] = []
    columns, rows = list[list[Any]](), list[Any]()
    for share, (part, given) in zip(shares, made, strict=True):
        cost += share * part
        rows.append(_shared(given.x, share))
        grads = given.params if columns else laid(given.params)
        parts = list(_parts(grads))
        slopes = [g for _, g, is_state in parts if not is_state]
        if not columns:
            first, total = grads, [share * wide(g) for g in slopes]
        elif len(slopes) != len(total):
            raise _unlike_gradients_error(f"of {len(total)} and of {len(slopes)}")
        else:
            for i, g in enumerate(slopes):
                if g.shape != total[i].shape:
                    raise _unlike_gradients_error(f"of the shapes {total[i].shape} and {g.shape}")
                total[i] += share * wide(g)  # arrays of JAX are replaced
        columns.append([state for _, state, is_state in parts if is_state])
    following = [_next_state(i, params, states, shares) for i, states in enumerate(zip(*columns, strict=True))]
    return cost, Grads(_ended(first, iter(total), iter(following)), _joined(rows))


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

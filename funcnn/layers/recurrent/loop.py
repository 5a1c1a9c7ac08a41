"""The loop of a recurrent layer over the steps of a sequence, which another library may do in its own way."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import Array, Namespace, namespace
from funcnn.gradients import added
from funcnn.trees.walks import map_arrays


class Scanned(NamedTuple):
    """The trees of all steps as one tree, whose arrays have the steps along axis 0."""

    tree: Any


# A value for each step: a tuple of trees, an array with the steps along axis 0, a `Scanned`, or None for None t times.
Series = Any
# (carry, results) = step(fixed, carry, *values), with the value of each series at this step.
Step = Callable[..., tuple[Any, tuple[Any, ...]]]
# The loop of each library that has one, with the arguments of `in_python`; `funcnn.interop.jax` writes that of JAX.
LOOPS: dict[Namespace, Any] = {}


def loop_of(*arrays: Any) -> Any:
    """The loop of the library of the first array that is not an array of NumPy, or `in_python`."""
    for a in arrays:
        if type(a) is not np.ndarray and a is not None and (loop := LOOPS.get(namespace(a))) is not None:
            return loop
    return in_python


def in_python(
    step: Step, t: int, fixed: Any, carry: Any, series: tuple[Series, ...], *, reverse: bool = False
) -> tuple[Any, tuple[Series, ...]]:
    """(the carry after t calls of `step`, a series for each of its results)

    `step` is a function at the top of a module, so that a library may compile it once; `fixed` is the same at each
    step. With `reverse` the last step comes first; the series of results are in the order of the sequence.
    """
    results, values = [], [_values(part, t) for part in series]
    if reverse:
        values = [part[::-1] for part in values]
    for given in zip(*values):  # noqa: B905  each has t values
        carry, result = step(fixed, carry, *given)
        results.append(result)
    if reverse:
        results.reverse()
    return carry, tuple(zip(*results))  # noqa: B905  each step has as many results


def _values(series: Series, t: int) -> Any:
    """The values at all steps: a tuple, or an array with the steps along axis 0."""
    if series is None:
        return (None,) * t
    return tuple([_each(itemgetter(i), series.tree) for i in range(t)]) if type(series) is Scanned else series


def along(series: Series) -> Any:
    """The arrays of all steps as one array, with the steps along axis 1; None for a series of None."""
    if type(series) is Scanned:
        return None if series.tree is None else namespace(series.tree).moveaxis(series.tree, 0, 1)
    return None if series[0] is None else namespace(series[0]).stack(series, axis=1)


def total(series: Series) -> dict[str, Any]:
    """The sum of each gradient over all steps; a state of a layer takes its value after the last step of the loop."""
    if type(series) is Scanned:
        return {name: _sum(part) for name, part in series.tree.items()}
    return {name: added([one[name] for one in series[::-1]]) for name in series[0]}


def _sum(tree: Any) -> Any:
    first, sums = _each(lambda a: a[0], tree), _each(lambda a: a.sum(axis=0), tree)
    return map_arrays(lambda _, a: a, first, sums, states=False)


def _each(f: Callable[[Array], Any], tree: Any) -> Any:
    """`tree` with f(a) in place of each array, also in lists, dicts and named tuples, which a cell may keep."""
    if isinstance(tree, dict):
        return {name: _each(f, part) for name, part in tree.items()}
    if isinstance(tree, tuple | list):
        parts, cls = [_each(f, part) for part in tree], type(tree)
        return cls(*parts) if hasattr(tree, "_fields") else cls(parts)
    return map_arrays(f, tree)

"""Mistakes in the sums of a gradient: over a wrong axis, or with one term only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import Prediction, View, known, same, subsets


def wrong_sum(view: View) -> Iterator[Prediction]:
    """A sum or a mean over axes of the gradient or of dA that must remain, or over another axis than the right one."""
    outer, J = view.out.ndim, view.jacobian
    wanted = view.learner.jacobian.shape
    for axes in subsets(range(outer, J.ndim), J.shape):
        detail = f"over axis {_list([axis - outer for axis in axes])} of the gradient"
        for how, total in (("summed", J.sum(axis=axes)), ("averaged", J.mean(axis=axes))):
            kept = np.expand_dims(total, axes)
            yield known(f"{how} {detail}", np.broadcast_to(kept, J.shape) if wanted == J.shape else kept)
            yield known(f"{how} {detail}", total)
    for axes in subsets(range(outer), J.shape):
        detail = f"over axis {_list(axes)} of dA"
        for how, kept in (("summed", J.sum(axis=axes, keepdims=True)), ("averaged", J.mean(axis=axes, keepdims=True))):
            yield known(f"{how} {detail}", np.broadcast_to(kept, J.shape))
    if view.x.ndim < outer:
        for i, j in combinations(range(outer), 2):
            if J.shape[i] == J.shape[j]:
                yield known(f"summed over axis {i} for axis {j} of dA", np.swapaxes(J, i, j))


def _list(axes: list[int] | tuple[int, ...]) -> str:
    return " and ".join(map(str, axes))


def missing_sum(view: View) -> Iterator[Prediction]:
    """One term of a sum: that of one index of dA, the last that was written, the first; or no sum at all."""
    outer, J, L = view.out.ndim, view.jacobian, view.learner.jacobian
    if L.ndim >= J.ndim and L.shape != J.shape:
        for axes in subsets(range(outer, L.ndim), L.shape):
            if same(L.sum(axis=axes), J) or same(L.sum(axis=axes, keepdims=True), J):
                yield known(f"not summed over axis {_list([axis - outer for axis in axes])}", L)
        return
    for axes in subsets(range(outer), J.shape):
        terms = _terms(J, outer, axes)
        if not (terms.sum(axis=0) > 1).any() or any([_is_triangular(J, outer, axis) for axis in axes]):
            continue
        for index, word in ((0, "first"), (-1, "last")):
            kept = np.zeros([J.shape[axis] if axis in axes else 1 for axis in range(J.ndim)])
            kept[tuple([index if axis in axes else 0 for axis in range(J.ndim)])] = 1
            yield known(f"the {word} index of axis {_list(axes)} of dA alone", J * kept)
            position = terms.argmax(axis=0) if index == 0 else len(terms) - 1 - terms[::-1].argmax(axis=0)
            own = np.arange(len(terms)).reshape(-1, *[1] * view.x.ndim) == position
            yield known(f"the {word} term of axis {_list(axes)} of dA alone", J * _spread(own, J, outer, axes))


def _terms(J: Array, outer: int, axes: tuple[int, ...]) -> Array:
    """Whether an entry has a term at each position along some axes of dA: (position, *entry)."""
    others = tuple([axis for axis in range(outer) if axis not in axes])
    found = (J != 0) & (abs(J) > 1e-9 * abs(J).max(initial=0))
    found = found.any(axis=others)
    return found.reshape(-1, *J.shape[outer:])


def _spread(own: Array, J: Array, outer: int, axes: tuple[int, ...]) -> Array:
    """An array (position, *entry) with the axes of a Jacobian."""
    return own.reshape([J.shape[axis] if axis in axes or axis >= outer else 1 for axis in range(J.ndim)])


def _is_triangular(J: Array, outer: int, axis: int) -> bool:
    """Whether an axis is that of time, along which later outputs depend on all earlier entries."""
    is_shared = axis < J.ndim - outer and J.shape[axis] == J.shape[outer + axis]
    return is_shared and time_order(J, outer, axis)


def time_order(J: Array, outer: int, axis: int) -> bool:
    """Whether each output depends on all entries that are not later along an axis, and on no later one."""
    moved = np.moveaxis(J, (axis, outer + axis), (0, 1))
    size = abs(moved).max(axis=tuple(range(2, moved.ndim)), initial=0)
    seen = size > 1e-9 * size.max(initial=0)
    return len(size) > 2 and bool((seen == np.tri(len(size), dtype=bool)).all())

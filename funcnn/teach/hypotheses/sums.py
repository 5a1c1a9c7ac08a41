"""Mistakes in the sums of a gradient: over a wrong axis, or with one term only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import CLOSE, Prediction, View, known, same, subsets


def wrong_sum(view: View) -> Iterator[Prediction]:
    """A sum or a mean over axes of the gradient or of dA that must remain, or over another axis than the right one."""
    outer, J = view.out.ndim, view.jacobian
    wanted = view.learner.jacobian.shape
    for axes in subsets(range(outer, J.ndim), J.shape):
        if not _is_summed(view) or _hides_weights(view) or is_copied(J, axes):
            continue  # a sum of weights that make 1, or a gradient that is not copied back
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
        yield from _over_another(J, outer)


def _over_another(J: Array, outer: int) -> Iterator[Prediction]:
    """For a gradient sum_i w_ij dA_ij, the sum over j, where both axes have the same length."""
    for k, j, i in product(range(outer, J.ndim), range(outer), range(outer)):
        if i == j or not J.shape[i] == J.shape[j] == J.shape[k] > 1 or not same(J, J * _eye(J, j, k)):
            continue
        weights = J.sum(axis=k, keepdims=True)
        yield known(f"summed over axis {j} in place of axis {i} of dA", weights * _eye(J, i, k))


def _eye(J: Array, j: int, k: int) -> Array:
    """The identity along two axes of a Jacobian."""
    shape = [1] * J.ndim
    shape[j] = shape[k] = J.shape[k]
    return np.eye(J.shape[k]).reshape(shape)


def _is_summed(view: View) -> bool:
    """Whether the gradient of an entry is a sum, of several outputs."""
    return bool((_support(view.matrix).sum(axis=0) > 1).any())


def _hides_weights(view: View) -> bool:
    """Whether the gradient has one number where the right one has several, such as weights that make 1 together."""
    L, J = view.learner.jacobian, view.jacobian
    return is_two_valued(L) and not is_two_valued(J)


def is_two_valued(a: Array) -> bool:
    """Whether all numbers that are not 0 are the same number."""
    kept = a[_support(a)]
    return kept.size == 0 or bool(abs(kept - kept[0]).max() <= CLOSE * abs(kept[0]))


def is_copied(J: Array, axes: Sequence[int]) -> bool:
    """Whether all entries along some axes have the same gradient."""
    return any([J.shape[a] > 1 and same(J, np.broadcast_to(J.mean(a, keepdims=True), J.shape)) for a in axes])


def _support(a: Array) -> Array:
    return (a != 0) & (abs(a) > 1e-9 * abs(a).max(initial=0))


def _list(axes: list[int] | tuple[int, ...]) -> str:
    return " and ".join(map(str, axes))


def missing_sum(view: View) -> Iterator[Prediction]:
    """One term of a sum: that of one index of dA, the last that was written, the first; or no sum at all."""
    outer, J, L = view.out.ndim, view.jacobian, view.learner.jacobian
    if L.shape != J.shape:
        yield from _not_summed(view)
        return
    for axes in subsets(range(outer), J.shape):
        terms = _terms(J, outer, axes)
        many = terms.sum(axis=0)
        if many.max(initial=0) < 2 or any([_is_triangular(J, outer, axis) for axis in axes]):
            continue
        for index, word in ((0, "first"), (-1, "last")):
            kept = np.zeros([J.shape[axis] if axis in axes else 1 for axis in range(J.ndim)])
            kept[tuple([index if axis in axes else 0 for axis in range(J.ndim)])] = 1
            position = terms.argmax(axis=0) if index == 0 else len(terms) - 1 - terms[::-1].argmax(axis=0)
            if many.max() == 2 and (len(axes) > 1 or len(np.unique(position[many == 2])) == 1):
                continue  # one of two terms is missing: a range may end too early
            yield known(f"the {word} index of axis {_list(axes)} of dA alone", J * kept)
            own = np.arange(len(terms)).reshape(-1, *[1] * view.x.ndim) == position
            yield known(f"the {word} term of axis {_list(axes)} of dA alone", J * _spread(own, J, outer, axes))


def _not_summed(view: View) -> Iterator[Prediction]:
    """A gradient with axes that the argument does not have, or has with length 1."""
    outer, J, L = view.out.ndim, view.jacobian, view.learner.jacobian
    if not _is_summed(view):
        return
    for axes in subsets(range(outer, L.ndim), L.shape):
        if same(L.sum(axis=axes), J) or same(L.sum(axis=axes, keepdims=True), J):
            yield known(f"not summed over axis {_list([axis - outer for axis in axes])}", L)


def _terms(J: Array, outer: int, axes: tuple[int, ...]) -> Array:
    """Whether an entry has a term at each position along some axes of dA: (position, *entry)."""
    others = tuple([axis for axis in range(outer) if axis not in axes])
    found = _support(J).any(axis=others)
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
    return len(size) > 1 and bool((seen == np.tri(len(size), dtype=bool)).all())

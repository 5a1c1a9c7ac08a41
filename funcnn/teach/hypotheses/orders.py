"""Mistakes of order: transposed or reversed gradients, transposed matrices, kernels in the order of forward."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import Prediction, View, known, same, subsets


def transposed(view: View) -> Iterator[Prediction]:
    """The Jacobian, the gradient, dA or another argument transposed; a reshape in place of a transpose."""
    J, outer = view.jacobian, view.out.ndim
    if view.out.size == view.x.size and outer == view.x.ndim:
        yield known("the Jacobian in place of its transpose", view.matrix.T.reshape(J.shape))
    if _is_permutation(view.matrix):
        yield known("a reshape in place of a transpose", np.eye(view.x.size).reshape(J.shape))
    yield from _reshaped(view)
    own = [("", J), *_swapped(J, outer, J.ndim)]
    upstream = [*_swapped(J, 0, outer)] if view.x.ndim >= outer else []
    for axes, swapped in own[1:]:
        yield known(f"the gradient, axes {axes}", swapped)
    for axes, swapped in upstream:
        yield known(f"dA, axes {axes}", swapped)
        for also, both in _swapped(swapped, outer, J.ndim):
            yield known(f"dA, axes {axes}, and the gradient, axes {also}", both)
    for j in (view.i, *view.others):
        for axes, value in _swapped(view.arg(j), 0, view.arg(j).ndim):
            yield view.if_at(f"{view.name(j)}, axes {axes}", j, value)


def _reshaped(view: View) -> Iterator[Prediction]:
    """A gradient of the transposed shape, as the rule returned it."""
    J, L, outer = view.jacobian, view.learner.jacobian, view.out.ndim
    if L.shape != J.shape and L.ndim == J.ndim:
        for i, j in combinations(range(outer, J.ndim), 2):
            yield known(f"the gradient, axes {i - outer} and {j - outer}", np.swapaxes(J, i, j))


def _swapped(a: Array, first: int, end: int) -> Iterator[tuple[str, Array]]:
    """An array with two of its axes exchanged, in the shape that it has."""
    for i, j in combinations(range(first, end), 2):
        if a.shape[i] > 1 and a.shape[j] > 1:
            yield f"{i - first} and {j - first}", np.swapaxes(a, i, j).reshape(a.shape)


def _is_permutation(matrix: Array) -> bool:
    is_one = same(matrix, np.round(matrix)) and bool(np.isin(np.round(matrix), (0, 1)).all())
    once = [bool((abs(matrix.sum(axis=axis) - 1) < 1e-6).all()) for axis in (0, 1)]
    return matrix.shape[0] == matrix.shape[1] and is_one and all(once)


def flipped(view: View) -> Iterator[Prediction]:
    """The gradient or dA reversed along axes."""
    outer = view.out.ndim
    for what, start, axes in (
        *[("the gradient", outer, axes) for axes in subsets(range(outer, view.jacobian.ndim), view.jacobian.shape)],
        *[("dA", 0, axes) for axes in subsets(range(outer), view.jacobian.shape)],
    ):
        named = " and ".join([str(axis - start) for axis in axes])
        yield known(f"{what}, along axis {named}", np.flip(view.jacobian, axes))


def kernel(view: View) -> Iterator[Prediction]:
    """Another argument reversed along axes, if f is linear in this one and in the other."""
    twice = view.at(view.i, 2 * view.x)
    if twice is None or not same(twice, view.jacobian):
        return
    for j in view.others:
        a = view.arg(j)
        doubled = view.at(j, 2 * a)
        if doubled is None or not same(doubled, 2 * view.jacobian):
            continue
        for axes in subsets(range(a.ndim), a.shape):
            yield view.if_at(f"{view.name(j)}, along axis {' and '.join(map(str, axes))}", j, np.flip(a, axes))

"""Mistakes of order: transposed or reversed gradients, transposed matrices, kernels in the order of forward."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations, product

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.hypotheses.sums import is_copied, is_two_valued
from funcnn.teach.tutor.view import Prediction, View, known, same, subsets


def transposed(view: View) -> Iterator[Prediction]:
    """The Jacobian, the gradient, dA or another argument transposed; a reshape in place of a transpose."""
    yield from _jacobian_as_a_whole(view)
    yield from _reshaped(view)
    yield from _along_axes(view)
    for j in (view.i, *view.others):
        for axes, value in _swapped(view.arg(j), 0, view.arg(j).ndim):
            yield view.if_at(f"{view.name(j)}, axes {axes}", j, value)


def _jacobian_as_a_whole(view: View) -> Iterator[Prediction]:
    """The Jacobian as one matrix, if a transpose is the only thing that gives its numbers."""
    J = view.jacobian
    if is_axes_permutation(view):
        yield known("a reshape in place of a transpose", np.eye(view.x.size).reshape(J.shape))
    elif is_reversed_by_transposing(view):
        return
    if view.out.size == view.x.size and view.out.ndim == view.x.ndim:
        yield known("the Jacobian in place of its transpose", view.matrix.T.reshape(J.shape))


def _along_axes(view: View) -> Iterator[Prediction]:
    """Axes of the gradient or of dA exchanged."""
    J, outer = view.jacobian, view.out.ndim
    if not is_copied(J, range(outer, J.ndim)):  # else dA may have been copied along another axis
        for axes, swapped in _swapped(J, outer, J.ndim):
            yield known(f"the gradient, axes {axes}", swapped)
    if view.x.ndim < outer and is_two_valued(J):
        return  # the gradient is a sum of dA: the page calls the sum over another axis a wrong sum
    for axes, swapped in _swapped(J, 0, outer):
        yield known(f"dA, axes {axes}", swapped)
        if view.slopes is not None:  # else the factors of a product may have been exchanged
            for also, both in _swapped(swapped, outer, J.ndim):
                yield known(f"dA, axes {axes}, and the gradient, axes {also}", both)


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
    if not is_convolution(view):
        return
    for j in view.others:
        a = view.arg(j)
        doubled = view.at(j, 2 * a)
        if doubled is None or not same(doubled, 2 * view.jacobian):
            continue
        for axes in subsets(range(a.ndim), a.shape):
            yield view.if_at(f"{view.name(j)}, along axis {' and '.join(map(str, axes))}", j, np.flip(a, axes))


def is_axes_permutation(view: View) -> bool:
    """Whether f exchanges axes of x, or of a reshaped x, as when heads are split: the value has the entries of x.

    Any other order, as of a shift or of a sort, is not a matter of axes.
    """
    matrix = view.matrix
    if matrix.shape[0] != matrix.shape[1] or not same(matrix, np.eye(len(matrix))[abs(matrix).argmax(axis=1)]):
        return False
    order = matrix.argmax(axis=1)
    return any([np.array_equal(order, other) for other in _orders(view.x.shape)])


def _orders(shape: tuple[int, ...]) -> Iterator[Array]:
    """The orders of entries after axes are exchanged."""
    size = int(np.prod(shape))
    index = np.arange(size)
    yield from [index.reshape(shape).transpose(axes).ravel() for axes in permutations(range(len(shape)))]
    divisors = [n for n in range(1, size + 1) if size % n == 0]
    for a, b in product(divisors, repeat=2):
        for c in divisors:
            if size >= 6 and size % (a * b * c) == 0 and b > 1 and c > 1:  # an order of fewer may be one by chance
                yield index.reshape(a, b, c, -1).swapaxes(1, 2).ravel()


def is_reversed_by_transposing(view: View) -> bool:
    """Whether the transposed Jacobian is also that of a function that goes the other way: a rotation, or a shift.

    Then a rotation by the opposite angle, an inverse order, or a reversed axis give the numbers of a transpose.
    """
    matrix, J, outer = view.matrix, view.jacobian, view.out.ndim
    squares = matrix @ matrix.T
    if same(squares, np.eye(len(squares)) * squares[0, 0]):
        return True
    if view.out.shape != view.x.shape:
        return False
    transposed = matrix.T.reshape(J.shape)
    return any(
        [
            same(transposed, np.flip(J, (*axes, *[outer + axis for axis in axes])))
            for axes in subsets(range(outer), view.out.shape)
        ]
    )


def is_convolution(view: View) -> bool:
    """Whether the Jacobian moves along an axis of x if the output moves along one of its own, but is not diagonal."""
    J, outer = view.jacobian, view.out.ndim
    for o, a in product(range(outer), range(outer, J.ndim)):
        moved = np.moveaxis(J, (o, a), (0, 1))
        rows, columns = moved.shape[:2]
        size = abs(moved).reshape(rows, columns, -1).max(axis=2)
        seen = size > 1e-9 * size.max(initial=0)
        is_diagonal = seen.sum(axis=0).max() < 2 and seen.sum(axis=1).max() < 2
        if is_diagonal or min(rows, columns) < 2 or rows + columns < 5:
            continue
        if any([same(moved[down:, right:], moved[:-down, :-right]) for down, right in _steps(rows, columns)]):
            return True
    return False


def _steps(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    yield from [(1, step) for step in range(1, min(columns, 4))]
    yield from [(step, 1) for step in range(2, min(rows, 4))]

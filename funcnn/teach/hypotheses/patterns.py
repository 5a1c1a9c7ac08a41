"""Patterns of a Jacobian that say which mistakes may give the same gradient: permutations, rotations, convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import View, same, subsets


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

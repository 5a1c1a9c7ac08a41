"""How the entries of a tensor of torch lie in funcnn, where rows are first, and channels and features last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import Array

ROWS, CHANNELS = "the last axis", "axis 1"
ROWS_FIRST, STEPS_FIRST, NO_ROWS = "(m, ...)", "(t, m, ...)", "(t, ...), one sequence"
ONE_STEP, ONE_ROW = "(m, ...), one step", "(n,), one step of one sequence"
_MOVES: dict[str | None, Callable[[Array], Array]] = {
    None: lambda array: array,
    ROWS_FIRST: lambda array: array,
    STEPS_FIRST: lambda array: np.ascontiguousarray(np.swapaxes(array, 0, 1)),
    NO_ROWS: lambda array: array[None],
    ONE_STEP: lambda array: array[:, None],
    ONE_ROW: lambda array: array[None, None],
}


class RowAxes:
    """Which axes of a tensor are rows and steps. The first module that needs it decides; a Linear takes any order."""

    def __init__(self) -> None:
        self.form: str | None = None

    def decided(self, form: str) -> str:
        """The form that is decided, or else this one from now on."""
        self.form = self.form or form
        return self.form


class Layout:
    """Where torch has the rows and the features of a tensor.

    `order` is ROWS, CHANNELS, which funcnn moves to the end, or an array: the place, in torch, of each feature of
    funcnn. It is None until a module decides it: (m, c, t) goes to a convolution, but (m, t, n) to a Linear.
    """

    def __init__(self, order: Any = None, rows: RowAxes | None = None) -> None:
        """`order`: as above; `rows`: those of a tensor with the same rows and steps"""
        self.order, self.rows = order, rows or RowAxes()

    @property
    def is_mixed(self) -> bool:
        """Whether funcnn has the features in another order, as behind a Flatten."""
        return isinstance(self.order, np.ndarray)

    def __str__(self) -> str:
        return "the order of its Flatten" if self.is_mixed else str(self.order)

    def moved(self, array: Array) -> Array:
        """An array of torch as funcnn has it."""
        array = _MOVES[self.rows.form](array)
        if self.is_mixed:
            return array[..., self.order]
        return np.ascontiguousarray(np.moveaxis(array, 1, -1)) if self.order is CHANNELS else array

    def of_features(self, array: Array) -> Array:
        """An array with an entry, or a row, for each feature."""
        return array[self.order] if self.is_mixed else array


def flattened(shape: Any) -> Layout:
    """The layout of rows (c, ...) that torch flattens as they are, and funcnn with c in the last axis."""
    places = np.arange(np.prod(shape)).reshape(shape)
    return Layout(np.moveaxis(places, 0, -1).reshape(-1))

"""How the entries of a tensor of torch lie in funcnn, where channels and features are in the last axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array

ROWS, CHANNELS = "the last axis", "axis 1"


class Layout:
    """Where torch has the features of a tensor.

    `order` is ROWS, CHANNELS, which funcnn moves to the end, or an array: the place, in torch, of each feature of
    funcnn. It is None until a module decides it: (m, c, t) goes to a convolution, but (m, t, n) to a Linear.
    """

    def __init__(self, order: Any = None) -> None:
        """`order`: as above"""
        self.order: Any = order

    @property
    def is_mixed(self) -> bool:
        """Whether funcnn has the features in another order, as behind a Flatten."""
        return isinstance(self.order, np.ndarray)

    def __str__(self) -> str:
        return "the order of its Flatten" if self.is_mixed else str(self.order)

    def moved(self, array: Array) -> Array:
        """An array of torch as funcnn has it."""
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

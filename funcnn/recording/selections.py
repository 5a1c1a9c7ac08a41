"""Functions of NumPy that take entries by whole numbers that are computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.recording.arrays import as_recorded


def take(a: Any, indices: Any, axis: int | None = None) -> Any:
    """np.take"""
    a = as_recorded(a)
    if axis is None:
        return a.reshape(-1)[indices]
    return a[(*[slice(None)] * (axis % a.ndim), indices)]


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """np.take_along_axis"""
    a = as_recorded(arr)
    if axis is None:
        return a.reshape(-1)[indices]
    grid: list[Any] = list(np.indices(a.shape, sparse=True))
    grid[axis] = indices
    return a[tuple(grid)]


SELECTIONS: dict[Any, Callable[..., Any]] = {np.take: take, np.take_along_axis: take_along_axis}
"""Functions of NumPy, and what computes them."""

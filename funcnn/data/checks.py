"""Checks of what an augmentation is given: images, rows, and the generator of random numbers."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from funcnn.arrays import Array, float_namespace, namespace
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.needs import instance, passing

_GENERATOR = "a numpy.random.Generator, such as Batches.map passes"
Generator = Annotated[np.random.Generator, instance(np.random.Generator, _GENERATOR)]


def check_array(function: str, argument: str, x: Any) -> None:
    """Check that x is one array; a tuple of arrays has no remedy here."""
    if type(x) is tuple:
        raise KindError(f"{function}: {argument} must be an array, not tuple")
    namespace(x, argument, f"{function}: ")


def check_floats(function: str, argument: str, x: Any) -> None:
    """Check that x is one array of floats."""
    if type(x) is tuple:
        check_array(function, argument, x)
    float_namespace(function, argument, x)


OneArray = Annotated[Array, passing("an array", check_array)]
Floats = Annotated[Array, passing("an array of floats", check_floats)]


def sizes_of(function: str, x: Any, needed: str, axes: int) -> tuple[int, ...]:
    """The sizes of the first axes, checked to be the same in all arrays of a tuple, and not 0."""
    parts = x if type(x) is tuple and x else (x,)
    for i, part in enumerate(parts):
        argument = f"x[{i}]" if type(x) is tuple and x else "x"
        check_array(function, argument, part)
        if part.ndim < axes or (axes == 3 and part.ndim != 4):
            raise ShapeError(f"{function}: {argument} must be {needed}, not {part.shape}")
        if part.shape[:axes] != parts[0].shape[:axes]:
            raise ShapeError(f"{function}: x must hold arrays of equal {needed}, not {parts[0].shape} and {part.shape}")
    sizes = tuple(parts[0].shape[:axes])
    if 0 in sizes:
        raise RangeError(f"{function}: x must be {needed}, with no axis of length 0, not {parts[0].shape}")
    return sizes


def checked_equal(function: str, rows: int, others: int) -> int:
    """The number of rows of x, checked to be the number of rows of y."""
    if rows != others:
        raise ShapeError(f"{function}: x and y must have equally many rows; x: {rows}, y: {others}")
    return rows


def image_sizes(function: str, x: Any) -> tuple[int, ...]:
    """m, h and w of images (m, h, w, c), or of a tuple of them."""
    return sizes_of(function, x, "(m, h, w, c)", 3)


def float_row_count(function: str, argument: str, x: Any) -> int:
    """The number of rows of an array of floats."""
    check_floats(function, argument, x)
    if not x.shape:
        raise ShapeError(f"{function}: {argument} must be (m, ...), rows first, not ()")
    return int(x.shape[0])


def by_row(values: Array, like: Array) -> Array:
    """One value for each row, in the dtype of `like` and with its number of axes."""
    return values.astype(like.dtype).reshape((-1,) + (1,) * (like.ndim - 1))

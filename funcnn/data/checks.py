"""Checks of what an augmentation is given: images, rows, and the generator of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, float_namespace, kind, namespace
from funcnn.errors import KindError, RangeError, ShapeError


def check_generator(name: str, rng: Any) -> None:
    """Check that rng is a generator of NumPy."""
    if not isinstance(rng, np.random.Generator):
        raise KindError(f"{name}: rng must be a numpy.random.Generator, as map gives it, not {kind(rng)}")


def check_array(name: str, x: Any, what: str = "x") -> None:
    """Check that x is one array; a tuple of arrays has no remedy here."""
    if type(x) is tuple:
        raise KindError(f"{name}: {what} must be an array, not tuple")
    namespace(x, what, f"{name}: ")


def _check_floats(name: str, x: Any, what: str) -> None:
    if type(x) is tuple:
        check_array(name, x, what)
    float_namespace(x, what, f"{name}: ")


def sizes_of(name: str, x: Any, needed: str, axes: int) -> tuple[int, ...]:
    """The sizes of the first axes, checked to be the same in all arrays of a tuple, and not 0."""
    parts = x if type(x) is tuple and x else (x,)
    for i, part in enumerate(parts):
        what = f"x[{i}]" if type(x) is tuple and x else "x"
        check_array(name, part, what)
        if part.ndim < axes or (axes == 3 and part.ndim != 4):
            raise ShapeError(f"{name}: {what} must be {needed}, not {part.shape}")
        if part.shape[:axes] != parts[0].shape[:axes]:
            raise ShapeError(f"{name}: x must hold arrays alike in {needed}, not {parts[0].shape} and {part.shape}")
    sizes = tuple(parts[0].shape[:axes])
    if 0 in sizes:
        raise RangeError(f"{name}: x must be {needed}, with no axis of 0, not {parts[0].shape}")
    return sizes


def image_sizes(name: str, x: Any) -> tuple[int, ...]:
    """m, h and w of images (m, h, w, c), or of a tuple of them."""
    return sizes_of(name, x, "(m, h, w, c)", 3)


def check_images_of_floats(name: str, x: Any) -> tuple[int, ...]:
    """The sizes of images, checked to be one array of floats."""
    _check_floats(name, x, "x")
    return image_sizes(name, x)


def check_rows_of_floats(name: str, x: Any, what: str = "x") -> int:
    """The number of rows of an array of floats."""
    _check_floats(name, x, what)
    if not x.shape:
        raise ShapeError(f"{name}: {what} must be (m, ...), rows first, not ()")
    return int(x.shape[0])


def by_row(values: Array, like: Array) -> Array:
    """One value for each row, in the dtype of `like` and with its number of axes."""
    return values.astype(like.dtype).reshape((-1,) + (1,) * (like.ndim - 1))

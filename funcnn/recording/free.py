"""Constant arrays that depend on the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.recording.linear import Linear, NotLinearError, at, linear


@attrs.frozen(eq=False)
class FreeArray:
    """An array for m rows, with the entries start + m slope + i step in row i.

    The rows are a part of `axis`, whose length is b m, and `start`, `slope` and `step` have the other axes, and one of
    length b. Or `axis` is None, if the entries do not depend on the row: then `start` and `slope` are broadcast.
    """

    shape: tuple[Any, ...]
    dtype: np.dtype[Any]
    start: Array
    slope: Array
    step: Array
    axis: int | None

    def at(self, m: int) -> Array:
        """The array for m rows."""
        shape, made = at(self.shape, m), self.start + m * self.slope
        if self.axis is not None:
            made = made + np.arange(m).reshape(m, *[1] * made.ndim) * self.step
            made = np.moveaxis(made, 0, self.axis).reshape(shape)
        return np.broadcast_to(made, shape).astype(self.dtype)


def free_array(arrays: Sequence[Array], rows: Sequence[int]) -> Array | FreeArray:
    """The array that is arrays[i] for rows[i] rows.

    Raises:
        NotLinearError: its entries are not a + b m + c i in row i.
    """
    if all([_same(a, arrays[0]) for a in arrays]):
        return arrays[0]
    shape = linear([a.shape for a in arrays], rows)
    with np.errstate(all="ignore"):
        made = _fitted(shape, arrays, rows)
        if not all([_same(made.at(m), a) for a, m in zip(arrays, rows, strict=True)]):
            raise NotLinearError(NOT_FREE)
    return made


def _fitted(shape: tuple[Any, ...], arrays: Sequence[Array], rows: Sequence[int]) -> FreeArray:
    """What the first two arrays are, if they are of this kind."""
    dtype = arrays[0].dtype
    one, other = [a if dtype.kind == "f" else a.astype(np.int64) for a in arrays[:2]]
    axis, step = None, np.zeros((), one.dtype)
    moving = [k for k, n in enumerate(shape) if isinstance(n, Linear)]
    if moving and _is_filled(one) and _is_filled(other):
        one, other = _first(one), _first(other)
    elif len(moving) > 1:
        raise NotLinearError(NOT_FREE)
    elif moving:
        axis = moving[0]
        one, other = [_rows_first(a, axis, m) for a, m in zip((one, other), rows, strict=False)]
        one, other, step = one[0], other[0], _minus(one[1], one[0])
    slope = _minus(other, one) / (rows[1] - rows[0])
    slope = slope.astype(one.dtype)
    return FreeArray(shape, dtype, one - rows[0] * slope, slope, step, axis)


def _rows_first(a: Array, axis: int, m: int) -> Array:
    """An array whose first axis are m rows, which are a part of an axis."""
    if a.shape[axis] % m:
        raise NotLinearError(NOT_FREE)
    return np.moveaxis(a.reshape(*a.shape[:axis], m, a.shape[axis] // m, *a.shape[axis + 1 :]), axis, 0)


def _same(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def _is_filled(a: Array) -> bool:
    return _same(a, np.broadcast_to(_first(a), a.shape))


def _first(a: Array) -> Array:
    """The first entry, or 0 if there is none."""
    return np.asarray(a.reshape(-1)[0] if a.size else 0, a.dtype)


def _minus(a: Array, b: Array) -> Array:
    """a - b, which is 0 for equal infinities"""
    return np.where(a == b, 0, a - b)


NOT_FREE = "a constant whose entries are not a + b m for m rows"

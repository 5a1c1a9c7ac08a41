"""Numbers and arrays that depend on the number m of rows as a + b m."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array


class NotLinearError(Exception):
    """A number does not depend on the number of rows as a + b m."""


@attrs.frozen
class Linear:
    """a + b m"""

    a: int
    b: int

    def at(self, m: int) -> int:
        """The number for m rows."""
        return self.a + self.b * m


def at(tree: Any, m: int) -> Any:
    """A tuple, a list or a dict with the numbers for m rows."""
    if isinstance(tree, tuple | list):
        return type(tree)([at(part, m) for part in tree])
    if isinstance(tree, dict):
        return {key: at(part, m) for key, part in tree.items()}
    return tree.at(m) if isinstance(tree, Linear) else tree


def linear(trees: Sequence[Any], rows: Sequence[int]) -> Any:
    """What gives trees[i] for rows[i] rows: a tree of the same kind, in which a number that differs is `Linear`.

    Raises:
        NotLinearError: a number is not a + b m with whole a and b, or the trees have different forms.
    """
    first = trees[0]
    if all([type(tree) is type(first) and tree == first for tree in trees]):
        return first
    if isinstance(first, tuple | list) and len({len(tree) for tree in trees}) == 1:
        return type(first)([linear(parts, rows) for parts in zip(*trees, strict=True)])
    if isinstance(first, dict) and all([tree.keys() == first.keys() for tree in trees]):
        return {key: linear([tree[key] for tree in trees], rows) for key in first}
    if type(first) is int:
        b = (trees[1] - first) // (rows[1] - rows[0])
        made = Linear(first - b * rows[0], b)
        if [made.at(m) for m in rows] == list(trees):
            return made
    raise NotLinearError


@attrs.frozen(eq=False)
class FreeArray:
    """An array that depends on the number m of rows: its entries are start + m slope + i step, where i is a row.

    `start`, `slope` and `step` have the axes of the array without the rows, or are one number. The rows are a part of
    `axis`, whose length is b m; `axis` is None if the entries do not depend on a row.
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

    @property
    def depends_on_a_row(self) -> bool:
        """Whether rows have different entries."""
        return bool(self.step.any())


def free_array(arrays: Sequence[Array], rows: Sequence[int]) -> Array | FreeArray:
    """The array that is arrays[i] for rows[i] rows.

    Raises:
        NotLinearError: there is none with entries a + b m + c i in row i.
    """
    first = arrays[0]
    if all([_same(a, first) for a in arrays]):
        return first
    shape = linear([a.shape for a in arrays], rows)
    moving = [k for k, n in enumerate(shape) if isinstance(n, Linear)]
    axis = None
    starts = wide = [_wide(a) for a in arrays]
    steps = [np.zeros(())] * len(arrays)
    if moving and all([_same(a, np.broadcast_to(_first(a), a.shape)) for a in arrays]):
        starts = [_first(a) for a in wide]
    elif moving:
        axis, split = moving[0], [_rows_first(a, moving[0], m) for a, m in zip(wide, rows, strict=True)]
        starts, steps = [a[0] for a in split], [_minus(a[1], a[0]) for a in split]
    with np.errstate(all="ignore"):
        slope = _minus(starts[1], starts[0]) / (rows[1] - rows[0])
        slope = slope if first.dtype.kind == "f" else slope.astype(np.int64)
        start = starts[0] - rows[0] * slope
        made = FreeArray(shape, first.dtype, start, slope, steps[0].astype(start.dtype), axis)
        if len(moving) > 1 and axis is not None:
            raise NotLinearError
        if not all([_same(made.at(m), a) for a, m in zip(arrays, rows, strict=True)]):
            raise NotLinearError
    return made


def _wide(a: Array) -> Array:
    return a if a.dtype.kind == "f" else a.astype(np.int64)


def _same(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def _first(a: Array) -> Array:
    """The first entry, or 0 if there is none."""
    return a.reshape(-1)[0] if a.size else np.zeros((), a.dtype)


def _minus(a: Array, b: Array) -> Array:
    """a - b, which is 0 for equal infinities"""
    return np.where(a == b, 0, a - b)


def _rows_first(a: Array, axis: int, m: int) -> Array:
    """An array whose first axis are m rows, which are a part of an axis."""
    if a.shape[axis] % m:
        raise NotLinearError
    before, after = a.shape[:axis], a.shape[axis + 1 :]
    return np.moveaxis(a.reshape(*before, m, a.shape[axis] // m, *after), axis, 0)


def total(shape: Sequence[Any]) -> Any:
    """The number of entries of an array of this shape, an int or a `Linear`.

    Raises:
        NotLinearError: two axes depend on the number of rows.
    """
    moving = [n for n in shape if isinstance(n, Linear)]
    if len(moving) > 1:
        raise NotLinearError
    others = math.prod([n for n in shape if not isinstance(n, Linear)])
    return Linear(moving[0].a * others, moving[0].b * others) if moving else others

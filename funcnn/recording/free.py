"""Constant arrays that depend on free lengths, such as the number of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.recording.linear import Lengths, Linear, NotLinearError, at, form_of, linear, product, products_of


@attrs.frozen(eq=False)
class FreeArray:
    """An array with the entries start + n slope + i step in row i of n rows, where n is a free length.

    `names` are the names of the lengths whose product is n: positions (i, j) of m sequences of t entries are m t rows.
    The rows are a part of the axes from `axis` on, `joined` of them as one, whose length is b n; `start`, `slope` and
    `step` have the other axes, and one of length b. Or `axis` is None, if the entries do not depend on the row: then
    `start` and `slope` are broadcast.
    """

    shape: tuple[Any, ...]
    dtype: np.dtype[Any]
    start: Array
    slope: Array
    step: Array
    axis: int | None
    names: tuple[str, ...] = ("m",)

    def at(self, lengths: Lengths) -> Array:
        """The array for these lengths."""
        shape, n = at(self.shape, lengths), product(self.names, lengths)
        made = self.start + n * self.slope
        if self.axis is not None:
            made = made + np.arange(n).reshape(n, *[1] * made.ndim) * self.step
            made = np.moveaxis(made, 0, self.axis).reshape(shape)
        return np.broadcast_to(made, shape).astype(self.dtype)


def free_array(arrays: Sequence[Array], examples: Sequence[Lengths]) -> Array | FreeArray:
    """The array that is arrays[i] for the lengths examples[i].

    Raises:
        NotLinearError: its entries are not a + b n + c i in row i of n rows, for a product n of lengths.
    """
    if all([_same(a, arrays[0]) for a in arrays]):
        return arrays[0]
    shape = linear([a.shape for a in arrays], examples)
    for names in products_of(examples)[1:]:
        with np.errstate(all="ignore"):
            made = _fitted(shape, arrays, examples, names)
            if made is not None and all([_same(made.at(one), a) for one, a in zip(examples, arrays, strict=True)]):
                return made
    raise NotLinearError(f"a constant whose entries are not {form_of(examples)}")


def _fitted(
    shape: tuple[Any, ...], arrays: Sequence[Array], examples: Sequence[Lengths], names: tuple[str, ...]
) -> FreeArray | None:
    """What two of the arrays are, if they are of this kind for the product of the lengths of these names."""
    dtype = arrays[0].dtype
    counts = [product(names, one) for one in examples]
    other = next(i for i, n in enumerate(counts) if n != counts[0])
    pair = [(arrays[i] if dtype.kind == "f" else arrays[i].astype(np.int64), counts[i]) for i in (0, other)]
    axis, step = None, np.zeros((), pair[0][0].dtype)
    moving = [k for k, n in enumerate(shape) if isinstance(n, Linear)]
    if moving and all([_is_filled(a) for a, _ in pair]):
        starts = [_first(a) for a, _ in pair]
    elif moving:
        axis, end = moving[0], moving[-1] + 1
        starts = []
        for a, n in pair:
            if (b := per_row(shape[axis:end], names)) == 0:
                return None
            rows = np.moveaxis(a.reshape(*a.shape[:axis], n, b, *a.shape[end:]), axis, 0)
            starts.append(rows[0])
            step = _minus(rows[1], rows[0])
    else:
        starts = [a for a, _ in pair]
    slope = (_minus(starts[1], starts[0]) / (counts[other] - counts[0])).astype(starts[0].dtype)
    return FreeArray(shape, dtype, starts[0] - counts[0] * slope, slope, step, axis, names)


def per_row(shape: Sequence[Any], names: tuple[str, ...]) -> int:
    """The number of entries of a row, where the axes of this shape are n rows, for the product n of these lengths

    It is 0 if they are not.
    """
    moving = [n.terms for n in shape if isinstance(n, Linear)]
    if any([len(terms) > 1 for terms in moving]):
        return 0
    own = [name for [(names_of_axis, _)] in moving for name in names_of_axis]
    return math.prod([n.terms[0][1] if isinstance(n, Linear) else n for n in shape]) * (sorted(own) == sorted(names))


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

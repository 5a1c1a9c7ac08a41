"""Windows over the positions of x, for convolution and pooling.

An image is (m, h, w, c); a sequence (m, t, c) is an image of one row. `gathered` copies the numbers of each window into
a row (im2col); `scattered`, its adjoint, sums over all windows that contain a position (col2im).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from funcnn.arrays import Array, namespace
from funcnn.errors import ShapeError


class Axis(NamedTuple):
    """The windows along one axis: tap i < size of window o is at position `o stride + i dilation - before`."""

    positions: int
    size: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int

    @property
    def reach(self) -> int:
        """The length of a window, from its first tap to its last."""
        return self.dilation * (self.size - 1) + 1

    @property
    def padded(self) -> int:
        """The number of positions with the padding."""
        return self.before + self.positions + self.after

    def at(self, tap: int) -> slice:
        """The positions of this tap in all windows, counted from the start of the padding."""
        first = tap * self.dilation
        return slice(first, first + (self.out - 1) * self.stride + 1, self.stride)


X_BYTES = 1 << 19  # bytes of x in a block, measured: 2^20 is as fast, one block of everything half as fast
Axes = tuple[Axis, Axis]
ONE_ROW = Axis(1, 1, 1, 1, 0, 0, 1)


@cache  # few different arguments, the same for every batch
def axis_of(
    function: str, name: str, positions: int, size: int, stride: int = 1, padding: Any = (0, 0), dilation: int = 1
) -> Axis:
    """The windows along an axis of `positions` positions; `function` and `name` are for errors.

        out = floor((before + positions + after - reach) / stride) + 1,  reach = dilation (size - 1) + 1

    With "same" padding out = ceil(positions / stride); an odd number of zeros has one more after than before.
    """
    reach = dilation * (size - 1) + 1
    if padding == "same":
        spare = max((-(-positions // stride) - 1) * stride + reach - positions, 0)
        padding = spare // 2, spare - spare // 2
    before, after = padding
    room = before + positions + after - reach
    if room < 0 or positions < 1:
        needed = (
            f"at least {reach} positions along {name}, the length of a window"
            if positions
            else f"at least 1 position along {name}"
        )
        held = f"{positions}, padded by {before} + {after}" if before + after and positions else f"{positions}"
        raise ShapeError(f"{function}: x must have {needed}, not {held}")
    return Axis(positions, size, stride, dilation, before, after, room // stride + 1)


def image_of(x: Array) -> Array:
    """A sequence as an image of one row; an image as it is."""
    return x[:, None] if x.ndim == 3 else x


def flat(x: Array) -> Array:
    """(m, ..., c) as (m, positions, c)"""
    return x.reshape(x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1])


def along(x: Array, axis: int) -> Array:
    """x with three axes: this axis, and as one axis each the axes before it and behind it"""
    return x.reshape(math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]))


def unfolded(lines: Array, x: Array, axis: int) -> Array:
    """`along` undone: the axes of x again, with another size of this axis"""
    return lines.reshape(*x.shape[:axis], lines.shape[1], *x.shape[axis + 1 :])


def like(x: Array, image: Array) -> Array:
    """The image as a sequence, if x is a sequence."""
    return image[:, 0] if x.ndim == 3 else image


def padded(x: Array, axes: Axes, value: float = 0) -> Array:
    """x with its padding; x itself if there is none"""
    rows, columns = axes
    if not any((rows.before, rows.after, columns.before, columns.after)):
        return x
    xp = namespace(x)
    if xp is not np:
        width = (0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)
        return xp.pad(x, width, constant_values=value)
    shape = x.shape[0], rows.padded, columns.padded, x.shape[3]
    out = np.full(shape, value, x.dtype)  # np.pad takes ten times as long
    out[:, rows.before : rows.before + rows.positions, columns.before : columns.before + columns.positions] = x
    return out


def taps(x: Array, axes: Axes, value: float = 0) -> Iterator[Array]:
    """For each tap, row by row, the numbers of x under it in all windows: (m, *out, c)"""
    rows, columns = axes
    wide = padded(x, axes, value)
    for i in range(rows.size):
        for j in range(columns.size):
            yield wide[:, rows.at(i), columns.at(j)]


def gathered(x: Array, axes: Axes) -> Array:
    """The numbers of x in each window, one window a row: (m * out, taps * c), the taps row by row"""
    rows, columns = axes
    if not isinstance(x, np.ndarray):
        return namespace(x).concatenate(list(taps(x, axes)), axis=-1).reshape(-1, rows.size * columns.size * x.shape[3])
    wide = padded(x, axes)
    m, h, w, c = wide.strides
    strides = m, h * rows.stride, w * columns.stride, h * rows.dilation, w * columns.dilation, c
    shape = x.shape[0], rows.out, columns.out, rows.size, columns.size, x.shape[3]
    # A view whose windows overlap in memory; reshape copies it, one row of a window at a time.
    windows = as_strided(wide, shape, strides, writeable=False)
    return windows.reshape(x.shape[0] * rows.out * columns.out, rows.size * columns.size * x.shape[3])


def scattered(parts: Iterable[Array], axes: Axes) -> Array:
    """The adjoint of `taps`: parts (m, *out, c), one for each tap, summed at its positions: (m, *positions, c)"""
    rows, columns = axes
    apart = rows.stride >= rows.reach and columns.stride >= columns.reach
    wide: Any = None
    for k, part in enumerate(parts):
        i, j = divmod(k, columns.size)
        if not isinstance(part, np.ndarray):
            spread = _spread(_spread(part, 1, rows, i), 2, columns, j)
            wide = spread if wide is None else wide + spread
            continue
        if wide is None:
            wide = np.zeros((part.shape[0], rows.padded, columns.padded, part.shape[3]), part.dtype)
        if apart:  # the windows do not overlap
            wide[:, rows.at(i), columns.at(j)] = part
        else:
            wide[:, rows.at(i), columns.at(j)] += part
    return wide[:, rows.before : rows.before + rows.positions, columns.before : columns.before + columns.positions]


def by_blocks(of: Callable[..., Array], x: Array, *others: Array) -> Array:
    """`of(x, *others)`, computed on blocks of rows that fit the processor's cache; for JAX, on all rows at once"""
    size = max(1, X_BYTES // max(1, x[:1].nbytes))
    if not isinstance(x, np.ndarray) or len(x) <= size:
        return of(x, *others)
    whole: Any = None
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        part = of(x[rows], *[other[rows] for other in others])
        if not isinstance(part, np.ndarray):  # `of` also depends on a traced array
            return of(x, *others)
        if whole is None:
            whole = np.empty((len(x), *part.shape[1:]), part.dtype)
        whole[rows] = part
    return whole


def _spread(part: Array, place: int, axis: Axis, tap: int) -> Array:
    """The adjoint of `part[axis.at(tap)]`: zeros between the entries, and around them."""
    xp, shape = namespace(part), part.shape
    if axis.stride > 1:
        between = [(0, 0)] * (place + 1) + [(0, axis.stride - 1)] + [(0, 0)] * (len(shape) - place - 1)
        part = xp.pad(xp.expand_dims(part, place + 1), between)
        part = part.reshape(*shape[:place], axis.out * axis.stride, *shape[place + 1 :])
    at = axis.at(tap)
    part = part[(slice(None),) * place + (slice(0, at.stop - at.start),)]
    around = [(0, 0)] * len(shape)
    around[place] = at.start, axis.padded - at.stop
    return xp.pad(part, around)

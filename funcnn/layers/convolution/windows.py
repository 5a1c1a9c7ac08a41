"""Windows over the places of x: what a convolution multiplies, and what pooling takes the mean or the maximum of.

An image is (m, h, w, c); a sequence (m, t, c) is an image of one row. `gathered` brings together what each window
sees; `scattered`, its adjoint, adds up at each place what came back from every window that saw it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from funcnn.arrays import Array, namespace
from funcnn.errors import ShapeError


class Axis(NamedTuple):
    """The windows along one axis: window o sees the places `o stride + i dilation - before`, for each tap i < size."""

    places: int
    size: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int

    @property
    def reach(self) -> int:
        """How many places lie between the ends of a window, both included."""
        return self.dilation * (self.size - 1) + 1

    @property
    def padded(self) -> int:
        """How many places there are with the padding."""
        return self.before + self.places + self.after

    def at(self, tap: int) -> slice:
        """The places, padding included, that this tap of all windows sees."""
        first = tap * self.dilation
        return slice(first, first + (self.out - 1) * self.stride + 1, self.stride)


X_BYTES = 1 << 19  # at a time; twice as many are as fast, with all at once it takes twice as long
Axes = tuple[Axis, Axis]
ONE_ROW = Axis(1, 1, 1, 1, 0, 0, 1)


@cache  # of a few numbers, the same for every batch
def axis_of(name: str, places: int, size: int, stride: int = 1, padding: Any = (0, 0), dilation: int = 1) -> Axis:
    """The windows along an axis of so many places; errors call it by its name.

        out = floor((before + places + after - reach) / stride) + 1,  reach = dilation (size - 1) + 1

    With "same" padding out = ceil(places / stride); where the padding is odd, the one more is after.

    Raises:
        ShapeError: the window is larger than x with its padding, or there are no places.
    """
    reach = dilation * (size - 1) + 1
    if padding == "same":
        spare = max((-(-places // stride) - 1) * stride + reach - places, 0)
        padding = spare // 2, spare - spare // 2
    before, after = padding
    room = before + places + after - reach
    if room < 0 or places < 1:
        least = (
            f"at least {reach} places along {name}, as many as the window spans" if places else f"places along {name}"
        )
        held = f"{places} and {before} + {after} of padding" if before + after and places else f"{places}"
        raise ShapeError(f"x must have {least}; it has {held}")
    return Axis(places, size, stride, dilation, before, after, room // stride + 1)


def image_of(x: Array) -> Array:
    """A sequence as an image of one row; an image as it is."""
    return x[:, None] if x.ndim == 3 else x


def like(x: Array, image: Array) -> Array:
    """The image as a sequence, if x is one."""
    return image[:, 0] if x.ndim == 3 else image


def padded(x: Array, axes: Axes, value: float = 0) -> Array:
    """x with its padding; x itself where there is none"""
    rows, columns = axes
    if not any((rows.before, rows.after, columns.before, columns.after)):
        return x
    xp = namespace(x)
    if xp is not np:
        width = (0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)
        return xp.pad(x, width, constant_values=value)
    out = np.full(
        (x.shape[0], rows.padded, columns.padded, x.shape[3]), value, x.dtype
    )  # np.pad takes ten times as long
    out[:, rows.before : rows.before + rows.places, columns.before : columns.before + columns.places] = x
    return out


def taps(x: Array, axes: Axes, value: float = 0) -> Iterator[Array]:
    """For each tap, row by row, what it sees in every window: (m, *out, c)"""
    rows, columns = axes
    wide = padded(x, axes, value)
    for i in range(rows.size):
        for j in range(columns.size):
            yield wide[:, rows.at(i), columns.at(j)]


def gathered(x: Array, axes: Axes) -> Array:
    """What every window sees, one window a row: (m * out, taps * c), the taps row by row"""
    rows, columns = axes
    if not isinstance(x, np.ndarray):
        return namespace(x).concatenate(list(taps(x, axes)), axis=-1).reshape(-1, rows.size * columns.size * x.shape[3])
    wide = padded(x, axes)
    m, h, w, c = wide.strides
    strides = m, h * rows.stride, w * columns.stride, h * rows.dilation, w * columns.dilation, c
    shape = x.shape[0], rows.out, columns.out, rows.size, columns.size, x.shape[3]
    # The windows overlap in memory, so this is a view; reshape copies it, in runs as long as a row of a window.
    seen = as_strided(wide, shape, strides, writeable=False)
    return seen.reshape(x.shape[0] * rows.out * columns.out, rows.size * columns.size * x.shape[3])


def scattered(parts: Iterable[Array], axes: Axes) -> Array:
    """The adjoint of `taps`: parts (m, *out, c), one a tap, added up at the places that it sees: (m, *places, c)"""
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
        if apart:  # no place is seen twice
            wide[:, rows.at(i), columns.at(j)] = part
        else:
            wide[:, rows.at(i), columns.at(j)] += part
    return wide[:, rows.before : rows.before + rows.places, columns.before : columns.before + columns.places]


def by_blocks(of: Callable[..., Array], x: Array, *others: Array) -> Array:
    """of(x, *others), which knows rows one by one: blocks of them, which stay in the processor's cache; all for JAX"""
    size = max(1, X_BYTES // max(1, x[:1].nbytes))
    if not isinstance(x, np.ndarray) or len(x) <= size:
        return of(x, *others)
    whole: Any = None
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        part = of(x[rows], *[other[rows] for other in others])
        if not isinstance(part, np.ndarray):  # what else it is of is traced
            return of(x, *others)
        if whole is None:
            whole = np.empty((len(x), *part.shape[1:]), part.dtype)
        whole[rows] = part
    return whole


def _spread(part: Array, place: int, axis: Axis, tap: int) -> Array:
    """Zeros between what a tap sees, and around it."""
    xp, shape = namespace(part), part.shape
    if axis.stride > 1:
        between = [(0, 0)] * (place + 1) + [(0, axis.stride - 1)] + [(0, 0)] * (len(shape) - place - 1)
        part = xp.pad(xp.expand_dims(part, place + 1), between)
        part = part.reshape(*shape[:place], axis.out * axis.stride, *shape[place + 1 :])
    seen = axis.at(tap)
    part = part[(slice(None),) * place + (slice(0, seen.stop - seen.start),)]
    around = [(0, 0)] * len(shape)
    around[place] = seen.start, axis.padded - seen.stop
    return xp.pad(part, around)

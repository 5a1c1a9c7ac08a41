"""Settings of convolution and pooling: sizes, strides, dilations and paddings, with their checks."""

from __future__ import annotations

import operator
from typing import Any, Literal

import attrs

from funcnn.arrays import Array, kind, short
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import is_whole

Sizes = int | tuple[int, ...]
"""A whole number for all axes alike, or a tuple of one for each axis."""

Padding = Literal["same", "valid"] | int | tuple[int | tuple[int, int], ...]
"""Numbers of positions added around x; "valid" for none; "same" for an out as large as x divided by the stride.

A single number is for every side; a tuple has a number or a pair `(before, after)` for each axis. The size of out with
"same" is rounded up; an odd number of added positions, as for an even kernel, has one more at the end.
"""


Sides = int | tuple[tuple[int, int], ...]
"""A number of positions for every side, or a pair `(before, after)` for each axis."""


# Fields of a layer over `axes` axes of positions; 0 means the number of axes of x.


def sizes(*, default: Any = attrs.NOTHING) -> Any:
    """A field for a whole number of at least 1, or one for each axis; with `axes` 0, for any number of axes."""
    return attrs.field(default=default, converter=_SIZES)


def padding() -> Any:
    """A field for a `Padding`, held as "same" or as a pair for each axis; with `axes` 0, a number stays a number."""
    return attrs.field(default=0, converter=_PADDING)


def sides() -> Any:
    """A field for a padding that is whole numbers, without a default, for any number of axes."""
    return attrs.field(converter=_SIDES)


def as_entries(params: Any, argument: str, value: Any, axes: int) -> Any:
    """A setting of a layer for sequences and images, as a tuple of one entry for each axis of positions of x."""
    if type(value) is not tuple:
        return (value,) * axes
    if len(value) != axes:
        needed = f"a number, or a tuple of {axes}, one entry for each axis of positions of x"
        raise ShapeError(f"{type(params).__name__}: {argument} must be {needed}, not {value}")
    return value


def of_each(params: Any, x: Array) -> list[tuple[Any, ...]]:
    """(name, positions, size of the kernel, stride, padding, dilation) of a convolution of images, for h and for w."""
    sides = ("same", "same") if params.padding == "same" else params.padding
    settings = "hw", x.shape[1:3], params.W.shape[:2], params.stride, sides, params.dilation
    return list(zip(*settings, strict=True))


def as_counts(function: str, argument: str, value: Any, axes: int) -> Any:
    """Check a setting; the result has a whole number from 1 on for each axis; with 0 axes, a number stays a number."""
    several = [", or a tuple of them", "", ", or a pair of them"][axes]
    rule = f"{function}: {argument} must be a whole number from 1 on{several}"
    found = _whole(value if type(value) is tuple else (value,) * (axes or 1))
    if not found or axes not in {0, len(found)}:
        raise KindError(f"{rule}, not {_shown(value)}")
    if min(found) < 1:
        raise RangeError(f"{rule}, not {value}")
    return found if axes or type(value) is tuple else found[0]


def _as_sizes(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if value is None is field.default:
        return None
    found = as_counts(type(record).__name__, field.name, value, record.axes)
    return found[0] if record.axes == 1 else found


_PADDINGS = [
    "a tuple of pairs (before, after), one for each axis",
    "a pair (before, after)",
    "a tuple that has a number or a pair (before, after) for h and one for w",
]


def _as_padding(value: Any, record: Any, field: attrs.Attribute[Any]) -> Any:
    if type(value) is str and value == "same":
        return value
    return _as_sides(0 if type(value) is str and value == "valid" else value, record, field, '"same", "valid", ')


def _as_sides(value: Any, record: Any, field: attrs.Attribute[Any], words: str = "") -> Any:
    axes = record.axes
    found = _sides(value, axes)
    rule = f"{type(record).__name__}: padding must be {words}a whole number from 0 on, or {_PADDINGS[axes]}"
    if found is None:
        raise KindError(f"{rule}, not {_shown(value)}")
    if min(map(min, found)) < 0:
        raise RangeError(f"{rule}, not {value}")
    if axes == 0 and type(value) is not tuple:
        return found[0][0]
    return found[0] if axes == 1 else tuple(found)


def _sides(value: Any, axes: int) -> Any:
    """A pair of whole numbers for each axis, or None if `value` is not a valid padding."""
    if type(value) is not tuple:
        value = (value,) * (axes or 1)
    elif axes == 1:
        value = (value,)
    elif axes == 0 and not all([type(side) is tuple for side in value]):
        return None  # (1, 0) could mean before and after, or h and w
    pairs = [_whole(side if type(side) is tuple else (side, side)) for side in value]
    right = [pair for pair in pairs if pair is not None and len(pair) == 2]
    return right if right and len(right) == len(pairs) and axes in {0, len(right)} else None


def _whole(parts: tuple[Any, ...]) -> tuple[int, ...] | None:
    return tuple(map(operator.index, parts)) if all(map(is_whole, parts)) else None


def _shown(value: Any) -> str:
    return short(value) if value is None or isinstance(value, int | float | str | tuple) else kind(value)


_SIZES, _PADDING, _SIDES = [
    attrs.Converter(convert, takes_self=True, takes_field=True) for convert in (_as_sizes, _as_padding, _as_sides)
]

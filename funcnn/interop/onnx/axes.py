"""The axes of x that are free beside the first: their names, and predictions at other lengths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import spox

from funcnn.arrays import kind, short
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.prediction import predict
from funcnn.remedies import place

FIRST = "m"
"""The name of the first axis."""


def arguments(x: Any, free: Any, path: str = "") -> Any:
    """The inputs of a model for x, in which axes that `free` names have these names; x is checked to fit it."""
    if type(x) is tuple:
        if free is not None and (type(free) is not tuple or len(free) != len(x)):
            needed = f"a tuple of {len(x)} parts, as x is, each a dict or None"
            given = f"a tuple of {len(free)}" if type(free) is tuple else kind(free)
            raise KindError(f"to_onnx: {place('free', path)} must be {needed}, not {given}")
        parts = enumerate(zip(x, free or [None] * len(x), strict=True))
        return tuple([arguments(part, names, f"{path}.{i}".lstrip(".")) for i, (part, names) in parts])
    names = _checked(place("free", path), free, x)
    if x is None:
        return None
    shape = [FIRST, *[names.get(i, n) for i, n in enumerate(x.shape[1:], 1)]]
    return spox.argument(spox.Tensor(np.asarray(x).dtype, tuple(shape)))


def _checked(argument: str, free: Any, x: Any) -> dict[int, str]:
    if free is None or (x is None and free == {}):
        return {}
    if type(free) is not dict or x is None:
        needed = "None, since x is None there" if x is None else 'a dict from axes to names, such as {1: "t"}, or None'
        raise KindError(f"to_onnx: {argument} must be {needed}, not {short(free) if x is None else kind(free)}")
    for axis, name in free.items():
        if type(axis) is not int or not 1 <= axis < len(x.shape):
            given = f"{axis!r}; the first axis is free, and called m" if axis == 0 else repr(axis)
            needed = f"axes of x from 1 to {len(x.shape) - 1}" if len(x.shape) > 1 else "no axes, since x has one"
            raise RangeError(f"to_onnx: {argument} must name {needed}, not {given}")
        if type(name) is not str or name in ("", FIRST):
            given = f"{name!r}, the name of the first axis" if name == FIRST else short(name)
            raise KindError(f"to_onnx: {argument}[{axis}] must be the name of an axis, not {given}")
    return free


def lengths_of(x: Any, given: Any) -> dict[str, int]:
    """The length in x of each axis with a name, checked to be one for each name."""
    found: dict[str, int] = {}
    for a, names in _pairs(x, given):
        for n, name in zip(a.shape[1:], names[1:], strict=True):
            if type(name) is str and found.setdefault(name, n) != n:
                raise ShapeError(f"to_onnx: axes called {name!r} must have one length in x, not {found[name]} and {n}")
    for name, n in found.items():
        if n == 0:
            raise ShapeError(f"to_onnx: axes called {name!r} must have at least 1 position in x, not 0")
    return found


def _pairs(x: Any, given: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Each array of x with the shape of its input"""
    if type(x) is tuple:
        for part, value in zip(x, given, strict=True):
            yield from _pairs(part, value)
    elif x is not None:
        yield x, given.unwrap_tensor().shape


def predictions(params: Any, x: Any, given: Any) -> list[Any]:
    """`predict(params, x)`, and for each name of an axis the prediction for x at another length.

    Raises:
        ShapeError: the network takes neither twice the length nor half of it; the notes name the layer.
    """
    outs = [predict(params, x)]
    for name, n in lengths_of(x, given).items():
        try:
            outs.append(predict(params, _at_length(x, given, name, 2 * n)))
        except Exception as error:  # noqa: BLE001  of any class, also of a layer of a user
            try:
                outs.append(predict(params, _at_length(x, given, name, n // 2 or 3)))
            except Exception:  # noqa: BLE001  the first error is the one to show
                raise _fixed_error(name, 2 * n, error) from error
    return outs


def _at_length(x: Any, given: Any, name: str, n: int) -> Any:
    """x with n positions along axes of this name: the positions of x, repeated in order"""
    if type(x) is tuple:
        return tuple([_at_length(part, value, name, n) for part, value in zip(x, given, strict=True)])
    if x is not None:
        for axis, own in enumerate(given.unwrap_tensor().shape):
            if own == name and axis:
                x = x[(slice(None),) * axis + (np.arange(n) % x.shape[axis],)]
    return x


def _fixed_error(name: str, n: int, error: Exception) -> ShapeError:
    """The error for an axis that is not free, with the notes of the error that shows it."""
    made = ShapeError(f"to_onnx: free must name axes whose length may differ, not {name!r}; with {name} = {n}, {error}")
    for note in getattr(error, "__notes__", ()):
        made.add_note(note)
    return made

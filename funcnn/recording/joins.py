"""Joins of arrays, and functions of NumPy that choose entries by a condition that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import as_recorded, cast, copied, known, operation, recorded_of
from funcnn.recording.operations import at_positions
from funcnn.recording.tape import refuse
from funcnn.recording.ufuncs import elementwise


def concatenate(parts: Sequence[Any], axis: int | None = 0) -> RecordedArray:
    """np.concatenate"""
    arrays = [as_recorded(part) for part in parts]
    if axis is None:
        arrays, axis = [a.ravel() for a in arrays], 0
    dtype = np.result_type(*[a.dtype for a in arrays])
    made: RecordedArray = operation(
        "concatenate", *[cast(a, dtype) for a in arrays], settings={"axes": [axis % arrays[0].ndim]}
    )
    return made


def stack(arrays: Sequence[Any], axis: int = 0) -> RecordedArray:
    """np.stack"""
    return concatenate([np.expand_dims(as_recorded(part), axis) for part in arrays], axis)


def hstack(parts: Sequence[Any]) -> RecordedArray:
    """np.hstack"""
    arrays = [np.atleast_1d(as_recorded(part)) for part in parts]
    return concatenate(arrays, 0 if arrays[0].ndim == 1 else 1)


def vstack(parts: Sequence[Any]) -> RecordedArray:
    """np.vstack"""
    return concatenate([np.atleast_2d(as_recorded(part)) for part in parts], 0)


def column_stack(parts: Sequence[Any]) -> RecordedArray:
    """np.column_stack"""
    arrays = [as_recorded(part) for part in parts]
    return concatenate([a if a.ndim > 1 else a.reshape(-1, 1) for a in arrays], 1)


def append(arr: Any, values: Any, axis: int | None = None) -> RecordedArray:
    """np.append"""
    return concatenate([arr, values], axis)


def pad(array: RecordedArray, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> RecordedArray:
    """np.pad with a constant, or with entries of the array"""
    if mode in {"edge", "reflect", "symmetric", "wrap"}:
        pad_positions: Any = np.pad  # whose stub has each mode by itself
        positions = pad_positions(np.arange(array.size).reshape(array.shape), pad_width, mode=mode)
        return operation("take", array, known(positions))
    if mode != "constant" or list(recorded_of([constant_values])):
        return refuse(f"np.pad with the mode {mode!r} and these values", "write concatenate")
    inside = np.pad(np.ones(array.shape, bool), pad_width)
    made = known(np.pad(np.zeros(array.shape, array.dtype), pad_width, constant_values=constant_values))
    positions, settings = at_positions(np.flatnonzero(inside).reshape(array.shape))
    return operation("put", made, *map(known, positions), array, settings=settings)


def where(condition: Any, x: Any, y: Any, /) -> RecordedArray:
    """np.where"""
    return elementwise("where", condition, x, y)


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> RecordedArray:  # noqa: A002  NumPy's names
    """np.clip"""
    low, high = min if a_min is None else a_min, max if a_max is None else a_max
    made = a if low is None else np.maximum(a, low)
    return as_recorded(made if high is None else np.minimum(made, high))


def nan_to_num(x: Any, *, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> RecordedArray:
    """np.nan_to_num of a copy"""
    if x.dtype.kind != "f":
        return copied(x)
    ends = np.finfo(x.dtype)
    made = np.where(np.isnan(x), nan, x)
    made = np.where(made == np.inf, float(ends.max) if posinf is None else posinf, made)
    return where(made == -np.inf, float(ends.min) if neginf is None else neginf, made)


def filled(a: Any, fill_value: Any, *, dtype: Any = None, shape: Any = None) -> RecordedArray:
    """np.full_like with a number that is not known"""
    value = cast(as_recorded(fill_value), a.dtype if dtype is None else dtype)
    return copied(as_recorded(np.broadcast_to(value, a.shape if shape is None else shape)))


def triangle(f: Callable[..., Any]) -> Callable[..., Any]:
    """np.tril or np.triu"""
    return lambda m, k=0: np.where(f(np.ones(m.shape, bool), k), m, np.zeros((), m.dtype))


JOINS: dict[Any, Callable[..., Any]] = {
    np.concatenate: concatenate,
    np.stack: stack,
    np.hstack: hstack,
    np.vstack: vstack,
    np.column_stack: column_stack,
    np.append: append,
    np.pad: pad,
    np.where: where,
    np.clip: clip,
    np.nan_to_num: nan_to_num,
    np.full_like: filled,
    **{f: triangle(f) for f in (np.tril, np.triu)},
    np.array: lambda parts: stack([RecordedArray.functions.asarray(part) for part in parts]),
}
"""Functions of NumPy, and what computes them."""

"""Recorded arrays that are made of numbers of NumPy, or of operations on other ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from funcnn.arrays import kind, unmapped
from funcnn.recording.array import RecordedArray, RecordedMemory
from funcnn.recording.operations import computed
from funcnn.recording.tape import current, quiet, refuse


def fresh(numbers: Any, place: int | None = None) -> RecordedArray:
    """An array or a scalar with memory of its own, at a place of the tape, or known."""
    return RecordedArray(numbers, RecordedMemory(np.asarray(numbers), place, None if place is None else current()))


def at_place(place: int) -> RecordedArray:
    """The array at a place of the tape, in memory of its own."""
    return fresh(current().numbers[place].copy(order="K"), place)


def known(value: Any) -> RecordedArray:
    """An array, or a scalar of NumPy, that is the same in every run."""
    value = unmapped(value)
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        refuse(f"an array of the class {type(value).__name__}")
    if isinstance(value, np.generic):
        return fresh(real_numbers(value))
    if not isinstance(value, np.ndarray | bool | int | float | list | tuple) and not hasattr(value, "__array__"):
        refuse(f"arithmetic of an array and {kind(value)}")
    return fresh(real_numbers(np.array(value)))


def real_numbers(numbers: Any) -> Any:
    """A result of NumPy, if it has a dtype of programs."""
    dtype = np.asarray(numbers).dtype
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        refuse(f"arithmetic of {dtype}")
    return numbers


def as_recorded(value: Any) -> RecordedArray:
    """A recorded array as it is, any other array or number as a known one."""
    return value if isinstance(value, RecordedArray) else known(value)


def operation(name: str, *args: RecordedArray, dtype: Any = None, settings: Mapping[str, Any] | None = None) -> Any:
    """The result of an operation of arrays, which is known if all of them are."""
    with quiet():
        if all([a.is_known for a in args]):
            return known(computed(name, [np.asarray(a.numbers) for a in args], dict(settings or {}), None, dtype))
        return at_place(current().operation(name, tuple([a.place() for a in args]), settings or {}, dtype=dtype))


def cast(a: RecordedArray, dtype: Any) -> RecordedArray:
    """The numbers in a dtype."""
    return a if a.dtype == dtype else operation("astype", a, dtype=np.dtype(dtype))


def copied(a: RecordedArray) -> RecordedArray:
    """The same numbers in memory of their own."""
    return known(np.asarray(a.numbers)) if a.is_known else at_place(a.place())


def numbers_of(value: Any) -> Any:
    """What NumPy has in place of recorded arrays, also in lists, tuples and slices."""
    if isinstance(value, RecordedArray):
        return value.numbers
    if isinstance(value, list | tuple):
        return type(value)(map(numbers_of, value)) if type(value) in {list, tuple} else value
    return value


def recorded_of(values: Any) -> Iterator[RecordedArray]:
    """The recorded arrays in a value, a list or a tuple."""
    if isinstance(values, RecordedArray):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from recorded_of(value)

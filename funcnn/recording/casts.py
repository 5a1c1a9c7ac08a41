"""Recorded arrays in another dtype, and other methods of arrays that are no functions of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import cast, fresh, real_numbers
from funcnn.recording.tape import quiet, refuse


def astype(
    a: RecordedArray, dtype: Any, order: str = "K", casting: Any = "unsafe", *, copy: bool = True, **_: Any
) -> RecordedArray:
    """The numbers in another dtype."""
    dtype = np.dtype(dtype)
    if not copy and a.dtype == dtype:
        return a
    with quiet():
        numbers = real_numbers(a.numbers.astype(dtype, order, casting))
    return fresh(numbers, None if a.is_known else cast(a, dtype).place())


def as_bits(a: RecordedArray, dtype: Any) -> RecordedArray:
    """The same bits as whole numbers with or without a sign."""
    dtype = np.dtype(dtype)
    if {a.dtype.kind, dtype.kind} - {"i", "u"} or dtype.itemsize != a.itemsize:
        return refuse(f"a view of {a.dtype} as {dtype}")
    a.store.is_shared = isinstance(a.numbers, np.ndarray)
    made = astype(a, dtype)
    made.store.is_shared = a.store.is_shared
    return made


def fill(a: RecordedArray, value: Any) -> None:
    """Change all entries in place."""
    a[...] = value


def array_of(a: RecordedArray) -> RecordedArray:
    """An array of no axes that has the number of a scalar."""
    return fresh(np.array(a.numbers), None if a.is_known else a.place())

"""Recorded arrays: arrays with numbers, whose operations are noted on a tape."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from funcnn.arrays import Array
from funcnn.recording.operations import strides_of
from funcnn.recording.tape import current, refusal_error, refuse


class Store:
    """Memory that several arrays may share: its place on the tape, or None if it does not depend on the inputs.

    `is_weak` is true for a number of Python, which takes the dtype of the arrays beside it.
    """

    __slots__ = ("is_weak", "numbers", "place")

    def __init__(self, place: int | None, numbers: Array, *, is_weak: bool = False) -> None:
        self.place, self.numbers, self.is_weak = place, numbers.reshape(-1), is_weak


class RecordedArray(NDArrayOperatorsMixin):
    """An array of a run that is recorded; it goes through rules as an array of JAX does, and changes in place as NumPy's.

    `index` has the positions of its entries in the store, or is None if it has all of them in order.
    """

    __slots__ = ("_placed", "index", "shape", "store")
    __array_priority__ = 1000
    functions: ClassVar[Any]  # NumPy's functions for arrays of this class; set by `namespace`

    def __init__(self, store: Store, index: Array | None, shape: tuple[int, ...]) -> None:
        self.store, self.index, self.shape = store, index, tuple(shape)
        self._placed: tuple[int, int] | None = None

    @property
    def numbers(self) -> Array:
        """The numbers in the run that is recorded."""
        flat = self.store.numbers
        return flat.reshape(self.shape) if self.index is None else flat[self.index]

    @property
    def is_known(self) -> bool:
        """Whether the array is the same in every run, whatever the inputs are."""
        return self.store.place is None

    @property
    def positions(self) -> Array:
        """The position of each entry in the store."""
        return np.arange(self.store.numbers.size).reshape(self.shape) if self.index is None else self.index

    def place(self) -> int:
        """The place of the array on the tape."""
        whole, tape = self.store.place, current()
        if whole is None:
            return tape.constant(self.numbers)
        if self._placed is None or self._placed[0] != whole:
            self._placed = whole, self._view(whole)
        return self._placed[1]

    def _view(self, whole: int) -> int:
        tape = current()
        if self.index is None or np.array_equal(self.index.reshape(-1), np.arange(self.store.numbers.size)):
            has_shape = tape.numbers[whole].shape == self.shape
            return whole if has_shape else tape.operation("reshape", (whole,), self.shape)
        if (regular := strides_of(self.index)) is None:
            return tape.operation("take", (whole, tape.constant(self.index)))
        offset, strides = regular
        return tape.operation("view", (whole,), self.shape, offset=offset, strides=strides)

    def assign(self, value: Any) -> None:
        """Change the entries in place, here and in every array that shares them."""
        store, tape = self.store, current()
        rows = self.functions.broadcast_to(as_recorded(value), self.shape).astype(self.dtype)
        if store.place is None and rows.is_known:
            flat = store.numbers.copy()
            flat[self.positions] = rows.numbers
            store.numbers = flat
            return
        if self.index is None:
            store.place = rows.place()
        else:
            whole = tape.constant(store.numbers) if store.place is None else store.place
            regular = strides_of(self.index)
            if regular is None:
                store.place = tape.operation("put", (whole, tape.constant(self.index), rows.place()))
            else:
                offset, strides = regular
                store.place = tape.operation("put", (whole, rows.place()), offset=offset, strides=strides)
        store.numbers = tape.numbers[store.place].reshape(-1)

    def shared(self, positions: Array) -> RecordedArray:
        """An array that shares entries with this one."""
        return RecordedArray(self.store, positions, positions.shape)

    dtype = property(lambda self: self.store.numbers.dtype)
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    itemsize = property(lambda self: self.dtype.itemsize)
    nbytes = property(lambda self: self.size * self.itemsize)
    real = property(lambda self: self)
    T = property(lambda self: self.functions.transpose(self))
    mT = property(lambda self: self.functions.swapaxes(self, -1, -2))
    at = property(lambda self: At(self))

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return self.functions

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return self.functions.call(function.__name__, *args, **settings)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, out: Any = None, **settings: Any) -> Any:
        return self.functions.of_ufunc(ufunc, method, args, out, settings)

    def __getattr__(self, name: str) -> Any:
        """The methods of NumPy's arrays."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self.functions.method(self, name)

    def __getitem__(self, index: Any) -> Any:
        return self.functions.entries(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.functions.set_entries(self, index, value)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def _known(self, asked: str) -> Any:
        return self.numbers if self.is_known else refuse(f"{asked}, which reads values,")

    def _number(self, asked: str) -> Any:
        if not self.is_known:  # without an end of the recording: a check of a number may go on without it
            raise refusal_error(f"{asked}, which reads values,")
        return self.numbers

    def __bool__(self) -> bool:
        return bool(self._known("a condition on an array"))

    def __float__(self) -> float:
        return float(self._number("float(array)"))

    def __int__(self) -> int:
        return int(self._number("int(array)"))

    def __index__(self) -> int:
        return int(self._number("an index that is computed"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:  # noqa: FBT001  as NumPy has it
        return np.asarray(self._known("a conversion to an array of NumPy"), dtype)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"RecordedArray({self.numbers!r})"


class At:
    """An array, and the entries that a change in a copy of it concerns, as `x.at` of JAX."""

    __slots__ = ("array", "index")

    def __init__(self, array: RecordedArray, index: Any = None) -> None:
        self.array, self.index = array, index

    def __getitem__(self, index: Any) -> At:
        return At(self.array, index)

    def set(self, rows: Any) -> RecordedArray:
        """A copy with other entries."""
        made: RecordedArray = self.array.copy()
        made[self.index] = rows
        return made

    def add(self, rows: Any) -> RecordedArray:
        """A copy with rows added, each as often as its index occurs."""
        made: RecordedArray = self.array.copy()
        made.functions.add_at(made, self.index, rows)
        return made


def at_place(place: int, *, is_weak: bool = False) -> RecordedArray:
    """The array at a place of the tape."""
    numbers = current().numbers[place]
    return RecordedArray(Store(place, numbers, is_weak=is_weak), None, numbers.shape)


def known(numbers: Any) -> RecordedArray:
    """An array that is the same in every run."""
    array = np.array(numbers)
    return RecordedArray(Store(None, array), None, array.shape)


def as_recorded(value: Any) -> RecordedArray:
    """A recorded array as it is, any other array or number as a known one."""
    return value if isinstance(value, RecordedArray) else known(value)


def operation(name: str, *args: RecordedArray, **settings: Any) -> RecordedArray:
    """The result of an operation of arrays, computed now if all of them are known."""
    tape = current()
    place = tape.operation(name, tuple([a.place() for a in args]), **settings)
    made = at_place(place)
    if all([a.is_known for a in args]):
        made.store.place = None
    return made

"""The recorded array: NumPy's own result, with its place on a tape."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from funcnn.arrays import Array
from funcnn.recording.operations import at_positions, strides_of
from funcnn.recording.refusals import is_asked_by_funcnn, refusal_error
from funcnn.recording.tape import Tape, current, refuse


class RecordedMemory:
    """Memory that several arrays may share: `base` is the array that has all of it, and `place` its place on a tape.

    The place is None if the numbers are known: if they are the same in every run, whatever the inputs are. `is_shared`
    is true if arrays that are not recorded, or have another dtype, share the memory.
    """

    __slots__ = ("base", "is_shared", "place", "tape")

    def __init__(self, base: Array, place: int | None = None, tape: Tape | None = None) -> None:
        self.base, self.place, self.tape, self.is_shared = base, place, tape, False


class RecordedArray(NDArrayOperatorsMixin):
    """An array of a run that is recorded: rules take it as they take one of JAX, and may change it in place.

    `numbers` is what NumPy has in its place: an array, which may be a view of others, or a scalar. `index` has the
    position in the store of each entry, or is None if the array has all entries of the store in their order.
    """

    __slots__ = ("_placed", "index", "numbers", "store")
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]  # as for NumPy's arrays
    functions: ClassVar[Any]  # NumPy's functions for arrays of this class; set by `namespace`

    def __init__(self, numbers: Any, store: RecordedMemory, index: Array | None = None) -> None:
        self.numbers, self.store, self.index = numbers, store, index
        self._placed: tuple[int, int] | None = None

    @property
    def is_known(self) -> bool:
        """Whether the array is the same in every run, whatever the inputs are."""
        return self.store.place is None

    @property
    def positions(self) -> Array:
        """The position of each entry in the store."""
        return np.arange(self.store.base.size).reshape(self.store.base.shape) if self.index is None else self.index

    def place(self) -> int:
        """The place of the array on the tape."""
        whole, tape = self.store.place, current()
        if whole is None:
            return tape.constant(np.asarray(self.numbers))
        if self.store.tape is not tape:
            refuse("an array of another recording")
        if self._placed is None or self._placed[0] != whole:
            self._placed = whole, self._view(whole)
        return self._placed[1]

    def _view(self, whole: int) -> int:
        tape = current()
        if self.index is None or np.array_equal(self.index.reshape(-1), np.arange(self.store.base.size)):
            has_shape = tape.numbers[whole].shape == self.shape
            return whole if has_shape else tape.operation("reshape", (whole,), shape=self.shape)
        if (regular := strides_of(self.index)) is None:
            return tape.operation("take", (whole, tape.constant(self.index)))
        offset, strides = regular
        return tape.operation("view", (whole,), {"offset": offset, "strides": strides}, shape=self.shape)

    def change(self, rows: RecordedArray, write: Callable[[], Any]) -> None:
        """Change the entries in place, here and in every array that shares them: `write` does so in NumPy's arrays.

        `rows` has the shape and the dtype of the array.
        """
        store = self.store
        if self.is_known and rows.is_known:
            write()
            return
        if store.is_shared:
            refuse("a change of an array that shares memory with one of NumPy or of another dtype", "write array(x)")
        tape, place = current(), self._changed(rows)
        write()
        store.place, store.tape = place, tape
        if not tape.settle(place, store.base):
            refuse("a change in place that NumPy makes in another way")

    def _changed(self, rows: RecordedArray) -> int:
        """The place of the whole store with other entries here."""
        tape, store = current(), self.store
        whole = RecordedArray(store.base, store).place()
        if self.index is None:
            return rows.place()
        positions, settings = at_positions(self.index)
        return tape.operation("put", (whole, *map(tape.constant, positions), rows.place()), settings)

    dtype = property(lambda self: np.result_type(self.store.base))
    shape = property(lambda self: np.shape(self.numbers))
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    itemsize = property(lambda self: self.dtype.itemsize)
    nbytes = property(lambda self: self.size * self.itemsize)
    real = property(lambda self: self)
    T = property(lambda self: self.transpose())
    mT = property(lambda self: self.functions.matrix_transpose(self))  # noqa: N815  as NumPy has it
    at = property(lambda self: CopyAt(self))  # noqa: PLW0108  the class is defined below

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return self.functions

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return self.functions.called(function, *args, **settings)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, out: Any = None, **settings: Any) -> Any:
        return self.functions.of_ufunc(ufunc, method, args, out, settings)

    def __getattr__(self, name: str) -> Any:
        """The methods of NumPy's arrays."""
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'RecordedArray' object has no attribute {name!r}")
        return self.functions.method(self, name)

    def __getitem__(self, index: Any) -> Any:
        return self.functions.entries(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.functions.set_entries(self, index, value)

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def _read(self, asked: str, remedy: str = "") -> Any:
        """The numbers, if they are known; an error else.

        The recording ends with the error, also if a rule catches it. Functions of funcnn that catch it go on as they do
        for tracers of JAX, whatever the numbers are.
        """
        if self.is_known:
            return self.numbers
        if is_asked_by_funcnn():
            error = refusal_error(f"{asked}, which reads values,", remedy)
            current().asked.append(error)
            raise error
        return refuse(f"{asked}, which reads values,", remedy)

    def __bool__(self) -> bool:
        return bool(self._read("a condition on an array", "write where(condition, a, b)"))

    def __float__(self) -> float:
        return float(self._read("float(array)"))

    def __int__(self) -> int:
        return int(self._read("int(array)"))

    def __index__(self) -> int:
        read: Any = self._read("a number of Python that is computed from an array")
        return int(read.__index__())

    def __complex__(self) -> complex:
        return complex(self._read("complex(array)"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:  # noqa: FBT001  as NumPy has it
        read = self._read(
            "a conversion to an array of NumPy", "write namespace(x).asarray, or zeros_like(x) to fill it"
        )
        made = np.array(read, dtype, copy=copy).view()
        made.setflags(write=bool(copy))
        return made

    def __copy__(self) -> RecordedArray:
        made: RecordedArray = self.copy()
        return made

    def __deepcopy__(self, memo: Any) -> RecordedArray:
        return self.__copy__()

    def __reduce__(self) -> Any:
        return refuse("pickling an array")

    def __repr__(self) -> str:
        return f"RecordedArray({self.dtype}, {self.shape})"


class CopyAt:
    """An array, and the entries in which a copy differs from it, as `x.at` of JAX."""

    __slots__ = ("array", "index")

    def __init__(self, array: RecordedArray, index: Any = None) -> None:
        self.array, self.index = array, index

    def __getitem__(self, index: Any) -> CopyAt:
        return CopyAt(self.array, index)

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

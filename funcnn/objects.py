"""An array of objects that goes through rules as an array of NumPy, and the namespace of its functions.

Rules that compute with `namespace(x)` accept it as they accept an array of JAX. NumPy does the work on arrays of
objects, which are numbers of the subclass's own kind; arrays of whole numbers and of bools keep their dtype.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, ClassVar, Self, TypeVar

import attrs
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

T = TypeVar("T")


@contextmanager
def bound(variable: ContextVar[T], value: T) -> Iterator[T]:
    """A block in which a variable has a value; the result is the value."""
    token = variable.set(value)
    try:
        yield value
    finally:
        variable.reset(token)


class RealEntry(ABC):
    """A real number in an `ObjectArray`, with a `value`: the operations that follow from those of its class."""

    __slots__ = ()
    value: Any

    @classmethod
    @abstractmethod
    def of(cls, number: Any) -> Any:
        """A number of this class as it is, any other number as a constant."""

    @abstractmethod
    def compared(self, other: Any, how: Callable[[Any, Any], bool]) -> bool:
        """Whether the values of both compare like this."""

    def __radd__(self, other: Any) -> Any:
        return self.of(other) + self

    def __rsub__(self, other: Any) -> Any:
        return self.of(other) - self

    def __rmul__(self, other: Any) -> Any:
        return self.of(other) * self

    def __rtruediv__(self, other: Any) -> Any:
        return self.of(other) / self

    def __pos__(self) -> Self:
        return self

    def conjugate(self) -> Self:
        """The number itself, which is real."""
        return self

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __lt__(self, other: Any) -> bool:
        return self.compared(other, operator.lt)

    def __le__(self, other: Any) -> bool:
        return self.compared(other, operator.le)

    def __gt__(self, other: Any) -> bool:
        return self.compared(other, operator.gt)

    def __ge__(self, other: Any) -> bool:
        return self.compared(other, operator.ge)


@attrs.define(eq=False)
class ObjectArray(NDArrayOperatorsMixin, ABC):
    """An array of numbers of one kind, or of whole numbers or bools.

    A subclass also has `dtype`, `__array_namespace__`, and an `__array__` that refuses to convert the numbers.
    """

    data: Any
    entry: ClassVar[type]  # the class of the numbers, each with a `value`
    as_entries: ClassVar[np.ufunc]  # makes numbers of floats

    @classmethod
    @abstractmethod
    def stored(cls, dtype: Any) -> Any:
        """The dtype that NumPy's arrays have where a rule asks for this dtype."""

    @classmethod
    @abstractmethod
    def calling(cls, function: Any, /) -> AbstractContextManager[Any]:
        """The block in which a function of NumPy is called."""

    @property
    def real(self) -> Self:
        """The array itself."""
        return self

    @property
    def at(self) -> At:
        """`x.at[ids].add(rows)`, as in JAX."""
        return At(self)

    def astype(self, dtype: Any, *, copy: bool = True) -> Any:
        """A copy with another dtype; a dtype of floats stands for the objects."""
        kind = np.dtype(self.stored(dtype)).kind
        if kind in "fO":
            return self.wrapped(self.data.astype(object))
        return self.wrapped(self.data != 0 if kind == "b" else self.data.astype(dtype))

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return self.called(function, *args, **settings)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, out: Any = None) -> Any:
        cls = type(self)
        if method == "at" and type(args[0]) is cls:
            return ufunc.at(*cls.unwrapped(args))
        if method != "__call__":
            return NotImplemented
        made = cls.elementwise(ufunc, args)
        if out is None or type(out[0]) is not cls:  # `floats += x` makes an array of objects
            return made
        out[0][...] = made
        return out[0]

    def __getitem__(self, index: Any) -> Any:
        return self.wrapped(self.data[self.unwrapped(index)])

    def __setitem__(self, index: Any, values: Any) -> None:
        given = self.unwrapped(values)
        self.data[self.unwrapped(index)] = self.as_entries(given) if self.data.dtype == object else given

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __getattr__(self, name: str) -> Any:
        """The methods of NumPy's arrays."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.data, name)
        return partial(self.called, found) if callable(found) else self.wrapped(found)

    @classmethod
    def wrapped(cls, made: Any) -> Any:
        """The result of a function of NumPy, with each float as an object; a view stays a view."""
        if isinstance(made, (list, tuple)):
            return type(made)([cls.wrapped(part) for part in made])
        if not isinstance(made, np.ndarray | np.generic | cls.entry):
            return made
        data = np.asarray(made)
        if data.dtype.kind == "f" or (data.dtype == object and any([type(a) is not cls.entry for a in data.flat])):
            data = np.asarray(cls.as_entries(data), object)
        return cls(data)

    @classmethod
    def unwrapped(cls, value: Any) -> Any:
        """The arguments of a function, with each array replaced by the array that NumPy computes with."""
        if type(value) is cls:
            return value.data
        if isinstance(value, (list, tuple)):
            return type(value)([cls.unwrapped(part) for part in value])
        return cls.wrapped(value).data if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value

    @classmethod
    def called(cls, function: Any, *args: Any, **settings: Any) -> Any:
        """The result of a function of NumPy."""
        if isinstance(function, np.ufunc):
            return cls.elementwise(function, args)
        if settings.get("dtype") is not None:
            settings["dtype"] = cls.stored(settings["dtype"])
        with cls.calling(function):
            given = {name: cls.unwrapped(value) for name, value in settings.items()}
            return cls.wrapped(function(*cls.unwrapped(args), **given))

    @classmethod
    def elementwise(cls, ufunc: Any, args: Any) -> Any:
        """A function of NumPy, entry by entry; if its result would be floats, it is computed with the objects."""
        values = cls.unwrapped(args)
        if ufunc in _TESTS and values[0].dtype == object:
            return cls.wrapped(np.asarray(_TESTS[ufunc](values[0]), bool))
        if ufunc is np.logaddexp:
            return np.log(np.exp(args[0]) + np.exp(args[1]))
        with cls.calling(ufunc):
            made = ufunc(*values)
            if np.asarray(made).dtype.kind == "f":
                made = ufunc(*[cls.as_entries(a) for a in values])
        return cls.wrapped(made)


@attrs.frozen(eq=False)
class At:
    """An array, and the entries that `add` adds to."""

    array: ObjectArray
    index: Any = None

    def __getitem__(self, index: Any) -> At:
        return At(self.array, self.array.unwrapped(index))

    def add(self, rows: Any) -> Any:
        """The array with rows added, each as often as its index occurs."""
        data = self.array.data.copy()
        np.add.at(data, self.index, self.array.unwrapped(rows))
        return self.array.wrapped(data)


@attrs.frozen
class Functions:
    """The functions of NumPy for arrays of objects of one class, and erfc."""

    of: type[ObjectArray]

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return partial(self.of.called, found) if callable(found) and not isinstance(found, type) else found

    def asarray(self, values: Any, dtype: Any = None) -> Any:
        """An array of the numbers, which are constants."""
        array = self.of.wrapped(np.asarray(self.of.unwrapped(values)))
        return array if dtype is None else array.astype(dtype)

    def erfc(self, x: Any) -> Any:
        """The complementary error function, which NumPy does not have."""
        return self.of.wrapped(_ERFC(self.of.unwrapped(x)))


_ERFC = np.frompyfunc(lambda number: number.erfc(), 1, 1)
_TESTS = {
    np.isnan: np.frompyfunc(lambda number: number.value != number.value, 1, 1),
    np.isfinite: np.frompyfunc(lambda number: number.value - number.value == 0, 1, 1),
}

"""An array of numbers that keep their terms, and the namespace of its functions.

Rules that compute with `namespace(x)` accept it as they accept an array of JAX. NumPy does the work on arrays of
objects; arrays of whole numbers and of bools keep their dtype.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import attrs
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from funcnn.teach.numbers import GIVEN, NoTermsError, Number, larger, number, smaller

_dtype: ContextVar[np.dtype[Any]] = ContextVar("dtype")
_DOUBLE = np.dtype(np.float64)
_number = np.frompyfunc(number, 1, 1)
_given = np.frompyfunc(lambda value: Number(float(value), GIVEN), 1, 1)


@contextmanager
def floats(dtype: Any) -> Iterator[None]:
    """A block in which numbers with terms stand for numbers of this dtype; their values are float64."""
    token = _dtype.set(np.dtype(dtype))
    try:
        yield
    finally:
        _dtype.reset(token)


@attrs.define(eq=False)
class TermArray(NDArrayOperatorsMixin):
    """An array of numbers with terms, or of whole numbers or bools."""

    data: Any

    @property
    def dtype(self) -> Any:
        """The dtype of the step for numbers with terms, else the dtype of the entries."""
        return _dtype.get(_DOUBLE) if self.data.dtype == object else self.data.dtype

    @property
    def real(self) -> TermArray:
        """The array itself."""
        return self

    @property
    def at(self) -> _At:
        """`x.at[ids].add(rows)`, as in JAX."""
        return _At(self)

    def astype(self, dtype: Any, *, copy: bool = True) -> Any:
        """A copy with another dtype; every dtype of floats stands for numbers with terms."""
        kind = np.dtype(dtype).kind
        return wrapped(self.data.astype(object) if kind == "f" else (self.data != 0).astype(dtype))

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return NAMESPACE

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return called(function, *args, **settings)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, out: Any = None) -> Any:
        if method == "at" and isinstance(args[0], TermArray):
            return ufunc.at(*unwrapped(args))
        if method != "__call__":
            return NotImplemented
        made = _elementwise(ufunc, args)
        if out is None or not isinstance(out[0], TermArray):  # `floats += x` makes an array with terms
            return made
        out[0][...] = made
        return out[0]

    def __getitem__(self, index: Any) -> Any:
        return wrapped(self.data[unwrapped(index)])

    def __setitem__(self, index: Any, values: Any) -> None:
        given = unwrapped(values)
        self.data[unwrapped(index)] = _number(given) if self.data.dtype == object else given

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __array__(self, *args: Any, **settings: Any) -> Any:
        raise NoTermsError("the rule converts its arrays to arrays of NumPy")

    __float__ = __array__

    def __getattr__(self, name: str) -> Any:
        """The methods of NumPy's arrays."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.data, name)
        return partial(called, found) if callable(found) else wrapped(found)


@attrs.frozen(eq=False)
class _At:
    """An array, and the entries that `add` adds to."""

    array: TermArray
    index: Any = None

    def __getitem__(self, index: Any) -> _At:
        return _At(self.array, unwrapped(index))

    def add(self, rows: Any) -> Any:
        """The array with rows added, each as often as its index occurs."""
        data = self.array.data.copy()
        np.add.at(data, self.index, unwrapped(rows))
        return wrapped(data)


class _Namespace:
    """The functions of NumPy for arrays with terms, and erfc."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return partial(called, found) if callable(found) and not isinstance(found, type) else found

    def asarray(self, values: Any, dtype: Any = None) -> Any:
        """An array with terms of the numbers, which are constants."""
        array = wrapped(np.asarray(unwrapped(values)))
        return array if dtype is None else array.astype(dtype)

    def erfc(self, x: Any) -> Any:
        """The complementary error function, which NumPy does not have."""
        return wrapped(_ERFC(unwrapped(x)))

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        """min(max(x, low), high)"""
        return np.minimum(np.maximum(x, low), high)


NAMESPACE = _Namespace()
_ERFC = np.frompyfunc(lambda a: a.erfc(), 1, 1)
_BY_VALUE = {
    np.maximum: np.frompyfunc(larger, 2, 1),
    np.minimum: np.frompyfunc(smaller, 2, 1),
    np.sign: np.frompyfunc(lambda a: number(a).sign(), 1, 1),
    np.absolute: np.frompyfunc(abs, 1, 1),
}
_TESTS = {
    np.isnan: np.frompyfunc(lambda a: a.value != a.value, 1, 1),
    np.isfinite: np.frompyfunc(lambda a: a.value - a.value == 0, 1, 1),
}


def given(values: Any) -> TermArray:
    """The numbers of a NumPy array as numbers without terms, which are given."""
    return TermArray(np.asarray(_given(values), object))


def wrapped(made: Any) -> Any:
    """The result of a function of NumPy, with each float as a number with terms; a view stays a view."""
    if isinstance(made, (list, tuple)):
        return type(made)([wrapped(part) for part in made])
    if not isinstance(made, np.ndarray | np.generic | Number):
        return made
    data = np.asarray(made)
    if data.dtype.kind == "f" or (data.dtype == object and any([type(a) is not Number for a in data.flat])):
        data = np.asarray(_number(data), object)
    return TermArray(data)


def unwrapped(value: Any) -> Any:
    """The arguments of a function, with each array with terms replaced by the array that NumPy computes with."""
    if isinstance(value, TermArray):
        return value.data
    if isinstance(value, (list, tuple)):
        return type(value)([unwrapped(part) for part in value])
    return wrapped(value).data if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def called(function: Any, *args: Any, **settings: Any) -> Any:
    """The result of a function of NumPy."""
    if isinstance(function, np.ufunc):
        return _elementwise(function, args)
    if settings.get("dtype") is not None and np.dtype(settings["dtype"]).kind == "f":
        settings["dtype"] = object
    with np.errstate(all="ignore"):  # the step itself has warned
        return wrapped(function(*unwrapped(args), **{name: unwrapped(value) for name, value in settings.items()}))


def _elementwise(ufunc: Any, args: Any) -> Any:
    values = unwrapped(args)
    if ufunc in _TESTS and values[0].dtype == object:
        return wrapped(np.asarray(_TESTS[ufunc](values[0]), bool))
    if ufunc is np.logaddexp:
        return np.log(np.exp(args[0]) + np.exp(args[1]))
    if ufunc in _BY_VALUE and any([isinstance(a, np.ndarray) and a.dtype.kind == "O" for a in values]):
        return wrapped(_BY_VALUE[ufunc](*values))
    with np.errstate(all="ignore"):
        made = ufunc(*values)
        if np.asarray(made).dtype.kind == "f":
            made = ufunc(*[_number(a) for a in values])
    return wrapped(made)

"""An array of dual numbers whose `dtype` is float64, and the namespace of its functions.

Rules that compute with `namespace(x)` accept it as they accept an array of JAX, and so do checks of dtypes. NumPy does
the work on arrays of objects; arrays of whole numbers and of bools keep their dtype.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import attrs
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from funcnn.testing.exact.dual import Dual, NoExactRuleError, dual

_dual = np.frompyfunc(dual, 1, 1)


class Size(int):
    """A length of an axis, or a product of lengths; a quotient with it is an exact array, not a rounded number."""

    def __truediv__(self, other: Any) -> Any:
        return wrapped(dual(int(self))) / other

    def __rtruediv__(self, other: Any) -> Any:
        return wrapped(dual(other)) / int(self)

    def __mul__(self, other: Any) -> Any:
        return Size(int(self) * other) if isinstance(other, int) else NotImplemented

    __rmul__ = __mul__


@attrs.define(eq=False)
class ExactArray(NDArrayOperatorsMixin):
    """An array of dual numbers, or of whole numbers or bools."""

    data: Any

    @property
    def dtype(self) -> Any:
        """float64 for dual numbers, else the dtype of the entries."""
        return np.dtype(np.float64) if self.data.dtype == object else self.data.dtype

    @property
    def shape(self) -> tuple[Size, ...]:
        """The lengths of the axes."""
        return tuple([Size(n) for n in self.data.shape])

    @property
    def size(self) -> Size:
        """The number of entries."""
        return Size(self.data.size)

    @property
    def real(self) -> ExactArray:
        """The array itself."""
        return self

    @property
    def at(self) -> _At:
        """`x.at[ids].add(rows)`, as in JAX."""
        return _At(self)

    def astype(self, dtype: Any, *, copy: bool = True) -> Any:
        """A copy with another dtype; float64 stands for dual numbers."""
        kind = _unrounded(dtype).kind
        if kind != "f":
            return wrapped(self.data != 0 if kind == "b" else self.data.astype(dtype))
        return wrapped(self.data.astype(object))

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return NAMESPACE

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return _called(function, *args, **settings)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, out: Any = None) -> Any:
        if method == "at" and isinstance(args[0], ExactArray):
            return ufunc.at(*unwrapped(args))
        if method != "__call__":
            return NotImplemented
        made = _elementwise(ufunc, args)
        if out is None or not isinstance(out[0], ExactArray):  # `floats += x` makes an exact array
            return made
        out[0][...] = made
        return out[0]

    def __getitem__(self, index: Any) -> Any:
        return wrapped(self.data[unwrapped(index)])

    def __setitem__(self, index: Any, values: Any) -> None:
        given = unwrapped(values)
        self.data[unwrapped(index)] = _dual(given) if self.data.dtype == object else given

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __array__(self, *args: Any, **settings: Any) -> Any:
        raise NoExactRuleError(
            "exact numbers are not converted to floats; np.zeros_like(x) makes an array of exact numbers"
        )

    __float__ = __array__

    def __getattr__(self, name: str) -> Any:
        """The methods of NumPy's arrays."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.data, name)
        return partial(_called, found) if callable(found) else wrapped(found)


@attrs.frozen(eq=False)
class _At:
    """An array, and the entries that `add` adds to."""

    array: ExactArray
    index: Any = None

    def __getitem__(self, index: Any) -> _At:
        return _At(self.array, unwrapped(index))

    def add(self, rows: Any) -> Any:
        """The array with rows added, each as often as its index occurs."""
        data = self.array.data.copy()
        np.add.at(data, self.index, unwrapped(rows))
        return wrapped(data)


class _Namespace:
    """The functions of NumPy for exact arrays, and erfc."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return partial(_called, found) if callable(found) and not isinstance(found, type) else found

    def asarray(self, values: Any, dtype: Any = None) -> Any:
        """An exact array of the numbers; a float64 keeps its exact value."""
        array = wrapped(np.asarray(unwrapped(values)))
        return array if dtype is None else array.astype(dtype)

    def erfc(self, x: Any) -> Any:
        """The complementary error function, which NumPy does not have."""
        return wrapped(_ERFC(unwrapped(x)))


NAMESPACE = _Namespace()
_WITH = np.frompyfunc(lambda a, d: Dual(a.value, d.value), 2, 1)
_ERFC = np.frompyfunc(lambda number: number.erfc(), 1, 1)


def of_values(values: Any, derivatives: Any = None) -> Any:
    """The numbers of a NumPy array as a read-only exact array; if they are floats, with derivatives."""
    data = wrapped(values).data.view()
    if derivatives is not None and values.dtype.kind == "f":
        data = np.asarray(_WITH(data, unwrapped(derivatives)), object)
    data.flags.writeable = False
    return ExactArray(data)


def numbers_in(array: Any) -> list[Dual]:
    """The entries of an array."""
    return list(NAMESPACE.asarray(array).data.flat)


def wrapped(made: Any) -> Any:
    """The result of a function of NumPy, with each float as a dual number; a view stays a view."""
    if isinstance(made, (list, tuple)):
        return type(made)([wrapped(part) for part in made])
    if not isinstance(made, np.ndarray | np.generic | Dual):
        return made
    data = np.asarray(made)
    if data.dtype.kind == "f" or (data.dtype == object and any([type(number) is not Dual for number in data.flat])):
        data = np.asarray(_dual(data), object)
    return ExactArray(data)


def unwrapped(given: Any) -> Any:
    """The arguments of a function, with each exact array replaced by the array that NumPy computes with."""
    if isinstance(given, ExactArray):
        return given.data
    if isinstance(given, (list, tuple)):
        return type(given)([unwrapped(part) for part in given])
    return wrapped(given).data if isinstance(given, np.ndarray) and given.dtype.kind == "f" else given


def _called(function: Any, *args: Any, **settings: Any) -> Any:
    if isinstance(function, np.ufunc):
        return _elementwise(function, args)
    _unrounded(settings.get("dtype") or float)
    with _refusal(function.__name__):
        return wrapped(function(*unwrapped(args), **{name: unwrapped(value) for name, value in settings.items()}))


def _unrounded(dtype: Any) -> np.dtype[Any]:
    """Refuse a dtype to which exact numbers would be rounded; the result is a NumPy dtype."""
    found = np.dtype(dtype)
    if found.kind == "f" and found.itemsize < 8:
        raise NoExactRuleError(
            f"exact numbers are not rounded to {found}; exact=True has no dtype of floats but float64"
        )
    return found


@contextmanager
def _refusal(name: str) -> Iterator[None]:
    """Name the function of NumPy that does not take exact numbers."""
    try:
        yield
    except NoExactRuleError:
        raise
    except (AttributeError, TypeError) as error:
        raise NoExactRuleError(f"NumPy's {name} does not take exact numbers: {error}") from error


def _elementwise(ufunc: Any, args: Any) -> Any:
    """A function of NumPy, entry by entry; if its result would be rounded, it is computed with dual numbers."""
    given = unwrapped(args)
    if ufunc in _TESTS and given[0].dtype == object:
        return wrapped(np.asarray(_TESTS[ufunc](given[0]), bool))
    if ufunc is np.logaddexp:
        return np.log(np.exp(args[0]) + np.exp(args[1]))
    with _refusal(ufunc.__name__):
        made = ufunc(*given)
        if np.asarray(made).dtype.kind == "f":
            made = ufunc(*[_dual(a) for a in given])
    return wrapped(made)


_TESTS = {
    np.isnan: np.frompyfunc(lambda number: number.value != number.value, 1, 1),
    np.isfinite: np.frompyfunc(lambda number: number.value - number.value == 0, 1, 1),
}

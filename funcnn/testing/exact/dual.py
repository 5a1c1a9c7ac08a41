"""Dual numbers, which are a number and its derivative along one direction, both exact; and arrays of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

import attrs
import numpy as np

from funcnn.objects import Functions, ObjectArray, RealEntry, bound
from funcnn.testing.exact.values import FUNCTIONS, ONE, ZERO, Value, alike, exact, over, plus, power, times, with_digits


class NoExactRuleError(TypeError):
    """A function that has no rule for exact numbers."""


_kinks: ContextVar[list[str]] = ContextVar("kinks")


def recorded_kinks() -> AbstractContextManager[list[str]]:
    """A list of the comparisons, in the block, of equal numbers with different derivatives: either may grow faster."""
    return bound(_kinks, [])


@attrs.define(eq=False)
class Dual(RealEntry):  # noqa: PLW1641  a Dual is never a key
    """A value and its derivative; the derivative of a constant is 0.

    Wengert 1964, A Simple Automatic Derivative Evaluation Program.
    """

    value: Value
    derivative: Value = ZERO

    @classmethod
    def of(cls, number: Any) -> Dual:
        """A dual number as it is, any other number as a constant."""
        return number if type(number) is Dual else Dual(exact(number))

    def __add__(self, other: Any) -> Dual:
        """(a + b)' = a' + b'"""
        other = dual(other)
        return Dual(plus(self.value, other.value), plus(self.derivative, other.derivative))

    def __mul__(self, other: Any) -> Dual:
        """(a b)' = a' b + a b'"""
        other = dual(other)
        product = times(self.value, other.value)
        return Dual(product, plus(_part(self.derivative, other.value), _part(other.derivative, self.value)))

    def __truediv__(self, other: Any) -> Dual:
        """(a / b)' = (a' - (a / b) b') / b"""
        other = dual(other)
        quotient = over(self.value, other.value)
        rest = plus(self.derivative, _part(other.derivative, -quotient))
        return Dual(quotient, _part(rest, over(ONE, other.value)))

    def __pow__(self, other: Any) -> Dual:
        """(a^e)' = e a^(e - 1) a', for a constant e"""
        exponent = dual(other)
        if exponent.derivative:
            raise NoExactRuleError("an exponent that depends on the arguments has no exact rule; write exp(e log a)")
        e = exponent.value
        slope = times(e, power(self.value, e - 1)) if self.derivative and e else ZERO
        return Dual(power(self.value, e), _part(self.derivative, slope))

    def __sub__(self, other: Any) -> Dual:
        return self + -dual(other)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.derivative)

    def __abs__(self) -> Dual:
        return -self if self < 0 else self

    def compared(self, other: Any, how: Callable[[Any, Any], bool]) -> bool:
        """Whether the values compare like this; equal ones with different derivatives are a kink."""
        other = dual(other)
        a, b = alike(self.value, other.value)
        if a == b and self.derivative != other.derivative:
            _kinks.get([]).append(how.__name__)
        return how(a, b)

    def __eq__(self, other: object) -> bool:
        a, b = alike(self.value, dual(other).value)
        return bool(a == b)

    def __getattr__(self, name: str) -> Callable[[], Dual]:
        """The functions that NumPy looks up in the objects of an array: exp, log, sqrt, ..."""
        if name not in FUNCTIONS:
            raise AttributeError(f"exact numbers have no {name}")
        return lambda: _applied(name, self)


dual = Dual.of


def _part(derivative: Value, factor: Value) -> Value:
    """derivative * factor, without a multiplication if the derivative is 0."""
    return times(derivative, factor) if derivative else ZERO


def _applied(name: str, x: Dual) -> Dual:
    """f(x), f(x)' = f'(x) x'"""
    f, slope = FUNCTIONS[name]
    at = with_digits(x.value)
    return Dual(f(at), times(x.derivative, slope(at)) if x.derivative else ZERO)


class Size(int):
    """A length of an axis, or a product of lengths; a quotient with it is an exact array, not a rounded number."""

    def __truediv__(self, other: Any) -> Any:
        return ExactArray.wrapped(dual(int(self))) / other

    def __rtruediv__(self, other: Any) -> Any:
        return ExactArray.wrapped(dual(other)) / int(self)

    def __mul__(self, other: Any) -> Any:
        return Size(int(self) * other) if isinstance(other, int) else NotImplemented

    __rmul__ = __mul__


@attrs.define(eq=False)
class ExactArray(ObjectArray):
    """An array of dual numbers, or of whole numbers or bools."""

    entry = Dual
    as_entries = np.frompyfunc(dual, 1, 1)

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

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return _NAMESPACE

    def __array__(self, *args: Any, **settings: Any) -> Any:
        raise NoExactRuleError(
            "exact numbers are not converted to floats; np.zeros_like(x) makes an array of exact numbers"
        )

    __float__ = __array__

    @classmethod
    def stored(cls, dtype: Any) -> Any:
        """The same dtype, but refuse one to which exact numbers would be rounded."""
        found = np.dtype(dtype)
        if found.kind == "f" and found.itemsize < 8:
            raise NoExactRuleError(
                f"exact numbers are not rounded to {found}; exact=True has no dtype of floats but float64"
            )
        return found

    @classmethod
    @contextmanager
    def calling(cls, function: Any, /) -> Iterator[None]:
        """Name the function of NumPy that does not take exact numbers."""
        try:
            yield
        except NoExactRuleError:
            raise
        except (AttributeError, TypeError) as error:
            raise NoExactRuleError(f"NumPy's {function.__name__} does not take exact numbers: {error}") from error


_NAMESPACE = Functions(ExactArray)
_WITH = np.frompyfunc(lambda a, d: Dual(a.value, d.value), 2, 1)


def of_values(values: Any, derivatives: Any = None) -> Any:
    """The numbers of a NumPy array as a read-only exact array; if they are floats, with derivatives."""
    data = ExactArray.wrapped(values).data.view()
    if derivatives is not None and values.dtype.kind == "f":
        data = np.asarray(_WITH(data, ExactArray.unwrapped(derivatives)), object)
    data.flags.writeable = False
    return ExactArray(data)


def numbers_in(array: Any) -> list[Dual]:
    """The entries of an array."""
    return list(_NAMESPACE.asarray(array).data.flat)

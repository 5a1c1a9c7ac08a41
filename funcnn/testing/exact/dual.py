"""Dual numbers: a number and its derivative along one direction, both exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

from funcnn.objects import RealEntry
from funcnn.testing.exact.values import FUNCTIONS, ONE, ZERO, Value, alike, exact, over, plus, power, times, with_digits


class NoExactRuleError(TypeError):
    """A function that has no rule for exact numbers."""


_kinks: ContextVar[list[str]] = ContextVar("kinks")


@contextmanager
def recorded_kinks() -> Iterator[list[str]]:
    """A list of the comparisons, in the block, of equal numbers with different derivatives: either may grow faster."""
    found: list[str] = []
    token = _kinks.set(found)
    try:
        yield found
    finally:
        _kinks.reset(token)


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

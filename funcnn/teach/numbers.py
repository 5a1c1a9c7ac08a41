"""Numbers that keep the operation and the numbers of which they were made; and arrays of them."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

import attrs
import numpy as np

from funcnn.objects import Functions, ObjectArray, RealEntry, bound

CONSTANT, GIVEN = "constant", "given"
GUARD = 500.0  # constants beyond it keep exp from overflowing; a formula is read without them


class NoTermsError(TypeError):
    """A rule from which no terms can be read: it makes too many numbers, or rounds them to floats."""


_left: ContextVar[list[int]] = ContextVar("left")
_births = itertools.count()


def at_most(count: int) -> AbstractContextManager[Any]:
    """A block in which at most `count` numbers can be made."""
    return bound(_left, [count])


class Number(RealEntry):  # noqa: PLW1641  numbers are compared by value, and found by identity
    """A value, and how it was made: the name of an operation, and its operands."""

    __slots__ = ("born", "how", "parts", "value")

    def __init__(self, value: float, how: str = CONSTANT, parts: tuple[Number, ...] = ()) -> None:
        """Count the numbers that were made."""
        left = _left.get([1])
        left[0] -= 1
        if left[0] < 0:
            raise NoTermsError("the rule makes more numbers than are listed")
        self.value, self.how, self.parts, self.born = value, how, parts, next(_births)

    @classmethod
    def of(cls, number: Any) -> Number:
        """A number with its terms as it is, any other number as a constant."""
        return number if type(number) is Number else Number(float(number))

    def __add__(self, other: Any) -> Number:
        other = number(other)
        if _is(self, 0):
            return other
        return self if _is(other, 0) else _made("+", operator.add, self, other)

    def __sub__(self, other: Any) -> Number:
        other = number(other)
        if _is(self, 0):
            return -other
        return self if _is(other, 0) else _made("-", operator.sub, self, other)

    def __mul__(self, other: Any) -> Number:
        is_factor = type(other) is not Number  # a constant of the rule is shown, be it 1; ones that add up rows are not
        other = number(other)
        for a, b in ((self, other), (other, self)):
            if _is(a, 1) and not is_factor:
                return b
            if _is(a, 0) and math.isfinite(b.value):
                return a
        return _made("*", operator.mul, self, other)

    def __truediv__(self, other: Any) -> Number:
        other = number(other)
        return self if _is(other, 1) else _made("/", np.divide, self, other)

    def __pow__(self, other: Any) -> Number:
        other = number(other)
        return self if _is(other, 1) else _made("^", np.power, self, other)

    def __rpow__(self, other: Any) -> Number:
        return number(other) ** self

    def __neg__(self) -> Number:
        return _made("neg", operator.neg, self)

    def __abs__(self) -> Number:
        return _made("abs", abs, self)

    def compared(self, other: Any, how: Callable[[Any, Any], bool]) -> bool:
        """Whether the values compare like this."""
        return how(self.value, number(other).value)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == number(other).value)

    def __getattr__(self, name: str) -> Callable[[], Number]:
        """The functions that NumPy looks up in the objects of an array: exp, log, sqrt, ..."""
        if name not in FUNCTIONS:
            raise AttributeError(f"numbers with terms have no {name}")
        return lambda: _made(name, FUNCTIONS[name], self)


_NAMES = (
    "exp expm1 exp2 log log1p log2 log10 sqrt tanh sinh cosh sin cos tan arcsin arccos arctan arcsinh arccosh arctanh "
    "sign"
)
FUNCTIONS: dict[str, Callable[[float], float]] = {name: getattr(np, name) for name in _NAMES.split()}
FUNCTIONS["erfc"] = math.erfc

number = Number.of


def larger(a: Any, b: Any) -> Number:
    """max(a, b)"""
    return _chosen("max", a, b, lambda x, y: x if x > y or x != x else y)  # noqa: PLR0124  only NaN differs from itself


def smaller(a: Any, b: Any) -> Number:
    """min(a, b)"""
    return _chosen("min", a, b, lambda x, y: x if x < y or x != x else y)  # noqa: PLR0124  only NaN differs from itself


def _chosen(how: str, a: Any, b: Any, choose: Callable[[float, float], float]) -> Number:
    a, b = number(a), number(b)
    value = choose(a.value, b.value)
    for guard, other in ((a, b), (b, a)):
        if guard.how == CONSTANT and abs(guard.value) > GUARD and value == other.value:
            return other
    return _made(how, choose, a, b)


def _is(a: Number, constant: float) -> bool:
    return a.how == CONSTANT and a.value == constant


def _made(how: str, f: Callable[..., Any], *parts: Number) -> Number:
    with np.errstate(all="ignore"):  # the step itself has warned
        value = float(f(*[part.value for part in parts]))
    return Number(value) if all([part.how == CONSTANT for part in parts]) else Number(value, how, parts)


_dtype: ContextVar[np.dtype[Any]] = ContextVar("dtype")
_DOUBLE = np.dtype(np.float64)
_given = np.frompyfunc(lambda value: Number(float(value), GIVEN), 1, 1)


def floats(dtype: Any) -> AbstractContextManager[Any]:
    """A block in which numbers with terms stand for numbers of this dtype; their values are float64."""
    return bound(_dtype, np.dtype(dtype))


@attrs.define(eq=False)
class TermArray(ObjectArray):
    """An array of numbers with terms, or of whole numbers or bools."""

    entry = Number
    as_entries = np.frompyfunc(number, 1, 1)

    @property
    def dtype(self) -> Any:
        """The dtype of the step for numbers with terms, else the dtype of the entries."""
        return _dtype.get(_DOUBLE) if self.data.dtype == object else self.data.dtype

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return NAMESPACE

    def __array__(self, *args: Any, **settings: Any) -> Any:
        raise NoTermsError("the rule converts its arrays to arrays of NumPy")

    __float__ = __array__

    @classmethod
    def stored(cls, dtype: Any) -> Any:
        """Every dtype of floats stands for numbers with terms."""
        return object if np.dtype(dtype).kind == "f" else dtype

    @classmethod
    def calling(cls, _: Any, /) -> AbstractContextManager[Any]:
        """Without warnings: the step itself has warned."""
        return np.errstate(all="ignore")

    @classmethod
    def elementwise(cls, ufunc: Any, args: Any) -> Any:
        """A function of NumPy, entry by entry; a maximum and an absolute value are operations of the numbers."""
        values = cls.unwrapped(args)
        if ufunc in _BY_VALUE and any([isinstance(a, np.ndarray) and a.dtype.kind == "O" for a in values]):
            return cls.wrapped(_BY_VALUE[ufunc](*values))
        return super().elementwise(ufunc, args)


class _Functions(Functions):
    def clip(self, x: Any, low: Any, high: Any) -> Any:
        """min(max(x, low), high)"""
        return np.minimum(np.maximum(x, low), high)


NAMESPACE = _Functions(TermArray)
_BY_VALUE = {
    np.maximum: np.frompyfunc(larger, 2, 1),
    np.minimum: np.frompyfunc(smaller, 2, 1),
    np.sign: np.frompyfunc(lambda a: number(a).sign(), 1, 1),
    np.absolute: np.frompyfunc(abs, 1, 1),
}


def given(values: Any) -> TermArray:
    """The numbers of a NumPy array as numbers without terms, which are given."""
    return TermArray(np.asarray(_given(values), object))

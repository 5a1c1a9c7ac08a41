"""Exact numbers: fractions, and numbers of many digits for functions whose values are not fractions.

A number stays a fraction until a function such as exp is applied to it; a result computed from numbers with digits has
digits too. So a result that is a fraction has no rounding error.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

Value = Any
"""A Fraction or an mpf."""

ZERO, ONE = Fraction(0), Fraction(1)


def exact(number: Any) -> Value:
    """The value of a Python or NumPy number, without rounding."""
    if isinstance(number, np.generic):
        number = number.item()
    return mpf(number) if isinstance(number, float) and not math.isfinite(number) else Fraction(number)


def with_digits(value: Value) -> mpf:
    """The value as a number of as many digits as mpmath works with."""
    return mpf(value.numerator) / value.denominator if type(value) is Fraction else value


def alike(a: Value, b: Value) -> tuple[Value, Value]:
    """Both as fractions if both are fractions, else both with digits: Python would round the fraction to a float."""
    return (a, b) if type(a) is type(b) else (with_digits(a), with_digits(b))


def _of_alike(operation: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    return lambda a, b: operation(*alike(a, b))


plus, times, over = map(_of_alike, (operator.add, operator.mul, operator.truediv))


def power(a: Value, e: Value) -> Value:
    """a^e, a fraction if a is a fraction and e a whole number"""
    return a ** int(e) if e == int(e) else with_digits(a) ** with_digits(e)


# Each function with its derivative, for numbers with digits.
FUNCTIONS: dict[str, tuple[Callable[[mpf], mpf], Callable[[mpf], mpf]]] = {
    "exp": (mpmath.exp, mpmath.exp),
    "expm1": (mpmath.expm1, mpmath.exp),
    "log": (mpmath.log, lambda x: 1 / x),
    "log1p": (mpmath.log1p, lambda x: 1 / (1 + x)),
    "sqrt": (mpmath.sqrt, lambda x: 1 / (2 * mpmath.sqrt(x))),
    "tanh": (mpmath.tanh, lambda x: mpmath.sech(x) ** 2),
    "sin": (mpmath.sin, mpmath.cos),
    "cos": (mpmath.cos, lambda x: -mpmath.sin(x)),
    "tan": (mpmath.tan, lambda x: mpmath.sec(x) ** 2),
    "arcsin": (mpmath.asin, lambda x: 1 / mpmath.sqrt(1 - x * x)),
    "arccos": (mpmath.acos, lambda x: -1 / mpmath.sqrt(1 - x * x)),
    "arctan": (mpmath.atan, lambda x: 1 / (1 + x * x)),
    "sinh": (mpmath.sinh, mpmath.cosh),
    "cosh": (mpmath.cosh, mpmath.sinh),
    "arcsinh": (mpmath.asinh, lambda x: 1 / mpmath.sqrt(1 + x * x)),
    "arccosh": (mpmath.acosh, lambda x: 1 / mpmath.sqrt(x * x - 1)),
    "arctanh": (mpmath.atanh, lambda x: 1 / (1 - x * x)),
    "exp2": (lambda x: mpf(2) ** x, lambda x: mpf(2) ** x * mpmath.log(2)),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), lambda x: 1 / (x * mpmath.log(2))),
    "log10": (mpmath.log10, lambda x: 1 / (x * mpmath.log(10))),
    "erfc": (mpmath.erfc, lambda x: -2 * mpmath.exp(-x * x) / mpmath.sqrt(mpmath.pi)),
}

"""Powers and cosines of Python's numbers, with the same bits on every platform: C libraries round them differently."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np

LOG_2 = 0.6931471805599453  # a literal, since C libraries have logarithms of their own


def power(base: Any, exponent: Any) -> Any:
    """base^exponent; of symbols and arrays, what `**` gives.

    `decimal` computes it to 32 digits, with a correctly rounded exp and ln, and one float is nearest.

    >>> from funcnn.scalars import power
    >>> power(0.999, 1000)
    0.36769542477096373
    """
    if type(base) is float and 0 < base < math.inf and type(exponent) in {int, float} and math.isfinite(exponent):
        return _power(base, exponent)
    if isinstance(base, np.generic) and exponent == 0.5:
        return np.sqrt(base)  # `**` of an array is a square root too, but `**` of a number of NumPy is a power of C
    return base**exponent


@lru_cache(maxsize=1024)  # an optimizer asks for the same power for each array
def _power(base: float, exponent: float) -> float:
    if exponent == 0.5:
        return math.sqrt(base)
    number, context = _decimal()
    if type(exponent) is int:
        value = float(context.power(number(base), number(exponent)))
    else:
        value = float(context.exp(context.multiply(number(exponent), _logarithm(base))))
    if math.isinf(value):
        raise OverflowError(f"{base} to the power of {exponent}")
    return value


@lru_cache(maxsize=64)
def _logarithm(base: float) -> Any:
    number, context = _decimal()
    return context.ln(number(base))


@cache
def _decimal() -> tuple[Any, Any]:
    """The class of decimal numbers, and the arithmetic of 32 digits."""
    import decimal  # noqa: PLC0415  needs 2 ms

    return decimal.Decimal, decimal.Context(prec=32, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])


def cosine(turn: float) -> float:
    """cos(pi turn), for turn from 0 to 1, by the series of sine or cosine between -pi / 4 and pi / 4.

    >>> from funcnn.scalars import cosine
    >>> cosine(0.0), cosine(0.5), cosine(1.0)
    (1.0, 0.0, -1.0)
    """
    if turn > 0.75:
        return -cosine(1 - turn)
    x = math.pi * turn if turn < 0.25 else math.pi * (0.5 - turn)
    z = x * x
    if turn < 0.25:
        return 1 - z * _series(z, 2)
    return x - x * z * _series(z, 3)


def _series(z: float, first: int) -> float:
    """1 / n! - z / (n + 2)! + z^2 / (n + 4)! - ..., n = first"""
    value = 0.0
    for n in range(first + 14, first - 1, -2):
        value = 1 / math.factorial(n) - z * value
    return value

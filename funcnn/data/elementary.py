"""Logarithm, exponential and logistic function, sine and cosine with the same bits on every processor.

They are made of +, -, *, / and of operations of NumPy whose results are exact. NumPy's own functions differ between its
versions, and between processors.
"""

from __future__ import annotations

import math

import numpy as np

from funcnn.arrays import Array
from funcnn.scalars import LOG_2


def log(x: Array) -> Array:
    """log x of normal numbers x > 0, as e log 2 + 2 artanh((m - 1) / (m + 1)), x = 2^e m, m near 1"""
    m, e = np.frexp(x)
    is_small = m < math.sqrt(0.5)
    m = np.where(is_small, 2 * m, m)
    s = (m - 1) / (m + 1)
    return (e - is_small) * LOG_2 + 2 * s * _series([1 / (2 * k + 1) for k in range(11)], s * s)


def logistic(x: Array) -> Array:
    """1 / (1 + e^-x)"""
    e = decay(np.maximum(-abs(x), _LOWEST))
    return np.where(x > 0, 1, e) / (1 + e)


def decay(x: Array) -> Array:
    """e^x of x <= 0, as 2^n e^r, r near 0; 0 below -700"""
    a = np.maximum(x, _LOWEST)  # 2^n does not underflow
    n = np.rint(a / LOG_2)
    r = a - n * LOG_2
    e = np.ldexp(_series([1 / math.factorial(k) for k in range(14)], r), n.astype(int))
    return np.where(x < _LOWEST, 0, e)


_LOWEST = -700


def cos_and_sin(degrees: Array) -> tuple[Array, Array]:
    """The cosine and the sine of angles, by the nearest multiple of 90 degrees"""
    degrees = np.fmod(degrees, 360)
    quarters = np.rint(degrees / 90)
    r = (degrees - 90 * quarters) * (math.pi / 180)
    sin = r * _series([(-1) ** k / math.factorial(2 * k + 1) for k in range(9)], r * r)
    cos = _series([(-1) ** k / math.factorial(2 * k) for k in range(10)], r * r)
    quarter = quarters.astype(int) % 4
    return np.choose(quarter, [cos, -sin, -cos, sin]), np.choose(quarter, [sin, cos, -sin, -cos])


def _series(coefficients: list[float], x: Array) -> Array:
    """The sum of coefficient k times x^k."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value *= x
        value += coefficient
    return value

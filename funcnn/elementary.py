"""Elementary functions: sigmoid and softplus, accurate in both tails, and the slope of a rectifier."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from funcnn.arrays import Array, namespace


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)

    >>> import numpy as np
    >>> from funcnn.elementary import sigmoid
    >>> sigmoid(np.array([-700.0, 0.0, 800.0]))
    array([9.85967654e-305, 5.00000000e-001, 1.00000000e+000])
    """
    xp = namespace(x)
    e = xp.exp(xp.minimum(-x, largest_exponent(xp, x.dtype)))
    e += 1
    return 1 / e


def softplus(x: Array) -> Array:
    """log(1 + e^x), as max(x, 0) + log(1 + e^-|x|)"""
    xp = namespace(x)
    return xp.where(x > 0, x, 0) + xp.log1p(xp.exp(xp.where(x > 0, -x, x)))


def broken_slope(a: Array, alpha: Array | float) -> Array:
    """1 where a > 0, else alpha; NaN where a is NaN"""
    xp = namespace(a)
    positive = xp.maximum(xp.sign(a), 0)
    return positive + alpha * (1 - positive)


@cache
def largest_exponent(xp: Any, dtype: Any) -> float:
    """The largest whole z for which e^z is finite."""
    return math.floor(np.log(xp.finfo(dtype).max))

"""Angles modulo 2 pi, where the formulas of sine and cosine end."""

from __future__ import annotations

import math

import numpy as np

from funcnn.arrays import Array
from funcnn.formulas.trigonometric import LARGEST

BITS = 1200
"""Of 2 pi behind the point: the largest float has 1024 bits."""
SHORTER = 200
"""Bits that are left out before a remainder becomes a float, which has 1024 bits."""


def _arctangent(n: int) -> int:
    """arctan(1 / n) 2^BITS, by its series"""
    term, total = (1 << BITS) // n, 0
    for k in range(BITS):
        total += term // (2 * k + 1) * (1 - k % 2 * 2)
        term //= n * n
    return total


TWO_PI = 8 * (4 * _arctangent(5) - _arctangent(239))  # Machin 1706
"""2 pi 2^BITS"""


def turned(x: Array) -> Array:
    """x where |x| is at most 1e6, else |x| modulo 2 pi, with the sign of x"""
    is_far = (abs(x) > LARGEST[8]) & np.isfinite(x)
    if not is_far.any():
        return x
    made = x.copy()
    made[is_far] = [math.copysign(_rest(abs(a)), a) for a in x[is_far].tolist()]
    return made


def _rest(x: float) -> float:
    top, bottom = x.as_integer_ratio()
    return float((top << BITS) // bottom % TWO_PI >> SHORTER) * 2.0 ** (SHORTER - BITS)

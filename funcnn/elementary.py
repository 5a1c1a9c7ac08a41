"""Functions of arrays, computed so that they keep the digits, or the time, that the textbook's formula loses."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, cast

import numpy as np

from funcnn.arrays import Array, freeze, namespace
from funcnn.errors import RangeError


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)

    >>> import numpy as np
    >>> from funcnn.elementary import sigmoid
    >>> sigmoid(np.array([-700.0, 0.0, 800.0]))
    array([9.85967654e-305, 5.00000000e-001, 1.00000000e+000])
    """
    return sigmoid_and_denominator(x)[0]


def sigmoid_and_denominator(x: Array) -> tuple[Array, Array]:
    """s = e / d with e = e^x and d = 1 + e, and d: so 1 - s is 1 / d, and the slope of s is s / d, without cancellation

    x is bounded above, so that e is finite; then 1 / d is not below the smallest normal number divided by 4.
    """
    xp = namespace(x)
    most = largest_exponent(xp, x.dtype)
    e = xp.exp(xp.minimum(x, most))
    d = e + 1
    if type(x).__module__.startswith("jax"):  # JAX's derivative of e / d has d^-2, which is 0 if d is large
        return 1 / (1 + xp.exp(xp.minimum(-x, most))), d
    e /= d
    return e, d


def sigmoid_and_slope(x: Array) -> tuple[Array, Array]:
    """s and s (1 - s)"""
    s, d = sigmoid_and_denominator(x)
    return s, s / d


def tanh_slope(x: Array) -> Array:
    """1 - tanh(x)^2 = 4 e / (1 + e)^2, e = e^-2|x|, which keeps its digits where tanh rounds to 1

    >>> import numpy as np
    >>> from funcnn.elementary import tanh_slope
    >>> tanh_slope(np.array([0.0, 300.0]))
    array([1.00000000e+000, 1.06015862e-260])
    """
    xp = namespace(x)
    e = xp.exp(2 * xp.minimum(x, -x))  # abs would drop an imaginary step
    d = e + 1
    e *= 4
    d *= d
    e /= d
    return e


def tanh_and_slope(x: Array) -> tuple[Array, Array]:
    """tanh(x) and its slope"""
    return namespace(x).tanh(x), tanh_slope(x)


def softplus(x: Array) -> Array:
    """log(1 + e^x), as max(x, 0) + log(1 + e^-|x|)"""
    xp = namespace(x)
    return xp.where(x > 0, x, 0) + xp.log1p(xp.exp(xp.where(x > 0, -x, x)))


def positive_part(x: Array) -> Array:
    """max(x, 0)"""
    is_large = isinstance(x.size, int) and x.size >= _LARGE  # in jax.export the size may be a symbol
    return namespace(x).clip(x, 0, math.inf) if is_large else namespace(x).maximum(x, 0)


def is_positive(x: Array) -> Array:
    """1 where x > 0, else 0, in the dtype of x, for x that is not negative; NaN where x is NaN"""
    if type(x) is np.ndarray and x.size >= _LARGE and not np.isnan(x.max()):
        return (x > 0).astype(x.dtype)
    return sign(x)


_LARGE = 1 << 14  # entries: with more, these expressions are not slower in NumPy, measured in float32 and float64


def sign(x: Array) -> Array:
    """-1, 0 or 1 in the dtype of x; for complex x the sign of the real part

    NumPy's sign of a complex x is x / |x|, in which a complex step would leave a slope.
    """
    if type(x) is np.ndarray and x.dtype.kind == "c":
        return np.sign(x.real).astype(x.dtype)
    return namespace(x).sign(x)


def absolute(x: Array) -> Array:
    """|x|, which a complex step can follow except at 0"""
    return namespace(x).where(x > 0, x, -x)


def normal_cdf(x: Array) -> Array:
    """erfc(-x / sqrt(2)) / 2, the probability that a standard normal number is below x

    The equal (1 + erf(x / sqrt(2))) / 2 would cancel to 0 in the left tail.
    """
    xp, z = cast("Any", namespace(x)), x / -math.sqrt(2)
    if xp is np and x.dtype.kind == "c":
        return _cdf_of_a_step(x)
    if xp is np:
        return np.asarray(erfc(z)).astype(x.dtype) / 2
    if not hasattr(xp, "erfc"):
        library = xp.__name__.partition(".")[0]  # the library of the array, already imported
        xp = import_module(f"{library}.scipy.special")
    return cast("Array", xp.erfc(z)) / 2


def _cdf_of_a_step(x: Array) -> Array:
    """`normal_cdf` of a + i b as Phi(a) + i b Phi'(a), exact to rounding for the tiny b of a complex step."""
    if abs(x.imag).max(initial=0) > _TINY:
        raise RangeError(f"normal_cdf: imaginary parts of x must be at most {_TINY:.0e}, not {abs(x.imag).max():.3g}")
    a = x.real
    density = np.exp(np.square(a.clip(-40, 40)) / -2) / math.sqrt(2 * math.pi)
    return normal_cdf(a) + 1j * (density * x.imag)


_TINY = 1e-9  # its square is below the last digit of a float64
erfc = np.frompyfunc(math.erfc, 1, 1)


def minus_tanh(x: Array) -> Array:
    """x - tanh(x)

    Where |x| < 1/2 the difference would cancel. There it is x^3 / (k + x^2), k = 3 + x^2 / (5 + x^2 / (7 + ...)), by
    Lambert's continued fraction of tanh (Abramowitz & Stegun 1964, Handbook of Mathematical Functions, 4.5.70).
    """
    xp, shape, x = namespace(x), x.shape, x.reshape(-1)
    difference, small = x - xp.tanh(x), abs(x) < _CANCELS
    if xp is np:
        i = np.flatnonzero(small)  # several times as fast as `where`
        difference[i] = _near_zero(x[i])
        return difference.reshape(shape)
    return xp.where(small, _near_zero(xp.where(small, x, 0)), difference).reshape(shape)


_CANCELS = 0.5  # above, x - tanh(x) loses at most three bits


def _near_zero(x: Array) -> Array:
    """x - tanh(x) where |x| < 1/2; the continued fraction ends where its relative error is 3e-18."""
    square = x * x
    k = square / 15 + 13
    for odd in (11, 9, 7, 5, 3):
        k = square / k + odd
    return x * (square / (k + square))


def broken_slope(a: Array, alpha: Array | float) -> Array:
    """1 where a > 0, else alpha; NaN where a is NaN"""
    xp = namespace(a)
    positive = xp.maximum(sign(a), 0)
    return positive + alpha * (1 - positive)


@cache
def largest_exponent(xp: Any, dtype: Any) -> float:
    """The largest whole z for which e^z is finite."""
    return math.floor(np.log(xp.finfo(dtype).max))


def product(a: Array, b: Array) -> Array:
    """a @ b, stored by columns where a has many rows and few columns, and so has the product.

    A bias, and the elementwise layers that follow, then loop over long columns instead of over short rows.
    """
    by_columns = type(a) is np.ndarray and 1 < b.shape[1] <= len(a) / _TALL and a.ndim == 2 and a.shape[1] <= _TALL
    if b.shape[0] == 1:  # elementwise is faster
        return (b.T * a.T).T if by_columns else a * b[0, :]
    return (b.T @ a.T).T if by_columns else a @ b


_TALL = 128  # rows for each column, and the most columns of a, both measured


def sum_over_rows(a: Array) -> Array:
    """The sum over all axes but the last: a product with a row of ones, several times as fast as `sum`"""
    rows = a if a.ndim == 2 else a.reshape(-1, a.shape[-1])
    ones = _ones if type(rows) is np.ndarray and rows.shape[0] < _FEW else namespace(rows).ones
    return ones(rows.shape[0], dtype=rows.dtype) @ rows


_FEW = 1 << 12  # rows: with more, making the row of ones takes a small part of the time of the product


@lru_cache(16)
def _ones(m: int, *, dtype: Any) -> Array:
    return freeze(np.ones(m, dtype))

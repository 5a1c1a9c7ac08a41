"""Standardization to mean 0 and variance 1, the trained rescaling after it, and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.checked import checked
from funcnn.elementary import sum_over_rows
from funcnn.initializers import constant, draw_bias
from funcnn.needs import Flag, FloatDtype, Positive
from funcnn.records import record
from funcnn.shapes import axes
from funcnn.sizes import Size

Mean = Callable[[Array], Array]
"""The mean of the numbers that are normalised together, in a shape that broadcasts against them."""

NUMBERS = 1 << 17  # entries of a large array in a block, measured: 2^16 is slower, 2^18 not faster


def standardized(x: Array, mean_of: Mean, eps: float) -> tuple[Array, Array, Array, Array]:
    """xhat = (x - mean) / sqrt(var + eps), var = mean((x - mean)^2): (xhat, 1 / sqrt(var + eps), mean, var)

    In two passes, since mean(x^2) - mean^2 cancels if the mean is large: Chan, Golub & LeVeque 1983, Algorithms for
    Computing the Sample Variance. A second mean, of x - mean, corrects the rounding error of the first. All results
    except xhat have the dtype `wide`.
    """
    a = wide(x)
    mean = mean_of(a)
    xhat = a - mean
    rest = mean_of(xhat)
    xhat -= rest
    var = mean_of(xhat * xhat)
    inv = 1 / namespace(x).sqrt(var + eps)
    xhat *= inv
    return as_dtype(xhat, x.dtype), inv, mean + rest, var


def standardized_backward(xhat: Array, inv: Array, d: Array, mean_of: Mean) -> Array:
    """dx = (d - mean(d) - xhat mean(d xhat)) / sqrt(var + eps), for d = dxhat, which is overwritten

    x_i changes xhat_i directly, by 1 / sqrt(var + eps); the mean, and through it every xhat_j, by -1/n as much; and the
    variance, by 2 (x_i - mean) / n, and through it xhat_j by -xhat_j / (2 (var + eps)). The sums over j of these three
    changes, each times d_j, are the three terms of dx.
    """
    slope = mean_of(d * xhat)
    d -= mean_of(d)
    d -= xhat * slope
    d *= inv
    return d


# Scale and shift: initial values, and gradients.


def ones_and_zeros(n: int, dtype: Any, *, bias: bool = True) -> tuple[Array, Any]:
    """The initial scale and shift of `init`; the shift is None without a bias."""
    return constant(1.0)(0, (n,), dtype), draw_bias(n, dtype, bias=bias)


@record
class Standardizing:
    """The fields and `init` of LayerNorm and InstanceNorm: scale and shift of each of n features."""

    scale: Array = axes("n")
    shift: Array | None = axes("n")
    eps: Positive = 1e-5

    @classmethod
    @checked
    def init(cls, n: Size, *, eps: Positive = 1e-5, bias: Flag = True, dtype: FloatDtype = np.float64) -> Self:
        """For n features: scale = 1, shift = 0, or None without a bias.

        >>> from funcnn import LayerNorm
        >>> LayerNorm.init(2)
        LayerNorm(scale=<f64 [1. 1.]>, shift=<f64 [0. 0.]>, eps=1e-05)
        """
        return cls(*ones_and_zeros(n, dtype, bias=bias), eps)


def rescaled(xhat: Array, scale: Array, shift: Array | None) -> Array:
    """xhat scale + shift"""
    if type(xhat) is type(scale) is np.ndarray and xhat.size >= 4 * NUMBERS:
        return _rescaled_by_blocks(xhat, scale, shift)
    out = xhat * scale
    if shift is not None:
        out += shift
    return out


def _rescaled_by_blocks(xhat: Array, scale: Array, shift: Array | None) -> Array:
    """In blocks of equal shapes: NumPy broadcasts a short row slowly, copying it into a buffer again and again."""
    rows, size = xhat.reshape(-1, len(scale)), -(-NUMBERS // len(scale))
    scales = np.tile(scale, (size, 1))
    shifts = None if shift is None else np.tile(shift, (size, 1))
    out = np.empty_like(rows)
    for start in range(0, len(rows), size):
        block = out[start : start + size]
        np.multiply(rows[start : start + size], scales[: len(block)], out=block)
        if shifts is not None:
            block += shifts[: len(block)]
    return out.reshape(xhat.shape)


def rescaled_backward(xhat: Array, dA: Array) -> tuple[Array, Array]:
    """dscale = sum(dA xhat), dshift = sum(dA), over all axes but the last, in the dtype of `wide(dA)`"""
    d = wide(dA)
    return sum_over_rows(d * xhat), sum_over_rows(d)

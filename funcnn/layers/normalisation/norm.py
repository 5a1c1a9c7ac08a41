"""Normalisation of each row over its features: by mean and variance, or by the root mean square."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.checked import checked
from funcnn.core import backward, forward
from funcnn.elementary import sum_over_rows
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.normalisation.standardization import (
    Standardizing,
    ones_and_zeros,
    rescaled,
)
from funcnn.needs import FloatDtype, Positive
from funcnn.records import record
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@shapes(x="m ... n", out="m ... n", cache="x, _, _")
@record
class LayerNorm(Standardizing):
    """out = scale (x - mean) / sqrt(var + eps) + shift, mean and var of each row over the last axis

    Rows are independent, so training and prediction are the same. With d = dA scale and
    xhat = (x - mean) / sqrt(var + eps), means over the last axis, sums over rows:

        dx = (d - mean(d) - xhat mean(d xhat)) / sqrt(var + eps),  dscale = sum(dA xhat),  dshift = sum(dA)

    Ba, Kiros & Hinton 2016, Layer Normalization, eq. 4.

    >>> import numpy as np
    >>> from funcnn import LayerNorm, forward
    >>> forward(LayerNorm.init(2), np.array([[10.0, 30.0]]))[0].round(3)
    array([[-1.,  1.]])

    Raises:
        RangeError: `eps` is not above 0.
        ShapeError: scale and shift are not both (n,), or x has another number of features.
        KindError: shift or x is not of the dtype of scale.
    """


def _mean_of_each_row(a: Array, weight: Array) -> Array:
    """The weighted mean of each row of a, as a product with a column, which is faster than `mean`"""
    n = a.shape[-1]
    return (a.reshape(-1, n) @ weight / n).reshape(*a.shape[:-1], 1)


def _inverse_root_mean_square(a: Array, eps: float) -> Array:
    square = (a[..., None, :] @ a[..., None])[..., 0] / a.shape[-1]  # faster than einsum
    return 1 / namespace(a).sqrt(square + eps)


def _sums_of(product: Array, scale: Array) -> tuple[Array, Array]:
    """dscale = sum(dA xhat) over the rows, and mean(d xhat) of each row, from dA xhat, which is read while cached"""
    return sum_over_rows(product), _mean_of_each_row(product, scale)


@forward.register(LayerNorm)
def layer_norm_forward(params: LayerNorm, x: Array) -> tuple[Array, tuple[Array, ...]]:
    """The cache is x, the means of its rows, and 1 / sqrt(var + eps): to keep xhat took a third of the time"""
    a = wide(x)
    mean = _mean_of_each_row(a, namespace(x).ones(x.shape[-1], dtype=a.dtype))
    xhat = a - mean
    inv = _inverse_root_mean_square(xhat, params.eps)
    xhat *= inv
    return rescaled(as_dtype(xhat, x.dtype), params.scale, params.shift), (x, mean, inv)


@backward.register(LayerNorm)
def layer_norm_backward(params: LayerNorm, cache: tuple[Array, ...], dA: Array) -> Grads[LayerNorm]:
    """dx = (d - mean(d) - xhat mean(d xhat)) / sqrt(var + eps), d = dA scale, derived in `standardized_backward`"""
    (x, mean, inv), dtype, dA = cache, dA.dtype, wide(dA)
    xhat = x - mean
    xhat *= inv
    dscale, mean_of_d_xhat = _sums_of(dA * xhat, params.scale)
    d = rescaled(dA, params.scale, None)
    xhat *= mean_of_d_xhat
    d -= _mean_of_each_row(dA, params.scale)
    d -= xhat
    d *= inv
    dshift = None if params.shift is None else as_dtype(sum_over_rows(dA), dtype)
    return Grads(gradient(params, scale=as_dtype(dscale, dtype), shift=dshift), as_dtype(d, dtype))


@shapes(x="m ... n", out="m ... n", cache="x, _")
@record
class RMSNorm:
    """out = scale x / sqrt(mean(x^2) + eps), the mean of each row over the last axis

    Layer normalisation without mean and shift, with one pass less over x. With d = dA scale and
    xhat = x / sqrt(mean(x^2) + eps):

        dx = (d - xhat mean(d xhat)) / sqrt(mean(x^2) + eps),  dscale = sum(dA xhat) over all rows

    x_i changes the mean square by 2 x_i / n, and so each xhat_j by -xhat_j / (2 (mean(x^2) + eps)) times that.

    Zhang & Sennrich 2019, Root Mean Square Layer Normalization, eq. 4.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.RMSNorm.init(2), np.array([[10.0, 70.0]]))[0].round(3)
    array([[0.2, 1.4]])

    Raises:
        RangeError: `eps` is not above 0.
        ShapeError: scale is not (n,), or x has another number of features.
        KindError: x is not of the dtype of scale.
    """

    scale: Array = axes("n")
    eps: Positive = 1e-6

    @classmethod
    @checked
    def init(cls, n: Size, *, eps: Positive = 1e-6, dtype: FloatDtype = np.float64) -> RMSNorm:
        """For n features: scale = 1.

        >>> RMSNorm.init(2)
        RMSNorm(scale=<f64 [1. 1.]>, eps=1e-06)
        """
        return cls(ones_and_zeros(n, dtype)[0], eps)


@forward.register(RMSNorm)
def rms_norm_forward(params: RMSNorm, x: Array) -> tuple[Array, tuple[Array, Array]]:
    """The cache is x and 1 / sqrt(mean(x^2) + eps)"""
    a = wide(x)
    inv = _inverse_root_mean_square(a, params.eps)
    return rescaled(as_dtype(a * inv, x.dtype), params.scale, None), (x, inv)


@backward.register(RMSNorm)
def rms_norm_backward(params: RMSNorm, cache: tuple[Array, Array], dA: Array) -> Grads[RMSNorm]:
    """dx = (d - xhat mean(d xhat)) / sqrt(mean(x^2) + eps), d = dA scale"""
    (x, inv), dtype, dA = cache, dA.dtype, wide(dA)
    xhat = x * inv
    dscale, mean_of_d_xhat = _sums_of(dA * xhat, params.scale)
    d = rescaled(dA, params.scale, None)
    xhat *= mean_of_d_xhat
    d -= xhat
    d *= inv
    return Grads(gradient(params, scale=as_dtype(dscale, dtype)), as_dtype(d, dtype))


for _layer in (LayerNorm, RMSNorm):
    step.register(_layer)(positionwise)

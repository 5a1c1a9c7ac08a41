"""Normalisation of each feature over the batch, with running statistics for prediction."""

from __future__ import annotations

import math

import numpy as np

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward, inference
from funcnn.elementary import sum_over_rows
from funcnn.errors import RangeError
from funcnn.generation import mixes_positions, only_trains, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.standardization import (
    ones_and_zeros,
    rescaled,
    rescaled_backward,
    standardized,
)
from funcnn.needs import Flag, FloatDtype, Fraction, Positive
from funcnn.records import record, state
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@shapes(x="m ... n", out="m ... n", cache="x, _, _, _")
@record
class BatchNorm:
    """out = scale (x - mean) / sqrt(var + eps) + shift, mean and var of each feature over all axes but the last

    Each of the N numbers of a feature changes mean and variance, and so all N outputs. With
    xhat = (x - mean) / sqrt(var + eps), and sums over these N numbers:

        dx = (scale / sqrt(var + eps)) (dA - dshift / N - xhat dscale / N),  dscale = sum(dA xhat),  dshift = sum(dA)

    The states are running averages for `inference`, which replaces the layer by an `Affine`:

        mean' = (1 - momentum) mean + momentum (mean of the batch)
        var'  = (1 - momentum) var  + momentum (sum of (x - mean)^2 over N - 1)

    as in torch: momentum is the weight of the new value, and the running variance is unbiased. If a batch is split into
    blocks of rows, each block is normalised by its own statistics (ghost batches: Hoffer, Hubara & Soudry 2017, Train
    Longer, Generalize Better, algorithm 1).

    Ioffe & Szegedy 2015, Batch Normalization, algorithms 1 and 2.

    >>> import numpy as np
    >>> from funcnn import BatchNorm, backward, forward, sgd
    >>> layer = BatchNorm.init(1)
    >>> out, cache = forward(layer, np.array([[1.0], [3.0]]))
    >>> out.round(3).ravel()
    array([-1.,  1.])
    >>> sgd(layer, backward(layer, cache, out), lr=0.0).mean
    array([0.2])

    Raises:
        RangeError: `eps` is not above 0, `momentum` not in [0, 1), or a running variance negative; in forward, a
            feature has fewer than two values.
        ShapeError: the arrays are not all (n,), or x has another number of features.
        KindError: an array is not of the dtype of scale.
    """

    scale: Array = axes("n")
    shift: Array | None = axes("n")
    mean: Array = state(axes="n")
    var: Array = state(axes="n")
    momentum: Fraction = 0.1
    eps: Positive = 1e-5

    def __attrs_post_init__(self) -> None:
        if type(self.var) is np.ndarray and (self.var.real < 0).any():
            least = self.var.real.min()
            raise RangeError(f"{type(self).__name__}: var must not be negative; its smallest entry is {least}")

    @classmethod
    @checked
    def init(
        cls,
        n: Size,
        *,
        momentum: Fraction = 0.1,
        eps: Positive = 1e-5,
        bias: Flag = True,
        dtype: FloatDtype = np.float64,
    ) -> BatchNorm:
        """For n features: scale = 1, shift = 0, or None without a bias; running mean 0 and variance 1.

        >>> BatchNorm.init(1)
        BatchNorm(scale=<f64 [1.]>, shift=<f64 [0.]>, mean=<f64 [0.]>, var=<f64 [1.]>, momentum=0.1, eps=1e-05)
        """
        var, mean = ones_and_zeros(n, dtype)
        return cls(*ones_and_zeros(n, dtype, bias=bias), mean, var, momentum, eps)


@forward.register(BatchNorm)
def batch_norm_forward(params: BatchNorm, x: Array) -> tuple[Array, tuple[Array, ...]]:
    """The cache is xhat, 1 / sqrt(var + eps), and mean and var of the batch"""
    if math.prod(x.shape[:-1]) < 2:
        remedy = "to predict, write inference(params); to train, leave out a batch of one row"
        raise RangeError(f"BatchNorm: x must have at least two rows for a variance, not {x.shape}; {remedy}")
    mean_over_rows = lambda a: sum_over_rows(a) / len(a)
    xhat, inv, mean, var = standardized(x.reshape(-1, x.shape[-1]), mean_over_rows, params.eps)
    return rescaled(xhat, params.scale, params.shift).reshape(x.shape), (xhat.reshape(x.shape), inv, mean, var)


@backward.register(BatchNorm)
def batch_norm_backward(params: BatchNorm, cache: tuple[Array, ...], dA: Array) -> Grads[BatchNorm]:
    """dx = (scale / sqrt(var + eps)) (dA - dshift / N - xhat dscale / N)

    It is `standardized_backward` with d = dA scale. scale is the same for all N numbers of a feature, so
    mean(d) = scale dshift / N and mean(d xhat) = scale dscale / N, which are known already.
    """
    grads, dscale, dshift = _gradient_and_sums(params, cache, dA)
    xhat, inv, _, _ = cache
    N = math.prod(dA.shape[:-1])
    dx = xhat * (dscale / -N)
    dx += dA
    dx -= dshift / N
    dx *= params.scale * inv
    return Grads(grads, as_dtype(dx, dA.dtype))


@backward_params.register(BatchNorm)
def batch_norm_backward_params(params: BatchNorm, cache: tuple[Array, ...], dA: Array) -> BatchNorm:
    """dscale = sum(dA xhat), dshift = sum(dA), and the next running averages"""
    return _gradient_and_sums(params, cache, dA)[0]


def _gradient_and_sums(params: BatchNorm, cache: tuple[Array, ...], dA: Array) -> tuple[BatchNorm, Array, Array]:
    xhat, _, mean, var = cache
    N, momentum = math.prod(dA.shape[:-1]), params.momentum
    dscale, dshift = rescaled_backward(xhat, dA)
    grads = gradient(
        params,
        scale=as_dtype(dscale, dA.dtype),
        shift=None if params.shift is None else as_dtype(dshift, dA.dtype),
        mean=as_dtype((1 - momentum) * params.mean + momentum * mean, dA.dtype),
        var=as_dtype((1 - momentum) * params.var + momentum * (N / (N - 1)) * var, dA.dtype),
    )
    return grads, dscale, dshift


step.register(BatchNorm)(only_trains)
mixes_positions.register(BatchNorm)(lambda _: True)  # the mean and the variance are of all positions


@inference.register(BatchNorm)
def batch_norm_inference(params: BatchNorm) -> Affine:
    """out = x scale' + shift', scale' = scale / sqrt(var + eps), shift' = shift - mean scale'"""
    dtype = params.scale.dtype
    scale = params.scale / namespace(params.var).sqrt(wide(params.var) + params.eps)
    shift = -params.mean * scale
    shift = shift if params.shift is None else params.shift + shift
    return Affine(as_dtype(scale, dtype), as_dtype(shift, dtype))

"""Adaptive pooling: the mean or the maximum of windows that divide any x into the same number of parts."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.core import backward, forward
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_out_gradient
from funcnn.layers.convolution.sizes import Sizes, as_entries, sizes
from funcnn.layers.convolution.windows import along, unfolded
from funcnn.records import record
from funcnn.shapes import shapes

_X = "m t+ c | m h+ w+ c | m d+ h+ w+ c"
_OUT = "m t_out c | m h_out w_out c | m d_out h_out w_out c"


@record
class AdaptivePool:
    """The base of adaptive pooling: `size` positions of out, a number for every axis or a tuple with one for each."""

    size: Sizes = sizes()

    axes: ClassVar[int] = 0  # 0: the number of axes of x

    def sizes(self, x: Array) -> tuple[int, ...]:
        """The size of out along each axis of positions of x."""
        return as_entries(self, "size", self.size, x.ndim - 2)


@shapes(x=_X, out=_OUT)
@record
class AdaptiveAvgPool(AdaptivePool):
    """out[m, i, j, c] = the mean of x[m, p, q, c] over the window, floor(i h / k) <= p < ceil((i + 1) h / k)

    k is the `size` along h; q is in the window of j, of the `size` along w. A sequence has one axis of positions, a
    volume has three. If k divides h, the windows are adjacent and equal; else they differ in size or overlap.

        dx = dA / (the number of positions in the window), summed over the windows

    Position p lies in the windows floor(p k / h) <= i < ceil((p + 1) k / h): with h and k exchanged, the windows are
    those of the derivative. The cache is x.

    He, Zhang, Ren & Sun 2014, Spatial Pyramid Pooling in Deep Convolutional Networks, section 2.3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.AdaptiveAvgPool(2), np.array([[[1.0], [5.0], [3.0]]]))[0].ravel()
    array([3., 4.])

    Raises:
        ShapeError: x has another number of axes, or no positions.
        KindError: x is not an array of floats, or `size` is not a whole number.
        RangeError: a size is less than 1.
    """


@shapes(x=_X, out=_OUT)
@record
class AdaptiveMaxPool(AdaptivePool):
    """out[m, i, j, c] = the maximum of x[m, p, q, c] over the window, floor(i h / k) <= p < ceil((i + 1) h / k)

    Windows and settings as in `AdaptiveAvgPool`.

        dx = dA where x is the maximum, else 0, summed over the windows

    If several x equal the maximum, the first in the window, row by row, receives dA. The cache is x.

    He, Zhang, Ren & Sun 2014, Spatial Pyramid Pooling in Deep Convolutional Networks, section 2.3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.AdaptiveMaxPool(2), np.array([[[1.0], [5.0], [3.0]]]))[0].ravel()
    array([5., 5.])

    Raises:
        ShapeError, KindError, RangeError: as `AdaptiveAvgPool`.
    """


def _windows(n: int, k: int) -> tuple[Array, Array, Array]:
    """For each of k windows over n positions: its positions, made equally many; whether they are its own; how many"""
    i = np.arange(k)
    start, stop = i * n // k, -(-(i + 1) * n // k)
    at = start[:, None] + np.arange(max(stop - start))
    return np.minimum(at, n - 1), (at < stop[:, None])[..., None], (stop - start)[:, None]


def _sums(x: Array, k: int) -> Array:
    """The sum over each window: (l, n, r) -> (l, k, r)"""
    at, own, _ = _windows(x.shape[1], k)
    return namespace(x).where(own, x[:, at], 0).sum(axis=2)


@forward.register(AdaptiveAvgPool)
def adaptive_avg_pool_forward(params: AdaptiveAvgPool, x: Array) -> tuple[Array, Array]:
    """Along each axis: the sum over each window / its number of positions"""
    out: Any = wide(x)
    for axis, k in enumerate(params.sizes(x), 1):
        counts = _windows(x.shape[axis], k)[2].astype(out.dtype)
        out = unfolded(_sums(along(out, axis), k) / counts, out, axis)
    return as_dtype(out, x.dtype), x


@backward.register(AdaptiveAvgPool)
def adaptive_avg_pool_backward(params: AdaptiveAvgPool, x: Array, dA: Array) -> Grads[AdaptiveAvgPool]:
    """dx: along each axis the share dA / (the number of positions), summed over the windows of each position"""
    _check(params, x, dA)
    dx: Any = wide(dA)
    for axis, k in enumerate(params.sizes(x), 1):
        counts = _windows(x.shape[axis], k)[2].astype(dx.dtype)
        dx = unfolded(_sums(along(dx, axis) / counts, x.shape[axis]), dx, axis)
    return Grads(gradient(params), as_dtype(dx, x.dtype))


def _maxima(params: AdaptiveMaxPool, x: Array) -> list[tuple[Array, int, int]]:
    """(x pooled along the axes behind, axis, size) for each axis, the last first; at the end out, with axis 0."""
    stages, out = [], x
    for axis, k in reversed(list(enumerate(params.sizes(x), 1))):
        stages.append((out, axis, k))
        at, own, _ = _windows(x.shape[axis], k)
        out = unfolded(namespace(x).where(own, along(out, axis)[:, at], -math.inf).max(axis=2), out, axis)
    return [*stages, (out, 0, 0)]


@forward.register(AdaptiveMaxPool)
def adaptive_max_pool_forward(params: AdaptiveMaxPool, x: Array) -> tuple[Array, Array]:
    """Along each axis, the last first: the maximum over each window"""
    return _maxima(params, x)[-1][0], x


@backward.register(AdaptiveMaxPool)
def adaptive_max_pool_backward(params: AdaptiveMaxPool, x: Array, dA: Array) -> Grads[AdaptiveMaxPool]:
    """dx: along each axis, the first one first, dA at the first maximum of each window"""
    _check(params, x, dA)
    xp, dx = namespace(dA), wide(dA)
    for seen, axis, k in _maxima(params, x)[-2::-1]:
        n, d = x.shape[axis], along(dx, axis)
        at, own, _ = _windows(n, k)
        first = at[:, :1] + xp.where(own, along(seen, axis)[:, at], -math.inf).argmax(axis=2)  # (l, k, r)
        windows, own, _ = _windows(k, n)  # those that contain each position
        here = own & (first[:, windows] == np.arange(n)[:, None, None])
        dx = unfolded(xp.where(here, d[:, windows], 0).sum(axis=2), seen, axis)
    return Grads(gradient(params), as_dtype(dx, x.dtype))


def _check(params: AdaptivePool, x: Array, dA: Array) -> None:
    check_out_gradient(params, dA, (x.shape[0], *params.sizes(x), x.shape[-1]), x.dtype)


step.register(AdaptivePool)(no_step)

"""Pooling: the maximum or the mean of each window, channel by channel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from itertools import repeat
from typing import Any, ClassVar

import numpy as np

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.core import backward, forward
from funcnn.errors import RangeError
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_out_gradient
from funcnn.layers.convolution.sizes import Padding, Sizes, as_entries, padding, sizes
from funcnn.layers.convolution.windows import ONE_ROW, Axes, Axis, axis_of, by_blocks, image_of, like, scattered, taps
from funcnn.needs import Flag
from funcnn.records import record
from funcnn.shapes import shapes


@record
class Pool:
    """The base of pooling layers: windows over the positions of images (m, h, w, c) or sequences (m, t, c)."""

    size: Sizes = sizes()
    stride: Sizes | None = sizes(default=None)
    padding: Padding = padding()
    ceil: Flag = False

    axes: ClassVar[int] = 0  # 0: the number of axes of x

    def windows(self, x: Array) -> Axes:
        """The windows over x as an image."""
        names = "t" if x.ndim == 3 else "hw"
        size = as_entries(self, "size", self.size, len(names))
        stride = size if self.stride is None else as_entries(self, "stride", self.stride, len(names))
        sides = as_entries(self, "padding", self.padding, len(names))
        axes = [self._axis(*one) for one in zip(names, x.shape[1:-1], size, stride, sides, strict=True)]
        return (ONE_ROW, axes[0]) if len(axes) == 1 else (axes[0], axes[1])

    def _axis(self, name: str, positions: int, size: int, stride: int, side: Any) -> Axis:
        pair = (side, side) if type(side) is int else side
        if pair != "same" and max(pair) >= size:
            rule = "padding must be less than size, else some window covers padding alone"
            raise RangeError(f"{type(self).__name__}: {rule}; along {name} size is {size}, padding {pair}")
        axis = axis_of(type(self).__name__, name, positions, size, stride, pair)
        left = axis.padded - axis.reach - (axis.out - 1) * stride
        if not (self.ceil and left and axis.out * stride < axis.before + positions):
            return axis
        return axis._replace(after=axis.after + stride - left, out=axis.out + 1)


@shapes(x="m t c | m h w c", out="m t_out c | m h_out w_out c", cache="x, out")
@record
class MaxPool(Pool):
    """out[m, i, j, c] = max of x[m, s i + k - before, s j + l - before, c] over the window, k < size, l < size

    h_out = floor((h + before + after - size) / s) + 1. `size` and the stride s are numbers for h and w alike, or tuples
    of one number for each axis; without a `stride`, s is `size`: the windows do not overlap. `padding` is a number, a
    tuple of a pair (before, after) for each axis, "valid" or "same"; it is never the maximum. With `ceil`, h_out is
    rounded up: a last window that starts within x, or within the padding before x, is padded at its end.

        dx = dA where x is the maximum, else 0, summed over the windows

    If several x equal the maximum, the first in the window, row by row, receives dA. The cache is (x, out).

    Riesenhuber & Poggio 1999, Hierarchical Models of Object Recognition in Cortex; Jarrett, Kavukcuoglu, Ranzato &
    LeCun 2009, What Is the Best Multi-Stage Architecture for Object Recognition?, section 2.1.

    >>> import numpy as np
    >>> from funcnn import MaxPool, forward
    >>> forward(MaxPool(2), np.array([[[1.0], [5.0], [3.0], [2.0]]]))[0].ravel()
    array([5., 3.])

    Raises:
        ShapeError: x has another number of axes, or a window is larger than the padded x.
        KindError: x is not an array of floats, a setting not a whole number, or `ceil` not a bool.
        RangeError: a size or a stride is less than 1; a padding is negative, or not less than the size.
    """


@forward.register(MaxPool)
def max_pool_forward(params: MaxPool, x: Array) -> tuple[Array, tuple[Array, Array]]:
    """out = the maximum over the taps"""
    xp, axes = namespace(x), params.windows(x)
    out = like(x, by_blocks(lambda part: reduce(xp.maximum, taps(part, axes, -math.inf)), image_of(x)))
    return out, (x, out)


@backward.register(MaxPool)
def max_pool_backward(params: MaxPool, cache: tuple[Array, Array], dA: Array) -> Grads[MaxPool]:
    """dx = dA at the first maximum of each window"""
    (x, out), axes = cache, params.windows(cache[0])

    def of_block(x: Array, out: Array, dA: Array) -> Array:
        return scattered(_routed(x, out, dA, axes), axes)

    dx = by_blocks(of_block, image_of(x), image_of(out), image_of(wide(dA)))
    return Grads(gradient(params), as_dtype(like(x, dx), x.dtype))


def _routed(x: Array, out: Array, dA: Array, axes: Axes) -> Iterator[Array]:
    """For each tap the dA of the windows in which it is the first maximum."""
    free = namespace(x).ones(out.shape, dtype=bool)
    for seen in taps(x, axes, math.nan):  # padding is NaN, which equals no maximum
        first = seen == out
        first &= free
        free ^= first
        yield dA * first


@shapes(x="m t c | m h w c", out="m t_out c | m h_out w_out c")
@record
class AvgPool(Pool):
    """out[m, i, j, c] = the mean of x[m, s i + k - before, s j + l - before, c] over the window, k < size, l < size

    Shapes and settings as in `MaxPool`. Padding does not count: at the border the mean is over fewer positions.

        dx = dA / (the number of positions in the window), summed over the windows

    The cache is x. LeCun, Bottou, Bengio & Haffner 1998, Gradient-Based Learning Applied to Document Recognition,
    section II.B, without the trainable coefficients.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.AvgPool(3, padding="same", stride=1), np.array([[[1.0], [5.0], [3.0]]]))[0].ravel()
    array([3., 3., 4.])

    Raises:
        ShapeError, KindError, RangeError: as `MaxPool`.
    """


@forward.register(AvgPool)
def avg_pool_forward(params: AvgPool, x: Array) -> tuple[Array, Array]:
    """out = the sum over the taps / the number of taps"""
    axes, a = params.windows(x), wide(x)
    out: Any = sum(taps(image_of(a), axes)) / _counts(axes, a.dtype)
    return like(x, as_dtype(out, x.dtype)), x


@backward.register(AvgPool)
def avg_pool_backward(params: AvgPool, x: Array, dA: Array) -> Grads[AvgPool]:
    """dx: dA in equal shares for the positions of its window"""
    axes = params.windows(x)
    check_out_gradient(params, dA, (x.shape[0], *[axis.out for axis in axes][4 - x.ndim :], x.shape[-1]), x.dtype)
    d = image_of(wide(dA))
    share = d / _counts(axes, d.dtype)
    dx = scattered(repeat(share, axes[0].size * axes[1].size), axes)
    return Grads(gradient(params), as_dtype(like(x, dx), x.dtype))


step.register(Pool)(no_step)


def _counts(axes: Axes, dtype: Any) -> Array:
    """The number of positions in each window, without padding."""

    def along(axis: Axis) -> Any:
        inside = np.zeros(axis.padded)
        inside[axis.before : axis.before + axis.positions] = 1
        return sum([inside[axis.at(tap)] for tap in range(axis.size)])

    return np.multiply.outer(along(axes[0]), along(axes[1]))[..., None].astype(dtype)

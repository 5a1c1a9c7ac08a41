"""Pooling: one number a channel for each window."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from itertools import repeat
from typing import Any, ClassVar

import numpy as np

from funcnn.arrays import Array, check_out_gradient, namespace
from funcnn.core import backward, forward
from funcnn.errors import RangeError
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import float_array, only_array, unpacked, wrong_shape
from funcnn.layers.convolution.sizes import Padding, Sizes, for_axes, padding, sizes
from funcnn.layers.convolution.windows import ONE_ROW, Axes, Axis, axis_of, by_blocks, image_of, like, scattered, taps
from funcnn.records import record


@record
class MaxPool:
    """out[m, i, j, c] = max of x[m, s i + k - before, s j + l - before, c] over the window, k < size, l < size

    x: (m, h, w, c) or (m, t, c), out: (m, h_out, w_out, c) or (m, t_out, c), where
    h_out = floor((h + before + after - size) / s) + 1. `size` is a number for every axis of places, or a tuple of one
    for each; so is the `stride` s, which is `size` if it is None: the windows lie side by side. `padding` is a number,
    a tuple of a pair (before, after) for each axis, "valid" or "same", and never the maximum itself.

        dx = dA where x was the maximum, else 0, added up over the windows

    Of several maxima the first of the window, row by row, is blamed. The cache is (x, out).

    Riesenhuber & Poggio 1999, Hierarchical Models of Object Recognition in Cortex; Jarrett, Kavukcuoglu, Ranzato &
    LeCun 2009, What Is the Best Multi-Stage Architecture for Object Recognition?, section 2.1.

    >>> import numpy as np
    >>> from funcnn import MaxPool, forward
    >>> forward(MaxPool(2), np.array([[[1.0], [5.0], [3.0], [2.0]]]))[0].ravel()
    array([5., 3.])

    Raises:
        ShapeError: x has other axes, or a window is larger than x with its padding.
        KindError: x is no array of floats, or a setting is no whole number.
        RangeError: a size or a stride is less than 1, a padding is negative, or so large that a window sees nothing.
    """

    size: Sizes = sizes()
    stride: Sizes | None = sizes(default=None)
    padding: Padding = padding()

    axes: ClassVar[int] = 0  # as many as x has


@forward.register(MaxPool)
def max_pool_forward(params: MaxPool, x: Array) -> tuple[Array, tuple[Array, Array]]:
    """out = the maximum over the taps"""
    xp, axes = float_array(params, x), windows_of(params, x)
    out = like(x, by_blocks(lambda part: reduce(xp.maximum, taps(part, axes, -math.inf)), image_of(x)))
    return out, (x, out)


@backward.register(MaxPool)
def max_pool_backward(params: MaxPool, cache: tuple[Array, Array], dA: Array) -> Grads[MaxPool]:
    """dx = dA at the first maximum of each window"""
    x, out = [only_array(params, part) for part in unpacked(params, cache, 2)]
    check_out_gradient(dA, out.shape, out.dtype)
    axes = windows_of(params, x)

    def of_block(x: Array, out: Array, dA: Array) -> Array:
        return scattered(_blamed(x, out, dA, axes), axes)

    dx = by_blocks(of_block, image_of(x), image_of(out), image_of(dA))
    return Grads(gradient(params), like(x, dx))


def _blamed(x: Array, out: Array, dA: Array, axes: Axes) -> Iterator[Array]:
    """What each tap takes of dA: that of the windows whose maximum it is, and no tap before it was."""
    free = namespace(x).ones(out.shape, dtype=bool)
    for seen in taps(x, axes, math.nan):  # which equals nothing, so that padding takes nothing
        first = seen == out
        first &= free
        free ^= first
        yield dA * first


@record
class AvgPool:
    """out[m, i, j, c] = the mean of x[m, s i + k - before, s j + l - before, c] over the window, k < size, l < size

    The shapes and the settings are those of `MaxPool`. Padding does not count: at the border the mean is over fewer.

        dx = dA / (how many places the window sees), added up over the windows

    The cache is x. LeCun, Bottou, Bengio & Haffner 1998, Gradient-Based Learning Applied to Document Recognition,
    section II.B, without its weights.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.AvgPool(3, padding="same", stride=1), np.array([[[1.0], [5.0], [3.0]]]))[0].ravel()
    array([3., 3., 4.])

    Raises:
        ShapeError: x has other axes, or a window is larger than x with its padding.
        KindError: x is no array of floats, or a setting is no whole number.
        RangeError: a size or a stride is less than 1, a padding is negative, or so large that a window sees nothing.
    """

    size: Sizes = sizes()
    stride: Sizes | None = sizes(default=None)
    padding: Padding = padding()

    axes: ClassVar[int] = 0  # as many as x has


@forward.register(AvgPool)
def avg_pool_forward(params: AvgPool, x: Array) -> tuple[Array, Array]:
    """out = the sum over the taps / how many there are"""
    float_array(params, x)
    axes = windows_of(params, x)
    return like(x, sum(taps(image_of(x), axes)) / _counts(axes, x.dtype)), x


@backward.register(AvgPool)
def avg_pool_backward(params: AvgPool, x: Array, dA: Array) -> Grads[AvgPool]:
    """dx: an equal share to each tap"""
    axes = windows_of(params, only_array(params, x))
    check_out_gradient(dA, (x.shape[0], *[axis.out for axis in axes][4 - x.ndim :], x.shape[-1]), x.dtype)
    share = image_of(dA) / _counts(axes, x.dtype)
    return Grads(gradient(params), like(x, scattered(repeat(share, axes[0].size * axes[1].size), axes)))


for _layer in (MaxPool, AvgPool):
    step.register(_layer)(no_step)


def windows_of(params: MaxPool | AvgPool, x: Array) -> Axes:
    """The windows over x, a sequence being an image of one row."""
    if x.ndim not in {3, 4}:
        raise wrong_shape(params, "(m, t, c) or (m, h, w, c)", x)
    names = "t" if x.ndim == 3 else "hw"
    windows = for_axes(params, "size", params.size, len(names))
    strides = windows if params.stride is None else for_axes(params, "stride", params.stride, len(names))
    axes = []
    for name, places, size, stride, side in zip(
        names, x.shape[1:-1], windows, strides, for_axes(params, "padding", params.padding, len(names)), strict=True
    ):
        pair = (side, side) if type(side) is int else side
        if pair != "same" and max(pair) >= size:
            sides = f"along {name} size is {size}, padding {pair}"
            raise RangeError(
                f"{type(params).__name__}: padding must be less than size, or a window sees nothing; {sides}"
            )
        axes.append(axis_of(name, places, size, stride, pair))
    return (ONE_ROW, axes[0]) if len(axes) == 1 else (axes[0], axes[1])


def _counts(axes: Axes, dtype: Any) -> Array:
    """How many places each window sees, padding left out."""

    def seen(axis: Axis) -> Any:
        there = np.zeros(axis.padded)
        there[axis.before : axis.before + axis.places] = 1
        return sum([there[axis.at(tap)] for tap in range(axis.size)])

    return np.multiply.outer(seen(axes[0]), seen(axes[1]))[..., None].astype(dtype)

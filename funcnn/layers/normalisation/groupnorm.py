"""Normalisation of each example over its positions, by groups of channels or by channel."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.checked import checked
from funcnn.core import backward, forward
from funcnn.errors import RangeError
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.convolution.windows import flat
from funcnn.layers.normalisation.standardization import (
    Standardizing,
    ones_and_zeros,
    rescaled,
    rescaled_backward,
    standardized,
    standardized_backward,
)
from funcnn.needs import Count, Flag, FloatDtype, Positive
from funcnn.records import record
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@shapes(x="m ... c", out="m ... c", cache="x, _")
@record
class GroupNorm:
    """out = scale (x - mean) / sqrt(var + eps) + shift, mean and var of each example over a group of channels

    The channels are split into `groups` equal runs; mean and var are over all positions and the c / groups channels of
    a run. Examples are independent, so batches may be small. One group is layer normalisation over a whole image. With
    d = dA scale and xhat = (x - mean) / sqrt(var + eps), means over the same numbers, sums over all axes but the last:

        dx = (d - mean(d) - xhat mean(d xhat)) / sqrt(var + eps),  dscale = sum(dA xhat),  dshift = sum(dA)

    Wu & He 2018, Group Normalization, eq. 1, 2 and 7.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.GroupNorm.init(4, groups=2), np.array([[1.0, 3.0, 20.0, 60.0]]))[0].round(3)
    array([[-1.,  1., -1.,  1.]])

    Raises:
        ShapeError: the arrays are not (c,), or x has another number of channels.
        RangeError: `groups` is below 1 or does not divide the channels, `eps` is not above 0; or, in forward, a group
            has a single number.
        KindError: shift or x is not of the dtype of scale.
    """

    scale: Array = axes("c")
    shift: Array | None = axes("c")
    groups: Count
    eps: Positive = 1e-5

    def __attrs_post_init__(self) -> None:
        if (c := len(self.scale)) % self.groups:
            raise RangeError(
                f"{type(self).__name__}: groups must divide the number of channels, {c}, which {self.groups} does not"
            )

    @classmethod
    @checked
    def init(
        cls, n: Size, *, groups: Count, eps: Positive = 1e-5, bias: Flag = True, dtype: FloatDtype = np.float64
    ) -> GroupNorm:
        """For n channels: scale = 1, shift = 0, or None without a bias.

        >>> GroupNorm.init(4, groups=2)
        GroupNorm(scale=<f64 [1. 1. 1. 1.]>, shift=<f64 [0. 0. 0. 0.]>, groups=2, eps=1e-05)

        Raises:
            RangeError: `groups` does not divide n.
        """
        return cls(*ones_and_zeros(n, dtype, bias=bias), groups, eps)


@shapes(x="m ... n", out="m ... n", cache="x, _")
@record
class InstanceNorm(Standardizing):
    """out = scale (x - mean) / sqrt(var + eps) + shift, mean and var of each channel of each example

    x has at least two positions. This is group normalisation with a group for each channel, and has the same rules. It
    removes the contrast of an image.

    Ulyanov, Vedaldi & Lempitsky 2016, Instance Normalization, eq. 3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> x = np.array([[[1.0, 20.0], [3.0, 60.0]]])  # one example of two positions and two channels
    >>> forward(layers.InstanceNorm.init(2), x)[0].round(3)
    array([[[-1., -1.],
            [ 1.,  1.]]])

    Raises:
        RangeError: `eps` is not above 0; in forward: x has only one position.
        ShapeError: scale and shift are not both (n,), or x has another number of channels.
        KindError: shift or x is not of the dtype of scale.
    """

    @property
    def groups(self) -> int:
        return len(self.scale)


def _mean_of_groups(groups: int, a: Array) -> Array:
    """(m, positions, c) to (m, 1, c): for each channel the mean over all positions and the channels of its group."""
    c, ones = a.shape[2], namespace(a).ones(a.shape[1], dtype=a.dtype)
    mean = ones @ a / a.shape[1]  # (m, c)
    if groups < c:
        mean = namespace(a).repeat(mean.reshape(-1, groups, c // groups).mean(axis=2), c // groups, axis=1)
    return mean[:, None]


def group_norm_forward(params: Any, x: Array) -> tuple[Array, tuple[Array, Array]]:
    """The cache is xhat and 1 / sqrt(var + eps)"""
    if math.prod(x.shape[1:]) < 2 * params.groups:
        rule = f"x must have at least two numbers in each of its {params.groups} groups for a variance"
        raise RangeError(f"{type(params).__name__}: {rule}, not {x.shape}")
    xhat, inv, _, _ = standardized(flat(x), partial(_mean_of_groups, params.groups), params.eps)
    xhat = xhat.reshape(x.shape)
    return rescaled(xhat, params.scale, params.shift), (xhat, inv)


def group_norm_backward(params: Any, cache: tuple[Array, Array], dA: Array) -> Grads[Any]:
    """dx = (d - mean(d) - xhat mean(d xhat)) / sqrt(var + eps), d = dA scale"""
    xhat, inv = cache
    d = flat(wide(dA) * params.scale)
    dx = standardized_backward(flat(xhat), inv, d, partial(_mean_of_groups, params.groups))
    dx = as_dtype(dx.reshape(dA.shape), dA.dtype)
    dscale, dshift = [as_dtype(sums, dA.dtype) for sums in rescaled_backward(xhat, dA)]
    return Grads(gradient(params, scale=dscale, shift=None if params.shift is None else dshift), dx)


for _layer in (GroupNorm, InstanceNorm):
    forward.register(_layer)(group_norm_forward)
    backward.register(_layer)(group_norm_backward)
    step.register(_layer)(no_step)

"""Upsampling: more places than there were, without anything to learn."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, ClassVar

import numpy as np

from funcnn.arrays import Array, check_out_gradient, freeze, namespace
from funcnn.core import backward, forward
from funcnn.errors import KindError
from funcnn.generation import step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import float_array, only_array, wrong_shape
from funcnn.layers.convolution.sizes import Sizes, for_axes, sizes
from funcnn.records import record


@record
class Upsample:
    """out[m, i, j, c] = x[m, i // f, j // f, c], or a mean of the nearest places, with `linear`

    x: (m, h, w, c) or (m, t, c), out: (m, f h, f w, c) or (m, f t, c). `factor` f is a whole number for every axis of
    places, or a tuple of one for each. Place i of out lies at (i + 1/2) / f - 1/2 of x; nearest by default, and
    linearly between the two next to it if `linear` (of images: bilinearly), at the border the last of x alone.

    Along each axis out = A x with a fixed matrix A of f h rows, so dx = A^T dA: the sum of the copies, or of their
    shares. The cache is x.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> x = np.array([[[0.0], [4.0]]])
    >>> forward(layers.Upsample(2), x)[0].ravel(), forward(layers.Upsample(2, linear=True), x)[0].ravel()
    (array([0., 0., 4., 4.]), array([0., 1., 3., 4.]))

    Raises:
        ShapeError: x has other axes, or no places.
        KindError: x is no array of floats, `factor` no whole number, or `linear` no bool; `step` of what is linear.
        RangeError: `factor` is less than 1.
    """

    factor: Sizes = sizes()
    linear: bool = False

    axes: ClassVar[int] = 0  # as many as x has


@forward.register(Upsample)
def upsample_forward(params: Upsample, x: Array) -> tuple[Array, Array]:
    """out = A x along each axis of places"""
    xp, out = float_array(params, x), x
    for axis, factor in enumerate(_factors(params, x), 1):
        out = _along(_matrix(x.shape[axis], factor), out, axis) if params.linear else xp.repeat(out, factor, axis=axis)
    return out, x


@backward.register(Upsample)
def upsample_backward(params: Upsample, x: Array, dA: Array) -> Grads[Upsample]:
    """dx = A^T dA along each axis of places"""
    factors, dx = _factors(params, only_array(params, x)), dA
    places = [f * n for f, n in zip(factors, x.shape[1:-1], strict=True)]
    check_out_gradient(dA, (x.shape[0], *places, x.shape[-1]), x.dtype)
    for axis, factor in enumerate(factors, 1):
        if params.linear:
            dx = _along(_matrix(x.shape[axis], factor).T, dx, axis)
        else:
            dx = dx.reshape(*dx.shape[:axis], x.shape[axis], factor, *dx.shape[axis + 1 :]).sum(axis=axis + 1)
    return Grads(gradient(params), dx)


def _factors(params: Upsample, x: Array) -> tuple[int, ...]:
    if x.ndim not in {3, 4} or 0 in x.shape[1:-1]:
        raise wrong_shape(params, "(m, t, c) or (m, h, w, c), t, h and w at least 1", x)
    return for_axes(params, "factor", params.factor, x.ndim - 2)


@cache  # of two numbers, the same for every batch
def _matrix(places: int, factor: int) -> Array:
    """A: the weight of each place of x at each place of out, which falls from 1 to 0 on the way to the next."""
    at = np.clip((np.arange(places * factor) + 0.5) / factor - 0.5, 0, places - 1)
    return freeze(np.maximum(1 - abs(at[:, None] - np.arange(places)), 0))


def _along(matrix: Array, x: Array, axis: int) -> Array:
    """matrix @ x along one axis"""
    flat = x.reshape(*x.shape[: axis + 1], math.prod(x.shape[axis + 1 :]))
    out = namespace(x).asarray(matrix, dtype=x.dtype) @ flat
    return out.reshape(*x.shape[:axis], matrix.shape[0], *x.shape[axis + 1 :])


@step.register(Upsample)
def upsample_step(params: Upsample, x: Array, memory: Any = None) -> tuple[Array, None]:
    """out of what is next, which needs nothing of the others unless it is linear"""
    if params.linear:
        raise KindError("step: Upsample looks ahead where it is linear, so it cannot go on step by step")
    return upsample_forward(params, x)[0], memory

"""Upsampling, nearest and linear."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.core import backward, forward
from funcnn.errors import KindError
from funcnn.generation import fixed_memory, positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import check_out_gradient
from funcnn.layers.convolution.sizes import Sizes, as_entries, sizes
from funcnn.records import record
from funcnn.shapes import shapes


@shapes(x="m t+ c | m h+ w+ c", out="m t_out c | m h_out w_out c")
@record
class Upsample:
    """out[m, i, j, c] = x[m, i // f, j // f, c], or with `linear` interpolated between the nearest positions

    h_out = f h, w_out = f w and t_out = f t. `factor` f is a whole number for every axis of positions, or a tuple with
    one for each. Position i of out lies at position (i + 1/2) / f - 1/2 of x, and has the value of the nearest
    position; with `linear`, a value interpolated between the two neighbours (bilinearly in images), or the value of the
    border. A NaN or an infinity reaches only the positions that depend on it.

    Along each axis out is linear in x, so dx is the adjoint of dA: the sum of the copies or shares. The cache is x.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> x = np.array([[[0.0], [4.0]]])
    >>> forward(layers.Upsample(2), x)[0].ravel(), forward(layers.Upsample(2, linear=True), x)[0].ravel()
    (array([0., 0., 4., 4.]), array([0., 1., 3., 4.]))

    Raises:
        ShapeError: x has another number of axes, or no positions.
        KindError: x is not of floats, `factor` is not a whole number, `linear` is not a bool; in `step`, if `linear`.
        RangeError: `factor` is less than 1.
    """

    factor: Sizes = sizes()
    linear: bool = False

    axes: ClassVar[int] = 0  # 0: the number of axes of x


@forward.register(Upsample)
def upsample_forward(params: Upsample, x: Array) -> tuple[Array, Array]:
    """Along each axis of positions: copies, or shares of neighbours, interleaved"""
    xp, out = namespace(x), x
    for axis, factor in enumerate(_as_factors(params, x), 1):
        before, n, behind = out.shape[:axis], x.shape[axis], out.shape[axis + 1 :]
        flat = out.reshape(math.prod(before), n, math.prod(behind))
        if params.linear:
            parts = xp.stack([_share(flat, s) for s in _offsets(factor)], axis=2)
        else:
            parts = xp.repeat(flat[:, :, None], factor, axis=2)
        out = parts.reshape(*before, factor * n, *behind)
    return out, x


@backward.register(Upsample)
def upsample_backward(params: Upsample, x: Array, dA: Array) -> Grads[Upsample]:
    """dx: the sum of dA over the copies of each number, or over its shares"""
    factors = _as_factors(params, x)
    positions = [f * n for f, n in zip(factors, x.shape[1:-1], strict=True)]
    check_out_gradient(params, dA, (x.shape[0], *positions, x.shape[-1]), x.dtype)
    dx: Any = wide(dA)
    for axis, factor in enumerate(factors, 1):
        before, n, behind = dx.shape[:axis], x.shape[axis], dx.shape[axis + 1 :]
        parts = dx.reshape(math.prod(before), n, factor, math.prod(behind))
        if params.linear:
            dx = sum([_share_back(parts[:, :, i], s) for i, s in enumerate(_offsets(factor))])
        else:
            dx = parts.sum(axis=2)
        dx = dx.reshape(*before, n, *behind)
    return Grads(gradient(params), as_dtype(dx, x.dtype))


def _as_factors(params: Upsample, x: Array) -> tuple[int, ...]:
    return as_entries(params, "factor", params.factor, x.ndim - 2)


def _offsets(factor: int) -> list[float]:
    """The offsets, in (-1/2, 1/2), of the f positions of out around a position of x."""
    return [(2 * i + 1 - factor) / (2 * factor) for i in range(factor)]


def _share(x: Array, s: float) -> Array:
    """(1 - |s|) of each position plus |s| of the position before, or if s > 0 of the one after; at the border x itself.

    In a product with the matrix of these shares, a NaN would reach every position, since 0 times NaN is NaN.
    """
    if s > 0:
        return _share(x[:, ::-1], -s)[:, ::-1]
    return namespace(x).concatenate([x[:, :1], (1 + s) * x[:, 1:] - s * x[:, :-1]], axis=1) if s else x


def _share_back(d: Array, s: float) -> Array:
    """The adjoint of `_share`: the terms of each position, and of the position before."""
    if s >= 0:
        return _share_back(d[:, ::-1], -s)[:, ::-1] if s else d
    xp, border, inner = namespace(d), d[:, :1], d[:, 1:]
    itself = xp.concatenate([border, (1 + s) * inner], axis=1)
    return itself + xp.concatenate([-s * inner, xp.zeros_like(border)], axis=1)


@step.register(Upsample)
def upsample_step(params: Upsample, x: Array, memory: Any = None) -> tuple[Array, None]:
    """out for this part of x; refused if `linear`, since out then depends on the next position"""
    _check_alone("step", params)
    return positionwise(params, x, memory)


@fixed_memory.register(Upsample)
def upsample_fixed_memory(params: Upsample, m: int, t_most: int) -> None:
    """None, as each position is repeated alone"""
    _check_alone("fixed_memory", params)


def _check_alone(function: str, params: Upsample) -> None:
    if params.linear:
        raise KindError(f"{function}: Upsample must not be linear; else out depends on the next position")

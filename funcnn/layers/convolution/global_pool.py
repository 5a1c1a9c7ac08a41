"""Global pooling: one number a channel for all places together, however many there are."""

from __future__ import annotations

import math

from funcnn.arrays import Array, check_out_gradient, float_namespace, namespace
from funcnn.core import backward, forward
from funcnn.errors import ShapeError
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import only_array
from funcnn.records import record
from funcnn.stepping import no_step, step


@record
class GlobalAvgPool:
    """out[m, c] = the mean of x[m, ..., c] over all places

    x: (m, ..., c) with at least one axis of places, out: (m, c). dx = dA / (how many places there are), at each of
    them. The cache is x. Lin, Chen & Yan 2014, Network in Network, section 3.2.

    >>> import numpy as np
    >>> from funcnn import GlobalAvgPool, forward
    >>> forward(GlobalAvgPool(), np.array([[[1.0, 0.0], [5.0, 1.0]]]))[0]
    array([[3. , 0.5]])

    Raises:
        ShapeError: x has no places.
        KindError: x is no array of floats.
    """


@forward.register(GlobalAvgPool)
def global_avg_pool_forward(params: GlobalAvgPool, x: Array) -> tuple[Array, Array]:
    """out = the mean over the places"""
    return _all_places(x).mean(axis=1), x


@backward.register(GlobalAvgPool)
def global_avg_pool_backward(params: GlobalAvgPool, x: Array, dA: Array) -> Grads[GlobalAvgPool]:
    """dx = dA / places"""
    places = _all_places(only_array(params, x))
    check_out_gradient(dA, (x.shape[0], x.shape[-1]), x.dtype)
    dx = namespace(dA).zeros_like(places) + (dA / places.shape[1])[:, None]
    return Grads(gradient(params), dx.reshape(x.shape))


@record
class GlobalMaxPool:
    """out[m, c] = the maximum of x[m, ..., c] over all places

    x: (m, ..., c) with at least one axis of places, out: (m, c). dx is dA at the first place where x is the maximum,
    else 0. The cache is x. Oquab, Bottou, Laptev & Sivic 2015, Is Object Localization for Free?, section 3.2.

    >>> import numpy as np
    >>> from funcnn import GlobalMaxPool, forward
    >>> forward(GlobalMaxPool(), np.array([[[1.0, 0.0], [5.0, -1.0]]]))[0]
    array([[5., 0.]])

    Raises:
        ShapeError: x has no places.
        KindError: x is no array of floats.
    """


@forward.register(GlobalMaxPool)
def global_max_pool_forward(params: GlobalMaxPool, x: Array) -> tuple[Array, Array]:
    """out = the maximum over the places"""
    return _all_places(x).max(axis=1), x


@backward.register(GlobalMaxPool)
def global_max_pool_backward(params: GlobalMaxPool, x: Array, dA: Array) -> Grads[GlobalMaxPool]:
    """dx = dA at the first maximum"""
    places, xp = _all_places(only_array(params, x)), namespace(dA)
    check_out_gradient(dA, (x.shape[0], x.shape[-1]), x.dtype)
    first = xp.arange(places.shape[1])[:, None] == places.argmax(axis=1)[:, None]
    return Grads(gradient(params), xp.where(first, dA[:, None], 0).reshape(x.shape))


for _layer in (GlobalAvgPool, GlobalMaxPool):
    step.register(_layer)(no_step)


def _all_places(x: Array) -> Array:
    """x as (m, places, c)"""
    float_namespace(x)
    if x.ndim < 3 or 0 in x.shape[1:-1]:
        raise ShapeError(f"x must be (m, ..., c) with at least one place between rows and channels; x: {x.shape}")
    return x.reshape(x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1])

"""Global pooling: the mean or the maximum of each channel over all positions."""

from __future__ import annotations

import math
from typing import Any

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.core import backward, forward
from funcnn.generation import no_step, step
from funcnn.gradients import Grads, gradient
from funcnn.layers.convolution.windows import flat
from funcnn.layers.sequences import as_triple, blank, in_form_of
from funcnn.records import record
from funcnn.shapes import shapes


@shapes(x="m t+ ...+ c", out="m c", forms=2)
@record
class GlobalAvgPool:
    """out[m, c] = the mean of x[m, ..., c] over all positions

    dx = dA / (the number of positions) at each position. The cache is x. Lin, Chen & Yan 2014, Network in Network,
    section 3.2.

    A sequence (m, t, c) may be given as `(x, mask)`, mask bool (m, t), False at padded positions, or None. Padded
    positions do not count and are not read, and their dx is 0; for a sequence that is all padding, out is 0.

    >>> import numpy as np
    >>> from funcnn import GlobalAvgPool, forward
    >>> forward(GlobalAvgPool(), np.array([[[1.0, 0.0], [5.0, 1.0]]]))[0]
    array([[3. , 0.5]])

    Raises:
        ShapeError: x has no positions, or the mask is not (m, t).
        KindError: x is not an array of floats, or the mask not of bools.
    """


@forward.register(GlobalAvgPool)
def global_avg_pool_forward(params: GlobalAvgPool, given: Any) -> tuple[Array, Any]:
    """out = the mean over the positions"""
    x, mask = _as_positions(given)
    if mask is None:
        return x.mean(axis=1), given
    return (wide(blank(x, mask)).sum(axis=1) / _counts(mask)).astype(x.dtype), given


@backward.register(GlobalAvgPool)
def global_avg_pool_backward(params: GlobalAvgPool, cache: Any, dA: Array) -> Grads[GlobalAvgPool]:
    """dx = dA / (the number of positions)"""
    x, mask = _as_positions(cache)
    share = as_dtype(wide(dA) / (x.shape[1] if mask is None else _counts(mask)), x.dtype)
    return _grads(params, cache, blank(namespace(dA).zeros_like(x) + share[:, None], mask))


@shapes(x="m t+ ...+ c", out="m c", forms=2)
@record
class GlobalMaxPool:
    """out[m, c] = the maximum of x[m, ..., c] over all positions

    dx is dA at the first position of the maximum, else 0. The cache is x. Oquab, Bottou, Laptev & Sivic 2015, Is Object
    Localization for Free?, section 3.2.

    A sequence (m, t, c) may be given as `(x, mask)`, as for `GlobalAvgPool`; if all is padding, out is 0.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.GlobalMaxPool(), np.array([[[1.0, 0.0], [5.0, -1.0]]]))[0]
    array([[5., 0.]])

    Raises:
        ShapeError, KindError: as `GlobalAvgPool`.
    """


@forward.register(GlobalMaxPool)
def global_max_pool_forward(params: GlobalMaxPool, given: Any) -> tuple[Array, Any]:
    """out = the maximum over the positions"""
    x, mask = _as_positions(given)
    if mask is None:
        return x.max(axis=1), given
    return namespace(x).where(mask.any(axis=1)[:, None], _without_padding(x, mask).max(axis=1), 0), given


@backward.register(GlobalMaxPool)
def global_max_pool_backward(params: GlobalMaxPool, cache: Any, dA: Array) -> Grads[GlobalMaxPool]:
    """dx = dA at the first maximum"""
    (x, mask), xp = _as_positions(cache), namespace(dA)
    first = x.argmax(axis=1) if mask is None else _without_padding(x, mask).argmax(axis=1)
    if mask is not None:  # the first position that is not padded, if all these are -inf
        first = xp.where(xp.take_along_axis(mask, first, axis=1), first, mask.argmax(axis=1)[:, None])
    here = xp.arange(x.shape[1])[:, None] == first[:, None]
    return _grads(params, cache, blank(xp.where(here, dA[:, None], 0), mask))


for _layer in (GlobalAvgPool, GlobalMaxPool):
    step.register(_layer)(no_step)


def _as_positions(given: Any) -> tuple[Array, Any]:
    """x as (m, positions, c), and the mask."""
    x, mask, _ = as_triple("", given)
    return flat(x), mask


def _grads(params: Any, given: Any, dx: Array) -> Grads[Any]:
    x = given[0] if type(given) is tuple else given
    return Grads(gradient(params), in_form_of(given, dx.reshape(x.shape)))


def _counts(mask: Array) -> Array:
    """The number of positions that are not padded, (m, 1), and at least 1."""
    return namespace(mask).maximum(mask.sum(axis=1, keepdims=True), 1)


def _without_padding(x: Array, mask: Array) -> Array:
    """x, with -inf at padded positions."""
    return namespace(x).where(mask[..., None], x, -math.inf)

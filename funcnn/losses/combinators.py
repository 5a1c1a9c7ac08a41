"""Losses made of losses. They pickle when those do, and may stand in one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, kind, namespace, short
from funcnn.core import Loss
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.tree import tree_map


def weighted(loss: Loss) -> Loss:
    """The loss of `(out, (y, weight))`: weights then travel with the rows, through batches and blocks.

    >>> import numpy as np
    >>> from funcnn import mse, weighted
    >>> y, weight = np.zeros((2, 1)), np.array([1.0, 0.0])
    >>> weighted(mse)(np.array([[2.0], [9.0]]), (y, weight))[0]
    2.0

    Raises:
        KindError: the loss is none, or y is no pair.
    """
    _check_loss("weighted", loss)
    return partial(_weighted, loss)


def _check_loss(whose: str, loss: Any) -> None:
    if not callable(loss):
        raise KindError(f"{whose}: a loss is a function (out, y), not {kind(loss)}")


def _weighted(loss: Any, out: Any, y: tuple[Any, Any]) -> tuple[Any, Any]:
    if type(y) is not tuple or len(y) != 2:
        raise KindError(f"weighted: y must be a pair (y, weight), not {_given(y)}")
    return loss(out, *y)


def masked(loss: Loss) -> Loss:
    """The loss of `((out, mask), y)`: what the mask leaves out weighs nothing, whatever stands there; dA is (d, None)

    mask: bools of the first axes of out and y, `(m, t)` for sequences, True where there is something; None is all True.
    out and y are taken as 0 where it is False, so a y of -1 or NaN may stand there. Masks are weights and do not
    normalise: the mean is over all places, left out or not. Both at once is `weighted(masked(loss))`.

    >>> import numpy as np
    >>> from funcnn import masked, mse
    >>> out, mask = np.array([[[2.0], [9.0]]]), np.array([[True, False]])
    >>> cost, (d, nothing) = masked(mse)((out, mask), np.array([[[0.0], [np.nan]]]))
    >>> cost, d.tolist(), nothing
    (2.0, [[[2.0], [0.0]]], None)

    Raises:
        KindError: the loss is none, or a weighted one; out is no pair (out, mask), or the mask is not of bools.
        ShapeError: out, y or the weight do not begin with the axes of the mask.
    """
    _check_loss("masked", loss)
    if getattr(loss, "func", None) is _weighted:
        raise KindError("masked: a weighted loss takes no mask; write weighted(masked(loss))")
    return partial(_masked, loss)


def _masked(loss: Any, out: tuple[Any, Any], y: Any, weight: Any = None) -> tuple[Any, tuple[Any, None]]:
    if type(out) is not tuple or len(out) != 2:
        raise KindError(f"masked: out must be a pair (out, mask), not {_given(out)}")
    out, mask = out
    if mask is not None:
        if not is_array(mask) or mask.dtype.kind != "b":
            raise KindError(f"masked: mask must be an array of bools, not {kind(mask)}; write np.asarray(mask, bool)")
        out, y = [tree_map(partial(_kept, mask, name), tree) for name, tree in (("out", out), ("y", y))]
        weight = mask if weight is None else _kept(mask, "weight", weight)
    cost, d = loss(out, y) if weight is None else loss(out, y, weight)
    return cost, (d, None)


def _kept(mask: Array, name: str, values: Array) -> Array:
    """The values where the mask is True, else 0; of a weight a row, one for each of the mask's."""
    xp = namespace(mask if type(values) is np.ndarray else values, name, "masked: ")
    axes = mask.ndim if name != "weight" else min(mask.ndim, values.ndim)
    if values.ndim < axes or axes == 0 or values.shape[:axes] != mask.shape[:axes]:
        raise ShapeError(f"masked: {name} must begin with the axes of mask; mask: {mask.shape}, {name}: {values.shape}")
    both = max(mask.ndim, values.ndim)
    mask, values = [a.reshape(a.shape + (1,) * (both - a.ndim)) for a in (mask, values)]
    return xp.where(mask, values, 0)


def joint(*losses: Loss, factors: Sequence[float] | None = None) -> Loss:
    """The loss of a network with several outputs: cost = sum factor cost_i, each of `(out[i], y[i])`; dA is a tuple

    out and y: tuples, an entry for each loss, which may be tuples themselves. A weight goes to all of them. Without
    factors each is 1.

    >>> import numpy as np
    >>> from funcnn import joint, mse, softmax_cross_entropy
    >>> loss = joint(mse, softmax_cross_entropy, factors=(0.5, 1.0))
    >>> out, y = (np.array([[2.0]]), np.array([[0.0, 0.0]])), (np.array([[0.0]]), np.array([1]))
    >>> cost, dA = loss(out, y)
    >>> round(cost, 4), dA
    (2.6931, (array([[2.]]), array([[ 0.5, -0.5]])))

    Raises:
        KindError: a loss is none, or out or y is no tuple of as many entries.
        RangeError: there is no loss, or a factor is not finite.
        ShapeError: there are more factors than losses, or fewer.
    """
    for loss in losses:
        _check_loss("joint", loss)
    if not losses:
        raise RangeError("joint: give one loss or more")
    factors = (1.0,) * len(losses) if factors is None else factors
    if type(factors) not in (tuple, list) or not all([isinstance(factor, Real) for factor in factors]):
        raise KindError(f"joint: factors must be a tuple or a list of numbers, not {_given(factors)}")
    if len(factors) != len(losses):
        raise ShapeError(f"joint: give a factor for each loss; losses: {len(losses)}, factors: {len(factors)}")
    if not all(map(math.isfinite, factors)):
        raise RangeError(f"joint: factors must be finite; they are {factors}")
    return partial(_joint, losses, tuple(map(float, factors)))  # an np.float64 would turn float32 into float64


def _joint(losses: Any, factors: Any, out: Any, y: Any, weight: Any = None) -> tuple[Any, tuple[Any, ...]]:
    for name, parts in (("out", out), ("y", y)):
        if type(parts) is not tuple or len(parts) != len(losses):
            raise KindError(f"joint: {name} must be a tuple of {len(losses)}, one for each loss, not {_given(parts)}")
    extra = () if weight is None else (weight,)
    results = [loss(o, t, *extra) for loss, o, t in zip(losses, out, y, strict=True)]
    cost = sum([factor * cost for factor, (cost, _) in zip(factors, results, strict=True)])
    return cost, tuple([_times(factor, dA) for factor, (_, dA) in zip(factors, results, strict=True)])


def _times(factor: float, dA: Any) -> Any:
    return dA if factor == 1 else tree_map(lambda a: factor * a, dA)


def _given(value: Any) -> str:
    return short(value) if type(value) is tuple else kind(value)

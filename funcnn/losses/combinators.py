"""Losses made of losses: `weighted`, `masked` and `joint`. They can be nested, and pickle if the losses inside do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce
from operator import add  # `sum` adds floats otherwise from Python 3.12 on
from typing import Annotated, Any

from funcnn.arrays import Array, as_dtype, is_array, kind, namespace, short, wide
from funcnn.bound import BoundFunction
from funcnn.checked import checked
from funcnn.core import Loss
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import check_function, is_number
from funcnn.losses.protocol import check_of_arrays, declared, evaluated, takes_logits
from funcnn.needs import passing
from funcnn.trees.libraries import in_any_library

_WEIGHTED = "a function (out, y, weight)"


def _check_of_weight(function: str, argument: str, loss: Any, remedy: str = "") -> None:
    check_function(function, argument, loss, _WEIGHTED, takes=3, remedy=remedy)
    check_of_arrays(function, argument, loss, _WEIGHTED)


def _check_maskable(function: str, argument: str, loss: Any) -> None:
    _check_of_weight(function, argument, loss, "; for a metric write metric(out[mask], y[mask])")
    if getattr(loss, "func", None) is _weighted:
        raise KindError(f"{function}: {argument} must not be weighted; write weighted(masked({argument}))")


OfWeight = Annotated[Callable[..., tuple[Any, Any]], passing(_WEIGHTED, _check_of_weight)]
Maskable = Annotated[Callable[..., tuple[Any, Any]], passing(_WEIGHTED, _check_maskable)]


@checked
def weighted(loss: OfWeight) -> Callable[[Any, Any], tuple[float, Any]]:
    """The loss of `(out, (y, weight))`, so that weights travel with the rows, through batches and blocks.

    >>> import numpy as np
    >>> from funcnn import mse
    >>> from funcnn.losses import weighted
    >>> y, weight = np.zeros((2, 1)), np.array([1.0, 0.0])
    >>> weighted(mse)(np.array([[2.0], [9.0]]), (y, weight))[0]
    2.0

    Raises:
        KindError: `loss` does not return (cost, dA), or y is not a pair.
    """
    return declared(BoundFunction(_weighted, loss), takes_logits(loss))


def _weighted(loss: Any, out: Any, y: tuple[Any, Any], weight: Any = None) -> tuple[Any, Any]:
    if weight is not None:
        raise KindError("weighted: weight must come with y, as (y, weight), not as a third argument")
    if type(y) is not tuple or len(y) != 2:
        raise KindError(f"weighted: y must be a pair (y, weight), not {_given(y)}")
    return evaluated("weighted", loss, out, *y)


@checked
def masked(loss: Maskable) -> Callable[[Any, Any], tuple[float, tuple[Any, None]]]:
    """The loss of `((out, mask), y)`, where masked positions have weight 0, whatever they hold; dA is (d, None)

    mask: bools of the first axes of out and y, `(m, t)` for sequences, False at padded positions; None is all True.
    out and y are replaced by 0 where the mask is False, so y may hold -1 or NaN there. A mask is a weight and does not
    normalise: the mean is over all positions, padded ones included. For weights as well, write
    `weighted(masked(loss))`; with the weights `normalised(mask)` the mean is over the positions that are not padded.

    >>> import numpy as np
    >>> from funcnn import mse
    >>> from funcnn.losses import masked
    >>> out, mask = np.array([[[2.0], [9.0]]]), np.array([[True, False]])
    >>> cost, (d, nothing) = masked(mse)((out, mask), np.array([[[0.0], [np.nan]]]))
    >>> cost, d.tolist(), nothing
    (2.0, [[[2.0], [0.0]]], None)

    Raises:
        KindError: `loss` is a weighted loss, or does not return (cost, dA); out is not a pair (out, mask), or the mask
            does not hold bools.
        ShapeError: out, y or the weight do not begin with the axes of the mask.
    """
    return declared(BoundFunction(_masked, loss), takes_logits(loss))


@in_any_library
def _masked(loss: Any, out: tuple[Any, Any], y: Any, weight: Any = None) -> tuple[Any, tuple[Any, None]]:
    if type(out) is not tuple or len(out) != 2:
        raise KindError(f"masked: out must be a pair (out, mask), not {_given(out)}")
    out, mask = out
    if mask is not None:
        if not is_array(mask) or mask.dtype.kind != "b":
            raise KindError(f"masked: mask must be an array of bools, not {kind(mask)}; write np.asarray(mask, bool)")
        out, y = [_each(partial(_unmasked, mask, name), tree) for name, tree in (("out", out), ("y", y))]
        weight = mask if weight is None else _unmasked(mask, "weight", weight)
    cost, d = evaluated("masked", loss, out, y, *(() if weight is None else (weight,)))
    return cost, (d, None)


def _unmasked(mask: Array, argument: str, values: Array) -> Array:
    """The values where the mask is True, else 0; a weight with one entry for each row gets one for each position."""
    xp = namespace(values, argument, "masked: ")
    axes = mask.ndim if argument != "weight" else min(mask.ndim, values.ndim)
    if values.ndim < axes or axes == 0 or values.shape[:axes] != mask.shape[:axes]:
        raise ShapeError(
            f"masked: {argument} must begin with the axes of mask; mask: {mask.shape}, {argument}: {values.shape}"
        )
    both = max(mask.ndim, values.ndim)
    mask, values = [a.reshape(a.shape + (1,) * (both - a.ndim)) for a in (mask, values)]
    return xp.where(mask, values, 0)


@checked
def joint(*losses: Loss, factors: Sequence[float] | None = None) -> Callable[[Any, Any], tuple[float, Any]]:
    """The loss of a network with several outputs: cost = sum factor_i cost_i, each of `(out[i], y[i])`; dA is a tuple

    out and y: tuples, with an entry for each loss, which may be a tuple itself. A weight is given to each loss. Without
    factors, each factor is 1.

    >>> import numpy as np
    >>> from funcnn import mse, softmax_cross_entropy
    >>> from funcnn.losses import joint
    >>> loss = joint(mse, softmax_cross_entropy, factors=(0.5, 1.0))
    >>> out, y = (np.array([[2.0]]), np.array([[0.0, 0.0]])), (np.array([[0.0]]), np.array([1]))
    >>> cost, dA = loss(out, y)
    >>> round(cost, 4), dA
    (2.6931, (array([[2.]]), array([[ 0.5, -0.5]])))

    Raises:
        KindError: a loss does not return (cost, dA), or out or y is not a tuple of as many entries.
        RangeError: no loss is given, or a factor is not finite.
        ShapeError: the number of factors is not the number of losses.
    """
    if not losses:
        raise RangeError("joint: losses must hold at least one loss, not 0")
    factors = (1.0,) * len(losses) if factors is None else factors
    if type(factors) not in (tuple, list) or not all(map(is_number, factors)):
        raise KindError(f"joint: factors must be a tuple or a list of numbers, not {_given(factors)}")
    if len(factors) != len(losses):
        raise ShapeError(
            f"joint: factors must have one entry for each loss; losses: {len(losses)}, factors: {len(factors)}"
        )
    if not all(map(math.isfinite, factors)):
        raise RangeError(f"joint: factors must be finite, not {factors}")
    made = BoundFunction(_joint, losses, tuple(map(float, factors)))  # an np.float64 would turn float32 into float64
    return declared(made, tuple(map(takes_logits, losses)))


def joined(loss: Any) -> tuple[Any, ...]:
    """The losses of `joint`; for another loss, an empty tuple."""
    return loss.args[0] if getattr(loss, "func", None) is _joint else ()


@in_any_library
def _joint(losses: Any, factors: Any, out: Any, y: Any, weight: Any = None) -> tuple[Any, tuple[Any, ...]]:
    for name, parts in (("out", out), ("y", y)):
        if type(parts) is not tuple or len(parts) != len(losses):
            raise KindError(f"joint: {name} must be a tuple of {len(losses)}, one for each loss, not {_given(parts)}")
    extra = () if weight is None else (weight,)
    results = [evaluated("joint", loss, o, t, *extra) for loss, o, t in zip(losses, out, y, strict=True)]
    cost = reduce(add, [factor * cost for factor, (cost, _) in zip(factors, results, strict=True)])
    return cost, tuple([_times(factor, dA) for factor, (_, dA) in zip(factors, results, strict=True)])


def _times(factor: float, dA: Any) -> Any:
    return dA if factor == 1 else _each(lambda a: as_dtype(factor * wide(a), a.dtype), dA)


def _each(f: Callable[[Array], Any], tree: Any) -> Any:
    """f of each array in nested tuples; None, which means no mask or no gradient, stays None."""
    if type(tree) is tuple:
        return tuple([_each(f, part) for part in tree])
    return None if tree is None else f(tree)


def _given(value: Any) -> str:
    return short(value) if type(value) is tuple else kind(value)

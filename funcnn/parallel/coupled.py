"""Refusal of losses and layers whose result for a row depends on other rows, so that blocks do not add up."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from funcnn.compilation.compiler import Compiled
from funcnn.core import forward_only, inference
from funcnn.errors import KindError
from funcnn.parallel.blocks import part_of, read, sample
from funcnn.trees.walks import arrays_in

ROWS, _FIRST = 16, 5  # rows that are tried, and how many of them are the first block
# Chosen: far above rounding errors, and far below the effect of a weight or a mask that is divided by its sum.
_TOLERANCES = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-3}


def check_rows(function: Any, params: Any, x: Any, y: Any, m: int) -> None:
    """Check on a few rows that each row of the network's output, and of the gradient of the loss, is its own.

    The network is that of `inference`, so dropout and batch normalisation pass. The loss is known for a function that
    `value_and_grad` or `compiled` made.

    Raises:
        KindError: an output, or the gradient of the loss, depends on the division into blocks.
    """
    x, y, count = sample(x, y, m, ROWS)
    x, y = read(x), read(y)
    cuts = slice(0, min(_FIRST, count - 1)), slice(min(_FIRST, count - 1), count)
    loss = _loss_of(function)
    try:
        with np.errstate(all="ignore"):  # a sum of few weights may be 0
            net = inference(params)
            out = forward_only(net, x)
            outs = [forward_only(net, part_of(x, cut)) for cut in cuts]
            slopes = None if loss is None else loss(out, y)[1]
            parts = [] if loss is None else [loss(part_of(out, cut), part_of(y, cut))[1] for cut in cuts]
    except Exception:  # noqa: BLE001  the blocks raise it again, or so few rows are too few
        return
    if not _are_alike(out, outs, [1.0, 1.0]):
        raise KindError(
            "sharded: params must be a network whose rows are independent, not one whose output for a row depends on "
            "other rows"
        )
    shares = [len(range(count)[cut]) / count for cut in cuts]
    if loss is not None and not _are_alike(slopes, parts, shares):
        name = getattr(loss, "__name__", type(loss).__name__)
        raise KindError(
            f"sharded: the loss must be a mean over rows, not {name}, whose gradient for a row depends on other rows "
            "or on their number; check_loss shows it"
        )


def _loss_of(function: Any) -> Any:
    if isinstance(function, Compiled):
        return function.loss
    is_ours = isinstance(function, partial) and getattr(function.func, "__name__", "") == "_value_and_grad"
    return function.args[0] if is_ours else None


def _are_alike(whole: Any, parts: list[Any], shares: list[float]) -> bool:
    """Whether the arrays of `whole` are those of the parts, times their shares, one below the other."""
    for own, *pieces in zip(arrays_in(whole), *map(arrays_in, parts), strict=False):
        if (tolerance := _TOLERANCES.get(own.dtype)) is None:
            continue  # not floats, or float16, whose rounding errors are larger than what is to be found
        a = np.asarray(own)
        if {piece.shape[1:] for piece in pieces} != {a.shape[1:]}:
            return False
        joined = np.concatenate([share * np.asarray(piece) for share, piece in zip(shares, pieces, strict=True)])
        scale = np.abs(a).max(initial=0, where=np.isfinite(a))
        if not np.allclose(joined, a, rtol=0, atol=tolerance * scale, equal_nan=True):
            return False
    return True

"""Metrics of padded sequences: only the positions at which the mask is True count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcnn.arrays import counted, is_array, kind
from funcnn.bound import BoundFunction
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.losses.protocol import Metric, declared, takes_logits
from funcnn.training.scores import better, direction_of


@checked
def unpadded(metric: Metric) -> Callable[[Any, Any], Any]:
    """The metric of `((out, mask), y)` that is `metric(out[mask], y[mask])`: padded positions do not count.

    mask: bools of the first axes of out and y, `(m, t)` for sequences, False at padded positions; None is all True.
    The result is a metric of a network that gives `(out, mask)`, for `validation`. For a loss, write
    `weighted(masked(loss))` and give the weights `normalised(mask)`.

    >>> import numpy as np
    >>> from funcnn import accuracy
    >>> from funcnn.metrics import unpadded
    >>> out, mask = np.eye(2)[[[0, 1, 1]]], np.array([[True, True, False]])
    >>> unpadded(accuracy)((out, mask), np.array([[0, 0, -1]]))
    0.5

    Raises:
        KindError: `metric` is a loss; out is not a pair (out, mask), or the mask does not hold bools.
        ShapeError: out or y does not begin with the axes of the mask.
        RangeError: the mask is False everywhere.
    """
    made = declared(BoundFunction(_unpadded, metric), takes_logits(metric))
    return better(direction)(made) if (direction := direction_of(metric)) else made


def _unpadded(metric: Any, out: Any, y: Any) -> Any:
    if type(out) is not tuple or len(out) != 2:
        given = counted(len(out), "value") if type(out) is tuple else kind(out)
        raise KindError(f"unpadded: out must be a pair (out, mask), not {given}")
    out, mask = out
    if mask is not None:
        if not is_array(mask) or mask.dtype.kind != "b":
            raise KindError(f"unpadded: mask must be an array of bools, not {kind(mask)}; write np.asarray(mask, bool)")
        for name, values in (("out", out), ("y", y)):
            if not is_array(values):
                raise KindError(f"unpadded: {name} must be an array, not {kind(values)}")
            if mask.ndim == 0 or values.shape[: mask.ndim] != mask.shape:
                raise ShapeError(
                    f"unpadded: {name} must begin with the axes of mask; mask: {mask.shape}, {name}: {values.shape}"
                )
        if not mask.any():
            raise RangeError("unpadded: mask must be True at one position at least; it is False everywhere")
        out, y = out[mask], y[mask]
    result = metric(out, y)
    if type(result) is tuple:
        remedy = "; for a loss write weighted(masked(loss)), with the weights normalised(mask)"
        raise KindError(
            f"unpadded: metric must return a number or an array, not {counted(len(result), 'value')}{remedy}"
        )
    return result

"""What the middle of a page shows: a curve, a plane, images or a table, and where the network is asked for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.losses.protocol import takes_logits

CURVE_PLACES = 161  # of x along a curve
PLANE_SIDE = 41  # places along each side of a plane
MARGIN = 0.12  # beyond the data, as a part of their range


def kind_of_view(x: Any, out: Any) -> str:
    """`curve` for one feature and one output, `plane` for two features, `images`, else `table`."""
    if type(x) is tuple or type(out) is tuple or x.dtype.kind != "f":
        return "table"
    if x.ndim == 2 and x.shape[1] == 1 and out.shape[1:] == (1,):
        return "curve"
    if x.ndim == 2 and x.shape[1] == 2 and out.ndim == 2:
        return "plane"
    return "images" if x.ndim == 3 + (x.shape[-1] in {1, 3}) and min(x.shape[1:3]) > 2 else "table"


def grid_of(view: str, x: Any) -> dict[str, Any] | None:
    """The places at which the network is asked for a curve or a plane, row by row, the lowest row first."""
    if view not in {"curve", "plane"}:
        return None
    low, high = x.min(axis=0), x.max(axis=0)
    pad = MARGIN * np.where(high > low, high - low, 1)
    low, high = low - pad, high + pad
    shape = [CURVE_PLACES] if view == "curve" else [PLANE_SIDE, PLANE_SIDE]
    axes = [_short(np.linspace(a, b, n)) for a, b, n in zip(low, high, shape, strict=True)]
    places = np.stack(np.meshgrid(*axes), -1).reshape(-1, len(shape)).astype(x.dtype)
    return {"shape": shape, "low": low.tolist(), "high": high.tolist(), "places": places}


def _short(places: Array) -> Array:
    """Numbers of few digits, since a page has many of them."""
    return np.array([float(f"{place:.5g}") for place in places])


def classes_of(out: Any, y: Any, loss: Any) -> tuple[int, bool]:
    """The number of classes, or 0 if y has no labels, and whether out are logits."""
    is_logit = takes_logits(loss) is True
    if type(out) is tuple or type(y) is tuple:
        return 0, is_logit
    if y.dtype.kind in "iub" and out.shape[:-1] == y.shape and out.shape[-1] > 1:
        return int(out.shape[-1]), is_logit
    is_binary = out.shape == y.shape and out.shape[-1] == 1 and bool(_is_binary(y))
    return 2 * is_binary, is_logit


def _is_binary(y: Array) -> bool:
    return bool(((y == 0) | (y == 1)).all()) and 0 < float(y.mean()) < 1

"""Regions of decision: the class that a network gives to each point of the plane."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array

from funcnn.arrays import Array, float_namespace, is_array, namespace, short
from funcnn.checked import checked
from funcnn.errors import RangeError, ShapeError
from funcnn.inspection.checks import Network
from funcnn.needs import whole
from funcnn.plot.axes import Ax, axes_of
from funcnn.plot.images import ROWS
from funcnn.prediction import predict
from funcnn.traits import gives_probabilities

_REGIONS = ("#f4a582", "#92c5de")  # of class 0 and of class 1, on white
_ALPHA = 0.6
_EXAMPLES = ((0.40, 0.0, 0.12), (0.02, 0.19, 0.38))  # the ends of the colour map RdBu
Points = Annotated[int, whole(2)]


@checked
def decision_regions(params: Network[Any], x: Array, y: Array, ax: Ax | None = None, *, points: Points = 300) -> Axes:
    """The examples, over the class of each point of the plane, for a network of two inputs and one output.

    x: (m, 2), y: (m, 1) of 0 and 1. The boundary is drawn where the output is 0.5 if the network gives probabilities,
    and where the output is 0 if it gives logits. `points` is the number of points for each axis.

    Raises:
        KindError, ShapeError: x or y is not such an array, or the network does not have one output.
        RangeError: x is not finite, or a label is not 0 or 1.
    """
    _check_values("decision_regions", x, y)
    horizontal, vertical = np.meshgrid(*_sides(x, points))
    level = _levels("decision_regions", params, horizontal, vertical)
    ax = axes_of(ax)
    ax.contourf(horizontal, vertical, level, levels=[-np.inf, 0, np.inf], colors=list(_REGIONS), alpha=_ALPHA)
    if level.min() < 0 < level.max():
        ax.contour(horizontal, vertical, level, levels=[0], colors="white", linewidths=1.5)
    ax.scatter(x[:, 0], x[:, 1], c=y.ravel(), s=8, cmap="RdBu", vmin=0, vmax=1, edgecolors="none")
    return ax


@checked
def render_regions(params: Network[Any], x: Array, y: Array, *, points: Points = 160) -> Array:
    """The picture of `decision_regions` as an array, (points, points, 3) with numbers from 0 to 1, a frame of a player.

    Row 0 is the upper end of the plane. Each example is one pixel in the dark colour of its class.

    Raises:
        KindError, ShapeError, RangeError: as `decision_regions`.
    """
    _check_values("render_regions", x, y)
    sides = _sides(x, points)
    level = _levels("render_regions", params, *np.meshgrid(*sides))
    image = 1 - _ALPHA * (1 - to_rgba_array(_REGIONS)[(level > 0).astype(int), :3])
    column, row = [
        np.rint((x[:, i] - side[0]) / max(side[-1] - side[0], 1e-12) * (points - 1)) for i, side in enumerate(sides)
    ]
    image[row.astype(int), column.astype(int)] = np.array(_EXAMPLES)[y.ravel().astype(int)]
    return image[::-1]


def _check_values(function: str, x: Array, y: Array) -> None:
    float_namespace(function, "x", x)
    namespace(y, "y", f"{function}: ")
    if x.ndim != 2 or x.shape[1] != 2 or not len(x) == y.size > 0:
        raise ShapeError(f"{function}: x must be (m, 2) and y (m, 1), m > 0; x: {x.shape}, y: {y.shape}")
    if not np.isfinite(x).all():
        raise RangeError(f"{function}: x must be finite")
    if not np.isin(y, [0, 1]).all():
        raise RangeError(f"{function}: y must hold only 0 and 1, the classes of a network with one output")


def _sides(x: Array, points: int) -> list[Array]:
    """The coordinates of the points on the two axes of the plane"""
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.05 * (high - low)
    return [np.linspace(a, b, points, dtype=x.dtype) for a, b in zip(low - margin, high + margin, strict=True)]


def _levels(function: str, params: Any, horizontal: Array, vertical: Array) -> Array:
    """The output at each point, less the output at the boundary"""
    out = predict(params, np.stack([horizontal.ravel(), vertical.ravel()], axis=1), rows=ROWS)
    if not is_array(out) or out.shape != (horizontal.size, 1):
        raise ShapeError(f"{function}: the network must give one output, (m, 1); it gives {short(out)}")
    return (out - (0.5 if gives_probabilities(params) is True else 0)).reshape(horizontal.shape)

"""Pictures, drawn with matplotlib, which only this module imports.

Each function takes `ax=None`, draws on it, or on a new figure, and returns the Axes; nothing is shown, and no style is
set: `cost_curve(table).figure.savefig("cost.png")`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from funcnn.arrays import Array, kind
from funcnn.core import predict
from funcnn.errors import KindError, ShapeError
from funcnn.fields import as_count
from funcnn.schedules.decays import Schedule
from funcnn.training.loop import check_lr
from funcnn.traits import gives_probabilities
from funcnn.trees.walks import leaves

_ROWS = 1 << 16  # rows at a time: a picture of any size needs no more memory than this many


def cost_curve(table: Mapping[str, Any], ax: Axes | None = None, **line: Any) -> Axes:
    """The costs of a run on a logarithmic scale; further arguments go to `Axes.plot`, such as `label`.

    `table` is the table that `history` gives, or any mapping with the columns "step" and "cost".

    Raises:
        KindError: `table` is not such a mapping.
        ShapeError: there is not one cost a step.
    """
    if not isinstance(table, Mapping) or not {"step", "cost"} <= table.keys():
        remedy = '; write {"step": steps, "cost": costs}'
        raise KindError(f"cost_curve: table must have the columns step and cost, not {kind(table)}{remedy}")
    steps, costs = table["step"], table["cost"]
    if len(steps) != len(costs):
        raise ShapeError(f"cost_curve: table must have a cost a step; steps: {len(steps)}, costs: {len(costs)}")
    ax = _axes(ax)
    ax.plot(steps, costs, **line)
    ax.set(yscale="log", xlabel="step", ylabel="cost")
    return ax


def rate_curve(lr: float | Schedule, steps: int, ax: Axes | None = None, **line: Any) -> Axes:
    """The learning rate of the steps 0 ... steps - 1, a number or a schedule; further arguments go to `Axes.plot`.

    Raises:
        KindError: `lr` is not a number or a function, or `steps` is not a whole number.
        RangeError: `lr` is negative or not finite, or `steps` is less than 1.
    """
    check_lr("rate_curve", lr)
    steps = as_count("rate_curve", steps)
    ax = _axes(ax)
    ax.plot(np.arange(steps), [lr(step) if callable(lr) else lr for step in range(steps)], **line)
    ax.set(xlabel="step", ylabel="learning rate")
    return ax


def decision_regions(params: Any, x: Array, y: Array, ax: Axes | None = None, *, points: int = 300) -> Axes:
    """What a network of two inputs and one output says of the plane, with the examples on it.

    x: (m, 2), y: (m, 1) of 0 and 1. The classes part where the output is 0.5 if the network ends in probabilities, and
    where it is 0, as a logit is, if not.

    Raises:
        ShapeError: x has not two features, or y not one label a row.
    """
    if x.ndim != 2 or x.shape[1] != 2 or y.size != len(x):
        raise ShapeError(f"decision_regions: x must be (m, 2) and y (m, 1); x: {x.shape}, y: {y.shape}")
    ax = _axes(ax)
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.05 * (high - low)
    sides = [np.linspace(a, b, points, dtype=x.dtype) for a, b in zip(low - margin, high + margin, strict=True)]
    horizontal, vertical = np.meshgrid(*sides)
    out = predict(params, np.stack([horizontal.ravel(), vertical.ravel()], axis=1), rows=_ROWS)
    level = (out - (0.5 if gives_probabilities(params) is True else 0)).reshape(horizontal.shape)
    ax.contourf(horizontal, vertical, level, levels=[-np.inf, 0, np.inf], colors=["#f4a582", "#92c5de"], alpha=0.6)
    if level.min() < 0 < level.max():
        ax.contour(horizontal, vertical, level, levels=[0], colors="white", linewidths=1.5)
    ax.scatter(x[:, 0], x[:, 1], c=y.ravel(), s=8, cmap="RdBu", vmin=0, vmax=1, edgecolors="none")
    return ax


def pictures(
    images: Array,
    titles: Sequence[str],
    ax: Axes | None = None,
    *,
    columns: int = 8,
    colors: Sequence[str] | str = "black",
) -> Axes:
    """A grid of pictures, each with a line of text below it, in its colour.

    images: (k, h, w) in grey or (k, h, w, 3) in colour, in [0, 1].

    Raises:
        ShapeError: there is not one title, or one colour, a picture.
    """
    k, h, w = images.shape[:3]
    colors = [colors] * k if isinstance(colors, str) else colors
    if not k == len(titles) == len(colors):
        raise ShapeError(f"pictures: {k} pictures need as many titles and colors, not {len(titles)} and {len(colors)}")
    ax = _axes(ax)
    for i, (image, title, color) in enumerate(zip(images, titles, colors, strict=True)):
        row, column = divmod(i, columns)
        left, top = 1.1 * w * column, 1.35 * h * row
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, extent=(left, left + w, top + h, top))
        ax.text(left + w / 2, top + 1.04 * h, title, ha="center", va="top", fontsize=7, color=color)
    last_row = (k - 1) // columns
    ax.set(xlim=(-0.05 * w, 1.1 * w * min(columns, k)), ylim=((1.35 * last_row + 1.25) * h, -0.05 * h))
    ax.set_axis_off()
    return ax


def picture(params: Any, shape: tuple[int, int], ax: Axes | None = None, *, rows: int = _ROWS, **image: Any) -> Axes:
    """A network as a picture: its output for every (row, column) in [-1, 1] x [-1, 1], at `shape` pixels.

    One output is drawn in grey, three in colour, both in [0, 1]. What else is given goes to `Axes.imshow`:
    `cmap="gray_r"` draws 1 as black.
    """
    ax = _axes(ax)
    ax.imshow(render(params, shape, rows=rows), **{"cmap": "gray", "vmin": 0, "vmax": 1, **image})
    ax.set_axis_off()
    return ax


def render(params: Any, shape: tuple[int, int], *, rows: int = _ROWS) -> Array:
    """The array that `picture` draws: (h, w) for one output, (h, w, 3) for three, clipped to [0, 1].

    Raises:
        ShapeError: the network has another number of outputs.
    """
    x = coordinates(shape)
    x = x.astype(next(iter(leaves(params)), x).dtype)
    out = np.clip(predict(params, x, rows=rows), 0, 1)
    channels = out.shape[1]
    if channels not in (1, 3):
        raise ShapeError(f"render: a picture has 1 or 3 outputs, not {channels}")
    return out.reshape(shape if channels == 1 else (*shape, channels))


def coordinates(shape: tuple[int, int]) -> Array:
    """(row, column) of every pixel of a picture of h x w, in [-1, 1], as an array of (h w, 2)."""
    grid = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    return np.stack([part.ravel() for part in grid], axis=1)


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax

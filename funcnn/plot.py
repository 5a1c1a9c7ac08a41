"""Pictures, drawn with matplotlib, which only this module imports.

Each function takes `ax=None`, draws on it, or on a new figure, and returns the Axes; nothing is shown, and no style is
set: `cost_curve(costs).figure.savefig("cost.png")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from funcnn.arrays import Array
from funcnn.core import predict
from funcnn.errors import ShapeError


def cost_curve(costs: Sequence[float], ax: Axes | None = None, **line: Any) -> Axes:
    """The cost of each step on a logarithmic scale; what else is given goes to `Axes.plot`, such as `label`."""
    ax = _axes(ax)
    ax.plot(np.arange(len(costs)), costs, **line)
    ax.set(yscale="log", xlabel="step", ylabel="cost")
    return ax


def decision_regions(params: Any, x: Array, y: Array, ax: Axes | None = None, *, points: int = 300) -> Axes:
    """What a network of two inputs and one output says of the plane, with the examples on it.

    x: (m, 2), y: (m, 1) of 0 and 1. The output is a probability, or a logit: the line between the classes is drawn at
    0.5, or at 0 where outputs leave [0, 1].
    """
    ax = _axes(ax)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ShapeError(f"decision_regions: x must be (m, 2); it is {x.shape}")
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.05 * (high - low)
    axes = [np.linspace(a, b, points, dtype=x.dtype) for a, b in zip(low - margin, high + margin, strict=True)]
    horizontal, vertical = np.meshgrid(*axes)
    out = predict(params, np.stack([horizontal.ravel(), vertical.ravel()], axis=1), rows=1 << 16)[:, 0]
    middle = 0.5 if out.min() >= 0 and out.max() <= 1 else 0.0
    ax.contourf(
        horizontal, vertical, (out > middle).reshape(horizontal.shape), levels=[-0.5, 0.5, 1.5], cmap="RdBu", alpha=0.35
    )
    ax.scatter(x[:, 0], x[:, 1], c=y.ravel(), s=8, cmap="RdBu", edgecolors="none")
    return ax


def pictures(images: Array, titles: Sequence[str], ax: Axes | None = None, *, columns: int = 8) -> Axes:
    """A grid of pictures, each with a line of text below it.

    images: (k, h, w) in grey or (k, h, w, 3) in colour, in [0, 1].
    """
    ax = _axes(ax)
    k, h, w = images.shape[:3]
    if len(titles) != k:
        raise ShapeError(f"pictures: there must be a title for each; pictures: {k}, titles: {len(titles)}")
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        row, column = divmod(i, columns)
        left, top = 1.1 * w * column, 1.35 * h * row
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, extent=(left, left + w, top + h, top))
        ax.text(left + w / 2, top + 1.04 * h, title, ha="center", va="top", fontsize=7)
    ax.set(xlim=(-0.05 * w, 1.1 * w * min(columns, k)), ylim=(1.35 * h * -(-k // columns), -0.05 * h))
    ax.set_axis_off()
    return ax


def picture(params: Any, shape: tuple[int, int], ax: Axes | None = None, *, rows: int = 1 << 16) -> Axes:
    """A network as a picture: its output for every (row, column) in [-1, 1] x [-1, 1], at `shape` pixels.

    One output is drawn in grey, three in colour, both in [0, 1].
    """
    ax = _axes(ax)
    ax.imshow(render(params, shape, rows=rows), cmap="gray", vmin=0, vmax=1)
    ax.set_axis_off()
    return ax


def render(params: Any, shape: tuple[int, int], *, rows: int = 1 << 16) -> Array:
    """The array that `picture` draws: (h, w) for one output, (h, w, 3) for three, clipped to [0, 1]."""
    out = np.clip(predict(params, coordinates(shape), rows=rows), 0, 1)
    return out.reshape(*shape, *out.shape[1:]).squeeze()


def coordinates(shape: tuple[int, int]) -> Array:
    """(row, column) of every pixel of a picture of h x w, in [-1, 1], as an array of (h w, 2)."""
    grid = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    return np.stack([part.ravel() for part in grid], axis=1)


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax

"""Plots of costs, learning rates, decision regions and images. Only this module imports matplotlib.

Each function draws on `ax`, or on a new figure, and returns the Axes: `cost_curve(table).figure.savefig("cost.png")`.
No window is opened and no style is set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like

from funcnn.arrays import Array, float_namespace, is_array, is_float, kind, namespace, short
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import as_count, as_rate, check_sizes
from funcnn.inspection.checks import check_network
from funcnn.prediction import predict
from funcnn.schedules.base import Schedule
from funcnn.training.arguments import check_lr
from funcnn.traits import gives_probabilities
from funcnn.trees.walks import arrays_in

_ROWS = 1 << 16  # pixels at a time, so the memory needed does not grow with the picture


def cost_curve(table: Mapping[str, Any], ax: Axes | None = None, **line: Any) -> Axes:
    """The costs of a run on a logarithmic scale; further arguments, such as `label`, go to `Axes.plot`.

    `table` is the table that `history` gives, or any mapping with the columns "step" and "cost".

    Raises:
        KindError: `table` is not such a mapping, a column does not hold numbers, or `ax` is not an Axes.
        ShapeError: the numbers of steps and of costs differ.
    """
    steps, costs = _columns("cost_curve", table, "step")
    ax = _axes("cost_curve", ax)
    ax.plot(steps, costs, **line)
    ax.set(yscale="log", xlabel="step", ylabel="cost")
    return ax


def rate_curve(lr: float | Schedule, steps: int, ax: Axes | None = None, **line: Any) -> Axes:
    """The learning rate, a number or a schedule, at the steps 0 ... steps - 1; further arguments go to `Axes.plot`.

    Raises:
        KindError: `lr` is not a number or a function of the step number, `steps` is not a whole number, or `ax` is not
            an Axes.
        RangeError: a rate is negative or not finite, or `steps` is less than 1.
    """
    check_lr("rate_curve", lr)
    steps, ax = as_count("rate_curve", steps), _axes("rate_curve", ax)
    rates = [as_rate("rate_curve", lr(step), f"lr({step})") if callable(lr) else lr for step in range(steps)]
    ax.plot(np.arange(steps), rates, **line)
    ax.set(xlabel="step", ylabel="learning rate")
    return ax


def range_curve(table: Mapping[str, Any], ax: Axes | None = None, **line: Any) -> Axes:
    """The costs of a learning-rate range test over the rates, on a logarithmic scale; arguments as `cost_curve`.

    `table` is the table that `lr_range_test` gives, or any mapping with the columns "lr" and "cost".

    Raises:
        KindError, ShapeError: as `cost_curve`.
    """
    rates, costs = _columns("range_curve", table, "lr")
    ax = _axes("range_curve", ax)
    ax.plot(rates, costs, **line)
    ax.set(xscale="log", xlabel="learning rate", ylabel="cost")
    return ax


def decision_regions(params: Any, x: Array, y: Array, ax: Axes | None = None, *, points: int = 300) -> Axes:
    """The examples, over the class of each point of the plane, for a network of two inputs and one output.

    x: (m, 2), y: (m, 1) of 0 and 1. The boundary is drawn where the output is 0.5 if the network gives probabilities,
    and where the output is 0 if it gives logits. `points` is the number of points for each axis.

    Raises:
        KindError: `params` is not a layer or a tuple of layers, x is not an array of floats, y is not an array,
            `points` is not a whole number, or `ax` is not an Axes.
        ShapeError: x does not have two features, y does not have one label for each row, or the network does not have
            one output.
        RangeError: x is not finite, a label is not 0 or 1, or `points` is less than 2.
    """
    check_network("decision_regions", params)
    float_namespace(x, "x", "decision_regions: ")
    namespace(y, "y", "decision_regions: ")
    points, ax = as_count("decision_regions", points, "points", least=2), _axes("decision_regions", ax)
    if x.ndim != 2 or x.shape[1] != 2 or not len(x) == y.size > 0:
        raise ShapeError(f"decision_regions: x must be (m, 2) and y (m, 1), m > 0; x: {x.shape}, y: {y.shape}")
    if not np.isfinite(x).all():
        raise RangeError("decision_regions: x must be finite")
    if not np.isin(y, [0, 1]).all():
        raise RangeError("decision_regions: y must be 0 and 1, the classes of a network with one output")
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.05 * (high - low)
    sides = [np.linspace(a, b, points, dtype=x.dtype) for a, b in zip(low - margin, high + margin, strict=True)]
    horizontal, vertical = np.meshgrid(*sides)
    out = predict(params, np.stack([horizontal.ravel(), vertical.ravel()], axis=1), rows=_ROWS)
    if not is_array(out) or out.shape != (points**2, 1):
        raise ShapeError(f"decision_regions: the network must give one output, (m, 1); it gives {short(out)}")
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
    """A grid of pictures, each with a title below it in a colour of its own.

    images: (k, h, w) in grey or (k, h, w, 3) in colour; 0 is black and 1 is white.

    Raises:
        KindError: `images` is not an array of numbers, `titles` is not a list of strings, `colors` is not a colour
            of matplotlib or a list of colours, `columns` is not a whole number, or `ax` is not an Axes.
        ShapeError: `images` has other axes, or the number of titles or colours is not the number of pictures.
        RangeError: `columns` is less than 1.
    """
    namespace(images, "images", "pictures: ")
    if images.dtype.kind not in "biuf":
        raise KindError(f"pictures: images must be an array of numbers, not {kind(images)}")
    if images.shape[3:] not in ((), (3,)) or images.ndim < 3 or 0 in images.shape:
        raise ShapeError(
            f"pictures: images must be (k, h, w) or (k, h, w, 3), with no axis of 0; images: {images.shape}"
        )
    columns, ax = as_count("pictures", columns, "columns"), _axes("pictures", ax)
    k, h, w = images.shape[:3]
    colors = [colors] * k if isinstance(colors, str) else colors
    _check_each("titles", titles, "strings", lambda title: isinstance(title, str))
    _check_each("colors", colors, "colours of matplotlib", is_color_like)
    if not k == len(titles) == len(colors):
        raise ShapeError(f"pictures: titles and colors must be {k}, one a picture, not {len(titles)} and {len(colors)}")
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
    """The output of a network as a picture of `shape` pixels; x is (row, column), each from -1 to 1.

    One output is drawn in grey, three in colour; 0 is black and 1 is white. Further arguments go to `Axes.imshow`:
    `cmap="gray_r"` draws 1 as black.

    Raises:
        As `render`; and KindError if `ax` is not an Axes.
    """
    ax = _axes("picture", ax)
    ax.imshow(_rendered("picture", params, shape, rows), **{"cmap": "gray", "vmin": 0, "vmax": 1, **image})
    ax.set_axis_off()
    return ax


def render(params: Any, shape: tuple[int, int], *, rows: int = _ROWS) -> Array:
    """The array that `picture` draws: (h, w) for one output, (h, w, 3) for three, clipped to [0, 1].

    Raises:
        KindError: `params` is not a layer or a tuple of layers, `shape` is not two whole numbers, or `rows` is not a
            whole number.
        ShapeError: the network has another number of outputs.
        RangeError: a size or `rows` is less than 1.
    """
    return _rendered("render", params, shape, rows)


def _rendered(name: str, params: Any, shape: Any, rows: Any) -> Array:
    check_network(name, params)
    rows, x = as_count(name, rows, "rows"), _coordinates(name, shape)
    dtype = next((leaf.dtype for leaf in arrays_in(params) if is_float(leaf)), x.dtype)
    out = predict(params, x.astype(dtype), rows=rows)
    if not is_array(out) or out.shape not in ((len(x), 1), (len(x), 3)):
        raise ShapeError(f"{name}: the network must give 1 or 3 outputs, (h w, 1) or (h w, 3); it gives {short(out)}")
    return np.clip(out, 0, 1).reshape(tuple(shape) if out.shape[1] == 1 else (*shape, 3))


def coordinates(shape: tuple[int, int]) -> Array:
    """(row, column) of every pixel of a picture of h x w, in [-1, 1], as an array of (h w, 2).

    Raises:
        KindError: `shape` is not two whole numbers.
        RangeError: h or w is less than 1.
    """
    return _coordinates("coordinates", shape)


def _coordinates(name: str, shape: Any) -> Array:
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise KindError(f"{name}: shape must be (h, w), two whole numbers, not {short(shape)}")
    check_sizes(name, {"h": shape[0], "w": shape[1]})
    grid = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    return np.stack([part.ravel() for part in grid], axis=1)


def _columns(whose: str, table: Any, name: str) -> list[Array]:
    """A column of this name, and the costs."""
    if not isinstance(table, Mapping) or not {name, "cost"} <= table.keys():
        remedy = f'; write {{"{name}": {name}s, "cost": costs}}'
        raise KindError(f"{whose}: table must have the columns {name} and cost, not {kind(table)}{remedy}")
    found = [_numbers(whose, column, table[column]) for column in (name, "cost")]
    if found[0].ndim != 1 or found[0].shape != found[1].shape:
        shapes = f"{name}: {found[0].shape}, cost: {found[1].shape}"
        raise ShapeError(f"{whose}: table must have one cost for each {name}; {shapes}")
    return found


def _numbers(whose: str, name: str, column: Any) -> Array:
    try:
        return np.asarray(column, float)
    except (TypeError, ValueError):
        raise KindError(f"{whose}: the column {name} must hold numbers, not {kind(column)}") from None


def _check_each(what: str, values: Any, needed: str, fits: Callable[[Any], bool]) -> None:
    if not isinstance(values, list | tuple | np.ndarray) or getattr(values, "ndim", 1) != 1:
        raise KindError(f"pictures: {what} must be a list of {needed}, not {kind(values)}")
    for value in values:
        if not fits(value):
            raise KindError(f"pictures: {what} must be a list of {needed}, not one with {short(value)}")


def _axes(name: str, ax: Any) -> Axes:
    if ax is None:
        return plt.subplots()[1]
    if not isinstance(ax, Axes):
        raise KindError(f"{name}: ax must be an Axes of matplotlib, not {kind(ax)}")
    return ax

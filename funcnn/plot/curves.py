"""Curves of costs and learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from matplotlib.axes import Axes

from funcnn.arrays import Array, kind
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.needs import as_rate, whole
from funcnn.plot.axes import Ax, axes_of
from funcnn.training.arguments import LearningRate

Steps = Annotated[int, whole(1, 10_000_000)]  # the rates of a curve are computed one by one


@checked
def cost_curve(table: Mapping[str, Any], ax: Ax | None = None, **line: Any) -> Axes:
    """The costs of a run; further arguments, such as `label`, go to `Axes.plot`.

    `table` is the table that `history` gives, or any mapping with the columns "step" and "cost". The scale is linear;
    `cost_curve(table).set_yscale("log")` makes it logarithmic.

    Raises:
        KindError, ShapeError: `table` is not such a mapping, or its columns do not hold equally many numbers.
    """
    return _curve(ax, line, *_as_columns("cost_curve", table, "step"), xlabel="step", ylabel="cost")


@checked
def rate_curve(lr: LearningRate, steps: Steps, ax: Ax | None = None, **line: Any) -> Axes:
    """The learning rate, a number or a schedule, at the steps 0 ... steps - 1; further arguments go to `Axes.plot`.

    Raises:
        KindError, RangeError: the schedule does not return a learning rate.
    """
    rates = [as_rate("rate_curve", f"lr({step})", lr(step)) if callable(lr) else lr for step in range(steps)]
    return _curve(ax, line, np.arange(steps), rates, xlabel="step", ylabel="learning rate")


@checked
def range_curve(table: Mapping[str, Any], ax: Ax | None = None, **line: Any) -> Axes:
    """The costs of a learning-rate range test over the rates, on a logarithmic axis; arguments as `cost_curve`.

    `table` is the table that `lr_range_test` gives, or any mapping with the columns "lr" and "cost".

    Raises:
        KindError, ShapeError: as `cost_curve`.
    """
    columns = _as_columns("range_curve", table, "lr")
    return _curve(ax, line, *columns, xscale="log", xlabel="learning rate", ylabel="cost")


def _curve(ax: Axes | None, line: dict[str, Any], x: Array, y: Any, **settings: str) -> Axes:
    ax = axes_of(ax)
    ax.plot(x, y, **line)
    ax.set(**settings)
    return ax


def _as_columns(function: str, table: Any, name: str) -> list[Array]:
    """A column of this name, and the costs."""
    if not isinstance(table, Mapping) or not {name, "cost"} <= table.keys():
        remedy = f'; write {{"{name}": {name}s, "cost": costs}}'
        if type(table) is tuple and len(table) == 2 and isinstance(table[1], Mapping):
            remedy = "; history gives (last, table)"
        raise KindError(f"{function}: table must have the columns {name} and cost, not {kind(table)}{remedy}")
    found = [_as_numbers(function, column, table[column]) for column in (name, "cost")]
    if found[0].ndim != 1 or found[0].shape != found[1].shape:
        shapes = f"{name}: {found[0].shape}, cost: {found[1].shape}"
        raise ShapeError(f"{function}: table must have one cost for each {name}; {shapes}")
    return found


def _as_numbers(function: str, name: str, column: Any) -> Array:
    try:
        return np.asarray(column, float)
    except (TypeError, ValueError):
        raise KindError(f"{function}: the column {name} must hold numbers, not {kind(column)}") from None

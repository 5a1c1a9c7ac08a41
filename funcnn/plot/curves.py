"""Curves of costs and learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from funcnn.arrays import Array, kind
from funcnn.errors import KindError, ShapeError
from funcnn.fields import as_count, as_rate
from funcnn.plot.axes import axes
from funcnn.schedules.base import Schedule
from funcnn.training.arguments import check_lr

_MOST = 10_000_000  # steps of a curve, which are computed one by one


def cost_curve(table: Mapping[str, Any], ax: Axes | None = None, **line: Any) -> Axes:
    """The costs of a run on a logarithmic scale; further arguments, such as `label`, go to `Axes.plot`.

    `table` is the table that `history` gives, or any mapping with the columns "step" and "cost".

    Raises:
        KindError: `table` is not such a mapping, a column does not hold numbers, or `ax` is not an Axes.
        ShapeError: the numbers of steps and of costs differ.
    """
    steps, costs = _columns("cost_curve", table, "step")
    ax = axes("cost_curve", ax)
    ax.plot(steps, costs, **line)
    ax.set(yscale="log", xlabel="step", ylabel="cost")
    return ax


def rate_curve(lr: float | Schedule, steps: int, ax: Axes | None = None, **line: Any) -> Axes:
    """The learning rate, a number or a schedule, at the steps 0 ... steps - 1; further arguments go to `Axes.plot`.

    Raises:
        KindError: `lr` is not a number or a function of the step number, `steps` is not a whole number, or `ax` is not
            an Axes.
        RangeError: a rate is negative or not finite, or `steps` is less than 1 or more than 10 million.
    """
    check_lr("rate_curve", lr)
    steps, ax = as_count("rate_curve", steps, most=_MOST), axes("rate_curve", ax)
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
    ax = axes("range_curve", ax)
    ax.plot(rates, costs, **line)
    ax.set(xscale="log", xlabel="learning rate", ylabel="cost")
    return ax


def _columns(whose: str, table: Any, name: str) -> list[Array]:
    """A column of this name, and the costs."""
    if not isinstance(table, Mapping) or not {name, "cost"} <= table.keys():
        remedy = f'; write {{"{name}": {name}s, "cost": costs}}'
        if type(table) is tuple and len(table) == 2 and isinstance(table[1], Mapping):
            remedy = "; history gives (last, table)"
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

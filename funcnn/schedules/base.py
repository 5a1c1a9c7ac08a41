"""The check of a schedule and of its step number, and curves that several schedules share."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Annotated, Any

from funcnn import scalars
from funcnn.arrays import is_array
from funcnn.errors import KindError
from funcnn.fields import check_function
from funcnn.needs import MOST_WHOLE, Need, as_count, as_rate

Schedule = Callable[[int], float]


def check_schedule(function: str, argument: str, schedule: Any, needed: str) -> None:
    """Check that `schedule` is a function of one argument, and not a maker of schedules, such as `cosine`."""
    maker = schedule
    while isinstance(maker, partial):
        maker = maker.func
    called = getattr(maker, "__name__", "_")
    if getattr(maker, "__module__", None) in _MAKERS and not called.startswith("_"):
        arguments = [
            str(p.replace(annotation=p.empty)) for p in signature(maker).parameters.values() if p.default is p.empty
        ]
        remedy = "" if maker is not schedule else f"; write {called}({', '.join(arguments)})"
        raise KindError(f"{function}: {argument} must be {needed}, not {called}, which makes a schedule{remedy}")
    check_function(function, argument, schedule, needed, takes=1)


_MAKERS = {"funcnn.schedules.decays", "funcnn.schedules.cycles"}


def _rate_or_schedule(function: str, argument: str, value: Any) -> Any:
    if callable(value):
        check_schedule(function, argument, value, "a rate or a schedule")
        return value
    return as_rate(function, argument, value)


RateOrSchedule = Annotated[
    float | Schedule, Need("a rate or a schedule", "type(value) is float and 0 <= value < inf", _rate_or_schedule)
]


def between(a: float, b: float, share: float) -> float:
    """A straight line from exactly `a` at share 0 to exactly `b` at share 1."""
    return a * (1 - share) + b * share


def half_cosine(share: float) -> float:
    """Half a wave from 1 at share 0 to 0 at share 1, with slope 0 at both."""
    return (1 + scalars.cosine(share)) / 2


def as_step(function: str, step: Any) -> Any:
    """Check a step: the result is an int of at least 0. A traced step is returned unchanged."""
    if type(step) is int and 0 <= step <= MOST_WHOLE:
        return step
    if is_array(step) and step.shape == () and step.dtype.kind in "iu":
        try:
            step = operator.index(step)
        except TypeError:  # from JAX, for a tracer
            return step
    return as_count(function, "step", step, least=0)

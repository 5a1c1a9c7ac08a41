"""The check of a schedule and of its step number, and curves that several schedules share."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Annotated, Any

from funcnn import scalars
from funcnn.arrays import is_array, namespace
from funcnn.bound import BoundFunction
from funcnn.errors import KindError
from funcnn.fields import check_function
from funcnn.needs import MOST_WHOLE, Need, as_count, as_rate

Schedule = Callable[[int], float]


class BoundSchedule(BoundFunction[float]):
    """A schedule that a maker such as `cosine` returns: the rule `_cosine`, bound to the arguments in their order.

    Schedules are equal, and hash alike, if their makers and arguments are equal. `repr` shows the call of the maker.
    """

    @property
    def maker(self) -> Any:
        """The function that made the schedule."""
        return getattr(sys.modules[self.func.__module__], self.func.__name__.removeprefix("_"))

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of the maker, by name."""
        return dict(zip(signature(self.maker).parameters, self.args, strict=True))

    def evolved(self, **changes: Any) -> Any:
        """The schedule that the maker makes of other arguments."""
        bound = signature(self.maker).bind_partial()
        bound.arguments = self.settings | changes
        return self.maker(*bound.args, **bound.kwargs)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and (self.func, self.args) == (other.func, other.args)

    def __hash__(self) -> int:
        return hash((self.func, self.args))

    def __repr__(self) -> str:
        shown: list[str] = []
        for p, value in zip(signature(self.maker).parameters.values(), self.args, strict=True):
            if p.kind is p.VAR_POSITIONAL:
                shown += map(repr, value)
            elif value != p.default:
                shown.append(f"{p.name}={value!r}" if p.kind is p.KEYWORD_ONLY else repr(value))
        return f"{self.maker.__name__}({', '.join(shown)})"


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


def half_cosine(share: Any) -> Any:
    """Half a wave from 1 at share 0 to 0 at share 1, with slope 0 at both."""
    wave = scalars.cosine(share) if type(share) is float else namespace(share).cos(math.pi * share)
    return (1 + wave) / 2


def either(condition: Any, a: Callable[[], Any], b: Callable[[], Any]) -> Any:
    """`a()` if the condition is true, else `b()`; for a tracer, which may be true or false, both are computed."""
    if type(condition) is bool:
        return a() if condition else b()
    return namespace(condition).where(condition, a(), b())


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

"""Checks of the numbers of arrays: made at once, or recorded for arrays whose numbers are not known yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np

_RECORD: ContextVar[list[Any] | None] = ContextVar("faults", default=None)


@contextmanager
def recorded() -> Iterator[list[Any]]:
    """A list of arrays of bools, true where a number fails a check inside the block, for arrays other than NumPy's."""
    faults: list[Any] = []
    token = _RECORD.set(faults)
    try:
        yield faults
    finally:
        _RECORD.reset(token)


def has_numbers(a: Any) -> bool:
    """Whether the numbers of an array are known and checked at once: of NumPy, or of a `StandardArray`."""
    return type(a) is np.ndarray or hasattr(type(a), "has_numbers")


def is_outside(a: Any, low: float, high: float) -> bool:
    """Whether a number of `a` is below `low` or above `high`, which NaN is not.

    A tracer has no numbers: for it the result is False, and the check is recorded.
    """
    if has_numbers(a):
        return bool(a.min() < low or a.max() > high)
    _record(lambda: (a < low) | (a > high))
    return False


def is_not_at_least(a: Any, low: float) -> bool:
    """Whether a number of `a` is below `low` or NaN; for a tracer as `is_outside`."""
    if has_numbers(a):
        return not a.min() >= low
    _record(lambda: ~(a >= low))
    return False


def is_none_of(a: Any, *allowed: float) -> bool:
    """Whether a number of `a` is none of the allowed ones; for a tracer as `is_outside`."""
    if has_numbers(a):
        return not reduce(or_, [a == one for one in allowed]).all()
    _record(lambda: reduce(and_, [a != one for one in allowed]))
    return False


def _record(is_fault: Callable[[], Any]) -> None:
    if (faults := _RECORD.get()) is not None:
        faults.append(is_fault())

"""Rejection of inconclusive examples by hypothesis, until nearly all of them were inconclusive."""

from __future__ import annotations

import inspect
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import attrs
from hypothesis import HealthCheck, currently_in_test_context, reject
from hypothesis.errors import FailedHealthCheck

MOST_REJECTED = 40  # chosen: hypothesis gives up after 50 rejected examples, unless 10 others came before
ENOUGH = 10  # the number of these others


@attrs.define
class _CheckCounts:
    """The number of checks of one subject in one run of a test with `@given`."""

    decided: int = 0
    inconclusive: int = 0


_counts: WeakKeyDictionary[Any, dict[str, _CheckCounts]] = WeakKeyDictionary()


def count_decided(subject: str) -> None:
    """Count a check that passed."""
    if currently_in_test_context():
        _verdicts(_runner(), subject).decided += 1


def raise_rejection(subject: str, reason: str) -> NoReturn:
    """Let hypothesis draw another example; or fail with the reason, where hypothesis would fail without it.

    Raises:
        FailedHealthCheck: so many examples were inconclusive, and so few decided, that hypothesis is about to end the
            test for filtering too much; not if the test suppresses this health check.
    """
    runner = _runner()
    found = _verdicts(runner, subject)
    found.inconclusive += 1
    suppressed = runner.settings.suppress_health_check if runner else ()
    if found.inconclusive >= MOST_REJECTED and found.decided < ENOUGH and HealthCheck.filter_too_much not in suppressed:
        every = found.inconclusive + found.decided
        message = f"{found.inconclusive} of {every} examples were inconclusive for {subject}: {reason}"
        raise FailedHealthCheck(message) from None
    reject()


def _verdicts(runner: Any, subject: str) -> _CheckCounts:
    if runner is None:  # a version of hypothesis whose runs cannot be told apart
        return _CheckCounts()
    return _counts.setdefault(runner, {}).setdefault(subject, _CheckCounts())


def _runner() -> Any:
    """The object of hypothesis that lives as long as a run of a test, the runner of its engine; else None."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "hypothesis.internal.conjecture.engine":
            return frame.f_locals.get("self")
        frame = frame.f_back
    return None

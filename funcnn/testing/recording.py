"""Verdicts of checks: their records for the pytest plugin, and inconclusive examples, which hypothesis rejects."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from hypothesis import HealthCheck, currently_in_test_context, reject
from hypothesis.errors import FailedHealthCheck

from funcnn.testing.claim import Claim
from funcnn.testing.options import Options, ledger
from funcnn.testing.verdict import GradientError, Inconclusive, Report
from funcnn.testing.verification import verify

MOST_REJECTED = 40  # chosen: hypothesis gives up after 50 rejected examples, unless 10 others came before
ENOUGH = 10  # the number of these others


def verdict(claim: Claim, options: Options) -> Report:
    """Run a check and record its verdict; inside `@given`, an inconclusive check rejects the example."""
    try:
        report = _report(claim, options)
    except GradientError:
        _record(claim, options, "fail")
        raise
    except Inconclusive as error:
        _record(claim, options, "inconclusive", reason=str(error))
        if options.inconclusive == "reject" and currently_in_test_context():
            raise_rejection(claim.name, str(error))
        raise
    count_decided(claim.name)
    found: dict[str, Any] = {"kinks": report.kinks, "decided": report.decided, "undecided": report.undecided}
    _record(claim, options, "pass", tolerated=report.tolerated, **found)
    return report


def _report(claim: Claim, options: Options) -> Report:
    """The report of the check that the options choose: exact, fast before full, or full."""
    if options.exact:
        from funcnn.testing.exact.check import exact_report  # noqa: PLC0415  it needs mpmath

        return exact_report(claim, options)
    if options.fast:
        from funcnn.testing.fast import fast_report  # noqa: PLC0415  only the option fast needs it

        return fast_report(claim, options) or verify(claim, options)
    return verify(claim, options)


def _record(claim: Claim, options: Options, verdict: str, **found: Any) -> None:
    if (record := ledger()) is not None:
        record.record(claim.name, verdict, kind=claim.kind, resolution=options.resolution, **found)


# In one run of a test with `@given`, by subject: how many of its checks were decided, and how many inconclusive.
_counts: WeakKeyDictionary[Any, dict[str, Counter[str]]] = WeakKeyDictionary()


def count_decided(subject: str) -> None:
    """Count a check that passed."""
    if currently_in_test_context():
        _verdicts(_runner(), subject)["decided"] += 1


def raise_rejection(subject: str, reason: str) -> NoReturn:
    """Let hypothesis draw another example; or fail with the reason, where hypothesis would fail without it.

    Raises:
        FailedHealthCheck: so many examples were inconclusive, and so few decided, that hypothesis is about to end the
            test for filtering too much; not if the test suppresses this health check.
    """
    runner = _runner()
    found = _verdicts(runner, subject)
    found["inconclusive"] += 1
    suppressed = runner.settings.suppress_health_check if runner else ()
    inconclusive, decided = found["inconclusive"], found["decided"]
    if inconclusive >= MOST_REJECTED and decided < ENOUGH and HealthCheck.filter_too_much not in suppressed:
        message = f"{inconclusive} of {inconclusive + decided} examples were inconclusive for {subject}: {reason}"
        raise FailedHealthCheck(message) from None
    reject()


def _verdicts(runner: Any, subject: str) -> Counter[str]:
    if runner is None:  # a version of hypothesis whose runs cannot be told apart
        return Counter()
    return _counts.setdefault(runner, {}).setdefault(subject, Counter())


def _runner() -> Any:
    """The object of hypothesis that lives as long as a run of a test, the runner of its engine; else None."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "hypothesis.internal.conjecture.engine":
            return frame.f_locals.get("self")
        frame = frame.f_back
    return None

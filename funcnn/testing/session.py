"""Where verdicts go: to the caller, to hypothesis, and to the pytest plugin if it is there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Literal

import attrs
from hypothesis import Phase, currently_in_test_context, reject, settings

from funcnn.arrays import kind, short
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_number, check_flag
from funcnn.testing.verdict import GradientError, Inconclusive, Report

# For those who load it: a check calls f hundreds of times, and hypothesis repeats a failing one to explain it.
settings.register_profile("funcnn", deadline=None, print_blob=True, phases=set(Phase) - {Phase.explain})

Undecided = Literal["reject", "error"]


@attrs.frozen
class Options:
    """How sharp a check must be, and what it lets pass."""

    resolution: float
    inconclusive: Undecided
    aliasing: bool = True
    nondeterministic: float = 0.0


def options(
    whose: str,
    resolution: float | None,
    inconclusive: Undecided,
    *,
    aliasing: bool = True,
    nondeterministic: float = 0.0,
) -> Options:
    """The options of the check `whose`: the resolution asked for, else that of pytest's ini file, else 1e-7."""
    ledger = _ledger()
    if resolution is None:
        resolution = (ledger and ledger.resolution) or 1e-7
    for name, value, low in (("resolution", resolution, 1e-15), ("nondeterministic", nondeterministic, 0.0)):
        if not low <= as_number(whose, value, name) < 1:
            raise RangeError(f"{whose}: {name} must be in [{low:g}, 1); it is {value}")
    if not isinstance(inconclusive, str) or inconclusive not in ("reject", "error"):
        given = short(inconclusive) if isinstance(inconclusive, str) else kind(inconclusive)
        raise KindError(f'{whose}: inconclusive must be "reject" or "error", not {given}')
    check_flag(whose, aliasing, "aliasing")
    return Options(float(resolution), inconclusive, aliasing, float(nondeterministic))


def delivered(kind: str, subject: str, options: Options, check: Callable[[], Report]) -> Report:
    """The report of a check, recorded. The inconclusive rejects the example inside `@given`, and raises elsewhere."""
    try:
        report = check()
    except GradientError:
        _record(kind, subject, options, "fail")
        raise
    except Inconclusive as error:
        _record(kind, subject, options, "inconclusive", reason=str(error))
        if options.inconclusive == "reject" and currently_in_test_context():
            reject()
        raise
    found = {"kinks": report.kinks, "decided": report.decided, "undecided": report.undecided}
    _record(kind, subject, options, "pass", **found)
    return report


def _record(kind: str, subject: str, options: Options, verdict: str, **found: Any) -> None:
    ledger = _ledger()
    if ledger is not None:
        ledger.record(subject, verdict, kind=kind, resolution=options.resolution, **found)


def _ledger() -> Any:
    return getattr(sys.modules.get("funcnn_pytest"), "ledger", None)

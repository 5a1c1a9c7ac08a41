"""Recording of verdicts for the pytest plugin, and rejection of inconclusive examples by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import currently_in_test_context

from funcnn.testing.claim import Claim
from funcnn.testing.options import Options, ledger
from funcnn.testing.rejection import count_decided, raise_rejection
from funcnn.testing.verdict import GradientError, Inconclusive, Report
from funcnn.testing.verification import verify


def verdict(claim: Claim, options: Options) -> Report:
    """Run a check and record its verdict; inside `@given`, an inconclusive check rejects the example."""
    try:
        report = _chosen(options)(claim, options)
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


def _chosen(options: Options) -> Callable[[Claim, Options], Report]:
    """The check that the options choose: in exact arithmetic, a fast one before the full one, or the full one."""
    if options.exact:
        from funcnn.testing.exact.check import exact_report  # noqa: PLC0415  it needs mpmath

        return exact_report
    return _fast_or_full if options.fast else verify


def _fast_or_full(claim: Claim, options: Options) -> Report:
    from funcnn.testing.fast import fast_report  # noqa: PLC0415  only the option fast needs it

    return fast_report(claim, options) or verify(claim, options)


def _record(claim: Claim, options: Options, verdict: str, **found: Any) -> None:
    if (record := ledger()) is not None:
        record.record(claim.name, verdict, kind=claim.kind, resolution=options.resolution, **found)

"""Messages of wrong gradients: where, both numbers, what the wrong entries have in common, and the arguments."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.directions import MOST_ENTRIES
from funcnn.testing.comparison.draws import place
from funcnn.testing.comparison.finding import GradientFinding
from funcnn.testing.comparison.hints import hints
from funcnn.testing.comparison.statistics import Statistics
from funcnn.testing.numbers import as_source, told_apart
from funcnn.testing.verdict import GradientError, NotFinite, WrongAtKink, WrongGradient, WrongTogether


def gradient_error(measurement: Measurement, statistics: Statistics) -> GradientError:
    """The error that reports the findings of one check."""
    findings = statistics.findings
    alone = [f for f in findings if f.probe.entry is not None]
    first = alone[0] if alone else findings[0]
    u, oracle = measurement.cotangents[first.cotangent], measurement.options.oracle
    shown = measurement.function.shown(u.reshape(measurement.function.out.shape))
    where, pasted = shown(first.probe.leaf, first.probe.entry) if callable(shown) else ("", f"dA = {as_source(shown)}")
    if alone:
        kind, message = _of_entries(measurement, statistics, first, alone, where)
    else:
        kind, message = WrongTogether, _together(measurement, first, statistics)
    opinion = f"\n{oracle.opinion(measurement.function, first, u)}" if oracle else ""
    error = kind(message + opinion)
    error.pasted = f"\n    {pasted}"
    return error


def _of_entries(
    measurement: Measurement,
    statistics: Statistics,
    first: GradientFinding,
    alone: Sequence[GradientFinding],
    where: str,
) -> tuple[type[GradientError], str]:
    """The kind of a mistake in single entries, and its message."""
    leaf = first.probe.leaf
    same = [f for f in alone if f.probe.leaf == leaf]
    count, total = len({f.probe.entry for f in same}), prod(place(measurement.function, leaf)[1])
    one = f"{leaf}{list(first.probe.entry or ())}" if first.probe.entry else leaf
    others = sorted({f.probe.leaf for f in alone} - {leaf})
    also = f" (also wrong: {', '.join(f'd{_last(other)}' for other in others)})" if others else ""
    least = "" if total <= MOST_ENTRIES else "at least "
    what = "{} of {} columns of H" if where else f"d{_last(leaf)}, {least}{{}} of {{}} entries"
    head = f"{what.format(count, total)} wrong, first {where or one}{also}"
    if not np.isfinite(first.analytic):
        slope = f"{first.numeric / _scale(first):.10g}"
        return NotFinite, f"{head}\n    analytic {first.analytic}, but the slope of f is {slope}"
    every = "" if count == 1 else f"every wrong entry{f' of d{_last(leaf)}' if others else ''}: "
    shared = "".join(f"\n    {hint}" for hint in hints(measurement, leaf, same, statistics.undecided[leaf], every))
    kind = WrongGradient if first.low == first.high else WrongAtKink
    return kind, f"{head}\n    {_numbers(first)}{shared}"


def _last(leaf: str) -> str:
    return leaf if '"' in leaf else leaf.rpartition(".")[2]  # a key of a dict may have a dot


def _scale(finding: GradientFinding) -> float:
    """The length of a direction, by which its numbers are divided."""
    return float(abs(finding.probe.direction.by[0])) if finding.probe.entry is not None else 1.0


def _numbers(finding: GradientFinding) -> str:
    scale = _scale(finding)
    analytic, numeric = told_apart(finding.analytic / scale, finding.numeric / scale)
    at_kink, low, high = told_apart(finding.analytic / scale, finding.low / scale, finding.high / scale)
    miss = max(finding.low - finding.analytic, finding.analytic - finding.high) / finding.bound
    bound = f"{finding.bound / scale:.1g}"
    apart = f"{miss:.1f}" if miss < 100 else f"{miss:.0e}"
    if finding.low == finding.high:
        return f"analytic {analytic}, numeric {numeric} +- {bound}: {apart} bounds apart"
    return f"analytic {at_kink}, at a kink of f: allowed [{low}, {high}] +- {bound}: {apart} bounds outside"


def _together(measurement: Measurement, finding: GradientFinding, statistics: Statistics) -> str:
    leaf = finding.probe.leaf
    where = f"the entries of d{_last(leaf)}" if leaf else "the gradients of all arguments"
    each = all(
        prod(shape) <= MOST_ENTRIES and not statistics.undecided[name]
        for name, _, shape in measurement.function.places()
        if leaf in ("", name)
    )
    why = "each alone is right" if each and statistics.kinks else "no entry tested alone is found wrong"
    kink = ": f has a kink at these arguments, such as a tie" if statistics.kinks else ""
    along = f"along {as_source(finding.probe.direction.by)}: {_numbers(finding)}"
    return f"{where} are wrong together, though {why}{kink}\n    {along}"

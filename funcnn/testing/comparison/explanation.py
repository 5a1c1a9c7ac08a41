"""Messages of wrong gradients: where, both numbers, what the wrong entries have in common, and the arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.finding import Finding
from funcnn.testing.comparison.statistics import Statistics
from funcnn.testing.differentiation.constants import (
    FAINT,
    MOST_ENTRIES,
    NEARLY_RIGHT,
    SHARED,
    SHARED_BOUNDS,
    SINGLE,
    VISIBLE_FACTOR,
)
from funcnn.testing.source import as_source
from funcnn.testing.verdict import GradientError, NotFinite, WrongAtKink, WrongGradient, WrongTogether


def gradient_error(measurement: Measurement, name: str, statistics: Statistics, source: str) -> GradientError:
    """The error that reports the findings of one check."""
    findings = statistics.findings
    alone = [f for f in findings if f.probe.entry is not None]
    first = alone[0] if alone else findings[0]
    u, oracle = measurement.cotangents[first.cotangent], measurement.options.oracle
    dA = u.reshape(measurement.function.out.shape)
    shown = measurement.function.shown(dA)
    where, pasted = shown(first.probe.leaf, first.probe.entry) if callable(shown) else ("", f"dA = {as_source(shown)}")
    opinion = f"{oracle.opinion(measurement.function, first, u)}\n" if oracle else ""
    paste = f"{opinion}{source}\n    {pasted}"
    if not alone:
        return WrongTogether(f"{name}: {_together(measurement, first, statistics)}\n{paste}")
    leaf = first.probe.leaf
    same = [f for f in alone if f.probe.leaf == leaf]
    count, total = len({f.probe.entry for f in same}), _entries(measurement, leaf)
    one = f"{leaf}{list(first.probe.entry or ())}" if first.probe.entry else leaf
    others = sorted({f.probe.leaf for f in alone} - {leaf})
    also = f" (also wrong: {', '.join(f'd{_last(other)}' for other in others)})" if others else ""
    least = "" if total <= MOST_ENTRIES else "at least "
    what = "{} of {} columns of H" if where else f"d{_last(leaf)}, {least}{{}} of {{}} entries"
    head = f"{name}: {what.format(count, total)} wrong, first {where or one}{also}"
    if not np.isfinite(first.analytic):
        return NotFinite(
            f"{head}\n    analytic {first.analytic}, but the slope of f is {_number(first, first.numeric)}\n{paste}"
        )
    every = "" if count == 1 else f"every wrong entry{f' of d{_last(leaf)}' if others else ''}: "
    hints = "".join(f"\n    {hint}" for hint in _shared(measurement, leaf, same, statistics.undecided[leaf], every))
    kind = WrongGradient if first.low == first.high else WrongAtKink
    return kind(f"{head}\n    {_numbers(first)}{hints}\n{paste}")


def _entries(measurement: Measurement, leaf: str) -> int:
    return next(int(np.prod(shape)) for name, _, shape in measurement.function.places() if name == leaf)


def _last(leaf: str) -> str:
    return leaf if '"' in leaf else leaf.rpartition(".")[2]  # a key of a dict may have a dot


def _scale(finding: Finding) -> float:
    """The length of a direction, by which its numbers are divided."""
    return float(abs(finding.probe.direction.by[0])) if finding.probe.entry is not None else 1.0


def _number(finding: Finding, value: float) -> str:
    return f"{value / _scale(finding):.10g}"


def _numbers(finding: Finding) -> str:
    analytic, numeric, low, high = (
        _number(finding, v) for v in (finding.analytic, finding.numeric, finding.low, finding.high)
    )
    miss = max(finding.low - finding.analytic, finding.analytic - finding.high) / finding.bound
    bound = f"{finding.bound / _scale(finding):.1g}"
    apart = f"{miss:.1f}" if miss < 100 else f"{miss:.0e}"
    if finding.low == finding.high:
        return f"analytic {analytic}, numeric {numeric} +- {bound}: {apart} bounds apart"
    return f"analytic {analytic}, at a kink of f: allowed [{low}, {high}] +- {bound}: {apart} bounds outside"


def _together(measurement: Measurement, finding: Finding, statistics: Statistics) -> str:
    leaf = finding.probe.leaf
    where = f"the entries of d{_last(leaf)}" if leaf else "the gradients of all arguments"
    each = all(
        _entries(measurement, name) <= MOST_ENTRIES and not statistics.undecided[name]
        for name, _, _ in measurement.function.places()
        if leaf in ("", name)
    )
    why = "each alone is right" if each and statistics.kinks else "no entry tested alone is found wrong"
    kink = ": f has a kink at these arguments, such as a tie" if statistics.kinks else ""
    along = f"along {as_source(finding.probe.direction.by)}: {_numbers(finding)}"
    return f"{where} are wrong together, though {why}{kink}\n    {along}"


def _shared(
    measurement: Measurement, leaf: str, findings: Sequence[Finding], undecided: int, every: str
) -> Iterator[str]:
    """What the wrong entries have in common, for every cotangent."""
    place = next((start, shape) for name, start, shape in measurement.function.places() if name == leaf)
    start, shape = place
    last, first, single = len(measurement.cotangents) - 1, findings[0], measurement.function.out.size == 1
    c = first.cotangent if single else last  # a random one, so that numbers that agree for it agree for all
    analytic = measurement.gradients[c, start : start + int(np.prod(shape))].reshape(shape)
    numeric = analytic.copy()
    wrong = np.zeros(shape, bool)
    values = [(f.numeric, f.bound) if f.cotangent == c else f.contracted if c == last else None for f in findings]
    known = [value for value, f in zip(values, findings, strict=True) if value and f.low == f.high]
    for f, value in zip(findings, values, strict=True):
        wrong[f.probe.entry] = True
        numeric[f.probe.entry] = value[0] / _scale(f) if value else 0
    tested = analytic.size <= MOST_ENTRIES and not undecided
    compared = single or len(findings) > 1 or first.cotangent != c  # one entry and one cotangent have a factor anyway
    if compared and len(known) == len(findings):
        error = SHARED_BOUNDS * max(value[1] / _scale(f) for value, f in zip(known, findings, strict=True))
        pair = np.array([[first.analytic], [first.numeric]]) / _scale(first)  # the numbers in the message
        a, n = np.hstack([pair, [analytic[wrong], numeric[wrong]]])
        yield from [every + said for said in _values(measurement, a, n, error)]
        if tested:
            yield from _order(analytic, numeric, wrong, error)
        hint, apart = measurement.options.limits.hints.get(leaf), analytic - numeric
        if hint and (abs(apart + np.swapaxes(apart, -1, -2)) <= error + SHARED * abs(apart)).all():
            yield hint  # along symmetric directions, the gradient is right
    x = measurement.function.x[start : start + analytic.size].reshape(shape)
    largest = abs(measurement.gradients[:, start : start + analytic.size]).max(axis=0).reshape(shape)
    faint = (largest > 0) & (largest < FAINT * largest.max(initial=0))  # a mistake there could not be seen
    for what, where in (("is 0", x == 0), ("is negative", x < 0), ("is positive", x > 0)):
        if tested and wrong.size > 1 and not wrong.all() and (where == wrong).all() and not faint[~wrong].any():
            yield f"wrong exactly where {leaf} {what}"


def _values(measurement: Measurement, a: Array, n: Array, error: float) -> Iterator[str]:
    """A factor, a missing precision or an offset that analytic and numeric values share, within the numeric error."""
    most = abs(n).argmax()
    with np.errstate(all="ignore"):
        factor = a[most] / n[most]
        off = abs(a / n - 1).max()
        is_factor = (abs(a - factor * n) <= error * abs(factor) + SHARED * abs(a)).all()
        is_factor &= (abs(n) > VISIBLE_FACTOR * error).all()
    if (a == 0).all():
        yield "analytic is 0"
    elif is_factor and off > NEARLY_RIGHT:
        yield f"analytic = {factor:.6g} x numeric{_name(measurement, float(factor), error / abs(n[most]) + SHARED)}"
    elif off <= SINGLE and (a == a.astype(np.float32)).all():
        yield "analytic has no more digits than float32 holds"
    elif off <= NEARLY_RIGHT:
        yield f"right to a relative error of {off:.0e}"
    elif a.size > 2 and measurement.function.out.size == 1 and np.ptp(a - n) <= error + SHARED * abs(a - n).max():
        offset = (a - n).mean()
        yield f"analytic = numeric {'-' if offset < 0 else '+'} {abs(offset):.6g}"


def _name(measurement: Measurement, ratio: float, error: float) -> str:
    """The size that explains a factor, as a clause of a sentence; empty if there is none."""
    sizes = {size for a in (*measurement.function.args, measurement.function.out) for size in a.shape if size > 1}
    for size in sorted(sizes | {measurement.function.out.size} - {0, 1}):
        for text, value in ((f"1/{size}", 1 / size), (f"{size}", size)):
            if abs(abs(ratio) - value) <= error * value:
                return f", which is {'-' if ratio < 0 else ''}{text}, and {size} is a size of an array"
    return ""


def _order(analytic: Array, numeric: Array, wrong: Array, error: float) -> Iterator[str]:
    """A hint if the numbers are right, but at the wrong positions."""
    if wrong.sum() < 2 or np.allclose(analytic, numeric, rtol=NEARLY_RIGHT, atol=0):
        return

    def close(b: Array) -> bool:
        return b.shape == analytic.shape and np.allclose(analytic, b, rtol=SHARED, atol=error)

    for axis in range(analytic.ndim):
        if close(np.flip(numeric, axis)):
            yield f"analytic is numeric reversed along axis {axis}"
            return
    if analytic.ndim > 1 and close(np.swapaxes(numeric, -1, -2)):
        yield "analytic is numeric transposed"
    elif close(np.sort(numeric, axis=None)[np.argsort(np.argsort(analytic, axis=None))].reshape(analytic.shape)):
        yield "analytic holds the numeric entries in another order"

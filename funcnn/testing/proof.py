"""From a claim to its proof: structure first, then the numbers, float32 last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from numbers import Number
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, is_array, kind, short
from funcnn.errors import KindError
from funcnn.testing.appeals import Finding, Outcome, heard
from funcnn.testing.explain import accusation
from funcnn.testing.float32 import examine_float32
from funcnn.testing.judge import (
    Bench,
    Comparison,
    Probe,
    apart,
    at_first,
    bench,
    by_complex_step,
    closer,
    compare,
    probes,
)
from funcnn.testing.ladder import Slopes
from funcnn.testing.session import Options
from funcnn.testing.structure import Guarded, equal, examine
from funcnn.testing.subject import Subject, Vjp, generator, sealed
from funcnn.testing.verdict import GradientError, Inconclusive, NotDeterministic, NotPure, Report

_AT_ONCE = 2**20  # slopes in memory


@attrs.frozen(eq=False)
class Claim:
    """That vjp is the vjp of f at args; with the name of the check, those of f and its arguments, and their source."""

    whose: str
    name: str
    f: Callable[..., Any]
    vjp: Vjp
    args: tuple[Any, ...]
    names: tuple[str, ...]
    source: str


def prove(claim: Claim, options: Options) -> Report:
    """The report, if all is well; raises what `check_vjp` says."""
    args = tuple([argument(claim.whose, name, a) for name, a in zip(claim.names, claim.args, strict=True)])
    if not any(a.dtype.kind == "f" for a in args):
        raise KindError(f"{claim.whose}: no argument holds floats, so there is no gradient to prove")
    guarded = Guarded(claim.f, claim.vjp, claim.names)
    rng = generator(args)
    with np.errstate(all="ignore"):  # what is not finite is judged, not warned of
        with _named(claim):
            subject = _subject(claim.whose, guarded, args, options)
        if not np.isfinite(subject.out).all():
            raise Inconclusive("f is not finite at these arguments: draw them from where it is")
        with _named(claim):
            examine(guarded, subject, rng, aliasing=options.aliasing, tolerance=options.nondeterministic)
        tally = Tally()
        if subject.out.size and subject.x.size:
            place = bench(subject, options.resolution, rng)
            _weigh(place, tally)
            if tally.findings:
                raise accusation(place, claim.name, tally.findings, claim.source)
        with _named(claim):
            examine_float32(guarded, subject, rng)
    if tally.inconclusive and not tally.told:
        raise Inconclusive(_reason(tally, options))
    return _report(subject, tally)


@contextmanager
def _named(claim: Claim) -> Iterator[None]:
    """Say of an error whose it is, and how to see it again."""
    try:
        yield
    except GradientError as error:
        error.args = (f"{claim.name}: {error}\n{claim.source}",)
        raise


@attrs.define
class Tally:
    """What was seen so far."""

    probes: int = 0
    kinks: int = 0
    inconclusive: int = 0
    findings: list[Finding] = attrs.field(factory=list)
    decided: dict[str, bool] = attrs.field(factory=dict)
    directions: Counter[tuple[str, bool]] = attrs.field(factory=Counter)
    bluntest: tuple[float, float, str] = (0.0, 0.0, "")  # relative error that would be seen, bound, where
    reasons: Counter[str] = attrs.field(factory=Counter)
    told: bool = False  # whether any slope that is not 0 was settled
    sharpest: float = np.inf  # relative bound where nothing was settled


def _weigh(place: Bench, tally: Tally) -> None:
    """Every probe: at first all alike, then those that are not settled one by one."""
    every = list(probes(place.subject, place.x, place.rng))
    at_once = max(1, _AT_ONCE // (place.subject.out.size * 10))
    for start in range(0, len(every), at_once):
        some = every[start : start + at_once]
        seen = compare(place, some, at_first(place, some))
        for k, probe in enumerate(some):
            one = seen.of(k)
            if one.settled.all():
                _count(tally, probe, one, one.settled)
            else:
                _look_closer(place, probe, tally)
    if tally.findings and all(finding.probe.entry is None for finding in tally.findings):
        _take_apart(place, tally)


def _take_apart(place: Bench, tally: Tally) -> None:
    """A small entry moves little beside large ones, and is seen sharper so: perhaps it is wrong by itself."""
    for probe in apart(place.subject, place.x, tally.findings[0].probe):
        _look_closer(place, probe, tally)


def _look_closer(place: Bench, probe: Probe, tally: Tally) -> None:
    probe, rungs, slopes = closer(place, probe)
    outcome = heard(place, probe, rungs, slopes, thorough=not tally.findings)
    seen, settled = compare(place, [probe], slopes).of(0), outcome.settled
    if outcome.finding:
        tally.findings.append(outcome.finding)
    elif not settled.all():
        sharper = by_complex_step(place, probe, slopes)
        seen, settled = sharper, settled | sharper.settled
    _count(tally, probe, seen, settled, outcome)
    if not settled.all():
        tally.reasons[_why(seen, settled, slopes)] += 1
        lost = seen.known & ~settled & (seen.size > 0)
        tally.sharpest = min(tally.sharpest, (seen.bound[lost] / seen.size[lost]).min(initial=np.inf))


def _count(tally: Tally, probe: Probe, seen: Comparison, settled: Array, outcome: Outcome | None = None) -> None:
    tally.probes += len(settled)
    tally.inconclusive += int((~settled).sum())
    tally.kinks += int(outcome.kink.sum()) if outcome else 0
    tally.decided[probe.leaf] = tally.decided.get(probe.leaf, False) or bool(settled.any())
    tally.directions[probe.leaf, probe.entry is None] += 1
    telling = settled & (seen.size > seen.bound)
    tally.told |= bool(telling.any())
    if probe.entry is not None and telling.any():
        relative = np.where(telling, seen.bound / np.where(telling, seen.size, 1), np.inf)
        c = int(relative.argmin())
        where = f"{probe.leaf}{list(probe.entry)}" if probe.entry else probe.leaf
        scale = float(probe.direction.by[0])
        tally.bluntest = max(tally.bluntest, (float(relative[c]), float(seen.bound[c]) / scale, where))


def _why(seen: Comparison, settled: Array, slopes: Slopes) -> str:
    if slopes.jump.any() or not np.isfinite(seen.analytic).all():
        return "jump"
    return "blunt" if seen.known[~settled].any() else "edge"


def _reason(tally: Tally, options: Options) -> str:
    """Why nothing was decided, and what to change."""
    [(why, _)] = tally.reasons.most_common(1)
    if why == "jump":
        return "f jumps, or its slopes grow without end, at these arguments: draw them from beside"
    if why == "edge":
        return "f is not defined on both sides of these arguments: draw them from inside its domain"
    if tally.sharpest <= options.resolution:
        return "the slopes of f at different steps contradict each other: draw moderate arguments, or smooth f"
    return (
        f"the values of f are too rough: a relative error of {tally.sharpest:.0e} in a gradient could not be seen, and "
        f"the resolution is {options.resolution:.0e}: compute in float64, draw moderate arguments, or allow a coarser "
        "resolution"
    )


def _report(subject: Subject, tally: Tally) -> Report:
    sees, bound, where = tally.bluntest
    leaves = [name for name, _, shape in subject.places() if prod(shape)]
    parts = []
    for name, _, shape in subject.places():
        entries, together = tally.directions[name, False], tally.directions[name, True]
        if entries:
            every = "every entry" if entries == prod(shape) else f"{entries} of {prod(shape)} entries"
            parts.append(f"{every} of {name}" + (f" and {together} directions" if together else ""))
    return Report(
        verdict="pass",
        leaf=where,
        bound=bound,
        sees=sees,
        probes=tally.probes,
        kinks=tally.kinks,
        inconclusive=tally.inconclusive,
        decided=tuple([name for name in leaves if tally.decided.get(name)]),
        undecided=tuple([name for name in leaves if not tally.decided.get(name)]) if tally.probes else (),
        probed=", ".join(parts) or "nothing",
    )


def _subject(whose: str, guarded: Guarded, args: tuple[Array, ...], options: Options) -> Subject:
    """The claim in float64, once f is known to return one array of floats, twice the same."""
    args = tuple([sealed(a.astype(np.float64) if a.dtype.kind == "f" else a) for a in args])
    held = guarded.forward(*args)
    if isinstance(held, (tuple, list)):
        raise KindError(f"{whose}: f must return one array, not a {type(held).__name__}; join its parts, or check each")
    out = np.array(held)
    if out.dtype.kind != "f":
        raise KindError(f"{whose}: f must return floats; it returned {short(held)}")
    again = guarded.forward(*args)
    if not equal(out, again, options.nondeterministic):
        raise NotDeterministic("f gives another result when it is called again")
    if not equal(out, held):
        raise NotPure("f changes what it returned before, when it is called again")
    return Subject(guarded.f, guarded.backward, args, guarded.names, sealed(out))


def argument(whose: str, name: str, a: Any) -> Array:
    """An argument as an array: of real numbers, whole numbers or booleans."""
    array = np.asarray(a) if is_array(a) or isinstance(a, Number) else np.zeros((), object)
    if array.dtype.kind == "c":
        raise KindError(f"{whose}: {name} is complex; give its real and imaginary parts as two arguments")
    if array.dtype.kind not in "fiub" or isinstance(a, bool):
        raise KindError(f"{whose}: {name} must be an array of numbers, not {kind(a)}")
    return array

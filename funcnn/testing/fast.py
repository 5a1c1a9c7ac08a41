"""The fast check: at most three times as many calls of f as central differences with one step need.

Each entry moves by two steps, by a long one where no output changes, and by two others if these do not decide, as calls
are left. Nothing is found wrong here: a difference, and a gradient outside the slopes on both sides of a kink, are left
to the full check, which runs if something seems wrong, or nothing is decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log2, prod
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.claim import Claim
from funcnn.testing.comparison.comparison import SLOPES_IN_MEMORY, Comparison, Measurement, compare, measure
from funcnn.testing.comparison.directions import ProbeDirection, probes
from funcnn.testing.comparison.flat import FLAT_STEPS, unchanged_side
from funcnn.testing.comparison.second_checks import Outcome
from funcnn.testing.comparison.statistics import Statistics
from funcnn.testing.comparison.tried import lengthened
from funcnn.testing.differentiation.constants import BOUND, EPS
from funcnn.testing.differentiation.kinks import contracted
from funcnn.testing.differentiation.richardson import DifferenceQuotients, Slopes, difference_quotients, extrapolate
from funcnn.testing.differentiation.rounding import FLOOR, REACHES, SMALL_OUTPUT, Noise
from funcnn.testing.differentiation.vector_function import VectorFunction, cotangent, magnitudes, rescaled
from funcnn.testing.memory import check_apart
from funcnn.testing.options import SECTIONS, Options
from funcnn.testing.purity import FirstResults, equal
from funcnn.testing.structure import differ_by_more
from funcnn.testing.verdict import GradientError, Report
from funcnn.testing.verification import in_float64

# Derived: with f, f' and the third derivative of one size, the sum of truncation, h^2 / 6, and of rounding,
# 2 eps / (h / 4), is least at h = 2^-16.
QUICK_STEPS = (15, 17)
QUICK_CALLS = 6  # derived: three times the two calls for each entry, and for f(x) and its repetition, of one step
RESERVED = 2  # derived: for f(x) and its repetition
BY_ROUNDING = 4  # chosen: slopes that differ by at most 4 rounding errors say nothing about truncation
COARSER = 8  # chosen: steps are 2^8 times as long where only rounding is visible
_BOTH = (1, -1)  # sides of x
_EACH = 2 * len(QUICK_STEPS)  # calls of f for a direction


def fast_report(claim: Claim, options: Options) -> Report | None:
    """The report of a gradient that agrees with f by few calls; None if something seems wrong, or nothing is decided.

    Its `left_out` names the parts of the full check that did not run.
    """
    claim = attrs.evolve(claim, vjp=claim.quick_vjp or claim.vjp)
    try:
        with np.errstate(all="ignore"):
            report = _report(claim, options)
            if claim.kind == "function":  # the other promises call f many times
                claim.promises()
            return report
    except GradientError:  # the full check finds it, and names other mistakes too
        return None


def _report(claim: Claim, options: Options) -> Report | None:
    function = in_float64(claim, attrs.evolve(options, purity=False))
    args, dA, vjp = function.args, cotangent(function.rng, function.out), function.vjp
    if not np.isfinite(function.out).all():
        return None
    first = FirstResults(function, dA, function.out, vjp(args, dA), options.nondeterministic)
    if not options.aliasing:
        check_apart(function, args, first.gradients, dA)
    statistics = compare_quickly(function, options, claim.quick_calls)
    if statistics is None:
        return None
    if options.purity:
        first.check_same(first.gradients, "vjp changes an earlier gradient")
        first.check_same(vjp(args, dA), "vjp gives another result when it is called again")
        if not equal(function.f(*args), function.out, options.nondeterministic):
            return None
    return attrs.evolve(statistics.report(function, options.resolution), left_out=tuple(_left_out(claim, options)))


def _left_out(claim: Claim, options: Options) -> list[str]:
    """The parts of the full check that a fast one leaves out."""
    names = {"purity": "purity beyond one repeated call"}
    off = [names.get(name, name) for name in SECTIONS if getattr(options, name)]
    rules = {"layer": ["the rules of layers"], "loss": ["blocks of rows"]}.get(claim.kind, [])
    return [*off, "kinks beyond the slopes on both sides", *rules]


class _Tried(NamedTuple):
    """A direction with two steps: by cotangent the comparison, what is settled, decided, and settled by a kink.

    `other` is how many times other steps are to be halved.
    """

    found: Comparison
    settled: Array
    decided: Array
    at_kink: Array
    slopes: Slopes
    other: int

    @property
    def seems_wrong(self) -> bool:
        """Whether the gradient differs from the slopes."""
        return bool((self.found.wrong & ~self.at_kink).any())


def compare_quickly(function: VectorFunction, options: Options, calls_of_vjp: int) -> Statistics | None:
    """The statistics of a gradient that agrees with f; None if something seems wrong, or nothing is decided.

    `calls_of_vjp` is the number of calls of f that vjp makes in the whole check.
    """
    statistics = Statistics(function.gradient_unit)
    if not (function.out.size and function.x.size):
        return statistics
    measurement = measure(function, options, _last_digits(function))
    if rescaled(function) is not None or not _is_linear(measurement):  # extreme arguments need other units
        return None
    single, together = _chosen(function)
    calls = QUICK_CALLS * (function.x.size + 1) - RESERVED - calls_of_vjp - _EACH * len(single)
    found = [*_all_tried(measurement, single)]
    for k, (probe, one) in enumerate(found):
        open_ = one.found.faint & ~one.decided
        if probe.entry is not None and open_.any() and calls >= len(_BOTH):
            decided, calls = one.decided | (open_ & _flat(measurement, probe)), calls - len(_BOTH)
            found[k] = probe, one._replace(decided=decided)
    together = together[: max(0, calls // _EACH)]
    calls -= _EACH * len(together)
    for probe, first in [*found, *_all_tried(measurement, together)]:
        tried = first
        if first.other and calls >= _EACH and not (first.seems_wrong or first.decided.all()):
            [again], calls = _tried(measurement, [probe], first.other), calls - _EACH
            again = again._replace(decided=again.decided | (first.decided & again.settled))
            tried = again if again.seems_wrong or again.decided.sum() > first.decided.sum() else first
        if tried.seems_wrong:
            return None
        statistics.count(probe, tried.found, tried.settled, tried.decided | tried.found.visible, tried.at_kink)
        if not tried.settled.all():
            outcome = Outcome(tried.settled, tried.at_kink, None, ~tried.settled & False)
            statistics.count_undecided(tried.found, tried.settled, tried.slopes, outcome)
    return None if statistics.nothing_decided else statistics


def _last_digits(function: VectorFunction) -> Noise:
    """The noise of values that are right to their last digit: more shows in differences between steps."""
    size = abs(function.out.ravel())
    noise = EPS * np.maximum(size, SMALL_OUTPUT * size.max(initial=0))
    return Noise(noise, np.broadcast_to(noise, (len(REACHES), noise.size)))


def _is_linear(measurement: Measurement) -> bool:
    """Whether vjp(-2 (u + v)) = -2 (vjp(u) + vjp(v)), for two cotangents whose gradients are known."""
    function, (u, *_, v), (g, *_, h) = measurement.function, measurement.cotangents, measurement.gradients
    return not differ_by_more(function.gradient(function.x.copy(), -2 * (u + v)), -2 * (g + h))


def _chosen(function: VectorFunction) -> tuple[list[ProbeDirection], list[ProbeDirection]]:
    """Single entries and parts of large arguments; and all entries together, in two ways."""
    every = [*probes(function)]
    sizes = {leaf: prod(shape) for leaf, _, shape in function.places()}
    single = [p for p in every if p.leaf and p.direction.where.size < max(2, sizes[p.leaf])]
    return single, every[-4:-2] if function.x.size > 1 else []


def _flat(measurement: Measurement, probe: ProbeDirection) -> Array:
    """By cotangent, whether a long step of an entry changes no output of it."""
    function, (direction,) = measurement.function, lengthened(measurement.function, [probe.direction])
    h = FLAT_STEPS[0]
    ends = [function.value(direction.moved(function.x, way * h)) for way in _BOTH]
    rounding = BOUND * measurement.noise.least
    rounding = np.where(rounding <= measurement.resolution * h * abs(direction.by[0]), rounding, 0)
    changed = ~(unchanged_side(ends, function.out.ravel()) <= rounding)
    return ~((measurement.cotangents != 0) & changed).any(axis=1)


def _all_tried(measurement: Measurement, chosen: Sequence[ProbeDirection]) -> Iterator[tuple[ProbeDirection, _Tried]]:
    """Each direction with what two steps show, measured in blocks that fit into memory."""
    at_once = max(1, SLOPES_IN_MEMORY // (_EACH * measurement.function.out.size))
    for start in range(0, len(chosen), at_once):
        some = chosen[start : start + at_once]
        yield from zip(some, _tried(measurement, some, 0), strict=True)


def _tried(measurement: Measurement, some: Sequence[ProbeDirection], other: int) -> list[_Tried]:
    function, directions = measurement.function, [probe.direction for probe in some]
    steps, known = [k + other for k in QUICK_STEPS], function.out.ravel()
    whole = difference_quotients(function.value, function.x, directions, steps, centre=known)
    every = extrapolate(whole, measurement.noise)
    comparison, tried = compare(measurement, some, every), []
    for k, probe in enumerate(some):
        quotients = DifferenceQuotients(whole.steps, whole.right[:, k : k + 1], whole.left[:, k : k + 1])
        found, slopes = comparison.of(k), Slopes(*[a[k : k + 1] for a in every])
        at_kink = _between_sides(measurement, quotients, slopes, found)
        settled = found.settled | at_kink
        faint = found.faint & (probe.entry is not None)
        decided = (settled & (at_kink | ~faint)) | (~measurement.counted & (probe.entry is not None))
        better = 0 if other or decided.all() else _better(measurement, probe, quotients)
        tried.append(_Tried(found, settled, decided, at_kink, slopes, better))
    return tried


def _between_sides(
    measurement: Measurement, quotients: DifferenceQuotients, slopes: Slopes, found: Comparison
) -> Array:
    """By cotangent, whether f has a kink, and the gradient lies between the slopes on both sides."""
    u, kink = measurement.cotangents, slopes.kink[0]
    if not kink.any():
        return np.zeros(len(u), bool)
    right, left = (side[1, 0] + (side[1, 0] - side[0, 0]) / 3 for side in (quotients.right, quotients.left))
    low, high = contracted(u, kink, slopes.slope[0], np.minimum(left, right), np.maximum(left, right))
    inside = (low - found.bound <= found.analytic) & (found.analytic <= high + found.bound)
    return found.known & inside & ~found.settled & ((u != 0) & kink).any(axis=1)


def _better(measurement: Measurement, probe: ProbeDirection, quotients: DifferenceQuotients) -> int:
    """How many times to halve the steps: until truncation, in h^2, equals rounding, in 1 / h; 0 if that is little.

    If rounding dominates, truncation is unknown, and steps become longer. If a step leaves the domain of f, steps
    become parts of the entries.
    """
    weight, (where, by) = abs(measurement.cotangents), probe.direction
    truncation = weight @ abs(np.diff(quotients.central, axis=0)[0, 0])
    if not np.isfinite(truncation).all():
        return int(np.log2(abs(by) / magnitudes(measurement.function.x[where])).max())
    rounding = weight @ measurement.noise.least / quotients.steps[1, 0, 0]
    ratio = float((truncation / np.maximum(rounding, FLOOR)).max())
    return -COARSER if ratio <= BY_ROUNDING else round(log2(ratio) / 3)

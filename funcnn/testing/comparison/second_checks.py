"""Second checks before a gradient is reported as wrong.

Five things can explain the difference: the backward pass has rounding errors of this size; the function has a kink, at
which an interval is allowed; finer steps agree with the gradient; other steps contradict the first ones; the function
is a staircase.
"""

from __future__ import annotations

from math import ceil, log
from typing import Any, Literal, NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.bends import agrees_at_finest_steps, bends, contradicted, doubtful, finer_steps, stairs
from funcnn.testing.comparison.comparison import Comparison, Measurement, compare, noise_towards, refined_slopes
from funcnn.testing.comparison.directions import MOST_ENTRIES, ProbeDirection, single_entries
from funcnn.testing.comparison.finding import (
    LINEAR_BEND,
    GradientFinding,
    certain_finding,
    gradient_rounding,
    largest_along,
    worst_finding,
)
from funcnn.testing.differentiation.constants import BOUND, COARSER_STEPS, FINER_STEPS, FIRST_STEPS
from funcnn.testing.differentiation.kinks import SAMPLES, Surroundings, contracted
from funcnn.testing.differentiation.richardson import DifferenceQuotients, Slopes, difference_quotients, extrapolate

SAMPLES_OF_AN_ENTRY = (6, 12, 60)  # calibrated: the most samples of a kink for each entry of x
BOUNDED_SLOPE = 1e-3  # chosen: a slope known to three digits is bounded, so that a nan in its place is wrong
OTHER_FACTOR = 0.83  # chosen: the second series of steps is no power of two, so that its rounding differs
# Chosen: the samples around a tie leave out one of the tied entries with a probability of e^-14, if at most so many are
# tied.
UNLIKELY = 14
LEVEL = 2.0**-13  # derived: in this part of 1024, and in smaller ones, the whole numbers have no neighbour
EDGES = 2  # chosen: a smooth function, even one that computes in float32, has other values at 5 of the steps and more
FINEST_STEPS = FINER_STEPS[6:]  # from 2^-31 on: with a stair of 1, arguments up to 10^8 are on one stair
WHOLE = 2.0**32  # chosen: below it, a float64 has 20 binary places, so that whole numbers are none by rounding
MOST_TIED = 64

Why = Literal["", "rounded", "stairs", "level"]


class Outcome(NamedTuple):
    """For each cotangent: is it settled, did an interval at a kink settle it, does `at_kinks` leave it out?

    And the worst finding, if there is one; or what else explains a difference.
    """

    settled: Array
    kink: Array
    finding: GradientFinding | None
    left_out: Array
    why: Why = ""


def outcome_of(
    measurement: Measurement,
    probe: ProbeDirection,
    quotients: DifferenceQuotients,
    slopes: Slopes,
    deviation: Array,
    *,
    thorough: bool,
) -> Outcome:
    """The outcome of one direction, for each cotangent; with fewer samples of a kink if not thorough."""
    first = compare(measurement, [probe], slopes).of(0)
    none = np.zeros(len(measurement.cotangents), bool)
    level = first.wrong & _is_level(measurement, probe, quotients, first)
    first = first._replace(known=first.known & ~level)
    if not first.wrong.any():
        return Outcome(first.settled, none, None, none, "level" if level.any() else "")
    if not np.isfinite(first.analytic[first.wrong]).all():
        return _not_finite(measurement, probe, slopes, first)
    if (finding := certain_finding(measurement, probe, first, deviation)) is not None:
        return Outcome(first.settled, none, finding, none)
    bound, wrong = first.bound, first.wrong
    largest = abs(measurement.cotangents).max(axis=1)
    gap = float((abs(first.analytic - first.numeric) / largest)[wrong].min())
    skip = measurement.options.at_kinks == "skip"
    linear = abs(first.analytic - first.numeric) > LINEAR_BEND * deviation
    of_ties = _samples_of_ties(measurement.function.x) if (wrong & ~doubtful(first)).any() else 0
    few, more, many = np.minimum(SAMPLES, np.multiply(SAMPLES_OF_AN_ENTRY, measurement.function.x.size)).tolist()
    around = _surroundings(measurement, probe, slopes, gap)
    for samples in (few, more, max(many, of_ties)) if thorough else (few,):
        low, high, error, kinked, unknown = _allowed(measurement, around, slopes, samples)
        unknown |= kinked & skip
        distance = np.maximum(low - first.analytic, first.analytic - high)
        outside = wrong & ~unknown & (distance > bound + error)  # not where the bound is nan
        if not outside.any() or (samples == more and of_ties <= more and not (kinked & outside).any()):
            break
        if samples == few:  # measured where it is needed
            bound = bound + gradient_rounding(measurement, probe, first, first.wrong)
            wrong = wrong & (abs(first.analytic - first.numeric) > bound)
            outside &= wrong
            if linear[outside].all():  # in many directions, so that more samples show no kink
                break
    left_out = (wrong & kinked & skip) | _left_out(measurement, probe, gap, outside)
    at_kink = kinked & ~outside & ~unknown & np.isfinite(error)
    outside &= ~left_out
    rounded = first.wrong & ~wrong
    settled = first.settled | (wrong & at_kink) | (rounded & (bound <= measurement.resolution * first.size))
    if outside.any():
        outside &= _confirmed(measurement, probe, quotients, slopes, first)
    rough = stairs(measurement, probe, slopes, first, outside)
    outside &= ~rough
    why: Why = "stairs" if rough.any() else "rounded" if (rounded & ~settled).any() else ""
    if not outside.any():
        return Outcome(settled, settled & at_kink, None, left_out, why)
    tolerated = distance <= measurement.options.tolerance * largest_along(measurement, probe, first.size)
    finding = worst_finding(measurement, probe, first, outside, (low, high), bound + error)
    return Outcome(settled | (outside & tolerated), settled & at_kink, finding, left_out, why)


def _is_level(
    measurement: Measurement, probe: ProbeDirection, quotients: DifferenceQuotients, first: Comparison
) -> Array:
    """By cotangent, whether the gradient is 0 and f is a stair around x, so that only coarse steps show a slope.

    So is `np.round` near 800, and a smooth function that computes in float16. At the edge of a stair f jumps. A few
    edges may be near x, as those of `np.floor` at (0.001, 800), where steps are parts of 1024.
    """
    lost = first.wrong & (first.analytic == 0)
    fine = quotients.steps.ravel() <= LEVEL
    is_stair = _has_few_edges([side[fine] for side in _changes(quotients)])
    if (lost & ~_alone(measurement, is_stair)).any():
        is_stair |= _is_whole(measurement, probe, quotients)
    return lost & _alone(measurement, is_stair)


def _is_whole(measurement: Measurement, probe: ProbeDirection, quotients: DifferenceQuotients) -> Array:
    """By output, whether f changes by whole numbers alone, and not at the finest steps.

    So does `np.floor` near 10^6, where all other steps cross stairs.
    """
    f, x = measurement.function.value, measurement.function.x
    centre = f(x.copy())
    finest = difference_quotients(f, x, [probe.direction], FINEST_STEPS, centre=centre)
    is_stair = _has_few_edges(_changes(finest)) & (abs(centre) < WHOLE)
    return is_stair & np.all([(side == np.rint(side)).all(axis=0) for side in _changes(quotients)], axis=0)


def _alone(measurement: Measurement, chosen: Array) -> Array:
    """By cotangent, whether the gradient is one of the chosen outputs alone."""
    return ((measurement.cotangents == 0) | chosen).all(axis=1)


def _changes(quotients: DifferenceQuotients) -> list[Array]:
    """The changes of f by the steps to the right and to the left."""
    return [(side * quotients.steps)[:, 0] for side in (quotients.right, quotients.left)]


def _has_few_edges(sides: list[Array]) -> Array:
    """By output, whether f changes at few of the steps."""
    return np.all([(side[1:] != side[:-1]).sum(axis=0) <= EDGES for side in sides], axis=0)


def _samples_of_ties(x: Array) -> int:
    """The number of samples in which each of n equal entries is the largest at least once, but for a small probability.

    It is the least m with n exp(-m / n) <= e^-14. Equal entries may be a kink of which few directions show anything.
    """
    counts = np.unique(x, return_counts=True)[1]
    tied = min(int(counts[counts > 1].sum()), MOST_TIED)
    if tied and x.size > MOST_ENTRIES:  # each sample is expensive
        return SAMPLES[-1]
    return ceil(tied * (log(tied) + UNLIKELY)) if tied else 0


def _not_finite(measurement: Measurement, probe: ProbeDirection, slopes: Slopes, first: Comparison) -> Outcome:
    """A nan is wrong where the slopes are bounded. Where slopes grow without bound, infinity may be right."""
    none = np.zeros(len(measurement.cotangents), bool)
    bounded = (BOUND * slopes.error[0] <= BOUNDED_SLOPE * np.maximum(abs(slopes.slope[0]), 1)) & ~slopes.jump[0]
    unit = measurement.function.gradient_unit[probe.direction.where[0]] / probe.direction.by[0]
    bounded &= np.isfinite(slopes.slope[0] * unit)
    if probe.entry is None or not bounded.all():
        return Outcome(none, none, None, none)
    wrong, left_out = first.wrong & ~np.isfinite(first.analytic), none
    if measurement.options.at_kinks == "skip":
        left_out = (
            wrong
            & _allowed(measurement, _surroundings(measurement, probe, slopes, BOUNDED_SLOPE), slopes, SAMPLES[0])[3]
        )
    if left_out.any():  # then 0 nan may be in the gradients for other cotangents as well
        return Outcome(none, none, None, left_out)
    c = int(np.flatnonzero(wrong)[0])
    numbers = (first.analytic, first.numeric, first.bound, first.numeric, first.numeric, first.size)
    values: Any = [float(a[c]) for a in numbers]
    return Outcome(none, none, GradientFinding(probe, c, *values), left_out)


def _left_out(measurement: Measurement, probe: ProbeDirection, gap: float, wrong: Array) -> Array:
    """By cotangent, whether `at_kinks` leaves out a wrong gradient of several entries.

    With "hull", each entry is compared by itself, with an interval of its own. So a direction of several entries is
    left out if one of them has a kink.
    """
    rest = wrong.copy()
    if measurement.options.at_kinks != "subgradient" and probe.entry is None:
        singles = single_entries(measurement.function, probe)
        while rest.any() and (single := next(singles, None)):
            entry, _, own = refined_slopes(measurement, single)
            rest &= ~_allowed(measurement, _surroundings(measurement, entry, own, gap), own, SAMPLES[-1])[3]
    return wrong & ~rest


def _surroundings(measurement: Measurement, probe: ProbeDirection, slopes: Slopes, gap: float) -> Surroundings:
    """The slopes around x along a probe, by steps that resolve differences of `gap`."""
    function, noise = measurement.function, measurement.noise.of_smallest_steps
    slope, scale = slopes.slope[0], measurement.scale
    return Surroundings(function.value, function.x, probe.direction, slope, gap, noise, function.rng, scale)


def _allowed(
    measurement: Measurement, around: Surroundings, slopes: Slopes, samples: int
) -> tuple[Array, Array, Array, Array, Array]:
    """By cotangent: the interval of slopes, its error, and whether there is a kink, or a jump, where all is allowed."""
    at = around.interval(samples)
    kink, slope, u = at.kink | slopes.kink[0], slopes.slope[0], measurement.cotangents
    least, most = contracted(u, kink, slope, np.fmin(at.low, slope), np.fmax(at.high, slope))
    error = abs(u) @ np.where(kink, at.error, 0)
    used = (u != 0) & kink
    return least, most, error, used.any(axis=1), (used & at.jump).any(axis=1)


def _confirmed(
    measurement: Measurement, probe: ProbeDirection, quotients: DifferenceQuotients, slopes: Slopes, first: Comparison
) -> Array:
    """By cotangent, whether finer steps, and steps that are not powers of two, give the same slopes."""
    u, f, x = measurement.cotangents, measurement.function.value, measurement.function.x
    steps = quotients.steps[1:, 0, 0]
    rounding = measurement.noise.by_distance.at(steps)[:, 0] @ abs(u).T / steps[:, None]
    finer = contradicted(first, finer_steps(slopes, steps, u), quotients.extrapolated[:, 0] @ u.T, rounding)
    noise = noise_towards(measurement, probe.direction)
    used = (*FIRST_STEPS, *FINER_STEPS[:6])
    if slopes.step[0][(u != 0).any(axis=0)].max() > 2.0 ** -FIRST_STEPS[0]:
        used = (*COARSER_STEPS, *used)
    other = difference_quotients(f, x, [probe.direction], used, OTHER_FACTOR)
    second = compare(measurement, [probe], extrapolate(other, noise)).of(0)
    clash = abs(second.numeric - first.numeric) > second.bound + first.bound
    sure = second.wrong & ~clash & ~finer
    sure &= ~agrees_at_finest_steps(measurement, probe, first, sure)
    return sure & ~bends(measurement, probe, slopes, first, sure)

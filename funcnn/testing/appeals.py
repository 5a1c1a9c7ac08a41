"""What can be said for a gradient that seems wrong. Only an accusation that survives all of it is made.

Rounding in the backward pass itself may move the number as far; the function may have a kink, at which an interval is
allowed; or the slopes may be the ones in error: finer steps agree with the gradient, or other steps not with the first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.judge import Bench, Comparison, Probe, compare
from funcnn.testing.kinks import SAMPLES, interval
from funcnn.testing.ladder import FINER, FIRST, Rungs, Slopes, climb, extrapolated
from funcnn.testing.rounding import inherited, noise_along, residue_of

DOUBTFUL = 1e-5  # a relative error that other means may explain
FACTORS = 0.7 + 0.6 * np.arange(32) / 32  # of steps: the rounding is another for each, the slope the same


class Finding(NamedTuple):
    """An accusation that stands: along this probe, with this cotangent."""

    probe: Probe
    cotangent: int
    analytic: float
    numeric: float
    bound: float
    low: float
    high: float
    weighed: float | None = None  # the numeric value for the last cotangent, of all outputs, if it is wrong there too


class Outcome(NamedTuple):
    """By cotangent: what is settled, and what of that by an interval at a kink; and the worst finding, if any."""

    settled: Array
    kink: Array
    finding: Finding | None


def heard(bench: Bench, probe: Probe, rungs: Rungs, slopes: Slopes, *, thorough: bool) -> Outcome:
    """The verdict on one direction, for each cotangent; less thorough where there is a verdict on others already."""
    seen = compare(bench, [probe], slopes).of(0)
    none = np.zeros(len(bench.cotangents), bool)
    if not seen.wrong.any():
        return Outcome(seen.settled, none, None)
    if not np.isfinite(seen.analytic[seen.wrong]).all():
        return _not_finite(bench, probe, slopes, seen)
    bound, wrong = seen.bound, seen.wrong
    gap = float((abs(seen.analytic - seen.numeric) / abs(bench.cotangents).max(axis=1))[wrong].min())
    for samples in SAMPLES if thorough else SAMPLES[:1]:
        low, high, blur, bent, lost = _allowed(bench, probe, slopes, gap, samples)
        outside = wrong & ~lost & ~((seen.analytic >= low - bound - blur) & (seen.analytic <= high + bound + blur))
        if not outside.any():
            break
        if samples == SAMPLES[0]:  # measured where it is needed
            bound = bound + _allowance(bench, probe, seen)
            wrong = wrong & ~(abs(seen.analytic - seen.numeric) <= bound)
            outside &= wrong
            if not outside.any():
                break
    at_kink = bent & ~outside & ~lost
    rounded = seen.wrong & ~wrong & (bound <= bench.resolution * seen.size)
    settled = seen.settled | (wrong & at_kink) | rounded
    if not outside.any():
        return Outcome(settled, settled & at_kink, None)
    sure = np.flatnonzero(outside & _standing(bench, probe, rungs, slopes, seen)).tolist()
    if not sure:
        return Outcome(settled, settled & at_kink, None)
    miss = np.maximum(low - seen.analytic, seen.analytic - high) / (bound + blur)
    plain = abs(bench.cotangents).sum(axis=1) == 1  # of one output alone
    c = max(sure, key=lambda c: (plain[c], miss[c]))
    numbers = [float(a[c]) for a in (seen.analytic, seen.numeric, bound + blur, low, high)]
    finding = Finding(probe, c, *numbers)._replace(weighed=float(seen.numeric[-1]) if outside[-1] else None)
    return Outcome(settled, settled & at_kink, finding)


def _not_finite(bench: Bench, probe: Probe, slopes: Slopes, seen: Comparison) -> Outcome:
    """A nan is wrong where the slopes are bounded. Where they grow without end, infinity may be what is meant."""
    none = np.zeros(len(bench.cotangents), bool)
    bounded = (8 * slopes.error[0] <= 1e-3 * np.maximum(abs(slopes.slope[0]), 1)) & ~slopes.jump[0]
    if probe.entry is None or not bounded.all():
        return Outcome(none, none, None)
    c = int(np.flatnonzero(~np.isfinite(seen.analytic))[0])
    numbers = seen.analytic[c], seen.numeric[c], seen.bound[c], seen.numeric[c], seen.numeric[c]
    return Outcome(none, none, Finding(probe, c, *map(float, numbers)))


def _allowance(bench: Bench, probe: Probe, seen: Comparison) -> Array:
    """What rounding may do to the gradient: all that it does when it does little, else next to nothing.

    A gradient that changes by more than a hundredth of itself when x moves by one unit in the last place is not rounded
    but broken.
    """
    index, entries = probe.direction
    moves, least, given = np.zeros((3, len(bench.cotangents)))
    for c in np.flatnonzero(seen.wrong).tolist():
        dA = bench.cotangents[c]
        moves[c] = 8 * bench.wobble(c)[index] @ abs(entries)
        least[c] = 256 * residue_of(bench.subject, bench.x, dA)[index] @ abs(entries)
        given[c] = 64 * inherited(bench.subject, bench.x, dA, bench.noise)[index] @ abs(entries)
    return np.maximum(np.where(moves <= 8e-2 * seen.size, moves, 0), least) + given


def _allowed(
    bench: Bench, probe: Probe, slopes: Slopes, gap: float, samples: int
) -> tuple[Array, Array, Array, Array, Array]:
    """By cotangent: the interval of slopes, its uncertainty, and whether there is a kink, or nothing to go by."""
    at = interval(bench.subject, bench.x, probe.direction, slopes.slope[0], gap, bench.noise.close, bench.rng, samples)
    kink = at.kink | slopes.kink[0]
    least = np.where(kink, np.fmin(at.low, slopes.slope[0]), slopes.slope[0])
    most = np.where(kink, np.fmax(at.high, slopes.slope[0]), slopes.slope[0])
    u = bench.cotangents
    ends = np.where(u == 0, 0, u * least), np.where(u == 0, 0, u * most)
    blur = abs(u) @ np.where(kink, at.error, 0)
    concerned = u != 0
    bent, lost = (concerned & kink).any(axis=1), (concerned & kink & at.jump).any(axis=1)
    return np.minimum(*ends).sum(axis=1), np.maximum(*ends).sum(axis=1), blur, bent, lost


def _standing(bench: Bench, probe: Probe, rungs: Rungs, slopes: Slopes, seen: Comparison) -> Array:
    """By cotangent, whether finer steps say the same, and steps that are no powers of two."""
    u = bench.cotangents.T
    rounding = bench.noise.fine.at(rungs.steps[1:])[:, 0] @ abs(u) / rungs.steps[1:, 0]
    otherwise = _sides_with(seen, slopes, rungs.steps[1:, 0], u, _extrapolations(rungs) @ u, rounding)
    noise = bench.noise.with_(noise_along(bench.subject, bench.x, probe.direction))
    other = extrapolated(climb(bench.subject, bench.x, [probe.direction], (*FIRST, *FINER[:6]), by=0.83), noise)
    again = compare(bench, [probe], other).of(0)
    clash = abs(again.numeric - seen.numeric) > again.bound + seen.bound
    sure = again.wrong & ~clash & ~otherwise
    return sure & ~_explained(bench, probe, slopes, seen, sure)


def _explained(bench: Bench, probe: Probe, slopes: Slopes, seen: Comparison, sure: Array) -> Array:
    """By cotangent, whether a slope that bends within a step of x explains what is wrong.

    There coarse steps may agree with one another, and be off by less than the bound on the rounding of finer ones. Of
    several entries together it explains what is below the resolution: by itself, each of them is seen better. Beyond,
    finer steps may side with the gradient in the mean over many, since rounding is another at each.
    """
    gap = abs(seen.analytic - seen.numeric)
    explained = sure & (gap <= bench.resolution * seen.size) & (probe.entry is None)
    doubtful = sure & ~explained & (gap <= DOUBTFUL * seen.size)
    if not doubtful.any():
        return explained
    u = bench.cotangents.T
    many = [climb(bench.subject, bench.x, [probe.direction], FIRST + FINER[:6], by) for by in FACTORS]
    slope, steps = np.array([_extrapolations(rungs) @ u for rungs in many]), many[0].steps[1:]
    rounding = bench.noise.fine.at(steps)[:, 0] @ abs(u) / steps[:, 0]
    error = np.maximum(slope.std(axis=0) / (len(FACTORS) - 1) ** 0.5, rounding / 64)
    error = np.where(rounding <= 16 * gap, error, np.inf)  # below that steps may vanish in x
    return explained | (doubtful & _sides_with(seen, slopes, steps[:, 0], u, slope.mean(axis=0), error))


def _extrapolations(rungs: Rungs) -> Array:
    central = (rungs.right + rungs.left)[:, 0] / 2
    return (16 * central[1:] - central[:-1]) / 15


def _sides_with(seen: Comparison, slopes: Slopes, steps: Array, u: Array, slope: Array, rounding: Array) -> Array:
    """By cotangent, whether slopes at steps finer than those that accuse are the gradient's, and clearly not theirs."""
    near, far = abs(seen.analytic - slope), abs(seen.numeric - slope)
    unsettled = abs(np.diff(slope, axis=0, append=np.inf))
    finer = steps < np.where(u != 0, slopes.step[0][:, None], np.inf).min(axis=0)
    otherwise = finer & (near <= 3 * rounding + unsettled) & (far > 6 * rounding) & (far > 4 * near)
    return otherwise.any(axis=0)

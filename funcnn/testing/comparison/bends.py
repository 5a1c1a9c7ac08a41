"""Functions whose slopes at the usual steps mislead: they bend close to x, are sawtooths, or are staircases.

Coarse steps may agree and be wrong where a slope bends within a step of x, as that of the Huber loss does. Finer steps
show it, down to steps at which rounding errors of f are as large as the difference. There, the slope is fitted to many
values.

Between the jumps of a sawtooth, f has a slope that steps longer than a tooth do not show. A gradient that equals the
slopes at the finest steps is the derivative, whatever longer steps say.

A staircase has values whose rounding errors are far larger than their last digit, as those of arccos near 1. Over steps
that are shorter than a stair, f is flat, or has the slope of its other terms, and measures no noise. Over longer
distances it jumps: by bisection, a jump remains between neighbouring numbers, and a kink does not. So where f jumps at
least three times near x, by less than a quarter of itself, the jumps are rounding errors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.directions import LARGEST_SMALL_ENTRY, ProbeDirection
from funcnn.testing.differentiation.constants import BOUND, EPS, FINER_STEPS, FIRST_STEPS
from funcnn.testing.differentiation.richardson import QUOTIENT_NOISE, Slopes, differences, fitted_slope

DOUBTFUL = 1e-5  # chosen: smaller relative errors are compared once more with slopes fitted to values at finer steps
# Derived: within [-4h, 4h], values at +-2h and +-4h, eight of the first to one of the second, give the slope of a cubic
# with the least rounding error, since the Chebyshev polynomial of degree 3 has its extrema there (Hoel and Levine 1964,
# Optimal spacing and weighting in polynomial prediction). They are spread by 1/8, in few bits, so that x + h is exact
# and rounding errors differ. The error of 38 values is that of the mean over 32 series of extrapolated quotients.
FEW_PAIRS = (57 / 32, 62 / 32, 67 / 32, 72 / 32, 4.0)
MORE_PAIRS = (*[k / 32 for k in (58, 59, 60, 61, 63, 64, 65, 66, 68, 69, 70, 71)], 30 / 8, 34 / 8)
DECIDED = 10  # chosen: a slope whose error is a tenth of a difference decides on it
# Calibrated: finer steps contradict the estimate if they are within 3 rounding errors of the gradient, and both 6
# rounding errors and 4 times as far from the estimate.
NEAR = 3
APART = 6
FARTHER = 4
FIT_ERROR = 64  # calibrated: the error of a fitted slope is at least so small a part of the rounding error at one step
VISIBLE_ROUNDING = 16  # calibrated: steps whose rounding exceeds the gap by more than this say nothing
# Chosen: rounding errors hide a thousandth of the difference at the finest of three steps, each 4 times as long as the
# one before; the slopes at these steps equal the gradient to a 16th of it.
FINEST_STEP = 1024
FINEST = 3
FINEST_RATIO = 4
FINEST_AGREES = 16
STAIRS = 3  # chosen: a function with a jump or two is no staircase
LARGEST_STAIR = 0.25  # chosen: jumps of the size of f, as those of a rounding to integers, are no rounding errors
STAIRS_TRIED = 5  # chosen: the largest changes, of which a kink or two are no jumps
LAST_DIGITS = 8.0  # chosen: rounding errors of so many last digits of f are no stairs
# Chosen: windows around x from 4 steps, each 8 times as wide as the last one, to a distance of 4, each with 17 points.
WIDER, WIDTHS = 8.0, 18
WINDOW = 4.0
WINDOW_POINTS = 8
SMOOTH_HALF, SMOOTH_HALVINGS = 0.6, 10  # chosen: a change that halves in so many bisections is no jump
WINDOWS = 8  # chosen: windows without jumps after which f is no staircase


def doubtful(found: Comparison) -> Array:
    """By cotangent, whether a difference is so small that coarse steps may agree with one another and be wrong."""
    return found.wrong & (abs(found.analytic - found.numeric) <= DOUBTFUL * found.size)


def finer_steps(slopes: Slopes, steps: Array, cotangents: Array) -> Array:
    """Whether a step is finer than those that the slopes come from; (step, cotangent)."""
    used = np.where(cotangents.T != 0, slopes.step[0][:, None], np.inf)
    return steps[:, None] < used.min(axis=0)


def contradicted(first: Comparison, finer: Array, slope: Array, error: Array) -> Array:
    """By cotangent, whether slopes at finer steps agree with the gradient and contradict the numeric slope."""
    near, far = abs(first.analytic - slope), abs(first.numeric - slope)
    unsettled = abs(np.diff(slope, axis=0, append=np.inf))
    return (finer & (near <= NEAR * error + unsettled) & (far > APART * error) & (far > FARTHER * near)).any(axis=0)


def bends(measurement: Measurement, probe: ProbeDirection, slopes: Slopes, first: Comparison, sure: Array) -> Array:
    """By cotangent, whether a slope that bends within a step of x explains the difference.

    For several entries together this explains a difference below the resolution, since each entry alone is measured
    more sharply. For a larger difference, slopes at finer steps are compared with the gradient, at those whose rounding
    errors exceed a part of the difference: at longer steps, the quotients of one series decide.
    """
    gap = abs(first.analytic - first.numeric)
    explained = sure & (gap <= measurement.resolution * first.size) & (probe.entry is None)
    unsure = sure & ~explained & doubtful(first)
    if not unsure.any():
        return explained
    u = measurement.cotangents
    steps = 2.0 ** -np.array(FIRST_STEPS[1:] + FINER_STEPS[:6], float)
    rounding = measurement.noise.by_distance.at(steps)[:, 0] @ abs(u).T / steps[:, None]
    seen = (rounding * VISIBLE_ROUNDING > gap / DECIDED) & (rounding <= VISIBLE_ROUNDING * gap)
    tried = unsure & finer_steps(slopes, steps, u) & seen
    found = []
    for k in np.flatnonzero(tried.any(axis=1)).tolist():
        slope, error = _fitted(measurement, probe, float(steps[k]), gap, tried[k])
        found.append((slope, np.where(tried[k], np.maximum(error, rounding[k] / FIT_ERROR), np.inf)))
        if (error > gap)[unsure].all():  # at finer steps it is larger
            break
    if not found:
        return explained
    slope, error = (np.array(part) for part in zip(*found, strict=True))
    return explained | (unsure & contradicted(first, np.isfinite(error), slope, error))


def _fitted(
    measurement: Measurement, probe: ProbeDirection, step: float, gap: Array, tried: Array
) -> tuple[Array, Array]:
    """The slope by cotangent and its error: from few values if they decide, else from many."""
    function, u = measurement.function, measurement.cotangents.T

    def at(factors: tuple[float, ...]) -> Array:
        return differences(function.value, function.x, probe.direction, step, factors) @ u

    few = at(FEW_PAIRS)
    slope, error = fitted_slope(few, step, FEW_PAIRS)
    if ((error > gap) | (error * DECIDED < gap))[tried].all():
        return slope, error
    return fitted_slope(np.concatenate([few, at(MORE_PAIRS)]), step, FEW_PAIRS + MORE_PAIRS)


def agrees_at_finest_steps(
    measurement: Measurement, probe: ProbeDirection, first: Comparison, wrong: Array, steps: int = FINEST
) -> Array:
    """By cotangent, whether the slopes at so many fine steps equal a wrong gradient much better than the numeric slope.

    The finest step is so long that rounding errors of f hide a small part of the difference only, and that x + h is
    exact to three digits. Where f does not change over such a step, the slope is unknown.
    """
    function, u = measurement.function, measurement.cotangents
    gap = abs(first.analytic - first.numeric)
    agrees = wrong & np.isfinite(gap) & (gap > 0)
    if not agrees.any():
        return agrees
    x, direction = function.x, probe.direction
    rounding = EPS * (abs(u) @ abs(function.out.ravel()))[agrees] / gap[agrees]
    exact = EPS * float(max(abs(x[direction.where]) / abs(direction.by)))
    h = FINEST_STEP * max(float(rounding.max()), exact)
    for k in range(steps):
        step = h * FINEST_RATIO**k
        change = function.value(direction.moved(x, step)) - function.value(direction.moved(x, -step))
        slope = u @ np.where(np.isfinite(change), change, 0) / (2 * step)
        agrees &= (slope != 0) & (abs(slope - first.analytic) <= gap / FINEST_AGREES)
    return agrees


def stairs(measurement: Measurement, probe: ProbeDirection, slopes: Slopes, first: Comparison, wrong: Array) -> Array:
    """By cotangent, whether a wrong gradient may be right, since rounding errors of f jump by as much as they differ.

    Over a distance of many stairs, the slope of f must be nearer to the gradient than to the numeric slope.
    """
    found = np.zeros(wrong.shape, bool)
    size, entries = abs(measurement.cotangents) @ measurement.terms, abs(measurement.function.x[probe.direction.where])
    small = (entries > 0) & (entries < LARGEST_SMALL_ENTRY)
    if not small.any():
        return found  # over steps of about 1, stairs are short, and the noise of f was measured
    entry = float((entries[small] / abs(probe.direction.by[small])).min())
    for c in np.flatnonzero(wrong).tolist():
        u, analytic, numeric = measurement.cotangents[c], float(first.analytic[c]), float(first.numeric[c])
        step = float(slopes.step[0][u != 0].min())
        least = abs(analytic - numeric) * step / (BOUND * QUOTIENT_NOISE)  # then the slope is off by the difference
        jumps = Jumps(measurement, probe, u, EPS * entry, least, LARGEST_STAIR * float(size[c]))
        widths = 4 * min(step, entry / 4) * WIDER ** np.arange(WIDTHS)
        decided: list[bool] = []
        longest = WINDOW / min(1.0, float(abs(probe.direction.by[small]).min()))
        for width in widths[widths <= longest].tolist() if least <= jumps.most else ():
            ways = [(jumps.at(way * width) - jumps.at(0)) / (way * width) for way in (1, -1)]
            near = any([abs(slope - analytic) < abs(slope - numeric) for slope in ways])
            if near and (one := jumps.within(width)) is not None:
                decided.append(one)
            if any(decided) or len(decided) == WINDOWS:
                break
        found[c] = any(decided)
    return found


class Jumps(NamedTuple):
    """A contraction of f along a direction, the distance of neighbouring numbers, and the sizes that count as jumps."""

    measurement: Measurement
    probe: ProbeDirection
    u: Array
    exact: float
    least: float
    most: float

    def at(self, t: float) -> float:
        """The value after a step of t."""
        return float(self.u @ self.outputs(t))

    def outputs(self, t: float) -> Array:
        """The outputs after a step of t."""
        function = self.measurement.function
        return function.value(self.probe.direction.moved(function.x, t))

    def within(self, width: float) -> bool | None:
        """Whether most of the largest changes in a window around x are jumps; None if f hardly changes its slope."""
        places = np.linspace(-width, width, 2 * WINDOW_POINTS + 1)
        outputs = np.array([self.outputs(t) for t in places.tolist()])
        values, digits = outputs @ self.u, EPS * float((abs(outputs) @ abs(self.u)).max())
        changes = np.diff(values)
        apart = abs(changes - np.median(changes))
        worst = np.argsort(-apart)[:STAIRS_TRIED]
        clear = self._replace(least=max(self.least, LAST_DIGITS * digits))
        if not (apart[worst[STAIRS - 1]] >= clear.least and np.isfinite(values).all()):
            return None
        trend, tried, jumps = float(np.median(changes)) / float(places[1] - places[0]), 0, 0
        while jumps < STAIRS and tried - jumps <= STAIRS_TRIED - STAIRS:
            k = int(worst[tried])
            a, b, f_a, f_b = (float(end) for end in (places[k], places[k + 1], values[k], values[k + 1]))
            jumps, tried = jumps + clear.is_jump(a, b, f_a, f_b, trend), tried + 1
        return jumps == STAIRS

    def is_jump(self, a: float, b: float, f_a: float, f_b: float, trend: float) -> bool:
        """Whether a jump is left between neighbouring numbers, by bisection; a smooth change halves with each step."""
        rest, halvings = abs(f_b - f_a - trend * (b - a)), 0
        while b - a > 2 * self.exact and a < (middle := (a + b) / 2) < b and rest >= self.least:
            f_m = self.at(middle)
            left, right = abs(f_m - f_a - trend * (middle - a)), abs(f_b - f_m - trend * (b - middle))
            a, b, f_a, f_b = (a, middle, f_a, f_m) if left >= right else (middle, b, f_m, f_b)
            rest, before = max(left, right), rest
            halvings = halvings + 1 if rest < SMOOTH_HALF * before else 0
            if halvings == SMOOTH_HALVINGS:
                return False
        return self.least <= rest <= self.most

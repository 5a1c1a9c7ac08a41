"""Slopes at steps finer than those that agree with one another, where a slope bends close to x, or f is a sawtooth.

Coarse steps may agree and be wrong where a slope bends within a step of x, as that of the Huber loss does. Finer steps
show it, down to steps at which rounding errors of f are as large as the difference. There, the slope is fitted to many
values.

Between the jumps of a sawtooth, f has a slope that steps longer than a tooth do not show. A gradient that equals the
slopes at the finest steps is the derivative, whatever longer steps say.
"""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.directions import ProbeDirection
from funcnn.testing.differentiation.constants import EPS, FINER_STEPS, FIRST_STEPS
from funcnn.testing.differentiation.richardson import Slopes, differences, fitted_slope

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

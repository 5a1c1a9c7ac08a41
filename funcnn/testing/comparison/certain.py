"""Findings that need no second check, since f is linear near x with slopes that are far from the gradient.

The samples are shared by all directions, so that a gradient with many wrong entries costs little more than one that is
right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.bends import agrees_at_finest_steps
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.constants import CERTAIN, LINEAR_BEND
from funcnn.testing.comparison.directions import ProbeDirection
from funcnn.testing.comparison.finding import GradientFinding, gradient_rounding, largest_along, worst_finding
from funcnn.testing.differentiation.richardson import Slopes
from funcnn.testing.differentiation.vector_function import step_scales

# Chosen: near the finest first step, where the rounding of values is 1e-10 of a slope, and an eighth of it.
LINEAR_STEP = 2.0**-16
LINEAR_FACTOR = 8
# Calibrated: a step from here in each sample. Without them a / (a - b) with b = a - 3e-9, beside a pole that all other
# steps leap over, was reported as wrong.
LINEAR_FINER = (26, 29, 32, 35, 38, 41, 44)
LINEAR_NOISE = 4  # chosen: the rounding of two values, and a margin of two
# Calibrated: with 42 samples, no nasty function is reported as wrong, and a failing check of sin costs 2.2 passes.
LINEAR_SAMPLES = 42


def nonlinearity(measurement: Measurement, probes: Sequence[ProbeDirection], slopes: Slopes) -> Array:
    """By cotangent: how far slopes in random directions are from those of single entries; infinite if unknown.

    f(x + t d) - f(x) = t D d + O(t^2) where f is smooth. With two steps t, an error in t^2 remains. A third step, down
    to where f is noise, would show a bend or a pole between x and the others. Entries that no probe moves alone move
    before: then the slopes of the others must be as they are at x.
    """
    function, rng, u = measurement.function, measurement.function.rng, measurement.cotangents
    alone = [k for k, probe in enumerate(probes) if probe.entry is not None]
    index = np.array([probes[k].direction.where[0] for k in alone])
    scales = step_scales(function.x)
    others = np.ones(function.x.size)
    others[index] = 0
    smooth = np.isfinite(slopes.slope[alone]).all(axis=0) & ~(slopes.kink | slopes.jump)[alone].any(axis=0)
    known = ~((u != 0) & ~smooth).any(axis=1)
    rounding = LINEAR_NOISE * (abs(u) @ np.where(smooth, measurement.noise.tables[-1], 0))
    worst = np.zeros(len(known))
    for k in range(LINEAR_SAMPLES):
        way = rng.uniform(0.25, 1, function.x.size) * rng.choice([-1.0, 1.0], function.x.size)
        wanted, off = way[index] @ slopes.slope[alone], []
        tiny = 2.0 ** -LINEAR_FINER[k % len(LINEAR_FINER)]
        for t in (LINEAR_STEP, LINEAR_STEP / LINEAR_FACTOR, tiny):
            base = function.x + t * way * others * scales
            moved = base.copy()
            moved[index] += t * way[index] * scales[index]
            start = function.value(base) if others.any() else function.out.ravel()
            off.append(u @ np.where(smooth, (function.value(moved) - start) / t - wanted, 0))
        bend = abs(LINEAR_FACTOR * off[1] - off[0]) / (LINEAR_FACTOR - 1)
        worst = np.maximum(worst, bend)  # nan stays
        worst = np.maximum(worst, (abs(off[2]) - rounding / tiny) / LINEAR_BEND)
    return np.where(known & np.isfinite(worst), worst, np.inf)


def may_be_certain(found: Comparison) -> Array:
    """By cotangent, whether the difference is so large that a finding needs no second check if f is linear near x."""
    return found.wrong & (_gap(found) > found.bound)


def certain_finding(
    measurement: Measurement, probe: ProbeDirection, first: Comparison, deviation: Array
) -> GradientFinding | None:
    """A finding without second checks: f is linear near x, and the difference is far beyond every error.

    `deviation` is that of f from a linear function, by cotangent. None if there is no such finding. The rounding error
    of the gradient is measured once for a cotangent; cotangents for which it is known suffice.
    """
    gap = _gap(first)
    sure = may_be_certain(first) & (gap > deviation)
    sure &= gap * CERTAIN > measurement.options.tolerance * largest_along(measurement, probe, first.size)
    if probe.entry is None or not sure.any():
        return None
    measured = sure & np.isin(np.arange(sure.size), [*measurement.changes])
    sure = measured if measured.any() else sure
    bound = first.bound + gradient_rounding(measurement, probe, first, sure)
    sure &= gap > bound
    sure &= ~agrees_at_finest_steps(measurement, probe, first, sure, steps=1)
    return worst_finding(measurement, probe, first, sure, (first.numeric, first.numeric), bound) if sure.any() else None


def _gap(found: Comparison) -> Array:
    return np.where(np.isfinite(found.analytic), abs(found.analytic - found.numeric), np.inf) / CERTAIN

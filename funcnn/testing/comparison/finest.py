"""Slopes at the finest steps at which rounding leaves a difference visible.

Between the jumps of a sawtooth, f has a slope that steps longer than a tooth do not show: they agree with one another,
and are wrong. A gradient that equals the slopes at the finest steps is the derivative, whatever longer steps say.
"""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.constants import (
    FINEST,
    FINEST_AGREES,
    FINEST_RATIO,
    FINEST_STEP,
)
from funcnn.testing.comparison.directions import ProbeDirection
from funcnn.testing.differentiation.constants import EPS


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

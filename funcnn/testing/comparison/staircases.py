"""Staircases: values of f whose rounding errors are far larger than their last digit, as those of arccos near 1.

Over steps that are shorter than a stair, f is flat, or has the slope of its other terms, and measures no noise. Over
longer distances it jumps: by bisection, a jump remains between neighbouring numbers, and a kink does not. So where f
jumps at least three times near x, by less than a hundredth of itself, the jumps are rounding errors.
"""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.directions import Probe
from funcnn.testing.differentiation.constants import (
    BOUND,
    EPS,
    LARGEST_NOISE,
    QUOTIENT_NOISE,
    STAIRS,
    STAIRS_TRIED,
    WIDTHS,
    WINDOW,
    WINDOW_POINTS,
)
from funcnn.testing.differentiation.richardson import Slopes


def stairs(measurement: Measurement, probe: Probe, slopes: Slopes, first: Comparison, wrong: Array) -> Array:
    """By cotangent, whether a wrong gradient may be right, since rounding errors of f jump by as much as they differ."""
    found = np.zeros(wrong.shape, bool)
    if probe.entry is None:
        return found
    by, size = float(abs(probe.direction.by[0])), abs(measurement.cotangents) @ measurement.terms
    for c in np.flatnonzero(wrong).tolist():
        u = measurement.cotangents[c]
        step = float(slopes.step[0][u != 0].min())
        gap = abs(first.analytic[c] - first.numeric[c])
        least = gap * step / (BOUND * QUOTIENT_NOISE)  # a jump by which the slope over the step is off by the gap
        if least > LARGEST_NOISE * size[c]:
            continue
        entry = float(abs(measurement.function.x[probe.direction.where[0]])) / by
        widths = (min(step, entry / 4) if entry else step) * 4.0 ** np.arange(1, WIDTHS)
        found[c] = any(
            _jumps(measurement, probe, u, width, EPS * entry, least, LARGEST_NOISE * size[c]) >= STAIRS
            for width in widths[widths <= WINDOW]
        )
    return found


def _jumps(
    measurement: Measurement, probe: Probe, u: Array, width: float, exact: float, least: float, most: float
) -> int:
    """How many of the largest changes in a window around x are jumps, of these sizes."""
    function = measurement.function

    def at(t: float) -> float:
        return float(u @ function.value(probe.direction.moved(function.x, t)))

    places = np.linspace(-width, width, 2 * WINDOW_POINTS + 1)
    values = np.array([at(t) for t in places.tolist()])
    changes = np.diff(values)
    apart = abs(changes - np.median(changes))
    worst = np.argsort(-apart)[:STAIRS_TRIED]
    if not (apart[worst[STAIRS - 1]] >= least and np.isfinite(values).all()):
        return 0
    slope, jumps = float(np.median(changes)) / float(places[1] - places[0]), 0
    for k in worst.tolist():
        a, b, f_a, f_b = float(places[k]), float(places[k + 1]), float(values[k]), float(values[k + 1])
        while b - a > 2 * exact and a < (middle := (a + b) / 2) < b:
            f_m = at(middle)
            left, right = abs(f_m - f_a - slope * (middle - a)), abs(f_b - f_m - slope * (b - middle))
            a, b, f_a, f_b = (a, middle, f_a, f_m) if left >= right else (middle, b, f_m, f_b)
        jumps += least <= abs(f_b - f_a) <= most
    return jumps

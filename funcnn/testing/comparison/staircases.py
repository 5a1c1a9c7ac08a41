"""Staircases: values of f whose rounding errors are far larger than their last digit, as those of arccos near 1.

Over steps that are shorter than a stair, f is flat, or has the slope of its other terms, and measures no noise. Over
longer distances it jumps: by bisection, a jump remains between neighbouring numbers, and a kink does not. So where f
jumps at least three times near x, by less than a quarter of itself, the jumps are rounding errors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.constants import LARGEST_SMALL_ENTRY
from funcnn.testing.comparison.directions import ProbeDirection
from funcnn.testing.differentiation.constants import BOUND, EPS, QUOTIENT_NOISE
from funcnn.testing.differentiation.richardson import Slopes

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

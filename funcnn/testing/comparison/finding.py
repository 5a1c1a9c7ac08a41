"""A wrong gradient along one direction: the rounding error beyond which it is wrong, and when it needs no second check.

It needs none if f is linear near x with slopes that are far from the gradient. The samples that show this are shared by
all directions, so that a gradient with many wrong entries costs little more than one that is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.bends import agrees_at_finest_steps
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.directions import ProbeDirection
from funcnn.testing.differentiation.constants import EPS, VISIBLE
from funcnn.testing.differentiation.richardson import Slopes
from funcnn.testing.differentiation.rounding import cancellation_rounding, propagated_noise
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, step_scales

# Calibrated: the change of a gradient under perturbed arguments counts 8 times, unless the gradient is discontinuous:
# a change of more than a hundredth of it (8 times that, 8e-2) is not rounding.
GRADIENT_CHANGE = 8
LARGEST_GRADIENT_CHANGE = 8e-2
LINEAR_BEND = 8  # chosen: a bend must explain a difference, and be no 32nd of it
# Calibrated: a difference of more than so many times its bound and the deviation from a linear function.
CERTAIN = 32
GRADIENT_NOISE = 64  # calibrated: margin on the measured noise of a gradient
TERMS = 32  # calibrated: margin on the last digit of the terms of f over the largest scale of x
CANCELLATION = 256  # calibrated: margin on the rounding error left by cancelled terms
PROPAGATED = 64  # calibrated: margin on the noise of f in a gradient
SMALLEST_NORMAL = 2.0**-1022  # derived: smaller gradients have lost digits
HIDDEN = 0.125  # chosen: beside values with a last digit of an eighth, a term of size 1 is lost; its slope is below 8
SMALLEST_FACTOR = 1e-150  # derived: a gradient of 0 may be 1 / a^2, where the square of a is infinite
# Chosen: near the finest first step, where the rounding of values is 1e-10 of a slope, and an eighth of it.
LINEAR_STEP = 2.0**-16
LINEAR_FACTOR = 8
# Calibrated: a step from here in each sample. Without them a / (a - b) with b = a - 3e-9, beside a pole that all other
# steps leap over, was reported as wrong.
LINEAR_FINER = (26, 29, 32, 35, 38, 41, 44)
LINEAR_NOISE = 4  # chosen: the rounding of two values, and a margin of two
# Calibrated: with 42 samples, no nasty function is reported as wrong, and a failing check of sin costs 2.2 passes.
LINEAR_SAMPLES = 42


class GradientFinding(NamedTuple):
    """A wrong gradient that no second check explains, along this probe, with this cotangent."""

    probe: ProbeDirection
    cotangent: int
    analytic: float
    numeric: float
    bound: float
    low: float
    high: float
    size: float
    contracted: tuple[float, float] | None = (
        None  # for the last cotangent, of all outputs: the numeric value, its bound
    )

    @property
    def distance(self) -> float:
        """The distance to the allowed interval."""
        return max(self.low - self.analytic, self.analytic - self.high)

    def without_units(self, function: VectorFunction, gradients: Array) -> GradientFinding:
        """The same finding in units of 1, in which the gradients are these; function has the units."""
        where, by = self.probe.direction
        by, e = np.ldexp(by, function.x_exponent[where]), function.out_exponent
        numbers: Any = np.array([self.numeric, self.bound, self.low, self.high, self.size, *(self.contracted or ())])
        if self.probe.entry is not None:  # along the unit vector, so that no number overflows
            by, e, numbers = np.ones(1), e - int(function.x_exponent[where[0]]), numbers / self.probe.direction.by[0]
        numbers = np.ldexp(numbers, e).tolist()
        analytic = float(gradients[self.cotangent, where] @ by)
        found = GradientFinding(
            self.probe._replace(direction=Direction(where, by)), self.cotangent, analytic, *numbers[:5]
        )
        return found._replace(contracted=self.contracted and (numbers[5], numbers[6]))


def worst_finding(
    measurement: Measurement,
    probe: ProbeDirection,
    first: Comparison,
    outside: Array,
    interval: tuple[Array, Array],
    error: Array,
) -> GradientFinding:
    """The worst difference among the cotangents `outside`; at first those that are not tolerated, of one output."""
    low, high = interval
    distance = np.maximum(low - first.analytic, first.analytic - high)
    size = largest_along(measurement, probe, first.size)
    tolerated = distance <= measurement.options.tolerance * size
    plain = abs(measurement.cotangents).sum(axis=1) == 1  # of one output alone
    apart = distance / error
    c = max(np.flatnonzero(outside).tolist(), key=lambda c: (not tolerated[c], plain[c], apart[c]))
    numbers: Any = [float(a[c]) for a in (first.analytic, first.numeric, error, low, high, size)]
    sharp = first.known[-1] and error[-1] <= measurement.resolution * first.size[-1]
    contracted = (float(first.numeric[-1]), float(error[-1])) if sharp else None
    return GradientFinding(probe, c, *numbers)._replace(contracted=contracted)


def gradient_rounding(measurement: Measurement, probe: ProbeDirection, first: Comparison, of: Array) -> Array:
    """The rounding error of the gradient along a probe for some cotangents; nearly 0 if the gradient is discontinuous.

    A gradient that changes by more than a hundredth of itself when x moves by one unit in the last place is wrong, not
    rounded. A gradient may also have the rounding error of terms of the size f / x that have cancelled. Beside larger
    entries, the gradient of a small entry has no such terms: where this allowance would explain the difference, the
    noise of the gradient is measured, and the smaller of the two counts.
    """
    index, entries = probe.direction
    x, out = measurement.function.x, measurement.function.out
    coarse = last_digit(measurement.function)[index] >= HIDDEN
    gap = abs(first.analytic - first.numeric) - first.bound
    last_digits = TERMS * EPS / step_scales(x).max()
    rounded = np.zeros(len(measurement.cotangents))
    for c in np.flatnonzero(of).tolist():
        dA = measurement.cotangents[c]
        change = GRADIENT_CHANGE * measurement.gradient_change(c)[index] @ abs(entries)
        change = change if coarse.any() or change <= LARGEST_GRADIENT_CHANGE * first.size[c] else 0
        terms = CANCELLATION * cancellation_rounding(measurement.terms, x, dA)
        terms = (terms + PROPAGATED * propagated_noise(out, x, dA, measurement.noise))[index] @ abs(entries)
        if change < gap[c] <= change + terms:
            noise = GRADIENT_NOISE * measurement.gradient_noise(c)[index] @ abs(entries)
            terms = min(terms, max(noise, last_digits * abs(dA) @ measurement.terms * abs(entries).sum()))
        rounded[c] = change + terms
    return rounded + _unseen(measurement, index) @ abs(entries)


def _unseen(measurement: Measurement, where: Array) -> Array:
    """The error of gradients that values of f cannot show; (cotangent, entry).

    Gradients that are denormal or 0 have lost digits. Where arguments are extremely large, f may change by all of its
    size from one number to the next, as sin(x) does. Beside a large value, a term of size 1 is lost, as tanh(y) in
    x + tanh(y); the gradient of a large entry itself changes with its last digit, as that of x + sin(x) does.
    """
    function, weight = measurement.function, abs(measurement.cotangents)
    unit, found = function.gradient_unit[where], abs(measurement.gradients[:, where])
    small = np.where(found < SMALLEST_NORMAL / unit, SMALLEST_NORMAL, 0)
    error = np.where(found == 0, SMALLEST_FACTOR, small) / unit
    large = function.large[where]
    if not large.any():
        return error
    size, x = weight @ measurement.terms, function.x
    ways = function.rng.choice([-EPS, EPS], x.shape)
    beside = [function.value(x * (1 + k * ways)) for k in (-8, -4, -2, -1, 1, 2, 4, 8)]
    changes = weight @ np.fmax.reduce([abs(out - function.out.ravel()) for out in beside])
    lost = np.where((size * EPS > HIDDEN * function.one) | (size == 0), weight.sum(axis=1) / HIDDEN, 0)
    hidden = large & (last_digit(function)[where] < HIDDEN)
    sure = np.where(changes > VISIBLE * size, np.inf, 0)[:, None]
    return error + np.where(hidden, lost[:, None] / unit, 0) + np.where(large, sure, 0)


def last_digit(function: VectorFunction) -> Array:
    """The distance from each entry of x to the next number, in the units of the caller."""
    return EPS * abs(np.ldexp(function.x, function.x_exponent))


def largest_along(measurement: Measurement, probe: ProbeDirection, size: Array) -> Array:
    """By cotangent: the size of a gradient along a probe if each entry were the largest one of its argument.

    A solver that ends at a tolerance has errors of that size in every entry of its derivative, also where it is 0.
    The result is at least `size`, which is that of the analytic or the numeric value.
    """
    moves = np.zeros(measurement.function.x.size)
    moves[probe.direction.where] = abs(probe.direction.by)
    spans = [slice(start, start + prod(shape)) for _, start, shape in measurement.function.places()]
    largest = [abs(measurement.gradients[:, span]).max(axis=1, initial=0) * moves[span].sum() for span in spans]
    return np.maximum(size, np.sum(largest, axis=0))


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

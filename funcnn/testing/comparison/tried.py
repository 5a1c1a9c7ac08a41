"""One direction, compared with steps of several sizes until its gradient is decided for each cotangent.

The sizes are about 1, in proportion to the entry, and in proportion to the largest entry. Over steps of the size of 1,
log x at 1e-6 bends so much that it looks like noise: it needs shorter steps. Beside an entry of 1e6, the slope of x^2
at 1e-6 is hidden by rounding over such steps: it needs longer ones. The step follows the curvature of f, which no
formula tells beforehand, so the sizes are tried in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import (
    Comparison,
    Measurement,
    compare,
    compare_complex,
    refined_slopes,
    with_noise_along,
)
from funcnn.testing.comparison.directions import LARGEST_SMALL_ENTRY, ProbeDirection
from funcnn.testing.comparison.finding import GradientFinding
from funcnn.testing.comparison.flat import flat
from funcnn.testing.comparison.second_checks import Outcome, outcome_of
from funcnn.testing.differentiation.constants import STEP_RATIO
from funcnn.testing.differentiation.richardson import Slopes
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, magnitudes, step_scales

# Chosen: over a long step, the mean of the gradient on both sides changes by less than this part of a difference.
SAME_OVER_STEP = 0.25


class Tried(NamedTuple):
    """A direction with its steps, its comparison and slopes; by cotangent, what is settled, and what is decided."""

    probe: ProbeDirection
    found: Comparison
    plain: Comparison  # without a complex step
    slopes: Slopes
    outcome: Outcome
    decided: Array

    @property
    def shown(self) -> Comparison:
        """The comparison, with bounds by differences alone where it decides nothing: no step decides against them."""
        return Comparison(*[np.where(self.decided, *both) for both in zip(self.found, self.plain, strict=True)])

    def joined(self, other: Tried) -> Tried:
        """What both sizes of steps decide, with the comparison of the one that decides more.

        A wrong gradient that equals the slopes over shorter steps is right: f bends within the longer ones.
        """
        first = self.outcome.finding
        is_right = first is not None and bool(other.found.visible[first.cotangent])
        finding = None if is_right else first or other.outcome.finding
        settled, kink = self.outcome.settled | other.outcome.settled, self.outcome.kink | other.outcome.kink
        left_out = self.outcome.left_out | other.outcome.left_out
        best = max((self, other), key=lambda one: (one.decided.sum(), one.outcome.settled.sum()))
        outcome = Outcome(settled, kink, finding, left_out, other.outcome.why or self.outcome.why)
        return best._replace(outcome=outcome, decided=self.decided | other.decided)


def tried(
    measurement: Measurement, probe: ProbeDirection, deviation: Array, decided: Array, *, thorough: bool
) -> Tried:
    """The direction with as many sizes of steps as needed, for the cotangents that are not yet `decided`."""
    found = _with_steps(measurement, probe, deviation, thorough=thorough)
    found = found._replace(decided=found.decided | decided)
    shorter = small(measurement.function, probe, float(found.slopes.step.min()))
    for other in other_sizes(measurement.function, probe):
        finding = found.outcome.finding
        if found.decided.all() or found.outcome.left_out.any() or (finding and not shorter):
            break
        own = with_noise_along(measurement, other.direction)
        one = _with_steps(own, other, deviation, thorough=thorough)
        if other.direction.by[0] > probe.direction.by[0]:
            one = _of_long_steps(own, one)
        elif finding and not one.found.wrong[finding.cotangent] and not _is_seen(measurement, found, finding):
            found = found._replace(outcome=found.outcome._replace(finding=None))
        found, shorter = found.joined(one), False
    faint = found.found.faint & ~found.decided
    if probe.entry is not None and faint.any():
        found = found._replace(decided=found.decided | flat(measurement, [probe.direction], faint[None])[0])
    return found


def _with_steps(measurement: Measurement, probe: ProbeDirection, deviation: Array, *, thorough: bool) -> Tried:
    probe, quotients, slopes = refined_slopes(measurement, probe)
    outcome = outcome_of(measurement, probe, quotients, slopes, deviation, thorough=thorough)
    found = plain = compare(measurement, [probe], slopes).of(0)
    if not outcome.finding and not outcome.settled.all():
        found = compare_complex(measurement, probe, slopes)
        outcome = outcome._replace(settled=outcome.settled | found.settled)
    settled, within = outcome.settled, abs(found.analytic - found.numeric) <= found.bound
    decided = found.visible | (settled & ~within) | ~measurement.counted if probe.entry is not None else settled
    return Tried(probe, found, plain, slopes, outcome, decided)


def _of_long_steps(measurement: Measurement, one: Tried) -> Tried:
    """What long steps may say: a visible slope decides, if the gradient is about the same over the step."""
    visible, finding = one.found.visible, one.outcome.finding
    if finding and not _is_seen(measurement, one, finding):
        finding = None
    none = np.zeros(visible.shape, bool)
    return one._replace(outcome=Outcome(one.outcome.settled & visible, none, finding, none), decided=visible)


def _is_seen(measurement: Measurement, one: Tried, finding: GradientFinding) -> bool:
    """Whether the slope over a step that is long for an entry speaks of the gradient at x."""
    used = measurement.cotangents[finding.cotangent] != 0
    step = STEP_RATIO * float(one.slopes.step[0][used].max())
    return abs(finding.numeric) > finding.bound and constant_over_step(measurement, finding, step)


def small(function: VectorFunction, probe: ProbeDirection, step: float = LARGEST_SMALL_ENTRY) -> bool:
    """Whether a probe moves one entry by a step that is longer than the entry."""
    if probe.entry is None:
        return False
    (k,), (by,) = probe.direction
    return bool(0 < abs(function.x[k]) < step * by)


def lengthened(function: VectorFunction, directions: Sequence[Direction]) -> list[Direction]:
    """The directions of single entries with steps in proportion to the largest entry of all, if that is much larger."""
    largest = step_scales(function.x).max(keepdims=True)
    return [one._replace(by=largest) if one.by[0] < LARGEST_SMALL_ENTRY * largest[0] else one for one in directions]


def other_sizes(function: VectorFunction, probe: ProbeDirection) -> Iterator[ProbeDirection]:
    """The probe of one entry with shorter steps, if the entry is small, and with longer steps, if another is large."""
    if probe.entry is None:
        return
    direction = probe.direction
    own, (long,) = magnitudes(function.x[direction.where]), lengthened(function, [direction])
    if own[0] < LARGEST_SMALL_ENTRY and small(function, probe):
        yield probe._replace(direction=direction._replace(by=own))
    if long.by[0] != direction.by[0]:
        yield probe._replace(direction=long)


def constant_over_step(measurement: Measurement, finding: GradientFinding, step: float) -> bool:
    """Whether the gradient is about the same over a long step, so that the slope over this step speaks of it.

    Beside values of 1e16, the slope of tanh at 1e-6 is visible only over steps over which it falls to 0.
    """
    function, dA = measurement.function, measurement.cotangents[finding.cotangent]
    where, by = finding.probe.direction
    beside = [
        function.gradient_or_nan(finding.probe.direction.moved(function.x, way * step), dA)[where] @ by
        for way in (-1, -0.5, 0.5, 1)
    ]
    return bool(
        max(abs(np.mean(pair) - finding.analytic) for pair in (beside[::3], beside[1:3]))
        < (SAME_OVER_STEP * finding.distance)
    )

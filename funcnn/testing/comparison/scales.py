"""Steps of every size for one entry: of about 1, in proportion to the entry, and in proportion to the largest entry.

Over steps of the size of 1, log x at 1e-6 bends so much that it looks like noise: it needs shorter steps. Beside an
entry of 1e6, the slope of x^2 at 1e-6 is hidden by rounding over such steps: it needs longer ones. The step follows the
curvature of f, which no formula tells beforehand, so the sizes are tried in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.constants import LARGEST_SMALL_ENTRY
from funcnn.testing.comparison.directions import ProbeDirection
from funcnn.testing.comparison.finding import GradientFinding
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, magnitudes, step_scales

# Chosen: over a long step, the mean of the gradient on both sides changes by less than this part of a difference.
SAME_OVER_STEP = 0.25


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

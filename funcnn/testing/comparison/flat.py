"""Outputs that are flat along an entry: their slope of 0 is decided, although it is below its bound.

A slope below its bound may be 0, or too small to be seen, as that of x^2 at 1e-9 beside a 1. The function tells them
apart: where f(x + h) = f(x - h), or f is constant on one side, within rounding also for long steps, as at a dead relu
or a padded position, it is flat. Where the values of f are rough, an output must not change at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.differentiation.constants import BOUND
from funcnn.testing.differentiation.vector_function import Direction

# Chosen: an output is flat if steps of an eighth do not change it; beside the edge of a domain, shorter steps.
FLAT_STEPS = tuple([2.0**-k for k in range(3, 49, 3)])


def flat(measurement: Measurement, moving: Sequence[Direction], faint: Array) -> Array:
    """Which of the faint pairs of a direction and a cotangent, (direction, cotangent), are of an output that is flat.

    For each cotangent its directions move together; where that changes f, each of them moves alone.
    """
    found = np.zeros(faint.shape, bool)
    if not faint.any():
        return found
    function, used = measurement.function, measurement.cotangents != 0
    beside = _Neighbourhood(measurement, function.rng.spawn(1)[0])  # other checks draw the same as without this one
    where, by = (np.concatenate(part) for part in zip(*moving, strict=True))
    steps, rounding = FLAT_STEPS[0] * by * beside.ways(by.size), beside.rounding(FLAT_STEPS[0], abs(by).min())
    together: dict[bytes, Array] = {}
    for c in np.flatnonzero(faint.any(axis=0)).tolist():
        moves = faint[:, c]
        key = moves.tobytes()
        if key not in together:
            x = function.x.copy()
            x[where[moves]] += steps[moves]
            together[key] = ~(used & ~(abs(function.value(x) - function.out.ravel()) <= rounding)).any(axis=1)
        found[:, c] = moves & together[key][c]
    for k in np.flatnonzero((faint & ~found).any(axis=1)).tolist():
        found[k] |= faint[k] & beside.unchanged(moving[k])
    return found


@attrs.frozen(eq=False)
class _Neighbourhood:
    """The values of f beside x, and their rounding errors by step."""

    measurement: Measurement
    rng: np.random.Generator
    noise: dict[float, Array] = attrs.field(factory=dict)

    def ways(self, size: int) -> Array:
        """How far entries move, by a half to all of a step, to either side."""
        return self.rng.uniform(0.5, 1, size) * self.rng.choice([-1.0, 1.0], size)

    def rounding(self, h: float, by: float) -> Array:
        """The rounding error of each output; 0 where it is so large that it decides nothing about a slope."""
        if h not in self.noise:
            self.noise[h] = BOUND * self.measurement.noise.at(np.array([h]))[0, 0]
        return np.where(self.noise[h] <= self.measurement.resolution * h * by, self.noise[h], 0)

    def unchanged(self, direction: Direction) -> Array:
        """By cotangent, whether its outputs are the same on both sides, or on one; nearby at the edge of a domain."""
        function, used = self.measurement.function, self.measurement.cotangents != 0
        by, centre = direction.by * self.ways(1), function.out.ravel()
        found, unknown = np.zeros(len(used), bool), np.ones(len(used), bool)
        steps = list(FLAT_STEPS)
        while steps and unknown.any():
            h = steps.pop(0)
            ends = [function.value(direction._replace(by=by).moved(function.x, way * h)) for way in (1, -1)]
            change = unchanged_side(ends, centre)
            here = unknown & ~(used & ~np.isfinite(change)).any(axis=1)
            found[here] = ~(used & ~(change <= self.rounding(h, float(abs(by[0]))))).any(axis=1)[here]
            unknown &= ~here
        return found


def unchanged_side(ends: Sequence[Array], centre: Array) -> Array:
    """The least change among that between both ends and those from x to each of them; nan without values."""
    right, left = ends
    return np.fmin.reduce([abs(right - left), abs(right - centre), abs(left - centre)])

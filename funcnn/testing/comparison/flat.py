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
from funcnn.testing.comparison.constants import FLAT_STEPS
from funcnn.testing.differentiation.constants import BOUND
from funcnn.testing.differentiation.vector_function import Direction


def flat(measurement: Measurement, moving: Sequence[Direction], faint: Array) -> Array:
    """Which of the faint pairs of a direction and a cotangent, (direction, cotangent), are of an output that is flat.

    For each cotangent its directions move together; where that changes f, each of them moves alone.
    """
    found = np.zeros(faint.shape, bool)
    if not faint.any():
        return found
    beside = Beside(measurement, measurement.function.rng.spawn(1)[0])  # other checks draw the same as without this one
    together: dict[bytes, Array] = {}
    for c in np.flatnonzero(faint.any(axis=0)).tolist():
        key = faint[:, c].tobytes()
        if key not in together:
            together[key] = beside.unchanged([moving[k] for k in np.flatnonzero(faint[:, c]).tolist()])
        found[:, c] = faint[:, c] & together[key][c]
    for k in np.flatnonzero((faint & ~found).any(axis=1)).tolist():
        found[k] |= faint[k] & beside.unchanged([moving[k]])
    return found


@attrs.frozen(eq=False)
class Beside:
    """The values of f beside x, and their rounding errors by step."""

    measurement: Measurement
    rng: np.random.Generator
    noise: dict[float, Array] = attrs.field(factory=dict)

    def unchanged(self, moving: Sequence[Direction]) -> Array:
        """By cotangent, whether its outputs are the same beside x; over shorter steps at the edge of a domain.

        Where the values of f are so rough that they decide nothing, an output must not change at all.
        """
        function, used = self.measurement.function, self.measurement.cotangents != 0
        where, by = (np.concatenate(part) for part in zip(*moving, strict=True))
        ways = self.rng.uniform(0.5, 1, by.size) * (self.rng.choice([-1.0, 1.0], by.size) if by.size > 1 else 1)
        direction = Direction(where, by * ways)
        found, unknown, centre = np.zeros(len(used), bool), np.ones(len(used), bool), function.out.ravel()
        for h in FLAT_STEPS:
            rounding = self._rounding(h)
            rounding = np.where(rounding <= self.measurement.resolution * h * abs(by).max(), rounding, 0)
            right = function.value(direction.moved(function.x, h))
            change = abs(right - centre)
            if (used[unknown] & ~(change <= rounding)).any():
                change = unchanged_side((right, function.value(direction.moved(function.x, -h))), centre)
            here = unknown & ~(used & ~np.isfinite(change)).any(axis=1)
            found[here] = ~(used & ~(change <= rounding)).any(axis=1)[here]
            unknown &= ~here
            if not unknown.any():
                break
        return found

    def _rounding(self, h: float) -> Array:
        if h not in self.noise:
            self.noise[h] = BOUND * self.measurement.noise.at(np.array([h]))[0, 0]
        return self.noise[h]


def unchanged_side(ends: Sequence[Array], centre: Array) -> Array:
    """The least change among that between both ends and those from x to each of them; nan without values."""
    right, left = ends
    changes: Array = np.fmin.reduce([abs(right - left), abs(right - centre), abs(left - centre)])
    return changes

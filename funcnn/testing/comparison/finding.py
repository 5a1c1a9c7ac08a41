"""A wrong gradient along one direction, and the rounding error of gradients, beyond which it counts as wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison, Measurement
from funcnn.testing.comparison.directions import Probe
from funcnn.testing.differentiation.constants import CANCELLATION, GRADIENT_CHANGE, LARGEST_GRADIENT_CHANGE, PROPAGATED
from funcnn.testing.differentiation.rounding import cancellation_error, propagated_noise


class Finding(NamedTuple):
    """A wrong gradient that no second check explains, along this probe, with this cotangent."""

    probe: Probe
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


def worst_finding(
    measurement: Measurement,
    probe: Probe,
    first: Comparison,
    outside: Array,
    interval: tuple[Array, Array],
    error: Array,
) -> Finding:
    """The worst difference among the cotangents `outside`; at first those that are not tolerated, of one output."""
    low, high = interval
    distance = np.maximum(low - first.analytic, first.analytic - high)
    tolerated = distance <= measurement.options.tolerance * first.size
    plain = abs(measurement.cotangents).sum(axis=1) == 1  # of one output alone
    apart = distance / error
    c = max(np.flatnonzero(outside).tolist(), key=lambda c: (not tolerated[c], plain[c], apart[c]))
    numbers: Any = [float(a[c]) for a in (first.analytic, first.numeric, error, low, high, first.size)]
    sharp = first.known[-1] and error[-1] <= measurement.resolution * first.size[-1]
    contracted = (float(first.numeric[-1]), float(error[-1])) if sharp else None
    return Finding(probe, c, *numbers)._replace(contracted=contracted)


def gradient_rounding(measurement: Measurement, probe: Probe, first: Comparison) -> Array:
    """The rounding error of the gradient along a probe; nearly 0 if the gradient is discontinuous.

    A gradient that changes by more than a hundredth of itself when x moves by one unit in the last place is wrong, not
    rounded.
    """
    index, entries = probe.direction
    x, out = measurement.function.x, measurement.function.out
    change, cancelled, propagated = np.zeros((3, len(measurement.cotangents)))
    for c in np.flatnonzero(first.wrong).tolist():
        dA = measurement.cotangents[c]
        change[c] = GRADIENT_CHANGE * measurement.gradient_change(c)[index] @ abs(entries)
        cancelled[c] = CANCELLATION * cancellation_error(measurement.terms, x, dA)[index] @ abs(entries)
        propagated[c] = PROPAGATED * propagated_noise(out, x, dA, measurement.noise)[index] @ abs(entries)
    return np.maximum(np.where(change <= LARGEST_GRADIENT_CHANGE * first.size, change, 0), cancelled) + propagated

"""The size of a gradient, to which `tolerance` is relative."""

from __future__ import annotations

from math import prod

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.directions import ProbeDirection


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

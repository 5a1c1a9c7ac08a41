"""The relative error of a wrong gradient, which `tolerance` is compared with."""

from __future__ import annotations

from math import prod

from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.finding import Finding


def relative_error(measurement: Measurement, finding: Finding) -> float:
    """The distance to what is allowed, relative to the largest entry of the gradient of the same argument and output.

    A solver that ends at a tolerance has errors of that size in every entry of its derivative, also where it is 0.
    """
    size, (leaf, entry, direction) = finding.size, finding.probe
    if entry is not None:
        start, shape = next((start, shape) for name, start, shape in measurement.function.places() if name == leaf)
        gradient = measurement.gradients[finding.cotangent, start : start + prod(shape)]
        size = max(size, float(abs(gradient).max() * abs(direction.by[0])))
    return finding.distance / size if size else float("inf")

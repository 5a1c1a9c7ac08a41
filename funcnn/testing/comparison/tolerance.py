"""The relative error of a wrong gradient, which `tolerance` is compared with."""

from __future__ import annotations

from math import prod

import numpy as np

from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.finding import Finding


def relative_error(measurement: Measurement, finding: Finding) -> float:
    """The distance to what is allowed, relative to the largest entry of the gradient of the same argument and output.

    A solver that ends at a tolerance has errors of that size in every entry of its derivative, also where it is 0.
    """
    where, by = finding.probe.direction
    gradient, moves = abs(measurement.gradients[finding.cotangent]), np.zeros(measurement.function.x.size)
    moves[where] = abs(by)
    spans = [slice(start, start + prod(shape)) for _, start, shape in measurement.function.places()]
    size = sum([float(gradient[span].max(initial=0) * moves[span].sum()) for span in spans], 0.0)
    return finding.distance / max(size, finding.size) if size or finding.size else np.inf

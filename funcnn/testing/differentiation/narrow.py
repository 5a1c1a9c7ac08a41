"""Numbers about dtypes with fewer digits than float64: what fits into them, and how far off a gradient may be."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from funcnn.testing.differentiation.constants import EPS_32

PERTURBATIONS = 4  # calibrated, as those of gradients in float64
SPREAD = 8  # calibrated: margin on the changes of a gradient under perturbed arguments


@attrs.frozen(kw_only=True)
class Narrow:
    """A dtype narrower than float64. Without a comment, a number says the same of each dtype."""

    dtype: type[np.floating[Any]]
    eps: float
    largest_argument: float  # chosen: squares of larger numbers overflow, or nearly
    largest: float  # chosen: so do products of a larger gradient
    value: float  # where the values of f differ by more, relative to the largest one, gradients are not compared
    floor: float  # chosen: but not relative to less than this
    gradient: float  # allowed, relative to the largest entry
    residue: float  # margin on the rounding error left by cancelled terms


# Chosen: 645 right functions with 12 examples each pass; residue is calibrated.
FLOAT32 = Narrow(
    dtype=np.float32,
    eps=EPS_32,
    largest_argument=1e18,
    largest=1e30,
    value=1e-3,
    floor=1e-30,
    gradient=2e-4,
    residue=64,
)
# Calibrated: of 686 right functions with 15 examples each, the two whose exp overflows in float16 are reported.
FLOAT16 = Narrow(
    dtype=np.float16,
    eps=2.0**-10,
    largest_argument=2.0**7,
    largest=1e3,
    value=1e-2,
    floor=1e-4,
    gradient=2e-2,
    residue=8,
)

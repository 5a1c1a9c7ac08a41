"""Derivatives by a step into the complex plane: f(x + ih) = f(x) + ih f'(x) + O(h^2).

Nothing is subtracted, so no digit is lost however small h is (Lyness and Moler 1967, Numerical differentiation of
analytic functions; Squire and Trapp 1998, Using complex variables to estimate derivatives of real functions). This
holds where f is analytic; abs, for example, is not. So such a derivative is used only where differences agree with it.
"""

from __future__ import annotations

import warnings

import numpy as np

from funcnn.testing.differentiation.constants import BOUND, EPS
from funcnn.testing.differentiation.richardson import Slopes
from funcnn.testing.differentiation.vector_function import Array, Direction, Value

COMPLEX_STEP = 1e-20  # derived: its square vanishes beside 1 in float64, and nothing is subtracted
COMPLEX_ERROR = 16  # calibrated: in units of the last digit, the rounding of f itself in complex numbers


def complex_step(f: Value, x: Array, direction: Direction) -> Array:
    """The slope of each output along a direction, nan where f has no complex values."""
    index, entries = direction
    x = x.astype(complex)
    x[index] += COMPLEX_STEP * 1j * entries
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy warns where it discards an imaginary part
        out = f(x)
    return out.imag / COMPLEX_STEP


def sharpened(slopes: Slopes, exact: Array) -> Slopes:
    """Slopes along one direction, replaced by slopes of a complex step where both agree and these have less error."""
    agrees = np.isfinite(exact) & (abs(exact - slopes.slope) <= BOUND * slopes.error) & ~slopes.kink
    error = COMPLEX_ERROR * EPS * abs(exact)
    better = agrees & (error < slopes.error)
    return slopes._replace(slope=np.where(better, exact, slopes.slope), error=np.where(better, error, slopes.error))

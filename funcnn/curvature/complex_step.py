"""The derivative along a line by a step into the complex plane.

g(p + i s v) = g(p) + i s H v + O(s^2), so H v is the imaginary part divided by s. Nothing is subtracted, so s may be so
small that its square vanishes, and no digit is lost (Lyness & Moler 1967, Numerical Differentiation of Analytic
Functions; Squire & Trapp 1998, Using Complex Variables to Estimate Derivatives of Real Functions). The rules of the
layers must compute with complex numbers as with real ones; `funcnn.traits.takes_complex` says of which layers they do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.curvature.lines import Rule, along, converted, largest, spread

STEP = 2.0**-100  # its square vanishes beside 1 in float64, and products of it with small numbers do not underflow
# The last places by which numbers are changed to measure the rounding error, how often, and the margins of the bound:
# calibrated with products of all layers and losses that were computed in 80 bits as well.
NUDGE = 8
NUDGES = 2  # the change of a single number may be small by accident, two of them hardly
MEASURED = 8
LAST_PLACES = 64


def complex_step(rule: Rule, params: Any, x: Any, v: Any, *, bound: bool) -> tuple[Array, Array | None]:
    """The derivative of the vector `rule(params, params + t v, x)` by t at 0, and a bound on its rounding error.

    The bound is measured by two other derivatives, of which the numbers of params, v and x differ in the last places.
    """
    size = largest(v)
    try:
        slope = _slope(rule, params, x, v, size)
    except Exception:
        rule(params, params, x)  # whose error, if it has one, is about the arguments as they were given
        raise
    if not bound:
        return slope, None
    rng, change = np.random.default_rng(0), np.zeros_like(slope)
    for _ in range(NUDGES):
        p_near, x_near, v_near = [converted(lambda a: _nudged(a, rng), tree) for tree in (params, x, v)]
        change = np.maximum(change, abs(_slope(rule, p_near, x_near, v_near, size) - slope))
    # Where softmax or tanh saturate, the change is 0 and the error is not: it is a rounding of other arrays' gradients.
    least = LAST_PLACES * np.finfo(float).eps * abs(slope).max()
    return slope, MEASURED * spread(params, change) + least


def _slope(rule: Rule, params: Any, x: Any, v: Any, size: float) -> Array:
    params, x = [converted(lambda a: a.astype(complex), tree) for tree in (params, x)]
    v = converted(lambda a: a / size, v)
    with np.errstate(all="ignore"):  # the result is checked to be finite
        return rule(params, along(params, v, 1j * STEP), x).imag / STEP * size


def _nudged(a: Array, rng: np.random.Generator) -> Array:
    return a * (1 + NUDGE * np.finfo(float).eps * rng.uniform(-1, 1, a.shape))

"""The derivative along a line through the parameters of a network: by a complex step, or by central differences.

A complex step: g(p + i s v) = g(p) + i s H v + O(s^2), so H v is the imaginary part divided by s. Nothing is
subtracted, so s may be so small that its square vanishes, and no digit is lost (Squire & Trapp 1998, Using Complex
Variables to Estimate Derivatives of Real Functions). `funcnn.traits.takes_complex` says which layers allow it.

Central differences are extrapolated as in `funcnn/testing/differentiation/richardson.py`, which has the sources. The
noise of the function is measured at two tiny steps. For each entry the step with the smallest error is used.

Near a kink the series does not hold, and estimates at different steps differ. So the error at a step is at least the
distance to the estimate at each finer step, unless rounding errors explain it. If the kink is nearer than the finest
step, all estimates are the mean of the slopes on its two sides. Then the slopes ahead and behind differ, and their
distance, extrapolated as well, is added to the error.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, is_float
from funcnn.draws import symmetric
from funcnn.errors import FuncnnError
from funcnn.trees.walks import map_arrays, walk

STEP = 2.0**-100  # its square vanishes beside 1 in float64, and products of it with small numbers do not underflow
# The last places by which numbers are changed to measure the rounding error, how often, and the margins of the bound:
# calibrated with products of all layers and losses that were computed in 80 bits as well.
NUDGE = 8
NUDGES = 2  # the change of a single number may be small by accident, two of them hardly
MEASURED = 8
LAST_PLACES = 64

EXPONENTS = range(4, 24, 2)  # steps 2^-4 .. 2^-22 of the size of the parameters, each a quarter of the one before
TINY = (2.0**-38, 2.0**-41)  # the change of a smooth function is linear to rounding
ORDER = 16  # an error in h^2 falls by 4^2 from a step to the next
DECAY = 64  # an error in h^4 falls by 256; with a margin of 4, so that two estimates do not agree by accident
SIDES = 2  # finest steps at which slopes ahead and behind are compared, since at one step they may agree by accident
MARGIN = 4  # on the noise, which is measured at few points

T = TypeVar("T")

Rule = Callable[[Any, Any, Any], Array]
"""`rule(params, moved, x)`: a vector with an entry for each parameter, at the parameters `moved`."""


def converted(f: Callable[[Array], Array], tree: T) -> T:
    """`tree` with f of each array of floats, also of states."""
    return map_arrays(lambda a: f(a) if is_float(a) else a, tree)


def along(params: T, v: T, t: complex) -> T:
    """params + t v; states are unchanged"""
    return map_arrays(lambda p, d: p + t * d, params, v, states=False)


def largest(tree: Any) -> float:
    """The largest power of two that is at most the largest absolute value of a parameter; 1 if all of them are 0."""
    most = max([abs(a).max() for _, a in walk(tree, states=False) if a.size], default=0)
    return math.ldexp(0.5, math.frexp(most)[1]) if most else 1.0


def spread(params: Any, vector: Array) -> Array:
    """For each entry of the vector, the largest entry that belongs to the same array of params."""
    sizes = [a.size for _, a in walk(params, states=False)]
    parts = np.split(vector, np.cumsum(sizes)[:-1])
    return np.repeat([part.max(initial=0) for part in parts], sizes)


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
    numbers, change = count(), np.zeros_like(slope)
    for _ in range(NUDGES):
        nudged = lambda a: a * (1 + NUDGE * np.finfo(float).eps * symmetric((next(numbers),), a.shape))
        p_near, x_near, v_near = [converted(nudged, tree) for tree in (params, x, v)]
        change = np.maximum(change, abs(_slope(rule, p_near, x_near, v_near, size) - slope))
    # Where softmax or tanh saturate, the change is 0 and the error is not: it is a rounding of other arrays' gradients.
    least = LAST_PLACES * np.finfo(float).eps * abs(slope).max()
    return slope, MEASURED * spread(params, change) + least


def _slope(rule: Rule, params: Any, x: Any, v: Any, size: float) -> Array:
    params, x = [converted(lambda a: a.astype(complex), tree) for tree in (params, x)]
    v = converted(lambda a: a / size, v)
    with np.errstate(all="ignore"):  # the result is checked to be finite
        return rule(params, along(params, v, 1j * STEP), x).imag / STEP * size


def by_differences(rule: Rule, params: Any, x: Any, v: Any) -> tuple[Array, Array]:
    """The derivative of the vector `rule(params, params + t v, x)` by t at 0, and its error."""
    unit, size = max(1.0, largest(params)), largest(v)
    v = converted(lambda a: a / size, v)

    centre = rule(params, params, x)

    def at(t: float) -> Array:
        try:
            return rule(params, along(params, v, t), x)
        except FuncnnError:  # outside the domain, as a probability above 1
            return np.full_like(centre, np.nan)

    steps = np.array([2.0**-k for k in EXPONENTS])[:, None] * unit
    with np.errstate(all="ignore"):  # the result is checked to be finite
        ahead, behind = [np.array([at(sign * h) for h in steps.ravel()]) for sign in (1, -1)]
        central, apart = (ahead - behind) / (2 * steps), (ahead - 2 * centre + behind) / steps
        noise = np.max([abs(at(t * unit) - 2 * centre + at(-t * unit)) for t in TINY], axis=0)
        noise = spread(params, noise) + np.finfo(float).eps * abs(centre).max()
        best = _extrapolated(central, ORDER)
        rounding = MARGIN * noise / steps[1:]
        change = abs(np.diff(best, axis=0, prepend=central[:1]))
        truncation = change.copy()
        truncation[1:] = np.maximum(truncation[1:], change[:-1] / DECAY)
        sides = _beyond(abs(_extrapolated(apart, ORDER**0.5))[-SIDES:], rounding[-SIDES:])
        error = truncation + rounding + sides
        error = np.where(np.isfinite(best + error), error, np.inf)
        for k in range(len(best) - 1):
            distances = abs(best[k] - best[k + 1 :])
            error[k] = np.maximum(error[k], _beyond(distances, error[k] + rounding[k + 1 :]))
    chosen = error.argmin(axis=0)[None]
    slope, error = [np.take_along_axis(a, chosen, 0)[0] for a in (best, error)]
    return slope * size, error * size


def _extrapolated(slopes: Array, order: float) -> Array:
    """Slopes at all steps but the first, without the term of the error that falls by `order` from step to step."""
    return slopes[1:] + (slopes[1:] - slopes[:-1]) / (order - 1)


def _beyond(distances: Array, explained: Array) -> Array:
    """The largest distance that is above what is explained; 0 if none is, and where steps leave the domain."""
    return np.where(distances > explained, distances, 0).max(axis=0)

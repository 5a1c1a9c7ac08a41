"""The derivative along a line by central differences, extrapolated, with an estimate of its error.

The error of a central difference at step h is a series in h^2. Richardson's extrapolation of the steps h and h / 4
removes its first term (Richardson 1911, The Approximate Arithmetical Solution by Finite Differences). The distance of
two consecutive extrapolations estimates the truncation error that is left, and the noise of the function, measured at
two tiny steps, over the step gives the rounding error. For each entry the step with the smallest sum is used (Ridders
1982, Accurate Computation of F'(x) and F'(x) F''(x)).

Near a kink the series does not hold, and estimates at different steps differ. So the error at a step is at least the
distance to the estimate at each finer step, unless rounding errors explain it. If the kink is nearer than the finest
step, all estimates are the mean of the slopes on its two sides. Then the slopes ahead and behind differ, and their
distance, extrapolated as well, is added to the error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.curvature.lines import Rule, along, converted, largest, spread
from funcnn.errors import FuncnnError

EXPONENTS = range(4, 24, 2)  # steps 2^-4 .. 2^-22 of the size of the parameters, each a quarter of the one before
TINY = (2.0**-38, 2.0**-41)  # the change of a smooth function is linear to rounding
ORDER = 16  # an error in h^2 falls by 4^2 from a step to the next
DECAY = 64  # an error in h^4 falls by 256; with a margin of 4, so that two estimates do not agree by accident
SIDES = 2  # finest steps at which slopes ahead and behind are compared, since at one step they may agree by accident
MARGIN = 4  # on the noise, which is measured at few points


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

"""Errors in ulps (units in the last place) of computed numbers, measured against definitions in many digits.

A definition maps a list of mpmath's numbers to a list. Its derivatives are difference quotients, in so many digits and
with so small steps, that they are right to 40 digits or more.
"""

from typing import NamedTuple

import numpy as np
from mpmath import ldexp, mp, mpf

# Those of a saturated slope, 1e-324 or 1e-45, of its second difference, 1e-120, and 60 more.
DIGITS = {np.float64: 520, np.float32: 240}
STEP = -200  # a power of two


class Errors(NamedTuple):
    """Of one number: plain; with one ulp of each argument forgiven; given the cache; in ulps of the row's largest."""

    plain: float
    forgiven: float
    given: float | None
    of_largest: float

    @property
    def least(self):
        """The least of the four: the error for which none of the other columns is a reason."""
        return min([error for error in self if error is not None])


class Derivatives(NamedTuple):
    """The value of a definition, its gradient for a cotangent, and the change of both by one ulp of each argument."""

    value: list
    slack: list
    gradient: list
    gradient_slack: list


def derivatives(definition, x, dA, dtype):
    """By one-sided differences of first and second order."""
    n, exact = len(x), [mpf(float(v)) for v in x]
    steps = [ldexp(min(abs(v), 1) or mpf(1), STEP) for v in exact]
    spacings = [ulp(v, dtype) for v in exact]

    def at(*moved):
        return definition([v + moved.count(i) * step for i, (v, step) in enumerate(zip(exact, steps, strict=True))])

    value, ahead = at(), [at(i) for i in range(n)]
    cost = lambda out: sum([a * mpf(float(d)) for a, d in zip(out, dA, strict=True)])
    moved = [*zip(ahead, steps, spacings, strict=True)]
    slack = [sum([abs(b[k] - a) / h * u for b, h, u in moved]) for k, a in enumerate(value)]
    base, once = cost(value), [cost(out) for out in ahead]
    second = lambda i, j: (cost(at(i, j)) - once[i] - once[j] + base) / (steps[i] * steps[j])
    bends = {(i, j): abs(second(i, j)) for i in range(n) for j in range(i, n)}
    return Derivatives(
        value,
        slack,
        [(c - base) / h for c, h in zip(once, steps, strict=True)],
        [sum([bends[min(i, j), max(i, j)] * spacings[j] for j in range(n)]) for i in range(n)],
    )


def errors(got, right, slack, dtype, given=None):
    """The errors of the numbers of one row."""
    got, largest = [float(v) for v in got], max(map(abs, right))
    given = [None] * len(got) if given is None else given
    return [
        Errors(
            _error(g, r, r, 0, dtype),
            _error(g, r, r, s, dtype),
            None if c is None else _error(g, c, c, 0, dtype),
            _error(g, r, largest, 0, dtype),
        )
        for g, r, s, c in zip(got, right, slack, given, strict=True)
    ]


def ulp(a, dtype):
    """The spacing of floats at a, which is not below the spacing of the least normal numbers."""
    info = np.finfo(dtype)
    return ldexp(1, max(mp.mag(a) - 1, info.minexp) - info.nmant) if a else ldexp(1, info.minexp - info.nmant)


def _error(got, right, scale, slack, dtype):
    """|got - right| in ulps of `scale`, each widened by the slack; 0 if both overflow, or both are almost 0.

    Almost 0 is below 1e-304, in float32 5e-35: rules keep e^-x finite, so their products do not reach 0.
    """
    info = np.finfo(dtype)
    if not np.isfinite(got):
        return 0.0 if abs(right) > (1 - ldexp(1, -info.nmant)) * float(info.max) and right * got > 0 else np.inf
    if max(abs(got), abs(right)) < 4096 * float(info.smallest_normal):
        return 0.0
    return float(abs(mpf(got) - right) / (ulp(scale, dtype) + slack))

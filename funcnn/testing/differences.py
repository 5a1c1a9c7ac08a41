"""The derivative of a function of one number, from its values alone, with a bound on the error.

Central differences at steps h and h / 2 combine to cancel the error in h^2 (Richardson 1911; Ridders 1982, Accurate
computation of F'(x) and F'(x) F''(x)); how far the two lie apart tells the error that is left. Around a kink that never
settles as h shrinks, and there is a slope on either side: any value between the two is a derivative in Clarke's sense
(Clarke 1983, Optimization and Nonsmooth Analysis).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array

# Powers of two, so that x + h and x - h are exact for the numbers that tests are made of.
_STEPS = tuple([2.0**-k for k in (9, 13, 17, 21)])
_EPS = float(np.finfo(float).eps)
_TINY = 1e-290  # below this, numbers lose their digits


class Slopes(NamedTuple):
    """Where the derivative lies: in [low, high], give or take `bound`."""

    low: float
    high: float
    bound: float

    def miss(self, value: float) -> float:
        """How far a value lies outside, in bounds; at most 1 is a hit."""
        return max(self.low - value, value - self.high, 0.0) / self.bound


def slopes(f: Callable[[float], Array], x: float) -> Iterator[Slopes]:
    """Where the derivative of the sum of f lies at x, as seen at one step after the other, each smaller than the last.

    A smooth function is pinned by the first; one with a kink near x by a later one; one with a kink at x is pinned by
    the slopes on its two sides, where two steps agree on those. Whoever is content with one need not ask for the next.
    Each term of f has sides of its own. Terms that x does not touch leave hardly any rounding behind, however large
    they are: where a step of the size of x changes nothing, their slope is below eps |f| / |x|.
    """
    centre, scale = f(x), 2.0 ** np.ceil(np.log2(max(1.0, abs(x))))
    touched = np.zeros(np.shape(centre), bool)
    for far in (x + scale, x - scale):
        try:
            with np.errstate(all="ignore"):
                touched |= f(far) != centre
        except Exception:  # noqa: BLE001  a step of that size may leave the domain, and f say so in its own way
            touched[...] = True
    size, other = [float(np.abs(np.where(part, centre, 0)).sum()) for part in (touched, ~touched)]
    kinks = []
    for h in [scale * step for step in _STEPS]:
        right, left, near_right, near_left = [f(x + sign * h) - centre for sign in (1, -1, 0.5, -0.5)]
        coarse, fine = float((right - left).sum()) / (2 * h), float((near_right - near_left).sum()) / h
        best = (4 * fine - coarse) / 3
        noise = 16 * _EPS * (max(size, abs(best) * h, _TINY) / h + other / scale) + _EPS / h  # of a 1 in f's inside
        yield Slopes(best, best, 8 * (abs(best - fine) + noise) + _EPS * abs(best))
        # On either side, to second order in h: (4 f(x + h/2) - f(x + h) - 3 f(x)) / h, where f(x) is 0 by now.
        sides = np.stack([4 * near_right - right, left - 4 * near_left]) / h
        kinks.append(Slopes(float(sides.min(axis=0).sum()), float(sides.max(axis=0).sum()), 16 * noise))
    for kink, finer in pairwise(kinks):
        moved = max(abs(kink.low - finer.low), abs(kink.high - finer.high))
        bound = finer.bound + 2 * moved
        if finer.high - finer.low > 4 * bound:
            yield Slopes(finer.low, finer.high, bound)

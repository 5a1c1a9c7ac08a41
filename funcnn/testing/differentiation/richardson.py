"""Richardson extrapolation of difference quotients, with a bound on the error.

The error of central differences at steps h, h / 4, h / 16, ... is a series in h^2. Richardson's extrapolation removes
its first term, so that an error in h^4 remains (Richardson 1911, The approximate arithmetical solution by finite
differences; Ridders 1982, Accurate computation of F'(x) and F'(x) F''(x)). The distance between consecutive
extrapolations estimates the truncation error, and the noise of the function over the step gives the rounding error. A
larger step has more of the first and less of the second. The step whose sum is least is used, and that sum is the error
bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from funcnn.testing.differentiation.rounding import Noise
from funcnn.testing.differentiation.vector_function import Array, Direction, Value

# Derived: two values with an error of 1 noise give a central difference with an error of 1 noise / h; extrapolation
# makes it (16 + 1/4) / 15 = 1.08. Rounded up.
QUOTIENT_NOISE = 2
# Derived: an error in h^2 falls by 4^2 from a step to a quarter of it, so (16 C(h/4) - C(h)) / 15 has an error in h^4.
ORDER = 16
# Derived, with a margin of 4: an error in h^4 falls by 4^4 = 256. A change of 64 times the next is no accident.
TRUNCATION_DECAY = 64
# Calibrated: estimates at two steps agree within 4 times their error bounds.
ESTIMATES_AGREE = 4
# Calibrated: slopes on the two sides differ if by more than 40 times their noise, and by more than 1e-9 of their size.
KINK_NOISE = 40
KINK_RELATIVE = 1e-9
# Derived: sizes of slopes that grow like h^-1/4 or faster, 4^(1/4) = 1.41, belong to a jump or a pole.
GROWTH_OF_A_JUMP = 1.4


class DifferenceQuotients(NamedTuple):
    """One-sided slopes along directions, by (step, direction, output); steps by (step, 1, 1), coarse to fine."""

    steps: Array
    right: Array
    left: Array

    @property
    def central(self) -> Array:
        """The slope between x - h and x + h."""
        return self.right / 2 + self.left / 2

    @property
    def extrapolated(self) -> Array:
        """Richardson's extrapolation of each step but the first, with the step before it, which is 4 times as long.

        (16 C(h/4) - C(h)) / 15, written so that it does not overflow before C does.
        """
        central = self.central
        return central[1:] + (central[1:] - central[:-1]) / (ORDER - 1)


class Slopes(NamedTuple):
    """Derivatives by (direction, output), their error, whether there is a kink or a jump instead, and the step used."""

    slope: Array
    error: Array
    kink: Array
    jump: Array
    step: Array


def difference_quotients(
    f: Value,
    x: Array,
    directions: Sequence[Direction],
    exponents: Sequence[int],
    factor: float = 1,
    *,
    centre: Array | None = None,
) -> DifferenceQuotients:
    """The slopes on both sides of x for steps `factor` 2^-k: exact powers of two if the factor is one.

    `centre` is f(x) if it is known.
    """
    centre = f(x.copy()) if centre is None else centre
    steps = factor * 2.0 ** -np.array(exponents, float)
    right, left = np.empty((2, len(steps), len(directions), centre.size))
    for j, direction in enumerate(directions):
        for k, h in enumerate(steps):
            right[k, j] = f(direction.moved(x, h))
            left[k, j] = f(direction.moved(x, -h))
    steps = steps.reshape(-1, 1, 1)
    return DifferenceQuotients(steps, (right - centre) / steps, (centre - left) / steps)


def differences(f: Value, x: Array, direction: Direction, step: float, factors: Sequence[float]) -> Array:
    """The changes f(x + h) - f(x - h) for the multiples h of a step; (factor, output)."""
    return np.array([f(direction.moved(x, step * by)) - f(direction.moved(x, -step * by)) for by in factors])


def fitted_slope(change: Array, step: float, factors: Sequence[float]) -> tuple[Array, Array]:
    """The slope at x, and its error from the residual of the fit, of the cubic that fits values on both sides of x.

    `change` are the differences f(x + h) - f(x - h) for the multiples h of a step, (factor, ...). A cubic's is
    2 a h + 2 c h^3, and a is the slope.
    """
    h = np.array(factors)
    terms = np.stack([2 * h, 2 * h**3], axis=1)
    inverse = np.linalg.pinv(terms)
    found = inverse @ change
    rest = change - terms @ found
    deviation = np.sqrt((rest**2).sum(axis=0) / (h.size - 2))
    return found[0] / step, deviation * np.linalg.norm(inverse[0]) / step


def extrapolate(quotients: DifferenceQuotients, noise: Noise) -> Slopes:
    """The best estimate for every direction and output.

    An estimate counts only if all estimates at finer steps, whose truncation error is less, agree with it within their
    rounding error. Near a kink, or if the steps sample a wave in phase, coarse steps can agree with each other and be
    wrong.
    """
    steps = quotients.steps
    best = quotients.extrapolated
    distance = abs(np.diff(quotients.central, axis=0))
    change = distance.copy()
    change[1:] = abs(np.diff(best, axis=0))
    change = np.where(np.isfinite(change), change, distance)
    truncation = change.copy()  # two estimates may agree by accident, three in a row hardly
    truncation[1:] = np.fmax(truncation[1:], change[:-1] / TRUNCATION_DECAY)
    truncation[2:] = np.fmax(truncation[2:], change[:-2] / TRUNCATION_DECAY**2)
    rounding = QUOTIENT_NOISE * noise.at(steps[1:]) / steps[1:]
    error = truncation + rounding
    known = np.isfinite(best) & np.isfinite(error)
    known = np.logical_and.accumulate(known[::-1])[::-1]  # a finer quotient that is not finite has overflowed
    error = np.where(known, error, np.inf)
    agree = known.copy()
    for k in range(len(best) - 1):
        distance = abs(best[k] - best[k + 1 :])
        clash = known[k + 1 :] & (distance > ESTIMATES_AGREE * (error[k] + rounding[k + 1 :]))
        agree[k] &= ~clash.any(axis=0)
    chosen = np.where(agree, error, np.inf).argmin(axis=0)[None]
    slope, error = (np.take_along_axis(a, chosen, 0)[0] for a in (best, error))
    kink, jump = one_sided_difference(quotients, noise)
    return Slopes(np.where(np.isfinite(error), slope, np.nan), error, kink, jump, steps.ravel()[chosen[0] + 1])


def one_sided_difference(quotients: DifferenceQuotients, noise: Noise) -> tuple[Array, Array]:
    """Whether the slopes on the two sides differ down to the smallest step that noise allows, and whether they grow.

    At a kink the difference stays; on a smooth function it falls with h. At a jump the slopes grow like 1 / h.
    """
    steps, right, left = quotients
    distance, size = abs(right - left), np.maximum(abs(right), abs(left))
    least = KINK_NOISE * noise.at(steps) / steps + KINK_RELATIVE * size
    visible = np.isfinite(distance[1:]) & np.isfinite(distance[:-1]) & (least[1:] < distance[:-1] / 2)
    stays = visible & (distance[1:] > distance[:-1] / 2)
    grows = visible & (size[1:] > GROWTH_OF_A_JUMP * size[:-1])
    last = len(distance) - 2 - visible[::-1].argmax(axis=0)[None]
    kink, grows = (np.take_along_axis(a, last, 0)[0] for a in (stays, grows))
    return kink, kink & grows

"""The derivative of a function along a line, from its values alone, with a bound on the error.

Central differences at steps h, h / 4, h / 16, ... err by a series in h^2, whose first term Richardson's extrapolation
takes away, so that an error in h^4 remains (Richardson 1911, The approximate arithmetical solution by finite
differences; Ridders 1982, Accurate computation of F'(x) and F'(x) F''(x)). How far consecutive extrapolations lie apart
tells the truncation; the noise of the function over the step tells the rounding. The larger the step, the smaller the
one and the greater the other, and the best step is where their sum is least: no tolerance needs to be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.rounding import Noise
from funcnn.testing.subject import Direction, Subject

FIRST = (9, 11, 13, 15, 17)  # steps are 2^-k times the scale of the entry: powers of two, so that x + h is exact
FINER = tuple(range(19, 49, 2))
COARSER = (1, 3, 5, 7)


class Rungs(NamedTuple):
    """One-sided slopes along directions, by (step, direction, output); steps by (step, 1, 1), coarse to fine."""

    steps: Array
    right: Array
    left: Array


class Slopes(NamedTuple):
    """Derivatives by (direction, output), how far off they may be, and whether there is a kink or a jump instead."""

    slope: Array
    error: Array
    kink: Array
    jump: Array
    step: Array


def climb(
    subject: Subject, x: Array, directions: Sequence[Direction], exponents: Sequence[int], by: float = 1
) -> Rungs:
    """The slopes on both sides of x for steps `by` 2^-k."""
    centre = subject.value(x.copy())
    steps = by * 2.0 ** -np.array(exponents, float)
    right, left = np.empty((2, len(steps), len(directions), centre.size))
    for j, direction in enumerate(directions):
        for k, h in enumerate(steps):
            right[k, j] = (subject.value(direction.moved(x, h)) - centre) / h
            left[k, j] = (centre - subject.value(direction.moved(x, -h))) / h
    return Rungs(steps.reshape(-1, 1, 1), right, left)


def extrapolated(rungs: Rungs, noise: Noise) -> Slopes:
    """The best estimate at every direction and output.

    An estimate counts only if all at finer steps, whose truncation is less, agree with it but for their rounding: near
    a kink, or a wave that the steps happen to sample in phase, coarse ones can agree with each other and be wrong.
    """
    steps, right, left = rungs
    central = (right + left) / 2
    best = (16 * central[1:] - central[:-1]) / 15
    apart = abs(np.diff(central, axis=0))
    change = apart.copy()
    change[1:] = abs(np.diff(best, axis=0))
    change = np.where(np.isfinite(change), change, apart)
    truncation = change.copy()  # two estimates may agree by accident, three in a row hardly
    truncation[1:] = np.fmax(truncation[1:], change[:-1] / 64)
    truncation[2:] = np.fmax(truncation[2:], change[:-2] / 4096)
    rounding = 2 * noise.at(steps[1:]) / steps[1:]
    error = truncation + rounding
    known = np.isfinite(best) & np.isfinite(error)
    error = np.where(known, error, np.inf)
    agree = known.copy()
    for k in range(len(best) - 1):
        apart = abs(best[k] - best[k + 1 :])
        clash = known[k + 1 :] & (apart > 4 * (error[k] + rounding[k + 1 :]))
        agree[k] &= ~clash.any(axis=0)
    chosen = np.where(agree, error, np.inf).argmin(axis=0)[None]
    slope, error = (np.take_along_axis(a, chosen, 0)[0] for a in (best, error))
    kink, jump = bends(rungs, noise)
    return Slopes(np.where(np.isfinite(error), slope, np.nan), error, kink, jump, steps.ravel()[chosen[0] + 1])


def bends(rungs: Rungs, noise: Noise) -> tuple[Array, Array]:
    """Whether the slopes on the two sides stay apart as far down as noise lets one see, and whether they grow."""
    steps, right, left = rungs
    apart, size = abs(right - left), np.maximum(abs(right), abs(left))
    least = 40 * noise.at(steps) / steps + 1e-9 * size
    visible = np.isfinite(apart[1:]) & np.isfinite(apart[:-1]) & (least[1:] < apart[:-1] / 2)
    stays = visible & (apart[1:] > apart[:-1] / 2)
    grows = visible & (size[1:] > 1.4 * size[:-1])
    last = len(apart) - 2 - visible[::-1].argmax(axis=0)[None]
    kink, grows = (np.take_along_axis(a, last, 0)[0] for a in (stays, grows))
    return kink, kink & grows

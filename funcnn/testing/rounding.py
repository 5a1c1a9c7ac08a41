"""How far rounding moves the values of a function, and the numbers of its backward pass.

Over a short way a smooth function is a polynomial of low degree, and its rounding errors are not: what no polynomial
fits is noise. (With differences of high order, from tables of values at equal distances: Hamming 1962, Numerical
Methods for Scientists and Engineers; Moré and Wild 2011, Estimating computational noise, SIAM J. Sci. Comput. 33.) The
backward pass is no better than its argument, which was rounded too: how its numbers change when x moves by one unit in
the last place is what rounding may do to them (Higham 2002, Accuracy and Stability of Numerical Algorithms, chapter 1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.subject import Direction, Subject, proportions, scales

EPS = float(np.finfo(float).eps)
_REACHES = (4, 9, 14, 19, 24, 29, 34, 39)  # tables reach 2^-k times the scale of x
# Irregular: the rounding of values at equal distances often grows evenly itself, and then no difference shows it.
_POINTS = np.array([0.06, 0.17, 0.31, 0.42, 0.57, 0.70, 0.83, 0.94, 1.0])
_CUBIC, _QUINTIC = (np.linalg.qr(np.vander(_POINTS, n + 1))[0] for n in (3, 5))
_FINE = 4  # the first of the tables that lie within the smallest steps


class Noise(NamedTuple):
    """How far rounding moves each output: at least, wherever one looks; and within ever shorter ways."""

    least: Array
    tables: Array

    def at(self, steps: Array) -> Array:
        """The noise by (step, 1, output), between tables: rounding may grow with the distance, as that of (1 + x) x."""
        place = np.interp(-1 - np.log2(steps.ravel()), _REACHES, range(len(_REACHES)))[:, None]
        below = np.floor(place).astype(int)
        ends = [self.tables[np.minimum(below + i, len(_REACHES) - 1)[:, 0]] for i in (0, 1)]
        between = np.maximum(ends[0], 1e-300) ** (below + 1 - place) * np.maximum(ends[1], 1e-300) ** (place - below)
        return np.maximum(between, self.least)[:, None]

    def with_(self, other: Noise) -> Noise:
        """The greater of two."""
        return Noise(np.maximum(self.least, other.least), np.maximum(self.tables, other.tables))

    @property
    def fine(self) -> Noise:
        """What each step sees for itself."""
        return Noise(self.tables[-1], self.tables)

    @property
    def close(self) -> Array:
        """The noise of each output over the smallest steps."""
        return self.tables[_FINE]


def noise_of(subject: Subject, x: Array, rng: np.random.Generator) -> Noise:
    """The noise of each output near x, when all entries move: of the coarsest table that a finer one confirms.

    A fine table overlooks rounding whose steps are wider than its spacing, as in (x + 1e9) - 1e9; a coarse one may take
    the function itself for noise, but then the next finer shows much less.
    """
    way, every = rng.choice([-1.0, 1.0], x.size) * rng.uniform(0.5, 1.5, x.size), np.arange(x.size)
    noise = noise_along(subject, x, Direction(every, way * scales(x)))
    if np.isfinite(noise.least).all():
        return noise
    return noise_along(subject, x, Direction(every, way * proportions(x)))  # at the edge of a domain


def noise_along(subject: Subject, x: Array, direction: Direction) -> Noise:
    """The noise of each output as x moves to one side: a kink at x itself is no noise."""
    centre = subject.value(x.copy())
    size, grain = abs(centre), np.full(centre.shape, np.inf)
    flat, (found, coarse) = np.ones(centre.shape, bool), np.empty((2, len(_REACHES), centre.size))
    for k, reach in enumerate(_REACHES):
        table = np.array([subject.value(direction.moved(x, place * 2.0**-reach)) for place in _POINTS])
        finite = np.isfinite(table)
        changes = np.where(finite, table - centre, 0)
        size = np.maximum(size, np.where(finite, abs(table), 0).max(axis=0))
        grain = np.minimum(grain, _grain(changes))
        flat &= (changes == 0).all(axis=0)
        found[k], coarse[k] = _rest(table, _QUINTIC), _rest(table, _CUBIC)
    least = np.maximum(EPS * np.maximum(size, 1e-6 * size.max(initial=0)), np.where(np.isfinite(grain), grain / 2, 0))
    if flat.any():
        least = np.where(flat, EPS * np.maximum(_reach(subject, x, direction), size), least)
    found = np.maximum(found, least)
    beside = np.fmax.reduce([abs(subject.value(direction.moved(x, h))) for h in (-1, 1)])
    believed = _believed(found, coarse, np.maximum(size, 1), np.fmax(size, beside))
    finer = np.maximum.accumulate(found[::-1], axis=0)[::-1]  # of this table and all that are finer
    return Noise(np.where(believed, found, 0).max(axis=0), finer)


def _believed(found: Array, coarse: Array, size: Array, natural: Array) -> Array:
    """Which tables show noise rather than the function itself: what a finer one confirms, or what is all too small.

    A value has two digits at least, and stairs that are wide and high are no rounding.
    """
    next_two = np.maximum(found[1:], np.concatenate([found[2:], found[-1:]]))
    most = size * np.array([1e-4] + [1e-2] * (len(found) - 2))[:, None]
    confirmed = np.ones(found.shape, bool)
    confirmed[:-1] = (found[:-1] <= 8 * next_two) & (found[:-1] <= most)
    rough = found > coarse / 8  # a smooth function is explained far better by two degrees more
    return confirmed | (rough & (found <= 64 * EPS * natural))


def _grain(changes: Array) -> Array:
    """The power of two of which all changes of an output are multiples, nearly: float32 inside, or a 1 taken off."""
    mantissa, exponent = np.frexp(changes)
    digits = np.rint(mantissa * 2.0**30).astype(np.int64)
    return np.where(digits == 0, np.inf, np.ldexp((digits & -digits).astype(float), exponent - 30)).min(axis=0)


def _rest(table: Array, fit: Array) -> Array:
    """From values by (point, output): the root mean square of what no polynomial explains, infinite if unknown."""
    changes = table - table[0]
    size = abs(changes).max(axis=0)
    changes = changes / np.where(size == 0, 1, size)  # numbers beyond 1e154 have squares that are infinite
    rest = changes - fit @ (fit.T @ changes)
    noise = size * np.sqrt((rest**2).sum(axis=0) / (len(_POINTS) - fit.shape[1]))
    return np.where(np.isfinite(noise), noise, np.inf)


def _reach(subject: Subject, x: Array, direction: Direction) -> Array:
    """How large outputs are further away, at least 1: what is flat here may be small numbers lost beside large ones."""
    far = [abs(subject.value(direction.moved(x, h))) for h in (-64, -8, -1, 1, 8, 64)]
    return np.fmax.reduce([np.where(np.isfinite(a), a, 1.0) for a in far] + [np.ones(subject.out.size)])


def nudged(x: Array, rng: np.random.Generator, eps: float = EPS) -> Array:
    """X moved by one or two units in the last place: equal entries together, zeros not at all, so that ties stay."""
    values, back = np.unique(x, return_inverse=True)
    return (values * (1 + eps * rng.choice([-2.0, -1.0, 1.0, 2.0], values.shape)))[back].reshape(x.shape)


def wobble_of(subject: Subject, x: Array, dA: Array, rng: np.random.Generator) -> Array:
    """How far the entries of a gradient move, at most, when x and dA are nudged."""
    centre = subject.gradient(x.copy(), dA)
    return np.fmax.reduce([abs(subject.gradient(nudged(x, rng), nudged(dA, rng)) - centre) for _ in range(6)])


def residue_of(subject: Subject, x: Array, dA: Array) -> Array:
    """What the entries of a gradient may consist of where all that matters cancels: eps |dA f| / |x|.

    A gradient is of the size of dA f / x; where it is much smaller, terms of that size have cancelled, and what is left
    of them is rounding.
    """
    here = abs(subject.out.ravel())
    near = np.fmax.reduce([abs(subject.value(x + h * scales(x))) for h in (-1, 1)])
    size = np.maximum(here, np.fmin(near, 1.0))  # small here, of the size of 1 beside: small by cancellation
    return EPS * (abs(dA.ravel()) @ size) / nearness(x)


def nearness(x: Array) -> Array:
    """The distance over which a gradient may change: that to 0, at most 1; from 0 itself, 1."""
    return np.where(x == 0, 1.0, np.clip(abs(x), 1e-150, 1.0))


def inherited(subject: Subject, x: Array, dA: Array, noise: Noise) -> Array:
    """What a gradient has from the noise of f, where that is more than f's own last digits: noise |dA| / |x|."""
    own = EPS * abs(subject.out.ravel())
    return abs(dA.ravel()) @ np.where(noise.least > 64 * own, noise.least, 0) / nearness(x)

"""Rounding errors of the values of a function, and of the numbers of its backward pass.

Over a short distance a smooth function is nearly a polynomial of low degree, and its rounding errors are not: the
residual of a polynomial fit is noise. (With differences of high order, from tables of values at equal distances:
Hamming 1962, Numerical Methods for Scientists and Engineers; Moré and Wild 2011, Estimating computational noise, SIAM
J. Sci. Comput. 33.) A backward pass is no more precise than its argument, which was rounded too: the change of a
gradient when x moves by one unit in the last place estimates its rounding error (Higham 2002, Accuracy and Stability of
Numerical Algorithms, chapter 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from funcnn.testing.differentiation.constants import EPS, EPS_32
from funcnn.testing.differentiation.vector_function import (
    SMALLEST_MAGNITUDE,
    Array,
    Direction,
    Value,
    magnitudes,
    sealed,
    step_scales,
)

# Chosen: tables of noise reach 2^-k times the scale of x, from beyond the coarsest first step to below the finest.
REACHES = (4, 9, 14, 19, 24, 29, 34, 39)
# Chosen: an output a million times smaller than the largest one may be the difference of two that are as large.
SMALL_OUTPUT = 1e-6
OUTPUTS_AT_ONCE = 2**13  # chosen: tables of their values stay in a processor's cache
FLOOR = 1e-300  # chosen: a logarithm of 0 is avoided
PERTURBATIONS = 6  # calibrated: the number of perturbed arguments of which the largest change is taken
INDEX_OF_SMALLEST_STEPS = 4  # 2^-24: the first of the tables shorter than the smallest first step, 2^-17
LARGE_NOISE = 64  # calibrated: noise of f below so many units of its own last digit does not enter the gradient
# Chosen to be irregular: the rounding of values at equal distances often grows evenly, and then no difference shows it.
POINTS = (0.06, 0.17, 0.31, 0.42, 0.57, 0.70, 0.83, 0.94, 1.0)
# Calibrated: a table shows noise if the next two finer ones show an eighth of it.
CONFIRMED = 8
# Chosen: a value has two digits at least, four over the coarsest table, where the function itself bends.
LARGEST_NOISE = 1e-2
LARGEST_NOISE_OF_COARSEST = 1e-4
# Calibrated: the residual of a smooth function falls by more than 8 from the cubic to the quintic fit.
CUBIC_TO_QUINTIC = 8
# Calibrated: a residual that no fit explains is noise, unconfirmed, up to 64 units in the last place.
SMALL_NOISE = 64
# Derived: 30 of 53 binary digits contain the spacing of float32, 24 digits, and not the last ones of float64.
DIGITS_KEPT = 30
# Chosen: distances at which the size of an output is measured, since it may be constant near x.
FAR = (-64, -8, -1, 1, 8, 64)

Gradient = Callable[[Array, Array], Array]  # a function of x and a cotangent

_POINTS = np.array(POINTS)
_CUBIC, _QUINTIC = (np.linalg.qr(np.vander(_POINTS, n + 1))[0] for n in (3, 5))


class Noise(NamedTuple):
    """The rounding error of each output: `least`, the least over all distances, and `tables`, one for each distance."""

    least: Array
    tables: Array

    def at(self, steps: Array) -> Array:
        """The noise at each step, (step, 1, output): between two tables it is interpolated by the distance from x."""
        place = np.interp(-1 - np.log2(steps.ravel()), REACHES, range(len(REACHES)))[:, None]
        below = np.floor(place).astype(int)
        ends = [self.tables[np.minimum(below + i, len(REACHES) - 1)[:, 0]] for i in (0, 1)]
        between = np.maximum(ends[0], FLOOR) ** (below + 1 - place) * np.maximum(ends[1], FLOOR) ** (place - below)
        return np.maximum(between, self.least)[:, None]

    def joined(self, other: Noise) -> Noise:
        """The greater of two noises, output by output."""
        return Noise(np.maximum(self.least, other.least), np.maximum(self.tables, other.tables))

    @property
    def by_distance(self) -> Noise:
        """The noise of each distance, even if it is less than the least over all distances."""
        return Noise(self.tables[-1], self.tables)

    @property
    def of_smallest_steps(self) -> Array:
        """The noise of each output over the smallest steps."""
        return self.tables[INDEX_OF_SMALLEST_STEPS]


def estimate_noise(f: Value, x: Array, rng: np.random.Generator, one: float = 1.0) -> Noise:
    """The noise of each output near x when all entries move, from the coarsest table that a finer table confirms.

    A fine table misses rounding whose steps are wider than its spacing, as in (x + 1e9) - 1e9. A coarse table may take
    the function itself for noise, but then the next finer table shows much less. `one` is 1 in the units of f.
    """
    way, every = rng.choice([-1.0, 1.0], x.size) * rng.uniform(0.5, 1.5, x.size), np.arange(x.size)
    noise = noise_along(f, x, Direction(every, way * step_scales(x)), one)
    if np.isfinite(noise.least).all():
        return noise
    return noise_along(f, x, Direction(every, way * magnitudes(x)), one)  # at the edge of a domain


def noise_along(f: Value, x: Array, direction: Direction, one: float = 1.0) -> Noise:
    """The noise of each output as x moves to one side, so that a kink at x itself is not taken for noise."""
    centre = f(x.copy())
    size, spacing = abs(centre), np.full(centre.shape, np.inf)
    narrow = True  # whether all values have the digits of float32
    flat, (found, coarse) = np.ones(centre.shape, bool), np.empty((2, len(REACHES), centre.size))
    for k, reach in enumerate(REACHES):
        whole = np.array([f(direction.moved(x, place * 2.0**-reach)) for place in POINTS])
        for part in parts(centre.size):
            table = whole[:, part]
            finite = np.isfinite(table)
            changes = np.where(finite, table - centre[part], 0)
            narrow &= bool((~finite | (table == table.astype(np.float32))).all())
            size[part] = np.maximum(size[part], np.where(finite, abs(table), 0).max(axis=0))
            spacing[part] = np.minimum(spacing[part], _spacing(changes))
            flat[part] &= (changes == 0).all(axis=0)
            found[k, part], coarse[k, part] = _residual(table, _QUINTIC), _residual(table, _CUBIC)
    last_digit = EPS * np.maximum(size, SMALL_OUTPUT * size.max(initial=0))
    least = np.maximum(last_digit, np.where(np.isfinite(spacing), spacing / 2, 0))
    if flat.any():
        digit = EPS_32 if narrow and not flat.all() else EPS
        least = np.where(flat, digit * np.maximum(_size_far_from(f, x, direction, one), size), least)
    found = np.maximum(found, least)
    beside = np.fmax.reduce([abs(f(direction.moved(x, h))) for h in (-1, 1)])
    natural, noise, finer = np.fmax(size, beside), np.empty(centre.size), np.empty(found.shape)
    for part in parts(centre.size):
        table = found[:, part]
        is_noise = _is_noise(table, coarse[:, part], np.maximum(size[part], one), natural[part])
        noise[part] = np.where(is_noise, table, 0).max(axis=0)
        finer[:, part] = np.maximum.accumulate(table[::-1], axis=0)[::-1]  # of this table and of all finer ones
    return Noise(noise, finer)


def parts(size: int, at_once: int = OUTPUTS_AT_ONCE) -> Iterator[slice]:
    """Parts of an axis, of so many entries that tables of them fit into a processor's cache."""
    yield from [slice(start, min(start + at_once, size)) for start in range(0, size, at_once)]


def _is_noise(found: Array, coarse: Array, size: Array, natural: Array) -> Array:
    """Which tables show noise and not the function itself: those that a finer table confirms, and those whose noise is
    tiny.

    A value has two digits at least, so changes of more than a hundredth of it are not rounding.
    """
    next_two = np.maximum(found[1:], np.concatenate([found[2:], found[-1:]]))
    most = size * np.array([LARGEST_NOISE_OF_COARSEST] + [LARGEST_NOISE] * (len(found) - 2))[:, None]
    confirmed = np.ones(found.shape, bool)
    confirmed[:-1] = (found[:-1] <= CONFIRMED * next_two) & (found[:-1] <= most)
    rough = found > coarse / CUBIC_TO_QUINTIC  # two degrees more fit a smooth function far better
    return confirmed | (rough & (found <= SMALL_NOISE * EPS * natural))


def _spacing(changes: Array) -> Array:
    """The power of two of which all changes of an output are multiples: it is large if f computes in float32 inside."""
    mantissa, exponent = np.frexp(changes)
    digits = np.rint(mantissa * 2.0**DIGITS_KEPT).astype(np.int64)
    return np.where(digits == 0, np.inf, np.ldexp((digits & -digits).astype(float), exponent - DIGITS_KEPT)).min(axis=0)


def _residual(table: Array, fit: Array) -> Array:
    """From values by (point, output): the root mean square of the residual of a polynomial fit, infinite if unknown."""
    changes = table - table[0]
    size = abs(changes).max(axis=0)
    changes = changes / np.where(size == 0, 1, size)  # numbers beyond 1e154 have squares that are infinite
    rest = changes - fit @ (fit.T @ changes)
    noise = size * np.sqrt((rest**2).sum(axis=0) / (len(_POINTS) - fit.shape[1]))
    return np.where(np.isfinite(noise), noise, np.inf)


def _size_far_from(f: Value, x: Array, direction: Direction, one: float) -> Array:
    """The size of outputs at a distance, at least 1: an output that is flat at x may be a small number plus a 1."""
    far = [abs(f(direction.moved(x, h))) for h in FAR]
    return np.fmax.reduce([np.where(np.isfinite(a), a, one) for a in far] + [np.full_like(far[0], one)])


def perturbed(x: Array, rng: np.random.Generator, eps: float = EPS) -> Array:
    """A read-only copy of x, moved by one or two units in the last place; zeros stay, and equal entries stay equal."""
    values, back = np.unique(x, return_inverse=True)
    values = values * (1 + eps * rng.choice([-2.0, -1.0, 1.0, 2.0], values.shape))
    return sealed(values[back].reshape(x.shape))


def gradient_change(gradient: Gradient, x: Array, dA: Array, rng: np.random.Generator) -> Array:
    """The largest change of each entry of a gradient when x and dA are perturbed in their last digits.

    Perturbed gradients that are nan are left out; if all are nan, the change is nan.
    """
    centre = gradient(x.copy(), dA)
    changes = [abs(gradient(perturbed(x, rng), perturbed(dA, rng)) - centre) for _ in range(PERTURBATIONS)]
    return np.fmax.reduce(changes)


def gradient_noise(gradient: Gradient, x: Array, dA: Array, rng: np.random.Generator) -> Array:
    """The noise of each entry of a gradient as every entry of x moves in proportion to itself, by a 512th and less.

    It may be as large as the gradient, where terms have cancelled.
    """
    way = rng.choice([-1.0, 1.0], x.size) * rng.uniform(0.5, 1.5, x.size)
    direction = Direction(np.arange(x.size), way * magnitudes(x))
    return noise_along(lambda x: gradient(x, dA), x, direction, one=0.0).tables[1]


def size_of_terms(f: Value, out: Array, x: Array) -> Array:
    """The size of the terms of each output, where out is f(x): small at x and of size 1 beside it is small by
    cancellation.
    """
    ways = np.ones(x.size), np.cos(np.arange(1, x.size + 1))  # equal entries together, and each by itself
    near = np.fmax.reduce([abs(f(x + h * way * step_scales(x))) for way in ways for h in (-8, -1, 1, 8)])
    return np.maximum(abs(out.ravel()), np.fmin(near, 1.0))


def cancellation_rounding(terms: Array, x: Array, dA: Array) -> Array:
    """The rounding error that cancelled terms leave in each entry of a gradient: eps |dA f| / |x|, for terms of f.

    A gradient is of the size of dA f / x. Where it is much smaller, terms of that size have cancelled, and their
    rounding errors remain.
    """
    return EPS * (abs(dA.ravel()) @ terms) / distance_to_zero(x)


def distance_to_zero(x: Array) -> Array:
    """The distance over which a gradient may change: from the entry to 0, at most 1; for an entry of 0 it is 1."""
    return np.where(x == 0, 1.0, np.clip(abs(x), SMALLEST_MAGNITUDE, 1.0))


def propagated_noise(out: Array, x: Array, dA: Array, noise: Noise) -> Array:
    """The error of a gradient from noise of f that exceeds the last digits of out = f(x): noise |dA| / |x|."""
    own = EPS * abs(out.ravel())
    return abs(dA.ravel()) @ np.where(noise.least > LARGE_NOISE * own, noise.least, 0) / distance_to_zero(x)

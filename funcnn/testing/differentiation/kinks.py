"""Kinks: intervals of slopes where a function has no derivative, from its values alone.

Where a function is not differentiable, a backward pass may give any member of Clarke's generalized derivative: the
convex hull of the limits of derivatives at nearby points that have one (Clarke 1983, Optimization and Nonsmooth
Analysis, theorem 2.5.1). So slopes are sampled at points around x, at two distances. If the slopes at the nearer points
do not approach each other, x is at a kink, and the interval that the slopes span is allowed. relu'(0) may be any number
in [0, 1], but not 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from funcnn.testing.differentiation.constants import (
    FAR_POINTS,
    FAR_STEP,
    FLOOR_OF_STEP,
    GROWTH_NEAR_A_JUMP,
    INTERVAL_ERROR,
    INTERVAL_NOISE,
    INTERVAL_RELATIVE,
    LARGEST_EXPONENT,
    NARROWING,
    NEAR_POINTS,
    SIDE_STEP,
    SMALLEST_EXPONENT,
    STEP_NOISE,
)
from funcnn.testing.differentiation.vector_function import Array, Direction, Value


class Interval(NamedTuple):
    """For each output: the slopes near x along a direction, their error, and whether there is a kink or a jump."""

    low: Array
    high: Array
    error: Array
    kink: Array
    jump: Array


def slope_interval(
    f: Value,
    x: Array,
    direction: Direction,
    slope: Array,
    gap: float,
    noise: Array,
    rng: np.random.Generator,
    samples: int,
    scale: Array,
) -> Interval:
    """The slopes at points around x, at two distances, by steps that resolve differences of `gap`."""
    step = _step(gap, noise)
    near, far = (
        np.array([_slope(f, y, direction, h) for y in _points_around(x, direction, reach * h, rng, samples, scale)])
        for h, reach in ((step, NEAR_POINTS), (FAR_STEP * step, FAR_POINTS))
    )
    low, high = np.fmin.reduce(near), np.fmax.reduce(near)
    far_low, far_high = np.fmin.reduce(far), np.fmax.reduce(far)
    # The change of the slopes on either side: a mean, since the extreme may be a point that is close by chance.
    upper = far > (low + high) / 2
    bend = (_mean(abs(far - high), upper) + _mean(abs(far - low), ~upper)) / NARROWING
    error = INTERVAL_NOISE * noise / step + bend + INTERVAL_RELATIVE * np.fmax(abs(low), abs(high))
    kink = (high - low > INTERVAL_ERROR * error) & (high - low > (far_high - far_low) / NARROWING)
    size, far_size = np.fmax(abs(low), abs(high)), np.fmax(abs(far_low), abs(far_high))
    jump = kink & (size > GROWTH_NEAR_A_JUMP * far_size) & (size > GROWTH_NEAR_A_JUMP * abs(slope))
    return Interval(low, high, error, kink, jump | ~np.isfinite(near).all(axis=0))


def _mean(values: Array, of: Array) -> Array:
    """The mean over the finite samples; 0 without finite samples."""
    of = of & np.isfinite(values)
    return np.where(of, values, 0).sum(axis=0) / np.maximum(of.sum(axis=0), 1)


def _step(gap: float, noise: Array) -> float:
    """A small step, but large enough that a difference of `gap` exceeds the noise."""
    needed = np.where(np.isfinite(noise), STEP_NOISE * noise, 0).max(initial=0) / gap
    return float(2.0 ** np.clip(np.ceil(np.log2(max(needed, FLOOR_OF_STEP))), SMALLEST_EXPONENT, LARGEST_EXPONENT))


def _slope(f: Value, y: Array, direction: Direction, h: float) -> Array:
    return (f(direction.moved(y, h)) - f(direction.moved(y, -h))) / (2 * h)


def _points_around(
    x: Array, direction: Direction, distance: float, rng: np.random.Generator, samples: int, scale: Array
) -> Iterator[Array]:
    """Points near x: on both sides along the direction, along a ramp, all entries up or down; then random points."""
    along = np.zeros(x.size)
    along[direction.where] = direction.by
    size = np.maximum(scale, abs(along))  # far more than a step, whatever moves
    ramp = np.arange(1.0, x.size + 1) / x.size
    # A random step to the side, too, moves away from a kink of another kind.
    for way in (along, ramp * size, size, np.sign(x) * size):
        for sign in (1, -1):
            yield x + sign * distance * (way + SIDE_STEP * size * rng.uniform(-1, 1, x.size))
    for _ in range(samples):
        yield x + distance * size * rng.uniform(-1, 1, x.size)

"""Kinks are judged from the values of the function alone.

Where a function is not differentiable, a backward pass may give any member of Clarke's generalized derivative: the
convex hull of the limits of slopes at points nearby where there is one (Clarke 1983, Optimization and Nonsmooth
Analysis, theorem 2.5.1). So slopes are sampled at points around x, ever closer; if they do not draw together, there is
a kink, and what they span is the interval allowed. relu'(0) may be anything in [0, 1], but not 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.subject import Direction, Subject, scales

SAMPLES = (6, 48, 240)  # at first, and more before anybody is accused


class Interval(NamedTuple):
    """Of each output: the slopes near x along a direction, how uncertain they are, and whether they span a kink."""

    low: Array
    high: Array
    error: Array
    kink: Array
    jump: Array


def interval(
    subject: Subject,
    x: Array,
    direction: Direction,
    slope: Array,
    gap: float,
    noise: Array,
    rng: np.random.Generator,
    samples: int,
) -> Interval:
    """The slopes at points around x, at two distances, by steps that show differences of `gap`."""
    step = _step(gap, noise)
    near, far = (
        np.array([_slope(subject, y, direction, h) for y in _around(x, direction, reach * h, rng, samples)])
        for h, reach in ((step, 2.0**8), (4 * step, 2.0**12))
    )
    low, high = np.fmin.reduce(near), np.fmax.reduce(near)
    far_low, far_high = np.fmin.reduce(far), np.fmax.reduce(far)
    # How the slopes on either side go on changing: a mean, since the extreme may be one that came close by chance.
    upper = far > (low + high) / 2
    bend = (_mean(abs(far - high), upper) + _mean(abs(far - low), ~upper)) / 8
    error = 4 * noise / step + bend + 1e-9 * np.fmax(abs(low), abs(high))
    # Slopes of a smooth function vary 64 times less at the nearer points.
    kink = (high - low > 8 * error) & (high - low > (far_high - far_low) / 8)
    size, far_size = np.fmax(abs(low), abs(high)), np.fmax(abs(far_low), abs(far_high))
    jump = kink & (size > 2.5 * far_size) & (size > 2.5 * abs(slope))
    return Interval(low, high, error, kink, jump | ~np.isfinite(near).all(axis=0))


def _mean(values: Array, of: Array) -> Array:
    """The mean over samples, of those that are finite; 0 where there are none."""
    of = of & np.isfinite(values)
    return np.where(of, values, 0).sum(axis=0) / np.maximum(of.sum(axis=0), 1)


def _step(gap: float, noise: Array) -> float:
    """Small, but large enough for what is looked for to stand out of the noise."""
    needed = np.where(np.isfinite(noise), 128 * noise, 0).max(initial=0) / gap
    return float(2.0 ** np.clip(np.ceil(np.log2(max(needed, 1e-99))), -34, -14))


def _slope(subject: Subject, y: Array, direction: Direction, h: float) -> Array:
    return (subject.value(direction.moved(y, h)) - subject.value(direction.moved(y, -h))) / (2 * h)


def _around(x: Array, direction: Direction, distance: float, rng: np.random.Generator, samples: int) -> Iterator[Array]:
    """Points near x: to both sides of it along the direction, along a ramp, all entries up or down; then at random."""
    along = np.zeros(x.size)
    along[direction.where] = direction.by
    size = np.maximum(scales(x), abs(along))  # far more than a step, whatever moves
    ramp = np.arange(1.0, x.size + 1) / x.size
    # The side steps are random too, so that points on a kink of another kind are left.
    for way in (along, ramp * size, size, np.sign(x) * size):
        for sign in (1, -1):
            yield x + sign * distance * (way + 0.05 * size * rng.uniform(-1, 1, x.size))
    for _ in range(samples):
        yield x + distance * size * rng.uniform(-1, 1, x.size)

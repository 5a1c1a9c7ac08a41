"""Kinks: intervals of slopes where a function has no derivative, from its values alone.

Where a function is not differentiable, a backward pass may give any member of Clarke's generalized derivative: the
convex hull of the limits of derivatives at nearby points that have one (Clarke 1983, Optimization and Nonsmooth
Analysis, theorem 2.5.1). So slopes are sampled at points around x, at two distances on the same lines. If the slopes at
the nearer points do not approach each other, and on most lines are equal at both distances, x is at a kink, and the
interval that the slopes span is allowed. relu'(0) may be any number in [0, 1], but not 2. Slopes of a wave that is
shorter than the distances differ on most lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.testing.differentiation.vector_function import Array, Direction, Value

# Calibrated: points sampled at random at first, and more before a gradient is wrong.
SAMPLES = (6, 48, 240)
FAR_SAMPLES = 6  # chosen: at the larger distance, where only a mean and the largest slopes are needed
# Derived: slopes of a smooth function at points 64 times nearer (4 h 2^12 / (h 2^8)) vary 64 times less; with a margin
# of 8.
NEAR_POINTS = 2.0**8
FAR_POINTS = 2.0**12
FAR_STEP = 4
NARROWING = 8
# Chosen: a step at which the slope's own noise is 1/128 of the gap to be seen, within 2^-34 and 2^-14.
STEP_NOISE = 128
SMALLEST_EXPONENT = -34
LARGEST_EXPONENT = -14
FLOOR_OF_STEP = 1e-99
# Calibrated, as the bounds of a slope.
INTERVAL_NOISE = 4
INTERVAL_RELATIVE = 1e-9
INTERVAL_ERROR = 8
GROWTH_NEAR_A_JUMP = 2.5  # chosen: slopes at a jump grow by 4 with a step of a quarter, slopes at a kink by 1
SAME_ON_A_LINE = 32  # chosen: on most lines from a kink, and few in a wave, slopes are equal to a 32nd of the interval
# Chosen: how far a sampled point lies beside the direction, in units of its distance.
SIDE_STEP = 0.05


class Interval(NamedTuple):
    """For each output: the slopes near x along a direction, their error, and whether there is a kink or a jump."""

    low: Array
    high: Array
    error: Array
    kink: Array
    jump: Array


@attrs.frozen(eq=False)
class Surroundings:
    """The slopes at points around x along a direction, by steps that resolve differences of `gap`.

    The points lie at two distances. Slopes that were measured are kept: a request for more samples adds nearer points.
    `slope` is the slope at x.
    """

    f: Value
    x: Array
    direction: Direction
    slope: Array
    gap: float
    noise: Array
    rng: np.random.Generator
    scale: Array
    near: list[Array] = attrs.field(factory=list)
    far: list[Array] = attrs.field(factory=list)

    def interval(self, samples: int) -> Interval:
        """The interval of slopes at a few points on lines through x, and at so many random points, at least."""
        step = _step(self.gap, self.noise)
        if not self.near:
            for way in chain(self._on_lines(), self._at_random(FAR_SAMPLES)):
                self.near.append(self._slope(NEAR_POINTS, way, step))
                self.far.append(self._slope(FAR_POINTS, way, FAR_STEP * step))
        more = len(self.far) + samples - FAR_SAMPLES - len(self.near)
        self.near.extend([self._slope(NEAR_POINTS, way, step) for way in self._at_random(more)])
        near, far = np.array(self.near), np.array(self.far)
        low, high = np.fmin.reduce(near), np.fmax.reduce(near)
        far_low, far_high = np.fmin.reduce(far), np.fmax.reduce(far)
        # The change of the slopes on either side: a mean, since the extreme may be a point that is close by chance.
        upper = far > (low + high) / 2
        bend = (_mean(abs(far - high), upper) + _mean(abs(far - low), ~upper)) / NARROWING
        noise = INTERVAL_NOISE * self.noise / step
        error = noise + bend + INTERVAL_RELATIVE * np.fmax(abs(low), abs(high))
        kink = (high - low > INTERVAL_ERROR * error) & (high - low > (far_high - far_low) / NARROWING)
        # As many points at both distances: a slope that few directions have would seem to grow.
        paired = near[: len(far)]
        size, far_size = np.fmax.reduce(abs(paired)), np.fmax(abs(far_low), abs(far_high))
        grows = (size > GROWTH_NEAR_A_JUMP * far_size) & (size > GROWTH_NEAR_A_JUMP * abs(self.slope))
        # On a line from x, slopes at a kink are equal at both distances; slopes of a wave shorter than those are not.
        equal = abs(paired - far) <= (high - low) / SAME_ON_A_LINE + noise
        kink &= grows | (equal.sum(axis=0) >= (np.isfinite(paired) & np.isfinite(far)).sum(axis=0) / 2)
        jump = kink & grows
        return Interval(low, high, error, kink, jump | ~np.isfinite(near).all(axis=0))

    def _slope(self, reach: float, way: Array, h: float) -> Array:
        f, direction, y = self.f, self.direction, self.x + reach * h * way
        return (f(direction.moved(y, h)) - f(direction.moved(y, -h))) / (2 * h)

    def _sizes(self) -> tuple[Array, Array]:
        """The direction as an array, and how far each entry may move for a distance of 1."""
        along = np.zeros(self.x.size)
        along[self.direction.where] = self.direction.by
        return along, np.maximum(self.scale, abs(along))  # far more than a step, whatever moves

    def _on_lines(self) -> Iterator[Array]:
        """Ways from x on both sides along the direction, along a ramp, all entries up or down."""
        along, size = self._sizes()
        ramp = np.arange(1.0, self.x.size + 1) / self.x.size
        # A random step to the side, too, moves away from a kink of another kind.
        for way in (along, ramp * size, size, np.sign(self.x) * size):
            for sign in (1, -1):
                yield sign * (way + SIDE_STEP * size * self.rng.uniform(-1, 1, self.x.size))

    def _at_random(self, samples: int) -> Iterator[Array]:
        _, size = self._sizes()
        for _ in range(samples):
            yield size * self.rng.uniform(-1, 1, self.x.size)


def contracted(u: Array, kink: Array, slope: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The interval of <u, slope> over the outputs, the last axis, where slopes at kinks lie between low and high."""
    ends = [np.where(u == 0, 0, u * np.where(kink, end, slope)) for end in (low, high)]
    return np.minimum(*ends).sum(axis=-1), np.maximum(*ends).sum(axis=-1)


def _mean(values: Array, of: Array) -> Array:
    """The mean over the finite samples; 0 without finite samples."""
    of = of & np.isfinite(values)
    return np.where(of, values, 0).sum(axis=0) / np.maximum(of.sum(axis=0), 1)


def _step(gap: float, noise: Array) -> float:
    """A small step, but large enough that a difference of `gap` exceeds the noise."""
    needed = np.where(np.isfinite(noise), STEP_NOISE * noise, 0).max(initial=0) / gap
    return float(2.0 ** np.clip(np.ceil(np.log2(max(needed, FLOOR_OF_STEP))), SMALLEST_EXPONENT, LARGEST_EXPONENT))

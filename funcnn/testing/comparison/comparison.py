"""Comparison of analytic gradients with numeric slopes, within a bound on the error of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.directions import ProbeDirection
from funcnn.testing.differentiation.complex_step import complex_step, sharpened
from funcnn.testing.differentiation.constants import BOUND, COARSER_STEPS, EPS, FINER_STEPS, FIRST_STEPS
from funcnn.testing.differentiation.richardson import DifferenceQuotients, Slopes, difference_quotients, extrapolate
from funcnn.testing.differentiation.rounding import (
    REACHES,
    Noise,
    estimate_noise,
    gradient_change,
    gradient_noise,
    noise_along,
    size_of_terms,
)
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, magnitudes, step_scales
from funcnn.testing.options import Options

MOST_OUTPUTS = 24  # chosen: outputs with a cotangent each; more are contracted with three random cotangents
SLOPES_IN_MEMORY = 2**20  # chosen: directions are measured in blocks of at most so many values of f
MOST_REFINED = 2**17  # chosen: with more outputs, finer and coarser steps would take too much memory
# Calibrated: the rounding of a contraction with a cotangent, in units of the last digit.
CONTRACTION = 128
NUMBERS_IN_MEMORY = 2**21  # chosen: 16 MB of cotangents and gradients

Product = Callable[[Array, Array], Array]


@attrs.frozen(eq=False)
class Measurement:
    """The data of a comparison: cotangents (cotangent, output), and their gradients (cotangent, entry)."""

    function: VectorFunction
    noise: Noise
    cotangents: Array
    gradients: Array
    options: Options
    scale: Array  # by entry: the unit of distances from x
    along: Direction | None = None  # in which the noise was measured; None if all entries moved
    changes: dict[int, Array] = attrs.field(factory=dict)
    noises: dict[int, Array] = attrs.field(factory=dict)
    _terms: list[Array] = attrs.field(factory=list)

    @property
    def resolution(self) -> float:
        """The relative error that must be visible."""
        return self.options.resolution

    @property
    def counted(self) -> Array:
        """By cotangent, whether it counts for an entry: those of one output alone, if there are such."""
        alone = (self.cotangents != 0).sum(axis=1) == 1
        return alone if alone.any() else ~alone

    def gradient_change(self, c: int) -> Array:
        """The change of the gradient for a cotangent by rounding; measured at the first call."""
        if c not in self.changes:
            function = self.function
            self.changes[c] = gradient_change(function.gradient_or_nan, function.x, self.cotangents[c], function.rng)
        return self.changes[c]

    def gradient_noise(self, c: int) -> Array:
        """The noise of the gradient for a cotangent as x moves; measured at the first call."""
        if c not in self.noises:
            function, dA = self.function, self.cotangents[c]
            self.noises[c] = gradient_noise(function.gradient_or_nan, function.x, dA, function.rng.spawn(1)[0])
        return self.noises[c]

    @property
    def terms(self) -> Array:
        """The size of the terms of each output; measured at the first call."""
        if not self._terms:
            self._terms.append(size_of_terms(self.function.value, self.function.out, self.function.x))
        return self._terms[0]


class Comparison(NamedTuple):
    """Both values, a bound on their difference, their size, whether they are known; each (direction, cotangent)."""

    analytic: Array
    numeric: Array
    bound: Array
    size: Array
    known: Array
    sharp: Array

    def of(self, k: int) -> Comparison:
        """The part of one direction, by cotangent."""
        return Comparison(*[a[k] for a in self])

    @property
    def wrong(self) -> Array:
        """Whether the values differ by more than a finite bound. A gradient of nan is wrong."""
        return self.known & np.isfinite(self.bound) & ~(abs(self.analytic - self.numeric) <= self.bound)

    def tolerated(self, tolerance: float) -> Array:
        """Whether the values differ, by all that their errors allow, by less than a part of their size."""
        return self.known & (abs(self.analytic - self.numeric) + self.bound <= tolerance * self.size)

    @property
    def visible(self) -> Array:
        """Whether the values differ by less than the bound, and the bound is below their size."""
        return self.known & (abs(self.analytic - self.numeric) <= self.bound) & (self.bound < self.size)

    @property
    def faint(self) -> Array:
        """Whether both values may be 0: they are below a bound that is sharp enough, or the gradient is 0."""
        return ~self.visible & (self.settled | (self.analytic == 0))

    @property
    def settled(self) -> Array:
        """Whether the values differ by less than the bound, and the bound is sharp enough."""
        return self.known & self.sharp & (abs(self.analytic - self.numeric) <= self.bound)


def measure(function: VectorFunction, options: Options, noise: Noise | None = None) -> Measurement:
    """Everything that is measured once: the noise of f, unless it is given, and the gradient for each cotangent."""
    m, x, rng = function.out.size, function.x, function.rng
    random = rng.uniform(0.5, 1.5, (3, m)) * rng.choice([-1.0, 1.0], (3, m))  # with digits that float32 loses
    few = m <= MOST_OUTPUTS and m * x.size <= NUMBERS_IN_MEMORY
    cotangents = np.concatenate([np.eye(m), random[:1]]) if few else random
    gradients = np.array([function.gradient(x.copy(), dA) for dA in cotangents])
    noise = estimate_noise(function.value, x, rng, function.one) if noise is None else noise
    return Measurement(function, noise, cotangents, gradients, options, step_scales(x))


def with_noise_along(measurement: Measurement, direction: Direction) -> Measurement:
    """The measurement with the noise along a direction of short steps, where such steps change an output."""
    function = measurement.function
    here = noise_along(function.value, function.x, direction, function.one)
    moves = function.value(direction.moved(function.x, 2.0 ** -REACHES[0])) != function.out.ravel()
    noise = [np.where(moves, *both) for both in zip(here, measurement.noise, strict=True)]
    return attrs.evolve(measurement, noise=Noise(*noise), scale=magnitudes(function.x), along=direction)


def noise_towards(measurement: Measurement, direction: Direction) -> Noise:
    """The noise, and that along a direction, which is measured unless it was."""
    function, along = measurement.function, measurement.along
    alone = along is None and function.x.size == 1 and abs(direction.by) == measurement.scale
    if alone or (along and all(map(np.array_equal, along, direction))):
        return measurement.noise
    return measurement.noise.joined(noise_along(function.value, function.x, direction, function.one))


def compare(measurement: Measurement, probes: Sequence[ProbeDirection], slopes: Slopes) -> Comparison:
    """The gradient along each direction, and the slopes contracted with each cotangent."""
    parts = [(measurement.gradients[:, d.where], d.by) for _, _, d in probes]
    analytic = np.array([g @ d for g, d in parts])
    size = np.array([abs(g) @ abs(d) for g, d in parts])
    unit = np.array([[abs(d).max()] for _, d in parts])
    return compared(analytic, size, unit, slopes, measurement.cotangents, np.matmul, measurement.resolution)


def compared(
    analytic: Array, size: Array, unit: Array, slopes: Slopes, cotangents: Array, product: Product, resolution: float
) -> Comparison:
    """The comparison of gradients of a size with slopes, which `product(slopes, cotangents.T)` contracts.

    `unit` is how far an entry moves for a step of 1.
    """
    weight = abs(cotangents).T
    known = np.isfinite(slopes.error) & ~slopes.jump
    slope, error = np.where(known, slopes.slope, 0), np.where(known, slopes.error, 0)
    # An infinite gradient does not widen its own bound.
    size = np.maximum(np.where(np.isfinite(size), size, 0), product(abs(slope), weight))
    bound = BOUND * product(error, weight) + CONTRACTION * EPS * size
    flat = (size <= bound) & (bound <= resolution * unit * weight.max(axis=0))
    all_known = ~product(~known, weight > 0)
    return Comparison(
        analytic, product(slope, cotangents.T), bound, size, all_known, flat | (bound <= resolution * size)
    )


def first_slopes(measurement: Measurement, probes: Sequence[ProbeDirection]) -> Slopes:
    """The slopes that the first steps give."""
    function = measurement.function
    directions = [p.direction for p in probes]
    known = function.out.ravel()
    quotients = difference_quotients(function.value, function.x, directions, FIRST_STEPS, centre=known)
    return _shown(function, directions, quotients, extrapolate(quotients, measurement.noise))


def _shown(
    function: VectorFunction, directions: Sequence[Direction], quotients: DifferenceQuotients, slopes: Slopes
) -> Slopes:
    """The slopes, unknown where short steps of tiny arguments are lost in the rounding of f, as in (x + 1e9) - 1e9.

    Then no short step changes an output, and a step of about 1 in the units of the caller does.
    """
    if min(function.exponents) >= 0:
        return slopes
    k = int(np.flatnonzero(quotients.steps.ravel() == 2.0 ** -FIRST_STEPS[-1])[0])
    lost = (quotients.right[k] == 0) & (quotients.left[k] == 0)
    for j in np.flatnonzero(lost.any(axis=1)).tolist():
        index, entries = directions[j]
        way = np.sign(entries) * function.rng.uniform(0.5, 1, index.size)  # in which no entries cancel
        one = Direction(index, np.ldexp(way, -function.x_exponent[index]))
        beside = np.array([function.value(one.moved(function.x, h)) for h in (-1, 1)])
        lost[j] &= (np.isfinite(beside) & (beside != function.out.ravel())).any(axis=0)
    return slopes._replace(error=np.where(lost, np.inf, slopes.error))


def refined_slopes(
    measurement: Measurement, probe: ProbeDirection
) -> tuple[ProbeDirection, DifferenceQuotients, Slopes]:
    """The slopes along one direction from more steps: smaller steps for kinks and edges, larger steps for noise."""
    f, x, known = measurement.function.value, measurement.function.x, measurement.function.out.ravel()
    few = measurement.function.out.size <= MOST_REFINED
    steps = (*COARSER_STEPS, *FIRST_STEPS, *FINER_STEPS) if few else FIRST_STEPS
    quotients = difference_quotients(f, x, [probe.direction], steps, centre=known)
    slopes = extrapolate(quotients, measurement.noise)
    index, entries = probe.direction
    own = np.where(x[index] == 0, 0, magnitudes(x[index]) / 2)
    if own.any() and not np.isfinite(slopes.error).all():
        # The edge of the domain: let every entry move in proportion to itself.
        probe = probe._replace(direction=Direction(index, np.sign(entries) * own))
        quotients = difference_quotients(f, x, [probe.direction], steps, centre=known)
        slopes = extrapolate(quotients, measurement.noise)
    return probe, quotients, _shown(measurement.function, [probe.direction], quotients, slopes)


def compare_complex(measurement: Measurement, probe: ProbeDirection, slopes: Slopes) -> Comparison:
    """The comparison by cotangent, with slopes sharpened by a complex step.

    This comparison never finds a gradient wrong: the bound is at least the resolution, since the gradient has the
    larger rounding error here.
    """
    function = measurement.function
    exact = complex_step(function.complex_value, function.x, probe.direction)
    found = compare(measurement, [probe], sharpened(slopes, exact)).of(0)
    widened = np.maximum(found.bound, measurement.resolution * found.size)
    return found._replace(bound=np.where(found.sharp, widened, found.bound))

"""The verdict: what the backward pass says beside what the values of the function say.

A gradient is compared along directions: every entry by itself, and several together, since a tie that was counted twice
shows only when all that are tied move. What the first steps do not settle is looked at closer, with other steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.ladder import COARSER, FINER, FIRST, Rungs, Slopes, climb, extrapolated
from funcnn.testing.rounding import EPS, Noise, noise_of, wobble_of
from funcnn.testing.subject import Direction, Subject, proportions, scales

MOST_ENTRIES = 96  # of one argument that are probed one by one; of a larger one, directions are drawn
_MOST_OUTPUTS = 24  # that are probed one by one; more are weighed by three random cotangents
_AT_ONCE = 2**21  # numbers in memory
_IMAGINARY = 1e-20


class Probe(NamedTuple):
    """A direction: of one entry of a leaf, of a whole leaf (no entry), or of all leaves (leaf "")."""

    leaf: str
    entry: tuple[int, ...] | None
    direction: Direction


@attrs.frozen(eq=False)
class Bench:
    """All that a comparison needs: cotangents by (cotangent, output) and their gradients by (cotangent, entry)."""

    subject: Subject
    x: Array
    noise: Noise
    cotangents: Array
    gradients: Array
    resolution: float
    rng: np.random.Generator
    wobbles: dict[int, Array] = attrs.field(factory=dict)

    def wobble(self, c: int) -> Array:
        """How far rounding moves the gradient for a cotangent: measured when it is first asked for."""
        if c not in self.wobbles:
            self.wobbles[c] = wobble_of(self.subject, self.x, self.cotangents[c], self.rng)
        return self.wobbles[c]


class Comparison(NamedTuple):
    """By (direction, cotangent): both numbers, how far apart rounding may bring them, and what that is worth."""

    analytic: Array
    numeric: Array
    bound: Array
    size: Array
    known: Array
    sharp: Array

    def of(self, k: int) -> Comparison:
        """What belongs to one direction, by cotangent."""
        return Comparison(*[a[k] for a in self])

    @property
    def wrong(self) -> Array:
        """Further apart than the bound. A nan is wrong."""
        return self.known & ~(abs(self.analytic - self.numeric) <= self.bound)

    @property
    def settled(self) -> Array:
        """Close, and the bound is worth something."""
        return self.known & self.sharp & (abs(self.analytic - self.numeric) <= self.bound)


def bench(subject: Subject, resolution: float, rng: np.random.Generator) -> Bench:
    """Everything that is measured once: the noise of f, and the gradient for each cotangent."""
    m, x = subject.out.size, subject.x
    random = rng.uniform(0.5, 1.5, (3, m)) * rng.choice([-1.0, 1.0], (3, m))  # all digits: one may be lost in float32
    cotangents = np.concatenate([np.eye(m), random[:1]]) if m <= _MOST_OUTPUTS and m * x.size <= _AT_ONCE else random
    gradients = np.array([subject.gradient(x.copy(), dA) for dA in cotangents])
    return Bench(subject, x, noise_of(subject, x, rng), cotangents, gradients, resolution, rng)


def probes(subject: Subject, x: Array, rng: np.random.Generator) -> Iterator[Probe]:
    """Every entry of small arguments, some of large ones; then several entries together, of one argument and of all."""
    size, own = scales(x), proportions(x)

    def together(leaf: str, index: Array) -> Iterator[Probe]:
        yield Probe(leaf, None, Direction(index, own[index]))
        for _ in range(3):
            yield some(leaf, index)

    def some(leaf: str, index: Array) -> Probe:
        return Probe(leaf, None, Direction(index, rng.choice([-1.0, -0.5, 0.5, 1.0], index.size) * own[index]))

    for leaf, start, shape in subject.places():
        n = int(np.prod(shape))
        entries = range(n) if n <= MOST_ENTRIES else sorted(rng.choice(n, MOST_ENTRIES // 3, replace=False).tolist())
        for k in entries:
            entry = tuple(int(i) for i in np.unravel_index(k, shape))
            yield Probe(leaf, entry, Direction(np.array([start + k]), size[start + k : start + k + 1]))
        if n > MOST_ENTRIES:
            for _ in range(MOST_ENTRIES // 6):
                yield some(leaf, start + np.sort(rng.choice(n, MOST_ENTRIES // 3, replace=False)))
        if n > 1:
            yield from together(leaf, np.arange(start, start + n))
    if sum(1 for _, _, shape in subject.places() if np.prod(shape)) > 1:
        yield from together("", np.arange(x.size))


def apart(subject: Subject, x: Array, probe: Probe) -> Iterator[Probe]:
    """The entries that a direction moves, some if they are many, each by itself and in proportion."""
    places = list(subject.places())[::-1]
    for k in probe.direction.where[:MOST_ENTRIES].tolist():
        leaf, start, shape = next(place for place in places if place[1] <= k)
        entry = tuple(int(i) for i in np.unravel_index(k - start, shape))
        yield Probe(leaf, entry, Direction(np.array([k]), proportions(x[k : k + 1])))


def compare(bench: Bench, probes: list[Probe], slopes: Slopes) -> Comparison:
    """What the gradient says along each direction, beside the slopes contracted with each cotangent."""
    weight = abs(bench.cotangents).T
    parts = [(bench.gradients[:, d.where], d.by) for _, _, d in probes]
    analytic = np.array([g @ d for g, d in parts])
    size = np.array([abs(g) @ abs(d) for g, d in parts])
    known = np.isfinite(slopes.error) & ~slopes.jump
    slope, error = np.where(known, slopes.slope, 0), np.where(known, slopes.error, 0)
    size = np.maximum(np.where(np.isfinite(size), size, 0), abs(slope) @ weight)  # infinity is no excuse for itself
    bound = 8 * error @ weight + 128 * EPS * size
    flat = (size <= bound) & (bound <= bench.resolution * weight.max(axis=0))
    sharp = flat | (bound <= bench.resolution * size)
    all_known = ~(~known @ (weight > 0))
    return Comparison(analytic, slope @ bench.cotangents.T, bound, size, all_known, sharp)


def at_first(bench: Bench, probes: list[Probe]) -> Slopes:
    """As the first steps show them."""
    rungs = climb(bench.subject, bench.x, [p.direction for p in probes], FIRST)
    return extrapolated(rungs, bench.noise)


def closer(bench: Bench, probe: Probe) -> tuple[Probe, Rungs, Slopes]:
    """One direction looked at with steps that suit it: smaller ones near kinks and edges, larger ones in noise."""
    steps = (*COARSER, *FIRST, *FINER) if bench.subject.out.size <= _AT_ONCE // 16 else FIRST
    rungs = climb(bench.subject, bench.x, [probe.direction], steps)
    slopes = extrapolated(rungs, bench.noise)
    if np.isfinite(slopes.error).all():
        return probe, rungs, slopes
    index, entries = probe.direction  # the edge of the domain: let every entry move in proportion to itself
    own = np.where(bench.x[index] == 0, 0, proportions(bench.x[index]) / 2)
    if not own.any():  # nothing would move
        return probe, rungs, slopes
    probe = probe._replace(direction=Direction(index, np.sign(entries) * own))
    rungs = climb(bench.subject, bench.x, [probe.direction], steps)
    return probe, rungs, extrapolated(rungs, bench.noise)


def by_complex_step(bench: Bench, probe: Probe, slopes: Slopes) -> Comparison:
    """By cotangent, with slopes sharper by a step into the complex plane: f(x + ih) = f(x) + ih f'(x) + O(h^2).

    There is no difference, so no digit is lost, however small h is (Lyness and Moler 1967, Numerical differentiation of
    analytic functions; Squire and Trapp 1998). It holds where f is analytic, which abs, say, is not: so what does not
    agree with the differences is not used, and nobody is accused by it. The bound is what was asked for: here it is
    the gradient that is rounded more.
    """
    index, entries = probe.direction
    x = bench.x.astype(complex)
    x[index] += _IMAGINARY * 1j * entries
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = bench.subject.complex_value(x)
    exact = out.imag / _IMAGINARY
    agrees = np.isfinite(exact) & (abs(exact - slopes.slope) <= 8 * slopes.error) & ~slopes.kink
    better = agrees & (16 * EPS * abs(exact) < slopes.error)
    error = np.where(better, 16 * EPS * abs(exact), slopes.error)
    seen = compare(bench, [probe], slopes._replace(slope=np.where(better, exact, slopes.slope), error=error)).of(0)
    return seen._replace(bound=np.where(seen.sharp, np.maximum(seen.bound, bench.resolution * seen.size), seen.bound))

"""Other arguments of the same shapes, drawn at random, at which a hint about wrong entries must hold as well.

Hypothesis shrinks arguments to equal entries, zeros and small sizes. There two numbers have a simple ratio, a matrix is
symmetric, and a formula agrees with another one by coincidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import prod
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Measurement, compare, first_slopes, measure, refined_slopes
from funcnn.testing.comparison.directions import LARGEST_SMALL_ENTRY, ProbeDirection, place_of
from funcnn.testing.comparison.finding import CERTAIN, GradientFinding
from funcnn.testing.comparison.second_checks import outcome_of
from funcnn.testing.differentiation.vector_function import (
    Direction,
    VectorFunction,
    cotangent,
    generator,
    magnitudes,
    rescaled,
    sealed,
    step_scales,
)
from funcnn.testing.domain import OutsideDomainError
from funcnn.testing.purity import value_or_none
from funcnn.testing.verdict import GradientError

SHARED_BOUNDS = 4  # chosen: numbers of a hint are equal up to so many times the largest bound
NEARLY_RIGHT = 1e-3  # chosen: entries that are right to three digits have too few digits, not a wrong factor
FAINT = 1e-9  # chosen: a smaller gradient, relative to the largest, is not said to be right
DRAWN_ENTRIES = 8  # chosen: entries that are compared
# Chosen: magnitudes are those of the given entries times 2^-1 to 2^1, with signs of both kinds, then with the given
# signs, then nearer.
DRAWN_SPREADS = ((1.0, True), (1.0, False), (0.125, False))
Numbers = tuple[Array, Array, Array]  # analytic values, numeric values, and the errors of these


class ComparedDraw(NamedTuple):
    """An argument x and its analytic gradient; at the entries `places`: the numeric one, its error, the verdict.

    A numeric value that is not known is nan. An entry that is neither right nor wrong is undecided, as where the two
    numbers differ by little more than the error: a hint is not worth the second checks of a finding.
    """

    x: Array
    analytic: Array
    places: Array
    numeric: Array
    error: Array
    wrong: Array
    right: Array

    def numbers(self, of: Array) -> Numbers:
        """The analytic values, the numeric ones that are known, and their errors, where `of` is true."""
        of = of & np.isfinite(self.numeric)
        return self.analytic.ravel()[self.places][of], self.numeric[of], SHARED_BOUNDS * self.error[of]


def place(function: VectorFunction, leaf: str) -> tuple[int, tuple[int, ...]]:
    """Where the entries of an argument begin, and its shape."""
    return next((start, shape) for name, start, shape in function.places() if name == leaf)


def given_draw(
    measurement: Measurement, leaf: str, findings: Sequence[GradientFinding], *, tested: bool
) -> ComparedDraw:
    """The arguments of the check, at which every entry was `tested`, or only those of the findings."""
    start, shape = place(measurement.function, leaf)
    single = measurement.function.out.size == 1
    last = len(measurement.cotangents) - 1
    c = findings[0].cotangent if single else last  # a random one, so that numbers that agree for it agree for all
    unit = measurement.cotangents[c, 0] if single else 1.0
    inside = slice(start, start + prod(shape))
    analytic = np.array(measurement.gradients[c, inside].reshape(shape) / unit)
    numeric, error, wrong = analytic.copy(), np.zeros(shape), np.zeros(shape, bool)
    for f in findings:
        wrong[f.probe.entry] = True
        value = (f.numeric, f.bound) if f.cotangent == c else f.contracted if c == last else None
        found = np.divide(value, f.probe.direction.by[0] * unit) if value and f.low == f.high else (np.nan, np.nan)
        numeric[f.probe.entry], error[f.probe.entry] = found
    places = np.arange(wrong.size) if tested else np.flatnonzero(wrong)
    right = ~wrong.ravel() & ~_faint(measurement.gradients[:, inside])
    x = measurement.function.x[inside].reshape(shape)
    return ComparedDraw(x, analytic, places, *[a.ravel()[places] for a in (numeric, abs(error), wrong, right)])


def _faint(gradients: Array) -> Array:
    """By entry: whether a gradient is so small beside the largest one that a mistake in it could not be found."""
    largest = abs(gradients).max(axis=0)
    return (largest > 0) & (largest < FAINT * largest.max(initial=0))


def other_draws(measurement: Measurement, leaf: str, given: ComparedDraw) -> Iterator[ComparedDraw]:
    """The same argument at other points, with zeros too if it has some; none where f is not defined elsewhere."""
    rng = generator(measurement.function.args)
    for with_zeros in sorted({False, not given.x.all()}):
        other = redrawn(measurement.function, measurement.function.args, rng, leaf if with_zeros else "")
        yield from draw_of(measurement, other, leaf, given.places[given.wrong].tolist())


def draw_of(
    measurement: Measurement, function: VectorFunction | None, leaf: str, wanted: Sequence[int] = ()
) -> Iterator[ComparedDraw]:
    """The draw of an argument of a function that was redrawn, if it was; of the entries `wanted`, and of others."""
    if function is not None:
        with suppress(GradientError, OutsideDomainError):  # vjp may raise an exception for another cotangent
            yield _draw_at(measurement, rescaled(function) or function, leaf, np.array(wanted, int))


def redrawn(
    function: VectorFunction, args: Sequence[Array], rng: np.random.Generator, with_zeros: str = ""
) -> VectorFunction | None:
    """The function at arguments like `args`, some of them 0 in the argument `with_zeros`; None if f is not finite.

    Numbers are of the magnitudes of the arguments. An argument of one sign keeps it, since f may be meant for it alone.
    Others get other signs if f is defined there.
    """
    for spread, any_sign in DRAWN_SPREADS:
        own = list(args)
        for i, (name, a) in enumerate(zip(function.names, args, strict=True)):
            if a.dtype.kind == "f":
                own[i] = sealed(_like(a, rng, spread, any_sign=any_sign, zeros=name == with_zeros))
        other: VectorFunction | None = value_or_none(_at, function, tuple(own))  # sizes and domains may not fit
        if other is not None:
            return other
    return None


def _at(function: VectorFunction, args: tuple[Array, ...]) -> VectorFunction | None:
    """The function at other arguments; None if it or its gradient is not finite there."""
    args = function.fitted(args)
    other = attrs.evolve(function, args=args, out=sealed(function.f(*args)))
    gradient = other.gradient(other.x, cotangent(other.rng, other.out))
    return other if np.isfinite(other.out).all() and np.isfinite(gradient).all() else None


def _like(a: Array, rng: np.random.Generator, spread: float, *, any_sign: bool, zeros: bool) -> Array:
    flat = a.ravel().astype(np.float64)
    usual = np.median(abs(flat[flat != 0])) if flat.any() else 1.0
    size = np.where(flat == 0, usual, abs(flat)) * 2.0 ** rng.uniform(-spread, spread, flat.size)
    sign = np.where(flat < 0, -1.0, 1.0)
    if any_sign and not (flat > 0).all() and not (flat < 0).all():
        sign = rng.permutation(np.resize([1.0, -1.0], flat.size))
    if zeros:
        sign[rng.choice(flat.size, max(1, flat.size // 3), replace=False)] = 0
    return (sign * size).reshape(a.shape)


def _draw_at(measurement: Measurement, function: VectorFunction, leaf: str, wanted: Array) -> ComparedDraw:
    """The gradient of an argument where the function was redrawn, compared at some of the entries."""
    own = measure(function, measurement.options)
    start, shape = place(function, leaf)
    size, few = prod(shape), function.rng.permutation(wanted)[: DRAWN_ENTRIES // 2]
    some = function.rng.choice(size, min(size, DRAWN_ENTRIES), replace=False)
    places = np.unique(np.concatenate([few, some]))
    x = function.x
    by = np.where(abs(x) < LARGEST_SMALL_ENTRY, magnitudes(x), step_scales(x))
    every = [
        ProbeDirection(*place_of(function, start + k), Direction(np.array([start + k]), by[[start + k]]))
        for k in places
    ]
    slopes = first_slopes(own, every)
    found = compare(own, every, slopes)
    kinked = (slopes.kink | slopes.jump).any(axis=1)
    right = found.settled.all(axis=1)
    wrong = (found.wrong & (abs(found.analytic - found.numeric) > CERTAIN * found.bound)).any(axis=1)
    wrong, right = np.asarray(wrong & ~kinked), np.asarray(right)
    single = function.out.size == 1
    c, unit = (0, own.cotangents[0, 0]) if single else (-1, 1.0)
    sharp = found.known[:, c] & (found.bound[:, c] <= max(NEARLY_RIGHT, own.resolution) * found.size[:, c]) & ~kinked
    unknown = np.full(len(own.cotangents), np.inf)
    for j in np.flatnonzero(kinked & ~right).tolist():
        probe, quotients, refined = refined_slopes(own, every[j])
        outcome = outcome_of(own, probe, quotients, refined, unknown, thorough=False)
        wrong[j], right[j] = outcome.finding is not None, outcome.finding is None and bool(outcome.settled.all())
    inside = slice(start, start + size)
    scale = by[start + places] * unit / function.gradient_unit[start + places]
    numeric, error = (np.where(sharp, a[:, c] / scale, np.nan) for a in (found.numeric, found.bound))
    analytic = own.gradients[c, inside] / unit * function.gradient_unit[inside]
    right &= ~_faint(own.gradients[:, inside])[places]
    return ComparedDraw(x[inside].reshape(shape), analytic.reshape(shape), places, numeric, abs(error), wrong, right)


def reads_one_triangle(function: VectorFunction, start: int, shape: tuple[int, ...]) -> bool:
    """Whether f reads a square matrix on one side of its diagonal alone, also where other arguments are drawn again."""
    inside = slice(start, start + prod(shape))
    other = redrawn(function, function.args, generator(function.args)) or function
    x, moves = other.x.copy(), magnitudes(function.x[inside]).reshape(shape) / 4
    x[inside] = function.x[inside]  # since f may need more of it than random numbers have
    above, below = (np.pad(m.ravel(), (start, x.size - inside.stop)) for m in (np.triu(moves, 1), np.tril(moves, -1)))
    out = other.value(x)  # nan equals nothing
    return bool((other.value(x + above) == out).all() != (other.value(x + below) == out).all())

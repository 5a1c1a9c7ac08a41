"""Comparison of <dA, J v>, from forward on dual numbers, with <backward(dA), v>."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import attrs
import mpmath
import numpy as np

from funcnn.arrays import Array, short
from funcnn.testing.claim import Rules
from funcnn.testing.exact.dual import numbers_in, of_values, recorded_kinks
from funcnn.testing.exact.values import ZERO, Value, exact, plus, times, with_digits
from funcnn.testing.options import AGREEING
from funcnn.testing.verdict import WrongShape

DIGITS = (50, 900)  # of the first comparison, and of the second one if the first fails: at +-800, 50 digits may cancel
VANISHING = 1e-60  # smaller slopes are as good as 0 in float64, and rules cut them off: they are not compared


@attrs.frozen
class Agreement:
    """Both sides, how far they are apart, the sum of the sizes of their terms, and whether forward is at a kink."""

    forward: Value
    backward: Value
    difference: Value
    size: Value
    at_kink: bool

    @property
    def is_rational(self) -> bool:
        """Whether no number was rounded on the way to either side."""
        return type(self.difference) is Fraction

    @property
    def digits(self) -> float:
        """The number of digits in which the sides agree, infinite if they are equal."""
        if not self.difference:
            return math.inf
        return float(-mpmath.log10(with_digits(self.difference) / with_digits(self.size)))

    @property
    def holds(self) -> bool:
        """Whether the sides agree, as fractions, or else in enough digits."""
        return not self.difference if self.is_rational else self.digits >= AGREEING

    @property
    def is_open(self) -> bool:
        """Whether a difference of the sides would not be a mistake, or is not known."""
        return self.at_kink or not mpmath.isfinite(self.size) or with_digits(self.size) < VANISHING


@attrs.frozen(eq=False)
class Pullback:
    """The rules at arguments, the random cotangents, and the gradients that backward gives; None in forward mode."""

    rules: Rules
    args: Sequence[Array]
    cotangents: Sequence[Array]
    gradients: Sequence[Any]

    def compared(self, directions: Sequence[Array]) -> Agreement:
        """Both sides along a direction, which has an array for each argument; only floats move."""
        with recorded_kinks() as kinks:
            outs = self.rules.f([of_values(a, v) for a, v in zip(self.args, directions, strict=True)])
        left = [
            times(number.derivative, exact(u))
            for out, dA in zip(outs, self.cotangents, strict=True)
            if out.dtype.kind in "fO"
            for number, u in zip(numbers_in(out), dA.flat, strict=True)
        ]
        pairs = [
            (gradient, v)
            for a, gradient, v in zip(self.args, self.gradients, directions, strict=True)
            if a.dtype.kind == "f"
        ]
        if self.rules.jvp is not None:
            steps = [of_values(v) if a.dtype.kind == "f" else None for a, v in zip(self.args, directions, strict=True)]
            found = self.rules.jvp([of_values(a) for a in self.args], steps)
            pairs = [*zip(found, self.cotangents, strict=True)]
        right = [
            times(number.value, exact(d))
            for numbers, v in pairs
            for number, d in zip(numbers_in(numbers), v.flat, strict=True)
        ]
        forward, backward, size = [reduce(plus, terms, ZERO) for terms in (left, right, map(abs, left + right))]
        return Agreement(forward, backward, abs(plus(forward, -backward)), size, bool(kinks))


def pullback(rules: Rules, names: Sequence[str], args: Sequence[Array], rng: np.random.Generator) -> Pullback:
    """The gradients at arguments, for random cotangents."""
    constants = [of_values(a) for a in args]
    shapes = [out.shape for out in rules.f(constants)]
    cotangents = [dyadic(shape, rng) for shape in shapes]
    if rules.vjp is None:
        return Pullback(rules, args, cotangents, [None] * len(args))
    gradients = rules.vjp(constants, [of_values(dA) for dA in cotangents])
    for name, a, gradient in zip(names, args, gradients, strict=True):
        if a.dtype.kind == "f" and getattr(gradient, "shape", None) != a.shape:
            raise WrongShape(f"the gradient of {name} must have the shape {a.shape}; it is {short(gradient)}")
    return Pullback(rules, args, cotangents, gradients)


def dyadic(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Random multiples of 1/16 in [-4, 4], none of them 0."""
    return np.asarray(rng.integers(1, 65, shape) * rng.choice([-1.0, 1.0], shape) / 16)


def culprit(found: Pullback, directions: Sequence[Array]) -> tuple[int, int, Agreement]:
    """An argument and an entry at which the sides differ, and the agreement for a step of 1 along this entry.

    The difference is a sum over the entries that move, so one half of them has a difference too.
    """
    moving = [(i, k) for i, a in enumerate(found.args) if a.dtype.kind == "f" for k in range(a.size)]
    while len(moving) > 1:
        halves = [moving[: len(moving) // 2], moving[len(moving) // 2 :]]
        moving = max(halves, key=lambda half: with_digits(found.compared(_only(half, directions)).difference))
    [(i, k)] = moving
    return i, k, found.compared(_only(moving, [np.ones(v.shape) for v in directions]))


def _only(moving: Sequence[tuple[int, int]], directions: Sequence[Array]) -> list[Array]:
    """The directions at some entries, and 0 elsewhere."""
    chosen = [np.zeros(v.shape) for v in directions]
    for i, k in moving:
        chosen[i].flat[k] = directions[i].flat[k]
    return chosen

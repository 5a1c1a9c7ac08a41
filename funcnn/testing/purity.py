"""Results that later calls may not change: those of the first calls, compared with each other's and with later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.differentiation.constants import EPS, NEW_ARGUMENTS, VISIBLE
from funcnn.testing.differentiation.vector_function import VectorFunction, computed, magnitudes, step_scales
from funcnn.testing.numbers import change
from funcnn.testing.verdict import GradientError, NotPure

CHANGED_ENTRIES = 2  # chosen: entries that are changed one by one, beside the first and the last
BESIDE_PRINTED = 2.0**-30  # chosen: NumPy prints eight digits after the point
# Chosen: two of the first entries change places, if they differ by at most three times the smaller one. All have that
# many binary digits.
EXCHANGED, SIMILAR, FEW_DIGITS = 64, 3, 20
# Chosen: distances at which a memo of vjp under a short key may repeat a gradient, relative to the entry, as 1e-9 does
# under printed digits. Points lie 16 to 48 distances apart, beginning a 16th of the entry from it.
REPEATING = (14, 18, 22, 26, 30, 34)
REPEATING_START = 2.0**-4
REPEATING_APART = 32
REPEATING_POINTS = 12  # chosen: a polynomial of degree 3 fits so many values of a staircase by no accident
REPEATING_FIT = 64  # calibrated: the gradient at a point first called is so many times nearer to the polynomial
# Chosen: distances of one changed entry from NEW_ARGUMENTS, and of all others.
NEW_ENTRY = 2.0**-6
NUDGE = 2.0**-24
NUDGES = (-1.75, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75)  # chosen: stairs that the first four points do not show
# Chosen: smaller changes of a gradient, in units of |dA f|, may be rounding where f saturates, as tanh(-30 x) does.
NATURAL = 1e-9
NUDGED = 64


@attrs.define(eq=False)
class Returned:
    """Arrays that a function returned last, and copies of them, which they must equal."""

    pairs: list[tuple[Any, Array]] = attrs.field(factory=list)
    fault: str = ""  # of the first change, which each later check reports: an exception may be ignored

    def keep(self, arrays: Iterable[Any]) -> None:
        """Keep what was returned now in place of what was returned before."""
        self.pairs = [(a, np.array(a)) for a in arrays]

    def check(self, message: str, name: str = "") -> None:
        """Raise a NotPure if an array has changed; with the change of the array if the array has a name."""
        for now, was in self.pairs:
            if not self.fault and not equal(now, was):
                self.fault = f"{message}: {change(name, was, now)}" if name else message
        if self.fault:
            raise NotPure(self.fault)


@attrs.frozen(eq=False)
class FirstResults:
    """What f and vjp returned first, and copies of the gradients; results are equal if within the tolerance."""

    function: VectorFunction
    dA: Array  # noqa: N815  its name everywhere
    returned: Any
    gradients: Sequence[Any]
    tolerance: float
    copies: Sequence[Any] = computed(lambda self: [None if g is None else g.copy() for g in self.gradients])
    others: list[tuple[Array, Array]] = attrs.field(factory=list, init=False)  # further gradients, and their copies

    def check_same(self, now: Sequence[Any], message: str, kind: type[GradientError] = NotPure) -> None:
        """Raise an error with the message, and with what changed, unless gradients are as they were first."""
        for name, a, b in zip(self.function.names, self.copies, now, strict=True):
            if a is not None and not equal(a, b, self.tolerance):
                raise kind(f"{message}: the gradient of {change(name, a, b)}")

    def keep(self, gradients: Sequence[Any]) -> None:
        """Keep the gradients of another call: in a pool of buffers, one of them may hold the same numbers by chance."""
        self.others.extend([(g, g.copy()) for g in gradients if g is not None])

    def check_lasting(self) -> None:
        """Check after all other calls that results are as they were first, and that f and vjp still give them.

        A memo that f fills under a part of its argument, or under its printed digits, shows where f is called with
        one entry changed.
        """
        function, args = self.function, self.function.args
        if not equal(self.returned, function.out, self.tolerance):
            found = change("out", function.out, self.returned)
            raise NotPure(f"f changes an earlier result after many other calls: {found}")
        changed = "vjp changes an earlier gradient after many other calls"
        self.check_same(self.gradients, changed)
        if not all([equal(*both) for both in self.others]):
            raise NotPure(changed)
        after = "after many other calls"
        for other in (None, *self._changed()):
            if other is not None:
                after = "after f was called with one entry changed"
                value_or_none(function.f, *other)
            self.check_same(function.vjp(args, self.dA), f"vjp gives another result {after}")
            out = function.f(*args)
            if not equal(out, function.out, self.tolerance):
                raise NotPure(f"f gives another result {after}: {change('out', function.out, out)}")
        for k in {0, function.x.size - 1} if function.x.size else ():
            self._check_stale_entry(k)
            if self._stays(k, 2.0 ** -REPEATING[-1]):  # then it may over longer distances too
                all(self._is_varying(k, 2.0**-exponent) for exponent in REPEATING)
        self._check_stale_exchange()

    def _check_stale_entry(self, k: int) -> None:
        """Refuse a gradient that stays when entry k changes: it was remembered under the other entries."""
        x, others = self._new_arguments(), np.arange(self.function.x.size) != k
        self._check_stale(x, NEW_ENTRY * step_scales(x) * ~others, others, "one entry has changed")

    def _check_stale_exchange(self) -> None:
        """Refuse a gradient that stays when two entries change places: it was remembered under a sum, a mean or bounds.

        The two are of similar size. All entries have so few digits that the sum of similar ones has no rounding error.
        """
        x = self._new_arguments()
        fraction, exponent = np.frexp(x)
        x = np.ldexp(np.round(np.ldexp(fraction, FEW_DIGITS)), exponent - FEW_DIGITS)
        order = np.argsort(x[:EXCHANGED])
        low, high = x[order[:-1]], x[order[1:]]
        similar = (low != high) & (abs(high - low) <= SIMILAR * np.minimum(abs(low), abs(high)))
        if similar.any():
            k = (similar * (high - low)).argmax()
            step = np.zeros(x.size)
            step[order[k : k + 2]] = high[k] - low[k], low[k] - high[k]
            self._check_stale(x, step, np.full(x.size, fill_value=True), "two entries have changed places")

    def _new_arguments(self) -> Array:
        x = self.function.x
        return x + NEW_ARGUMENTS * step_scales(x) * self.function.rng.uniform(0.5, 1, x.size)

    def _check_stale(self, x: Array, step: Array, nudged: Array, when: str) -> None:
        """Refuse a gradient that stays after a step, unless it also stays where others move a little as well."""
        before = self._gradients_at([x, x + step])
        if before is None or not any([a is not None and equal(a, b) for a, b in zip(*before, strict=True)]):
            return
        a_little = NUDGE * nudged * step_scales(x)
        beside = self._gradients_at([x + a_little, x - a_little + step, x + 2 * a_little, x - 2 * a_little])
        if beside is None:
            return
        # A gradient may be 0 but for rounding: that of f, or of what f saturates.
        rounding = EPS * max([_largest(c) for c in beside[0] if c is not None])
        least = NATURAL * _largest(self.dA) * max(_largest(self.function.out), 1)
        for k, (a, b, c, d, e, other) in enumerate(zip(*before, *beside, strict=True)):
            if a is None or not equal(a, b):
                continue
            # A stair may lie between any two of them.
            by_step = min(_largest(c - d), _largest(other - d))
            by_others = max(_largest(c - e), _largest(c - other), _largest(e - other))
            slight = max(NUDGED * (by_others + rounding) + VISIBLE * _largest(c), least)
            if by_step > slight and not any([self._varies(k, near, a_little, by_step) for near in (x, x + step)]):
                raise NotPure(f"vjp gives the gradient of {self.function.names[k]} of an earlier call, when {when}")

    def _varies(self, k: int, x: Array, a_little: Array, by_step: float) -> bool:
        """Whether gradient k differs among points around x, as that of a triangle wave does beside its kinks."""
        found = self._gradients_at([x + t * a_little for t in NUDGES])
        return found is None or NUDGED * _largest(np.ptp([gradients[k] for gradients in found], axis=0)) > by_step

    def _gradients_at(self, points: list[Array]) -> list[list[Any]] | None:
        """The gradients at each point; None if one cannot be computed."""
        found = [value_or_none(self._both, self.function.arguments(point)) for point in points]
        return None if any([gradients is None for gradients in found]) else found

    def _stays(self, k: int, distance: float) -> bool:
        """Whether the gradient is the same after a step of a distance."""
        place, size = REPEATING_START * self.function.rng.uniform(1, 2), magnitudes(self.function.x)[k]
        first, again = [self._gradient_beside(k, size * h) for h in (place, place + distance)]
        return equal(first, again)

    def _is_varying(self, k: int, distance: float) -> bool:
        """Refuse a gradient that stays over a distance from points at which vjp was called just before.

        Such a gradient may be right: constant, or a staircase if vjp computes in float32 inside. But a staircase does
        not meet a smooth curve exactly at the points that are called first. False if the gradient is constant.
        """
        rng, size = self.function.rng, magnitudes(self.function.x)[k]
        apart = REPEATING_APART * distance * rng.uniform(0.5, 1.5, REPEATING_POINTS)
        places = REPEATING_START * rng.uniform(1, 2) + np.cumsum(apart)
        found: list[Array] = []
        repeated = 0
        for count, place in enumerate(places):
            first, again = [self._gradient_beside(k, size * h) for h in (place, place + distance)]
            found.append(first)
            repeated += equal(first, again)
            if count == 1 and equal(found[0], first):
                return False
            if not (repeated and np.isfinite(first).all()):
                return True
        table = np.array(found)
        apart = places - places.mean()
        powers = np.linalg.qr(np.vander(apart / abs(apart).max(), 4))[0]
        rest = abs(table - powers @ (powers.T @ table)).max(axis=0)
        change = np.ptp(table, axis=0) * distance / np.ptp(places)
        if 2 * repeated > REPEATING_POINTS and (change > REPEATING_FIT * rest).any():
            raise NotPure("vjp gives the gradient of an earlier call at arguments that differ in their last digits")
        return True

    def _gradient_beside(self, k: int, step: float) -> Array:
        """The gradient where entry k has moved; nan where vjp raises an exception."""
        moved = self.function.x.copy()
        moved[k] += step
        return self.function.gradient_or_nan(moved, self.dA)

    def _both(self, args: tuple[Array, ...]) -> list[Any]:
        """The gradients at other arguments, after f was called there."""
        self.function.f(*args)
        return [*self.function.vjp(args, self.dA)]

    def _changed(self) -> Iterator[tuple[Array, ...]]:
        """Arguments with one entry changed: by less than is printed."""
        x = self.function.x
        if not x.size:
            return
        for k in sorted({0, x.size - 1, *self.function.rng.integers(0, x.size, CHANGED_ENTRIES).tolist()}):
            moved = x.copy()
            moved[k] += BESIDE_PRINTED * step_scales(x)[k]
            yield self.function.arguments(moved)


def _largest(a: Array) -> float:
    return float(abs(a).max(initial=0))


def equal(a: Any, b: Any, tolerance: float = 0.0) -> bool:
    """Whether a and b have the same bits (nan equals nan), or differ by at most the tolerance."""
    if tolerance:
        return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * np.max(np.abs(a), initial=0), equal_nan=True))
    return bool(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc"))


def value_or_none(f: Callable[..., Any], *args: Any) -> Any:
    """The value of f; None if it raises an exception at arguments that the checker made."""
    try:
        return f(*args)
    except Exception:  # noqa: BLE001  they may lie outside the domain
        return None

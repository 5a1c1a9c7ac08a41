"""Comparison of a gradient by few calls of f: at most three times those of central differences with one step.

Each entry moves by two steps, and by two others if these do not decide. Nothing is found wrong here: a difference, and
a gradient outside the slopes on both sides of a kink, are left to the full comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log2, prod
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison, Measurement, compare, measure
from funcnn.testing.comparison.directions import Probe, probes
from funcnn.testing.comparison.statistics import Statistics
from funcnn.testing.differentiation.constants import (
    EPS,
    FLOOR,
    REACHES,
    SLOPES_IN_MEMORY,
    SMALL_OUTPUT,
)
from funcnn.testing.differentiation.richardson import DifferenceQuotients, Slopes, difference_quotients, extrapolate
from funcnn.testing.differentiation.rounding import Noise
from funcnn.testing.differentiation.vector_function import VectorFunction, magnitudes, rescaled
from funcnn.testing.options import Options
from funcnn.testing.structure import differ_by_more

# Derived: with f, f' and the third derivative of one size, the sum of truncation, h^2 / 6, and of rounding,
# 2 eps / (h / 4), is least at h = 2^-16.
QUICK_STEPS = (15, 17)
QUICK_CALLS = 6  # derived: three times the two calls for each entry, and for f(x) and its repetition, of one step
RESERVED = 4  # chosen: for f(x), its repetition, and two calls beside the numbers
BY_ROUNDING = 4  # chosen: slopes that differ by at most 4 rounding errors say nothing about truncation
COARSER = 8  # chosen: steps are 2^8 times as long where only rounding is visible
_EACH = 2 * len(QUICK_STEPS)  # calls of f for a direction


class _Tried(NamedTuple):
    """A direction with two steps: by cotangent the comparison, what is settled, and what is settled by a kink.

    `other` is how many times other steps are to be halved.
    """

    found: Comparison
    settled: Array
    at_kink: Array
    slopes: Slopes
    other: int

    @property
    def seems_wrong(self) -> bool:
        """Whether the gradient differs from the slopes."""
        return bool((self.found.wrong & ~self.at_kink).any())


def compare_quickly(function: VectorFunction, options: Options) -> Statistics | None:
    """The statistics of a gradient that agrees with f; None if something seems wrong, or nothing is decided."""
    statistics = Statistics(function.gradient_unit)
    if not (function.out.size and function.x.size):
        return statistics
    measurement = measure(function, options, _last_digits(function))
    if rescaled(function) is not None or not _is_linear(measurement):  # extreme arguments need other units
        return None
    calls = QUICK_CALLS * (function.x.size + 1) - RESERVED
    chosen = _chosen(function, calls)
    calls -= _EACH * len(chosen)
    for probe, first in _all_tried(measurement, chosen):
        tried = first
        if first.other and calls >= _EACH and not first.seems_wrong:
            [again], calls = _tried(measurement, [probe], first.other), calls - _EACH
            tried = again if again.seems_wrong or again.settled.sum() > first.settled.sum() else first
        if tried.seems_wrong:
            return None
        statistics.count(probe, tried.found, tried.settled, tried.at_kink)
        if not tried.settled.all():
            statistics.count_undecided(tried.found, tried.settled, tried.slopes, left_out=False)
    return statistics if statistics.telling or not statistics.inconclusive else None


def _last_digits(function: VectorFunction) -> Noise:
    """The noise of values that are right to their last digit: more shows in differences between steps."""
    size = abs(function.out.ravel())
    noise = EPS * np.maximum(size, SMALL_OUTPUT * size.max(initial=0))
    return Noise(noise, np.broadcast_to(noise, (len(REACHES), noise.size)))


def _is_linear(measurement: Measurement) -> bool:
    """Whether vjp(-2 (u + v)) = -2 (vjp(u) + vjp(v)), for two cotangents whose gradients are known."""
    function, (u, *_, v), (g, *_, h) = measurement.function, measurement.cotangents, measurement.gradients
    return not differ_by_more(function.gradient(function.x.copy(), -2 * (u + v)), -2 * (g + h))


def _chosen(function: VectorFunction, calls: int) -> list[Probe]:
    """Single entries, parts of large arguments, and, as calls are left, all entries together in at most two ways."""
    every = [*probes(function)]
    sizes = {leaf: prod(shape) for leaf, _, shape in function.places()}
    single = [p for p in every if p.leaf and p.direction.where.size < max(2, sizes[p.leaf])]
    together = every[-4:] if function.x.size > 1 else []
    return single + together[: min(2, calls // _EACH - len(single))]


def _all_tried(measurement: Measurement, chosen: Sequence[Probe]) -> Iterator[tuple[Probe, _Tried]]:
    """Each direction with what two steps show, measured in blocks that fit into memory."""
    at_once = max(1, SLOPES_IN_MEMORY // (_EACH * measurement.function.out.size))
    for start in range(0, len(chosen), at_once):
        some = chosen[start : start + at_once]
        yield from zip(some, _tried(measurement, some, 0), strict=True)


def _tried(measurement: Measurement, some: Sequence[Probe], other: int) -> list[_Tried]:
    function, directions = measurement.function, [probe.direction for probe in some]
    steps, known = [k + other for k in QUICK_STEPS], function.out.ravel()
    whole = difference_quotients(function.value, function.x, directions, steps, centre=known)
    every = extrapolate(whole, measurement.noise)
    comparison, tried = compare(measurement, some, every), []
    for k, probe in enumerate(some):
        quotients = DifferenceQuotients(whole.steps, whole.right[:, k : k + 1], whole.left[:, k : k + 1])
        found, slopes = comparison.of(k), Slopes(*[a[k : k + 1] for a in every])
        at_kink = _between_sides(measurement, quotients, slopes, found)
        settled = found.settled | at_kink
        better = 0 if other or settled.all() else _better(measurement, probe, quotients)
        tried.append(_Tried(found, settled, at_kink, slopes, better))
    return tried


def _between_sides(
    measurement: Measurement, quotients: DifferenceQuotients, slopes: Slopes, found: Comparison
) -> Array:
    """By cotangent, whether f has a kink, and the gradient lies between the slopes on both sides."""
    u, kink = measurement.cotangents, slopes.kink[0]
    if not kink.any():
        return np.zeros(len(u), bool)
    right, left = (side[1, 0] + (side[1, 0] - side[0, 0]) / 3 for side in (quotients.right, quotients.left))
    least = np.where(kink, np.minimum(left, right), slopes.slope[0])
    most = np.where(kink, np.maximum(left, right), slopes.slope[0])
    ends = np.where(u == 0, 0, u * least), np.where(u == 0, 0, u * most)
    low, high = np.minimum(*ends).sum(axis=1) - found.bound, np.maximum(*ends).sum(axis=1) + found.bound
    inside = (low <= found.analytic) & (found.analytic <= high)
    return found.known & inside & ~found.settled & ((u != 0) & kink).any(axis=1)


def _better(measurement: Measurement, probe: Probe, quotients: DifferenceQuotients) -> int:
    """How many times to halve the steps: until truncation, in h^2, equals rounding, in 1 / h; 0 if that is little.

    If rounding dominates, truncation is unknown, and steps become longer. If a step leaves the domain of f, steps
    become parts of the entries.
    """
    weight, (where, by) = abs(measurement.cotangents), probe.direction
    truncation = weight @ abs(np.diff(quotients.central, axis=0)[0, 0])
    if not np.isfinite(truncation).all():
        return int(np.log2(abs(by) / magnitudes(measurement.function.x[where])).max())
    rounding = weight @ measurement.noise.least / quotients.steps[1, 0, 0]
    ratio = float((truncation / np.maximum(rounding, FLOOR)).max())
    return -COARSER if ratio <= BY_ROUNDING else round(log2(ratio) / 3)

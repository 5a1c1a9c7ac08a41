"""Directions in which a gradient is compared: every entry by itself, and several together.

A tie that was counted twice shows only if all entries that are tied move.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.differentiation.constants import MOST_ENTRIES
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, magnitudes, step_scales


class Probe(NamedTuple):
    """A direction that moves one entry of an argument, a whole argument (no entry), or all arguments (leaf "")."""

    leaf: str
    entry: tuple[int, ...] | None
    direction: Direction


def probes(function: VectorFunction) -> Iterator[Probe]:
    """Every entry of small arguments, some of large ones; then several entries together, of one argument and of all."""
    x, rng = function.x, function.rng
    size, own = step_scales(x), magnitudes(x)

    def together(leaf: str, index: Array) -> Iterator[Probe]:
        yield Probe(leaf, None, Direction(index, own[index]))
        for _ in range(3):
            yield random(leaf, index)

    def random(leaf: str, index: Array) -> Probe:
        return Probe(leaf, None, Direction(index, rng.choice([-1.0, -0.5, 0.5, 1.0], index.size) * own[index]))

    for leaf, start, shape in function.places():
        n = prod(shape)
        entries = range(n) if n <= MOST_ENTRIES else sorted(rng.choice(n, MOST_ENTRIES // 3, replace=False).tolist())
        for k in entries:
            yield Probe(leaf, _entry(k, shape), Direction(np.array([start + k]), size[start + k : start + k + 1]))
        if n > MOST_ENTRIES:
            for _ in range(MOST_ENTRIES // 6):
                yield random(leaf, start + np.sort(rng.choice(n, MOST_ENTRIES // 3, replace=False)))
        if n > 1:
            yield from together(leaf, np.arange(start, start + n))
    if sum(1 for _, _, shape in function.places() if prod(shape)) > 1:
        yield from together("", np.arange(x.size))


def single_entries(function: VectorFunction, probe: Probe) -> Iterator[Probe]:
    """A probe for each entry that a direction moves, at most MOST_ENTRIES, with steps in proportion to the entries."""
    x, places = function.x, list(function.places())[::-1]
    for k in probe.direction.where[:MOST_ENTRIES].tolist():
        leaf, start, shape = next(place for place in places if place[1] <= k)
        yield Probe(leaf, _entry(k - start, shape), Direction(np.array([k]), magnitudes(x[k : k + 1])))


def _entry(k: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([int(i) for i in np.unravel_index(k, shape)])

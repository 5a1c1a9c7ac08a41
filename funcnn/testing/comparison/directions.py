"""Directions in which a gradient is compared: every entry by itself, and several together.

A tie that was counted twice shows only if all entries that are tied move.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import prod
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, magnitudes, step_scales

MOST_ENTRIES = 96  # chosen: entries of an argument that are moved one by one; of a larger one, directions are drawn
# Chosen: an entry below so small a part of its step is tried with steps in proportion to it as well, and a step below
# so small a part of the largest entry with longer ones (tried.py).
LARGEST_SMALL_ENTRY = 2.0**-6


class ProbeDirection(NamedTuple):
    """A direction that moves one entry of an argument, a whole argument (no entry), or all arguments (leaf "")."""

    leaf: str
    entry: tuple[int, ...] | None
    direction: Direction


def probes(function: VectorFunction, done: Collection[str] = ()) -> Iterator[ProbeDirection]:
    """Every entry of small arguments, some of large ones; then several entries together, of one argument and of all.

    Without the arguments that are `done`.
    """
    x, rng = function.x, function.rng
    size, own = step_scales(x), magnitudes(x)

    def together(leaf: str, index: Array) -> Iterator[ProbeDirection]:
        yield ProbeDirection(leaf, None, Direction(index, own[index]))
        for _ in range(3):
            yield random(leaf, index)

    def random(leaf: str, index: Array) -> ProbeDirection:
        return ProbeDirection(leaf, None, Direction(index, rng.choice([-1.0, -0.5, 0.5, 1.0], index.size) * own[index]))

    open_ = [place for place in function.places() if place[0] not in done]
    for leaf, start, shape in open_:
        n = prod(shape)
        entries = range(n) if n <= MOST_ENTRIES else sorted(rng.choice(n, MOST_ENTRIES // 3, replace=False).tolist())
        for k in entries:
            yield ProbeDirection(
                leaf, _entry(k, shape), Direction(np.array([start + k]), size[start + k : start + k + 1])
            )
        if n > MOST_ENTRIES:
            for _ in range(MOST_ENTRIES // 6):
                yield random(leaf, start + np.sort(rng.choice(n, MOST_ENTRIES // 3, replace=False)))
        if n > 1:
            yield from together(leaf, np.arange(start, start + n))
    if open_ and sum(1 for _, _, shape in function.places() if prod(shape)) > 1:
        yield from together("", np.arange(x.size))


def single_entries(function: VectorFunction, probe: ProbeDirection) -> Iterator[ProbeDirection]:
    """A probe for each entry that a direction moves, at most MOST_ENTRIES, with steps in proportion to the entries."""
    x = function.x
    for k in probe.direction.where[:MOST_ENTRIES].tolist():
        yield ProbeDirection(*place_of(function, k), Direction(np.array([k]), magnitudes(x[k : k + 1])))


def place_of(function: VectorFunction, k: int) -> tuple[str, tuple[int, ...]]:
    """The argument of an entry of x, and its index in the argument."""
    leaf, start, shape = next(place for place in list(function.places())[::-1] if place[1] <= k)
    return leaf, _entry(k - start, shape)


def _entry(k: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([int(i) for i in np.unravel_index(k, shape)])

"""Blocks of a block-diagonal Jacobian, such as that of an elementwise function, and their comparison all together.

If output i depends on entry i alone, one step of all entries gives every slope (Curtis, Powell and Reid 1974, On the
estimation of sparse Jacobian matrices). The comparison is itself a test of the blocks: along random directions, and for
random cotangents, each block of outputs changes as the gradients of its own entries say. An element outside the blocks,
of the Jacobian or of vjp, makes a block wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.block_kinks import compare_at_kinks
from funcnn.testing.comparison.comparison import MOST_OUTPUTS, MOST_REFINED, Comparison, Measurement, compared
from funcnn.testing.comparison.directions import MOST_ENTRIES
from funcnn.testing.comparison.flat import FLAT_STEPS, unchanged_side
from funcnn.testing.differentiation.complex_step import complex_step, sharpened
from funcnn.testing.differentiation.constants import BOUND, FIRST_STEPS
from funcnn.testing.differentiation.richardson import DifferenceQuotients, Slopes, extrapolate
from funcnn.testing.differentiation.rounding import OUTPUTS_AT_ONCE, Noise, parts
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, magnitudes

MOST_COUPLED = 4  # chosen: blocks that change outputs of others; with more of them, the blocks are not compared
MOST_IN_A_BLOCK = 32  # chosen: entries of a block; each of them costs as many calls of f as an entry that moves alone
BLOCK_STEP = 2.0**-12  # chosen: relative; as the steps of difference quotients, visible and inside most domains

Changes = Callable[[Array], bool]  # whether some blocks change a number


class Blocks(NamedTuple):
    """The entries of an argument in the vector x, and the outputs; both by block, of which there are `size`."""

    leaf: str
    entries: slice
    size: int

    @property
    def width(self) -> int:
        """The number of entries of a block."""
        return (self.entries.stop - self.entries.start) // self.size

    def entries_of(self, which: Array) -> Array:
        """The indices in x of the entries of some blocks."""
        return (self.entries.start + self.width * which[:, None] + np.arange(self.width)).ravel()

    def outputs_of(self, which: Array, size: int) -> Array:
        """The indices of the outputs of some blocks, of outputs of this number."""
        width = size // self.size
        return (width * which[:, None] + np.arange(width)).ravel()


class Verdicts(NamedTuple):
    """By block: how far gradients and slopes are apart, 0 within the bound; are they settled, and the visible error.

    And whether an interval at a kink settled it; and the bound on slopes that are below it, of outputs that are not
    flat, else 0.
    """

    apart: Array
    settled: Array
    visible: Array
    kinks: Array
    faint: Array


def blocks_of(function: VectorFunction) -> Iterator[tuple[Blocks, list[int]]]:
    """The blocks of each large argument whose Jacobian is block-diagonal, except for the blocks that are listed.

    It is if no output changes where all entries of other blocks move: of other entries, then of other rows.
    """
    out = function.out
    for leaf, start, shape in function.places():
        n = prod(shape)
        if n <= MOST_ENTRIES or out.size <= MOST_OUTPUTS:
            continue
        axes = range(1, min(len(shape), out.ndim) + 1)
        counts = [n] * (n == out.size) + [prod(shape[:k]) for k in axes if shape[:k] == out.shape[:k]][::-1]
        for count in dict.fromkeys(counts):
            blocks = Blocks(leaf, slice(start, start + n), count)
            if count > 1 and n <= MOST_IN_A_BLOCK * count and (found := _coupled(function, blocks)) is not None:
                yield blocks, found
                break


def _coupled(function: VectorFunction, blocks: Blocks) -> list[int] | None:
    """Blocks whose entries change outputs of other blocks; None if they are too many."""
    coupled: list[int] = []
    for _ in range(MOST_COUPLED + 1):
        moving = function.rng.random(blocks.size) < 0.5
        moving[coupled] = False
        changed = np.flatnonzero(_changes(function, blocks, np.flatnonzero(moving)) & ~moving)
        if not changed.size:
            return coupled
        coupled += coupled_by(function, blocks, changed[:1], coupled)
    return None


def _changes(function: VectorFunction, blocks: Blocks, which: Array) -> Array:
    """By block, whether its outputs change if the entries of some blocks move."""
    entries, x = blocks.entries_of(which), function.x.copy()
    x[entries] += BLOCK_STEP * magnitudes(x[entries])
    same = function.value(x).reshape(blocks.size, -1) == function.out.reshape(blocks.size, -1)
    return ~np.all(same, axis=1)


def coupled_by(function: VectorFunction, blocks: Blocks, of: Array, known: Sequence[int]) -> list[int]:
    """For each block, another one whose entries change its outputs, if there is one beside those that are known."""

    def change_of(i: int) -> Changes:
        return lambda which: bool(_changes(function, blocks, which)[i])

    return [j for i in of.tolist() for j in _first(all_but(blocks, [i, *known]), change_of(i))]


def coupled_by_vjp(measurement: Measurement, blocks: Blocks, of: Array) -> list[int]:
    """For each block, another one whose cotangents change its gradient, if there is one."""
    function, dA = measurement.function, measurement.cotangents[0]

    def gradient(which: Array, i: int) -> Array:
        rows, some = blocks.outputs_of(np.append(which, i), dA.size), np.zeros(dA.size)
        some[rows] = dA[rows]
        return function.gradient(function.x.copy(), some)[blocks.entries_of(np.array([i]))]

    def change_of(i: int) -> Changes:
        alone = gradient(np.zeros(0, int), i)
        return lambda which: bool((gradient(which, i) != alone).any())

    return [j for i in of.tolist() for j in _first(all_but(blocks, [i]), change_of(i))]


def all_but(blocks: Blocks, some: Sequence[int]) -> Array:
    """The blocks without some of them."""
    rest = np.ones(blocks.size, bool)
    rest[some] = False
    return np.flatnonzero(rest)


def _first(which: Array, changed: Changes) -> list[int]:
    """A block that causes a change, by bisection; empty if all together cause none."""
    if not (which.size and changed(which)):
        return []
    while which.size > 1:
        half = which[: which.size // 2]
        which = half if changed(half) else which[half.size :]
    return which.tolist()


def compare_blocks(measurement: Measurement, some: Sequence[Blocks], by: Array, *, sharpen: bool = False) -> Verdicts:
    """The comparison of all blocks as x moves in a direction; the entries of several arguments may move together.

    With `sharpen`, complex steps settle blocks whose slopes are not sharp.
    """
    function, noise, size = measurement.function, measurement.noise, some[0].size
    x, centre = function.x, function.out.ravel()
    direction = Direction(np.arange(x.size), by)
    steps = 2.0 ** -np.array(FIRST_STEPS, float)
    right, left = (np.array([function.value(direction.moved(x, way * h)) for h in steps]) for way in (1, -1))
    steps = steps.reshape(-1, 1, 1)
    apart, visible, faint, settled = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size, bool)
    at_kinks: list[tuple[Array, ...]] = []
    exact: Array | None = None
    width = centre.size // size
    for part in parts(size, max(1, OUTPUTS_AT_ONCE // width)):
        rows = slice(part.start * width, part.stop * width)
        quotients = DifferenceQuotients(
            steps, (right[:, None, rows] - centre[rows]) / steps, (centre[rows] - left[:, None, rows]) / steps
        )
        slopes = extrapolate(quotients, Noise(noise.least[rows], noise.tables[:, rows]))
        found = _compared(measurement, some, by, part, slopes)
        distance = np.where(np.isfinite(found.analytic), abs(found.analytic - found.numeric) / found.bound, np.inf)
        kink = slopes.kink.reshape(-1, width).any(axis=1, keepdims=True)
        here = np.flatnonzero((found.wrong & kink).any(axis=1) & np.isfinite(found.analytic).all(axis=1))
        at_kinks.append(
            (part.start + here, slopes.slope.reshape(-1, width)[here], found.analytic[here], found.bound[here])
        )
        apart[part] = np.where(found.wrong, np.where(kink, 1, distance), 0).max(axis=1)
        good, bound = found.settled, found.bound
        if sharpen and (found.known & ~good & ~found.wrong).any():
            exact = complex_step(function.complex_value, x, direction) if exact is None else exact
            sharp = _compared(measurement, some, by, part, sharpened(slopes, exact[rows]))
            bound = np.where(good, bound, sharp.bound)
            good |= sharp.settled & ~found.wrong
        settled[part] = good.all(axis=1)
        seen = good & (found.size > bound)
        visible[part] = np.where(seen, bound / found.size, 0).max(axis=1)
        faint[part] = np.where((good & ~seen).any(axis=1), bound.max(axis=1) / abs(by).max(), 0)
    which, slope, analytic, bound = (np.concatenate(a)[:MOST_REFINED] for a in zip(*at_kinks, strict=True))
    kinks = np.zeros(size, bool)
    if which.size:
        outputs = width * which[:, None] + np.arange(width)
        moving = np.sum([(by[blocks.entries].reshape(size, -1) != 0).sum(axis=1) for blocks in some], axis=0)
        inside, open_ = compare_at_kinks(
            measurement, outputs, by, slope, analytic, bound, several=bool(moving.max() > 1)
        )
        apart[which[inside | open_]] = 0
        kinks[which[inside]] = settled[which[inside]] = True
    faint *= settled & ~kinks
    if faint.any():
        faint *= ~_flat(measurement, some[0], direction)
    return Verdicts(apart, settled, visible, kinks, faint)


def _flat(measurement: Measurement, blocks: Blocks, direction: Direction) -> Array:
    """By block, whether its outputs are the same on both sides of x, as x moves in a direction."""
    function, h = measurement.function, FLAT_STEPS[0]
    ends = [function.value(direction.moved(function.x, way * h)) for way in (1, -1)]
    same = unchanged_side(ends, function.out.ravel()) <= BOUND * measurement.noise.at(np.array([h]))[0, 0]
    return same.reshape(blocks.size, -1).all(axis=1)


def _compared(measurement: Measurement, some: Sequence[Blocks], by: Array, part: slice, slopes: Slopes) -> Comparison:
    """The comparison of a part of the blocks, (block, cotangent)."""
    u, size = measurement.cotangents, part.stop - part.start
    terms = [
        measurement.gradients[:, blocks.entries].reshape(len(u), blocks.size, -1)[:, part]
        * by[blocks.entries].reshape(blocks.size, -1)[part]
        for blocks in some
    ]
    analytic, sizes = (np.sum([change(term).sum(axis=2).T for term in terms], axis=0) for change in (np.array, abs))
    unit = np.max([abs(by[blocks.entries].reshape(blocks.size, -1)[part]).max(axis=1) for blocks in some], axis=0)
    own = Slopes(*[a.reshape(size, -1).T for a in slopes])
    cotangents = u.reshape(len(u), some[0].size, -1)[:, part]
    product = lambda a, cotangents: (a[..., None] * cotangents).sum(axis=0)
    return compared(analytic, sizes, unit[:, None], own, cotangents, product, measurement.resolution)

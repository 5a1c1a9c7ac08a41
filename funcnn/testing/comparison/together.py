"""Search for wrong blocks of a block-diagonal Jacobian: all blocks together, then the suspects as a small function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.blocks import (
    MOST_COUPLED,
    Blocks,
    Verdicts,
    all_but,
    blocks_of,
    compare_blocks,
    coupled_by,
    coupled_by_vjp,
)
from funcnn.testing.comparison.comparison import MOST_OUTPUTS, Measurement, measure, with_noise_along
from funcnn.testing.comparison.finding import GradientFinding
from funcnn.testing.differentiation.rounding import Noise
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, magnitudes, step_scales

MOST_SETTLED = 0.5  # chosen: if at most this share of the blocks is settled, the usual directions follow
SHORTER = 2.0**-10  # chosen: steps beside a kink that the first ones cross; they end at 2^-27, where rounding is small
MOST_SUSPECTS = 4  # chosen: blocks that are compared once more, as a function of their own
TRACED_SUSPECTS = 3  # chosen: suspects for which a coupled block is searched, by 20 calls each among a million


class Tested(NamedTuple):
    """An argument's blocks, the verdicts on them, those that may be wrong, and those that change outputs of others."""

    blocks: Blocks
    verdicts: Verdicts
    suspects: Array
    coupled: list[int]

    @property
    def decided(self) -> bool:
        """Whether the blocks decide on the argument: all are settled, or most, and slopes other than 0 among them."""
        _, settled, visible, _, _ = self.verdicts
        return bool(settled.all() or (settled.mean() > MOST_SETTLED and visible.any()))


def tested_blocks(measurement: Measurement) -> list[Tested]:
    """The blocks of each argument whose Jacobian is block-diagonal, compared one argument at a time, then together."""
    tested = [_tested(measurement, blocks, coupled) for blocks, coupled in blocks_of(measurement.function)]
    if len({one.blocks.size for one in tested}) != 1 or len(tested) == 1:
        return tested
    coupled = [block for one in tested for block in one.coupled]
    by = [_random_step(measurement.function, one.blocks, all_but(one.blocks, coupled), magnitudes) for one in tested]
    apart = _beside_kinks(measurement, [one.blocks for one in tested], np.sum(by, axis=0)).apart
    worst = _worst(measurement.function, tested[0].blocks, apart)
    return [one._replace(suspects=np.union1d(one.suspects, worst)) for one in tested]


def _tested(measurement: Measurement, blocks: Blocks, coupled: list[int]) -> Tested:
    function, partners = measurement.function, []
    while True:
        verdicts = _verdicts(measurement, blocks, coupled)
        suspects = _worst(function, blocks, verdicts.apart)
        traced = suspects[:TRACED_SUSPECTS]
        others = coupled_by(function, blocks, traced, coupled)
        partners += traced.tolist()
        if not others or len(coupled) >= MOST_COUPLED:
            break
        coupled = coupled + others
    others += coupled_by_vjp(measurement, blocks, traced)
    return Tested(blocks, verdicts, np.unique([*suspects, *coupled, *others, *partners]).astype(int), coupled)


def _verdicts(measurement: Measurement, blocks: Blocks, coupled: list[int]) -> Verdicts:
    """The verdicts on all blocks but the coupled ones: of each entry by steps of size 1 or its own, then of all."""
    function = measurement.function
    apart, visible, faint = np.zeros((3, blocks.size))
    kinks = np.zeros(blocks.size, bool)
    free = np.zeros(blocks.size, bool)
    free[all_but(blocks, coupled)] = True
    settled = free.copy()
    for column in range(blocks.width):
        left, hidden, measured = free.copy(), np.zeros(blocks.size), measurement
        for unit in (step_scales, magnitudes):
            by = _random_step(function, blocks, np.flatnonzero(left | (hidden > 0)), unit, column)
            if unit is magnitudes:
                measured = with_noise_along(measurement, Direction(np.arange(by.size), by))
            found = _beside_kinks(measured, [blocks], by, sharpen=True)
            apart, visible = np.maximum(apart, found.apart), np.maximum(visible, found.visible)
            kinks |= found.kinks
            hidden = found.faint if unit is step_scales else hidden * (found.visible == 0)
            left &= ~found.settled & (apart == 0)
            if not (left | (hidden > 0)).any():
                break
        settled &= ~left
        faint = np.maximum(faint, hidden)
    if blocks.width > 1:
        by = _random_step(function, blocks, np.flatnonzero(free), magnitudes)
        apart = np.maximum(apart, _beside_kinks(measurement, [blocks], by).apart)
    settled &= apart == 0
    return Verdicts(apart, settled, visible, kinks & settled, faint * settled)


def _beside_kinks(measurement: Measurement, some: Sequence[Blocks], by: Array, *, sharpen: bool = False) -> Verdicts:
    """The verdicts of a direction: where few blocks are wrong, of shorter steps, which do not cross a kink beside x."""
    found = compare_blocks(measurement, some, by, sharpen=sharpen)
    wrong = found.apart > 0
    if wrong.any() and wrong.mean() < MOST_SETTLED:
        shorter = compare_blocks(measurement, some, SHORTER * by, sharpen=sharpen)
        right = wrong & shorter.settled
        found.apart[right], found.settled[right] = 0, True
    return found


def _random_step(
    function: VectorFunction, blocks: Blocks, which: Array, unit: Callable[[Array], Array], column: int | None = None
) -> Array:
    """A direction that moves one entry, or all entries, of some blocks: by few bits, so that x + h is exact."""
    entries, by = blocks.entries_of(which), np.zeros(function.x.size)
    entries = entries if column is None else entries[column :: blocks.width]
    few_bits = function.rng.integers(64, 129, entries.size) / 128 * function.rng.choice([-1.0, 1.0], entries.size)
    by[entries] = few_bits * unit(function.x[entries])
    return by


def _worst(function: VectorFunction, blocks: Blocks, apart: Array) -> Array:
    """The blocks with the largest differences, at most so many that their outputs have a cotangent each."""
    most = max(1, min(MOST_SUSPECTS, MOST_OUTPUTS * blocks.size // function.out.size))
    wrong = np.flatnonzero(apart > 0)
    return wrong[np.argsort(-apart[wrong], kind="stable")[:most]]


class Restriction(NamedTuple):
    """A measurement of some entries of x and some outputs, and the indices of both in the whole function."""

    measurement: Measurement
    entries: Array
    outputs: Array

    def restored(
        self, whole: Measurement, findings: Sequence[GradientFinding], own: int
    ) -> tuple[Measurement, list[GradientFinding]]:
        """The whole measurement with some cotangents and gradients of the restriction behind its own, and all findings.

        The first findings, `own` of them, are those of the restriction.
        """
        small = self.measurement
        used = sorted({finding.cotangent for finding in findings[:own]} | {len(small.cotangents) - 1})
        cotangents, gradients = (np.zeros((len(used), a.size)) for a in (whole.function.out, whole.function.x))
        cotangents[:, self.outputs], gradients[:, self.entries] = small.cotangents[used], small.gradients[used]
        measurement = attrs.evolve(
            whole,
            cotangents=np.concatenate([whole.cotangents, cotangents]),
            gradients=np.concatenate([whole.gradients, gradients]),
        )
        moved = [f._replace(cotangent=len(whole.cotangents) + used.index(f.cotangent)) for f in findings[:own]]
        return measurement, moved + [f._replace(contracted=None) for f in findings[own:]]


def restricted(measurement: Measurement, tested: Sequence[Tested]) -> Restriction | None:
    """The measurement of the suspects, as a function of their entries alone; None without suspects."""
    function, noise = measurement.function, measurement.noise
    size = function.out.size
    leaves = [(one.blocks.leaf, one.blocks.entries_of(one.suspects)) for one in tested if one.suspects.size]
    if not leaves:
        return None
    entries = np.concatenate([own for _, own in leaves])
    outputs = np.unique(np.concatenate([one.blocks.outputs_of(one.suspects, size) for one in tested]))
    cuts = np.cumsum([own.size for _, own in leaves])[:-1]

    def whole(parts: Sequence[Array]) -> Array:
        moved = np.concatenate(parts)
        x = function.x.astype(moved.dtype)
        x[entries] = moved
        return x

    def f(*parts: Array) -> Array:
        x = whole(parts)
        return (function.complex_value(x) if x.dtype.kind == "c" else function.value(x))[outputs]

    def vjp(parts: tuple[Array, ...], dA: Array) -> list[Array]:
        cotangent = np.zeros(size)
        cotangent[outputs] = dA
        return np.split(function.gradient(whole(parts), cotangent)[entries], cuts)

    small = VectorFunction(
        f,
        vjp,
        tuple([function.x[own] for _, own in leaves]),
        tuple([leaf for leaf, _ in leaves]),
        function.out.ravel()[outputs],
    )
    own = Noise(noise.least[outputs], noise.tables[:, outputs])
    return Restriction(measure(small, measurement.options, own), entries, outputs)

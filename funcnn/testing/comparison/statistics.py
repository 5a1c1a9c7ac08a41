"""Statistics of a check: how many comparisons were made, what they decided, and how sharp they were."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Literal

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Comparison
from funcnn.testing.comparison.directions import ProbeDirection, place_of
from funcnn.testing.comparison.finding import GradientFinding
from funcnn.testing.comparison.second_checks import Outcome
from funcnn.testing.comparison.together import Tested
from funcnn.testing.differentiation.richardson import Slopes
from funcnn.testing.differentiation.vector_function import VectorFunction
from funcnn.testing.verdict import Inconclusive, Report

Why = Literal["kink", "jump", "edge", "rounded", "stairs", "level", "rough"]


REASONS = {
    "small": "every slope of f is smaller than the bound on its error: draw arguments at which f changes",
    "kink": "f has a kink at these arguments, and at_kinks leaves it out: draw arguments beside the kink",
    "jump": "f jumps, or its slopes grow without bound, at these arguments: draw other arguments",
    "edge": "f is not defined on both sides of these arguments: draw arguments inside the domain of f",
    "rounded": "the gradient differs from the slopes of f, and its rounding error at these arguments may be as large: "
    "draw arguments of other magnitudes",
    "level": "f is constant over short steps and changes over long ones, as round does: draw smaller arguments",
    "stairs": "the rounding errors of f jump by more than f changes over short steps: draw larger arguments",
}


@attrs.define
class Statistics:
    """The counts of one check, which grow with each comparison."""

    unit: Array = attrs.field(factory=lambda: np.ones(0))  # of the gradient, by entry
    probes: int = 0
    kinks: int = 0
    inconclusive: int = 0
    findings: list[GradientFinding] = attrs.field(factory=list)
    tolerated: dict[str, float] = attrs.field(factory=dict)  # by leaf: the largest relative error
    decided: dict[str, bool] = attrs.field(factory=dict)
    directions: Counter[tuple[str, bool]] = attrs.field(factory=Counter)
    undecided: Counter[str] = attrs.field(factory=Counter)  # by leaf: entries that are neither wrong nor settled
    entries: dict[str, int] = attrs.field(factory=dict)  # by leaf: the number of entries that are decided
    resolved: dict[str, str] = attrs.field(factory=dict)  # the entries that are decided, with their leaf
    unresolved: dict[str, tuple[float, float]] = attrs.field(factory=dict)  # others: relative error, at least 1; bound
    flattest: float = 0.0  # the largest bound on a slope of 0
    least_sensitive: tuple[float, float, str] = (0.0, 0.0, "")  # relative error that would be found, bound, entry
    reasons: Counter[Why] = attrs.field(factory=Counter)
    telling: set[str] = attrs.field(factory=set)  # leaves of which a slope that is not 0 was settled
    unsettled: set[str] = attrs.field(factory=set)  # leaves of which a slope was not settled
    sharpest: float = np.inf  # relative bound where nothing was settled

    def count(
        self, probe: ProbeDirection, found: Comparison, settled: Array, decided: Array, kink: Array | None = None
    ) -> None:
        """Add one direction, for all cotangents."""
        self.probes += len(settled)
        self.inconclusive += int((~settled).sum())
        self.kinks += int(kink.sum()) if kink is not None else 0
        self.decided[probe.leaf] = self.decided.get(probe.leaf, False) or bool(settled.any())
        self.unsettled |= set() if settled.all() else {probe.leaf}
        self.directions[probe.leaf, probe.entry is None] += 1
        if (settled & (found.size > found.bound)).any():
            self.telling.add(probe.leaf)
        if probe.entry is not None:
            self._count_entry(probe, found, decided)

    def _count_entry(self, probe: ProbeDirection, found: Comparison, decided: Array) -> None:
        """Add an entry: the error that would be found in it, or that it is not decided."""
        where = f"{probe.leaf}{list(probe.entry)}" if probe.entry else probe.leaf
        unit = float(self.unit[probe.direction.where[0]]) / float(probe.direction.by[0])
        relative = np.where(found.size > 0, found.bound / np.where(found.size > 0, found.size, 1), np.inf)
        if not decided.all():
            c = int(np.where(decided, -np.inf, relative).argmax())
            self.unresolved[where] = max(1.0, float(relative[c])), float(found.bound[c]) * unit
            return
        self.entries[probe.leaf] = self.entries.get(probe.leaf, 0) + 1
        self.resolved[where] = probe.leaf
        seen = decided & (found.bound < found.size)
        if not seen.any():
            self.flattest = max(self.flattest, float(found.bound.max()) * unit)
        else:
            c = int(np.where(seen, relative, np.inf).argmin())
            self.least_sensitive = max(self.least_sensitive, (float(relative[c]), float(found.bound[c]) * unit, where))

    def count_blocks(self, function: VectorFunction, tested: Tested) -> None:
        """Add the blocks of an argument that are settled without a second comparison."""
        blocks, (_, settled, visible, kinks, faint) = tested.blocks, tested.verdicts
        alone = settled.copy()
        alone[tested.suspects] = False
        self.probes += settled.size
        self.kinks += int(kinks.sum())
        self.inconclusive += int((~alone).sum()) - tested.suspects.size
        self.decided[blocks.leaf] = bool(settled.any())
        self.unsettled |= set() if settled.all() else {blocks.leaf}
        self.directions[blocks.leaf, False] += blocks.width * int(alone.sum())
        self.entries[blocks.leaf] = blocks.width * int((alone & (faint == 0)).sum())
        for k in np.flatnonzero(alone & (faint > 0)).tolist():
            leaf, entry = place_of(function, blocks.entries.start + k * blocks.width)
            self.unresolved[f"{leaf}{list(entry)}"] = np.inf, float(faint[k])
        self.directions[blocks.leaf, True] += 1
        self.telling |= {blocks.leaf} if visible.any() else set()
        worst = int(visible.argmax())
        leaf, entry = place_of(function, blocks.entries.start + worst * blocks.width)
        if visible.any():
            self.least_sensitive = max(self.least_sensitive, (float(visible[worst]), 0.0, f"{leaf}{list(entry)}"))

    def joined(self, other: Statistics) -> Statistics:
        """These statistics if they are telling, else those of the same function in other units."""
        best, rest = (self, other) if self.telling else (other, self)
        for leaf in filter(rest.has_decided, rest.decided):
            best.decided[leaf] = True
            best.unsettled.discard(leaf)
        elsewhere = Counter([rest.resolved[where] for where in best.unresolved if where in rest.resolved])
        best.unresolved = {where: own for where, own in best.unresolved.items() if where not in rest.resolved}
        best.entries = dict(Counter(best.entries) + elsewhere)
        return best

    @property
    def nothing_decided(self) -> bool:
        """Whether no slope other than 0 was compared, or no entry was decided, though some were tried."""
        return bool((self.inconclusive and not self.telling) or (self.unresolved and not any(self.entries.values())))

    def has_decided(self, leaf: str) -> bool:
        """Whether the gradient of a leaf was compared: slopes of 0 alone say nothing beside others that are open."""
        return self.decided.get(leaf, False) and (leaf in self.telling or leaf not in self.unsettled)

    def tolerate(self, finding: GradientFinding) -> None:
        """Add an error that is tolerated."""
        leaf = finding.probe.leaf or "all arguments"
        self.tolerated[leaf] = max(self.tolerated.get(leaf, 0.0), finding.distance / finding.size)

    def count_undecided(self, found: Comparison, settled: Array, slopes: Slopes, outcome: Outcome) -> None:
        """Add the reason why a direction is not decided for some cotangents."""
        self.reasons[_why(found, settled, slopes, outcome)] += 1
        open_ = found.known & ~settled & (found.size > 0)
        self.sharpest = min(self.sharpest, (found.bound[open_] / found.size[open_]).min(initial=np.inf))

    def _why_inconclusive(self, resolution: float) -> str:
        """Why nothing was decided, and what to change."""
        why = self.reasons.most_common(1)[0][0] if self.reasons else "small"
        if why in REASONS:
            return REASONS[why]
        if self.sharpest <= resolution:
            return (
                "the slopes of f at different steps contradict each other: draw moderate arguments, or make f smoother"
            )
        return (
            f"the values of f are too rough: a relative error of {self.sharpest:.0e} in a gradient could not be found, "
            f"and the resolution is {resolution:.0e}: compute in float64, draw moderate arguments, or allow a coarser "
            "resolution"
        )

    def report(self, function: VectorFunction, resolution: float) -> Report:
        """The report of a check that passed. Raises Inconclusive if nothing was decided."""
        if self.nothing_decided:
            raise Inconclusive(self._why_inconclusive(resolution))
        sees, bound, where = self.least_sensitive
        leaves = [name for name, _, shape in function.places() if prod(shape)]
        parts = []
        for name, _, shape in function.places():
            entries, together = self.entries.get(name, 0), self.directions[name, True]
            if self.directions[name, False]:
                every = "every entry" if entries >= prod(shape) else f"{entries} of {prod(shape)} entries"
                parts.append(f"{every} of {name}" + (f" and {together} directions" if together else ""))
        return Report(
            leaf=where,
            bound=bound if where else self.flattest,
            sees=max([sees if where else np.inf, *[relative for relative, _ in self.unresolved.values()]]),
            probes=self.probes,
            kinks=self.kinks,
            inconclusive=self.inconclusive,
            decided=tuple([name for name in leaves if self.has_decided(name)]),
            undecided=tuple([name for name in leaves if not self.has_decided(name)]) if self.probes else (),
            probed=", ".join(parts) or "nothing",
            resolved=sees,
            unresolved={where: bound for where, (_, bound) in self.unresolved.items()},
            tolerated=self.tolerated,
        )


def _why(found: Comparison, settled: Array, slopes: Slopes, outcome: Outcome) -> Why:
    if outcome.left_out.any():
        return "kink"
    if outcome.why:
        return outcome.why
    if slopes.jump.any() or not np.isfinite(found.analytic).all():
        return "jump"
    return "rough" if found.known[~settled].any() else "edge"

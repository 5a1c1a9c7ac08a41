"""The function of a kernel that computes a range of rows: tile by tile, and within a tile panel by panel."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from funcnn.compilation.graph import READ, Node
from funcnn.compilation.panel import FIRST, Known, Panel
from funcnn.compilation.passes import FeatureLoop, Pass, Passes
from funcnn.compilation.pieces import Pattern, Pieces
from funcnn.compilation.products import Registers, SumBlocks, dense, sum_blocks
from funcnn.compilation.rounds import Round
from funcnn.compilation.text import LINE, Index, Text
from funcnn.compilation.transposition import read_rows, write_rows

INPUTS = {"x": "%X", "y": "%Y"}
MOST_PASSES = 16
"""Of a round that is one function, since LLVM's time grows with the square of the size of a function."""
MOST_BYTES = 192 * 1024  # kept for the panels of a tile: half of a second-level cache, or less
ROWS = ", ".join([*[f"ptr noalias %{name}" for name in "CVAGRXYZ"], "i64 %lo", "i64 %hi"])
"""The arguments of a round."""
PANEL = ", ".join([*[f"ptr noalias %{name}" for name in "CVTBK"], "i64 %row"])
"""The arguments of a pass apart: memory of the panel for sums, for itself, and for later rounds, and its first row."""
TILE = ", ".join(
    [*[f"ptr noalias %{name}" for name in "AGR"], *[f"i64 %{name}" for name in ("stride", "low", "panels")]]
)
"""The arguments of a sum, where %stride are the numbers of a panel at %A."""


class Tile:
    """Writes the function of a round, which adds the sums over the rows from %lo to %hi to the `length` numbers at %G.

    %X and %Y are the rows of x and y, %V the vector of constants, %C the table of panels, and %A memory: for the panels
    of a tile, for the current panel, and for a copy of the last rows, filled up to a panel with the very last. %R is
    memory for `kept` lines of each panel of rows, which later rounds read, and %Z for the rows of the output.
    """

    def __init__(
        self,
        text: Text,
        program: Any,
        of: Round,
        kept: int,
        registers: Registers,
        apart: Pieces,
        sums: Pieces,
        length: int,
    ) -> None:
        self.text, self.program, self.round, self.kept = text, program, of, kept
        self.blocks = [blocks for one in of.sums for blocks in sum_blocks(one, registers)]
        self.apart, self.sums, self.panel = apart, sums, Panel(text, program)
        self.length = length
        self.widths = program.trace.widths
        self._place()
        self.stride: Index = self.lines * text.rows
        is_line = registers.vector == LINE  # then a panel of two lines has twice as many registers
        self.outputs = registers.outputs if is_line else max(1, registers.outputs * LINE // (text.rows * text.bytes))

    def _place(self) -> None:
        """Choose the passes, and for each node in memory a place: in the tile, which sums read, or in the panel.

        `lines` and `passing` are the lines of the two, and `panels` is the number of panels of a tile. If there are
        many passes, they are functions of their own.
        """
        t, nodes = self.text, self.round.nodes
        summed = {node for one in self.round.sums for node in one.arguments}
        passes = Passes(nodes, [], [], [node for node in nodes if node.is_stored], are_apart=True, fuses=True)
        self.passes, self.is_long = passes.passes, len(passes.passes) > MOST_PASSES
        lengths = {"tile": 0, "panel": 0}
        for node in [*[node for node in nodes if node.op in INPUTS], *passes.kept]:
            node.is_stored = True
            if not node.place[0]:
                area = "tile" if node in summed else "panel"
                node.place = area, lengths[area]
                lengths[area] += node.features
        self.lines, self.passing = lengths["tile"] | 1, lengths["panel"]  # odd, so that panels use all sets of a cache
        self.panels = max(4, min(16, MOST_BYTES // (self.lines * t.rows * t.bytes)))
        self.tile_rows = self.panels * t.rows

    @property
    def memory(self) -> int:
        """The numbers at %A."""
        return (self._spare_of_out + self._width) * self.text.rows

    @property
    def _spare_of_out(self) -> int:
        """The line at %A from which on are rows of the output that do not fill a panel."""
        return self.panels * self.lines + self.passing + sum(self.widths.values())

    @property
    def _width(self) -> int:
        """The numbers of a row of the output."""
        return self.round.out.features if self.round.out else 0

    @property
    def is_shared(self) -> bool:
        """Whether the text may be that of other rounds."""
        return self.program.is_shared and not self.is_long

    def add_to(self, pattern: Pattern) -> None:
        """Add the round to a pattern."""
        pattern.key += (self.length, self.lines, self.passing, self.panels, len(self.passes), len(self.blocks))
        pattern.key += [pattern.read(node) for node in self.round.nodes if node.op in INPUTS]
        parts: list[Pass | SumBlocks] = [*self.passes, *self.blocks]
        for part in parts:
            part.add_to(pattern)
        pattern.key.append(self.round.out and pattern.read(self.round.out))

    def write(self) -> None:
        """The statements; the numbers at %G, which fill panels, are set to 0 at first."""
        t = self.text
        if self.length:
            t.loop(self.length, lambda i: t.store(t.constant(0), "%G", i), step=t.rows)
        self.panel.passing = t.at("%A", self.panels * self.lines * t.rows)
        self.spare = t.at("%A", (self.panels * self.lines + self.passing) * t.rows)
        t.loop(t.minus("%hi", "%lo"), self._tile, step=self.tile_rows)

    def _tile(self, start: Index) -> None:
        t = self.text
        low = t.plus("%lo", start)
        rows = t.least(t.minus("%hi", low), self.tile_rows)
        panels = t.let(f"lshr i64 {t.plus(rows, t.rows - 1)}, {int(math.log2(t.rows))}")
        over = t.let(f"and i64 {rows}, {t.rows - 1}")
        is_uneven = t.let(f"icmp ne i64 {over}, 0")
        if any([node.op in INPUTS for node in self.round.nodes]):
            t.when(is_uneven, lambda: self._copy_last_rows(t.plus(low, t.minus(rows, over)), over))
        t.loop(panels, lambda p: self._panel(p, low))
        enter = lambda p: self._enter(p, low)
        t.when(is_uneven, lambda: self._clear(enter, t.minus(panels, 1), over))
        if self.is_long:
            given = f"ptr %A, ptr %G, ptr %R, i64 {self.stride}, i64 {low}, i64 {panels}"
            self.sums.run(self.blocks, self._sum_apart, given)
        else:
            for blocks in self.blocks:
                blocks.write(self.panel, panels, enter)

    def _enter(self, p: Index, low: Index) -> None:
        """The memory of panel p of the tile, whose first row is `low`."""
        t = self.text
        self.panel.tile = t.at("%A", t.times(p, self.stride))
        if self.kept:
            self.panel.kept = t.at("%R", t.times(t.plus(low, t.times(p, t.rows)), self.kept))

    def _copy_last_rows(self, first: Index, over: str) -> None:
        """The rows that do not fill a panel, then copies of the last one, since zeros could become 0 / 0."""
        t = self.text

        def row(i: Index) -> None:
            source, start = t.plus(first, t.least(i, t.minus(over, 1))), 0
            for name, width in self.widths.items():
                of, to = t.at(INPUTS[name], t.times(source, width)), t.at(self.spare, t.plus(start, t.times(i, width)))
                t.loop(width, lambda f: t.put(t.number(of, f), to, f))  # noqa: B023  used at once
                start += width * t.rows

        t.loop(t.rows, row)

    def _clear(self, enter: Callable[[Index], None], panel: Index, over: str) -> None:
        """Set to 0, in the last panel, what the sums read of rows that are copies."""
        t = self.text
        is_row = t.first_lanes(over, "i64")
        enter(panel)

        def clear(address: str) -> None:
            t.store(t.select(is_row, t.load(address), t.constant(0)), address)

        t.loop(self.lines, lambda f: clear(t.at(self.panel.tile, t.times(f, t.rows))))
        for node in {one: None for s in self.round.sums for one in s.arguments if one.place[0] == "rows"}:
            t.loop(node.features, lambda f: clear(self.panel.address(node, f)))  # noqa: B023  used at once

    def _panel(self, p: Index, low: Index) -> None:
        t = self.text
        self.panel.row = row = t.plus(low, t.times(p, t.rows))
        self._enter(p, low)
        is_full = t.let(f"icmp ule i64 {t.plus(row, t.rows)}, %hi")
        start = 0
        for name, width in self.widths.items():
            there, spare = t.at(INPUTS[name], t.times(row, width)), t.at(self.spare, start)
            pointer = t.let(f"select i1 {is_full}, ptr {there}, ptr {spare}")
            for node in [one for one in self.round.nodes if one.op == name]:
                read_rows(self.panel, node, t.at(pointer, node.data), width)
            start += width * t.rows
        if self.is_long:
            places = [self.panel.tile, self.panel.passing, self.panel.kept or "null"]
            pointers = ", ".join([f"ptr {name}" for name in ("%C", "%V", *places)])
            self.apart.run(self.passes, self._pass_apart, f"{pointers}, i64 {row}")
        else:
            for one in self.passes:
                self._pass(one)
        if self.round.out:
            self._write_out(self.round.out, row, is_full)

    def _write_out(self, node: Node, row: Index, is_full: str) -> None:
        """The rows of the output; those of a panel that is not full by way of other memory."""
        t = self.text
        there, spare = t.at("%Z", t.times(row, self._width)), t.at("%A", self._spare_of_out * t.rows)
        write_rows(self.panel, node, t.let(f"select i1 {is_full}, ptr {there}, ptr {spare}"))

        def copy() -> None:
            count = t.times(t.minus("%hi", row), self._width)
            t.loop(count, lambda i: t.put(t.number(spare, i), there, i))

        t.when(t.let(f"xor i1 {is_full}, true"), copy)

    # Functions of their own.

    def _pass_apart(self, one: Pass) -> None:
        outer, self.panel = self.panel, Panel(self.text, self.program)
        self.panel.tile, self.panel.passing, self.panel.kept, self.panel.row = "%T", "%B", "%K", "%row"
        self._pass(one)
        self.panel = outer

    def _sum_apart(self, blocks: SumBlocks) -> None:
        outer = self.panel, self.stride
        self.panel, self.stride = Panel(self.text, self.program), "%stride"
        blocks.write(self.panel, "%panels", lambda p: self._enter(p, "%low"))
        self.panel, self.stride = outer

    def _pass(self, one: Pass) -> None:
        panel, numbers = self.panel, Known()
        own = [node for node in one.numbers if node.op not in READ]
        loops, n = one.loops, one.dense[0].features if one.is_fused else 0
        for node in one.dense if n < 2 else ():
            dense(panel, node, self.outputs, (lambda _, known: numbers.update(known)) if n else None)
        panel.compute(own, 0, numbers)
        if n > 1:
            nodes = [node for loop in loops for node in loop.nodes if loop.features == n]
            dense(panel, one.dense[0], self.outputs, lambda f, known: panel.compute(nodes, f, {**numbers, **known}))
            loops = [loop for loop in loops if loop.features != n]
        for loop in loops:
            self._loop(loop, numbers)

    def _loop(self, loop: FeatureLoop, numbers: Known) -> None:
        """Compute features of some rows, and the reductions over them."""
        t, panel = self.text, self.panel

        def features(f: Index, *before: str) -> list[str]:
            known = {**numbers}
            panel.compute(loop.nodes, f, known)
            values = [panel.number(node, f, loop.features, known) for _, node in loop.reductions]
            kinds = [kind for kind, _ in loop.reductions]
            return [panel.joined(*one) for one in zip(kinds, before, values, strict=True)]

        starts = [t.constant(FIRST[kind]) for kind, _ in loop.reductions]
        for node, total in zip(loop.reduced, t.loop(loop.features, features, *starts), strict=True):
            numbers[node] = total, False
            panel.keep(node, 0, numbers)

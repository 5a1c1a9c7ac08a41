"""The function of a kernel that computes a few rows: its vectors hold features of one row, not rows of one feature."""

from __future__ import annotations

from functools import reduce
from typing import Any, ClassVar

from funcnn.compilation.few_panel import FewPanel, copy, reduced
from funcnn.compilation.few_products import add_products, dense, strides
from funcnn.compilation.graph import Node
from funcnn.compilation.products import Registers
from funcnn.compilation.rounds import Round
from funcnn.compilation.schedule import Schedule, Stage, store
from funcnn.compilation.text import LINE, Index, Text

MOST_OPERATIONS = 300
"""Of a program, such as 40 pairs of Dense and Tanh, which LLVM compiles in half a second: each has code of its own."""


def are_few(rows: float, nodes: list[Node], registers: Registers) -> bool:
    """Whether `Few` can write the function for so many rows: there must be a register for a sum of each."""
    is_in_order = all([1 in strides(node) for node in nodes if node.op == "dense"])
    return not registers.is_portable and rows <= registers.outputs and len(nodes) <= MOST_OPERATIONS and is_in_order


class Few:
    """Writes the function of the only round for `rows` rows, like a Tile; the number of rows is part of the code.

    A weight is read once for all rows, in the order of the memory. A gradient is written once, and not added up.
    """

    is_shared: ClassVar = False

    def __init__(self, text: Text, program: Any, of: Round, rows: int, registers: Registers, length: int) -> None:
        self.text, self.program, self.round, self.rows, self.length = text, program, of, rows, length
        self.schedule = Schedule(of.nodes, of.sums, text.rows, LINE)
        self.schedule.tile_rows = rows
        self.outputs = max(1, registers.outputs // rows)
        lines = 0  # of a row
        for stage in self.schedule.stages:
            stage.is_fused = False
            store(stage)
        for node in of.nodes:
            if node.is_stored and node.op != "vector":
                node.place = "panel", lines
                lines += -(-node.features // text.rows)
        self.panel = FewPanel(text, program, rows, lines)

    @property
    def memory(self) -> int:
        """The numbers at %A."""
        return self.rows * self.panel.lines * self.text.rows

    def write(self) -> None:
        """The statements, which write the sums among the `length` numbers at %G."""
        for source, width in self.program.trace.widths.items():
            for node in [one for one in self.round.nodes if one.op == source]:
                for row in self.panel.each():
                    self._read(node, self.text.at(f"%{source.upper()}", row * width + node.data))
        for stage in self.schedule.stages:
            self._stage(stage)
        self.end()

    def _read(self, node: Node, pointer: str) -> None:
        t, to = self.text, self.panel.address(node, 0)
        if node.features == 1:
            t.store(t.splat(t.number(pointer)), to)
        else:
            copy(t, pointer, to, node.features)

    def _stage(self, stage: Stage) -> None:
        room = stage.room
        for group in stage.before:
            self._group(group)
        if room is not None and room.op == "dense":
            dense(self.panel, room, self.outputs)
        elif room is not None:
            for _ in self.panel.each():
                total = reduced(self.panel, room.op.removeprefix("row "), room.args[0])
                self.text.store(total, self.panel.address(room, 0))
        for group in [stage.own, *stage.after]:
            if group:
                self._group(group)

    def _group(self, group: list[Node]) -> None:
        t, features = self.text, group[0].features

        def of_row(r: Index) -> None:
            self.panel.enter(r)
            t.loop(features, lambda f: self.panel.compute(group, f, {}), step=t.rows)

        t.loop(self.rows, of_row)

    def end(self) -> None:
        """Write the sums. Those that are no gradients are 0 at first, since they need not have terms."""
        t, seen, start = self.text, set[int](), self.program.first_total
        t.loop(self.length - start, lambda i: t.store(t.constant(0), t.at("%G", start), i), step=t.rows)
        for one in self.round.sums:
            if one.is_total:
                total = reduce(t.add, [reduced(self.panel, "sum", one.right) for _ in self.panel.each()])
                number = t.let(f"extractelement {t.panel} {total}, i64 0")
                if one.at in seen:
                    number = t.let(f"fadd {t.float} {number}, {t.number('%G', one.at)}")
                t.put(number, "%G", one.at)
            else:
                add_products(self.panel, one, self.outputs, is_first=one.at not in seen)
            seen.add(one.at)

"""The program and the kernel of a prediction, whose result is an output for each row instead of sums over the rows."""

from __future__ import annotations

from typing import Any

from funcnn.compilation.few import Few, are_few
from funcnn.compilation.graph import Graph, Node
from funcnn.compilation.pieces import Pieces
from funcnn.compilation.products import Registers
from funcnn.compilation.program import SumOfProducts
from funcnn.compilation.rounds import Round
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.strips import Strips
from funcnn.compilation.symbols import Symbol, elementwise
from funcnn.compilation.text import Index
from funcnn.compilation.tile import PANEL, ROWS, TILE, Tile, text_of
from funcnn.compilation.trace import TracedPrediction
from funcnn.compilation.transposition import write_rows

_CALL = """
define i64 @predict(ptr %block, ptr %X, ptr %Y, i64 %rows) nounwind {
  %V.at = getelementptr inbounds i64, ptr %block, i64 1
  %A.at = getelementptr inbounds i64, ptr %block, i64 2
  %G.at = getelementptr inbounds i64, ptr %block, i64 3
  %C = load ptr, ptr %block
  %V = load ptr, ptr %V.at
  %A = load ptr, ptr %A.at
  %G = load ptr, ptr %G.at
  call void @outputs(ptr %C, ptr %V, ptr %A, ptr %G, ptr %G, ptr %X, ptr %Y, i64 0, i64 %rows)
  %faults = load FLOAT, ptr %G
  %is_right = fcmp oeq FLOAT %faults, zeroinitializer
  %right = zext i1 %is_right to i64
  ret i64 %right
}"""


class OutputProgram(Graph):
    """The nodes of a prediction, of which `out` is the result; the one sum counts the faults.

    Raises:
        Untraceable: the output is not an array that is computed row by row.
    """

    def __init__(self, trace: TracedPrediction) -> None:
        dtype = trace.x.dtype
        super().__init__(trace.count, dtype)
        self.trace, self.first_total, out = trace, 0, trace.out
        if not isinstance(out, Symbol) or not out.features or out.op == "transpose":
            raise Untraceable("an output that is not an array of rows")
        if out.dtype != dtype:
            raise Untraceable(f"an output of {out.dtype}, in a network of {dtype}")
        if any([self.stage(one) for one in (out, *trace.faults)]):
            raise Untraceable("a sum over all rows")
        if not all([fault.features for fault in trace.faults]):
            raise Untraceable("a check of numbers that no row takes part in")
        out.check_unchanged()
        self.out: Node = self.node(out)
        if self.out.op == "x":
            raise Untraceable("an output that is x itself")
        counted = [self.node(elementwise("where", one, 1.0, 0.0, dtype=dtype)) for one in trace.faults]
        self.sums = [SumOfProducts(None, one, 0, is_total=True, round=0) for one in counted]
        for one in (self.out, *counted):
            one.is_stored = True


class OutputTile(Tile):
    """A tile whose panels end with the rows of the output, written to %Y."""

    program: OutputProgram

    @property
    def memory(self) -> int:
        return super().memory + self.width * self.text.rows

    @property
    def width(self) -> int:
        """The numbers of a row of the output."""
        return self.program.out.features

    def _panel(self, p: Index, low: Index) -> None:
        super()._panel(p, low)
        t, row = self.text, self.panel.row
        there, spare = t.at("%Y", t.times(row, self.width)), t.at("%A", super().memory)
        is_full = t.let(f"icmp ule i64 {t.plus(row, t.rows)}, %hi")
        write_rows(self.panel, self.program.out, t.let(f"select i1 {is_full}, ptr {there}, ptr {spare}"))
        over = t.minus("%hi", row)
        number = lambda i: t.put(t.number(spare, i), there, i)
        t.when(t.let(f"xor i1 {is_full}, true"), lambda: t.loop(t.times(over, self.width), number))


class OutputFew(Few):
    """A few rows, and the rows of their output, written to %Y."""

    program: OutputProgram

    def write(self) -> None:
        super().write()
        t, out = self.text, self.program.out
        for r in self.all_rows():
            to = t.at("%Y", r * out.features)
            t.strips(out.features, lambda f: t.write(t.load(self.address(out, f)), to, f))  # noqa: B023  used at once


class OutputKernel:
    """The function of a prediction as text of LLVM IR, which does not depend on the number of rows unless they are few.

    `table` are the panels of constants that the text refers to, `memory` is the length of the function's memory, and
    `line` that of a vector, of rows or of features.
    """

    def __init__(self, program: OutputProgram, registers: Registers, rows: int) -> None:
        widest = max([program.trace.x.features or 0, *[node.features for node in program.nodes]])
        self.is_few = are_few(rows, program.nodes, registers)
        t = Strips(program.dtype) if self.is_few else text_of(widest, rows, program.dtype, registers)
        given = Round(program.nodes, program.sums)
        apart, sums = Pieces(t, "passes", PANEL), Pieces(t, "sums", TILE)
        if isinstance(t, Strips):
            tile: Any = OutputFew(t, program, given, rows, registers, t.rows)
        else:
            tile = OutputTile(t, program, given, 0, registers, apart, sums, t.rows)
        tile.write()
        lines = [*t.function("outputs", ROWS), _CALL.replace("FLOAT", t.float)]
        lines += [line for pieces in (apart, sums) for line in pieces.function()]
        self.memory, self.line = tile.memory, t.rows
        self.text, self.table = t.module(lines), t.panels()

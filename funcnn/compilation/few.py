"""The function of a kernel that computes a few rows: its vectors hold features of one row, not rows of one feature."""

from __future__ import annotations

from typing import Any, ClassVar

from funcnn.compilation.few_products import FewProducts, strides
from funcnn.compilation.graph import INPUTS, Node
from funcnn.compilation.passes import Passes, SumOverRows
from funcnn.compilation.products import Registers
from funcnn.compilation.rounds import Round
from funcnn.compilation.strips import Strips

MOST_OPERATIONS = 300
"""Of a program, such as 40 pairs of Dense and Tanh, which LLVM compiles in half a second: each has code of its own."""


def are_few(rows: float, nodes: list[Node], registers: Registers) -> bool:
    """Whether `Few` can write the function for so many rows: there must be a register for a sum of each."""
    is_in_order = all([1 in strides(node) for node in nodes if node.op == "dense"])
    return not registers.is_portable and rows <= registers.outputs and len(nodes) <= MOST_OPERATIONS and is_in_order


class Few(FewProducts):
    """Writes the function of the only round for `count` rows, like a Tile; the number of rows is part of the code.

    A weight is read once for all rows, in the order of the memory. A gradient is written once, and not added up.
    """

    is_shared: ClassVar = False
    sums: ClassVar = "%G"

    def __init__(self, text: Strips, program: Any, of: Round, count: int, registers: Registers, length: int) -> None:
        self.program, self.count, self.length, self.out = program, count, length, of.out
        self.tile_rows = count
        self.outputs = max(1, registers.outputs // count)
        self.products = [one for one in of.sums if not one.is_total]
        totals = [SumOverRows(one.right, one.at, is_total=True) for one in of.sums if one.is_total]
        kept = [node for node in of.nodes if node.is_stored]
        passes, widths = Passes(of.nodes, [], totals, kept, are_apart=True), program.trace.widths
        arrays = {node: (f"%{node.op.upper()}", widths[node.op], node.data) for node in of.nodes if node.op in INPUTS}
        super().__init__(text, program, passes, arrays, 0)
        self.memory = count * self.size

    def write(self) -> None:
        """The statements, which write the sums among the `length` numbers at %G, and the rows of the output to %Z."""
        t, start = self.text, self.program.first_total
        t.loop(self.length - start, lambda i: t.store(t.constant(0), t.at("%G", start), i), step=t.rows)
        for total in self.passes.sums:
            t.put("0.0", "%G", total.at)
        for one in self.passes.passes:
            for node in one.dense:
                self.dense(node)
            t.loop(self.count, lambda r: self.over(one, [self.at_row(r, r)]))  # noqa: B023  used at once
        for i, product in enumerate(self.products):
            is_first = product.at not in {before.at for before in self.products[:i]}
            self.add_products(product, is_first=is_first)
        if self.out:
            self._write_out(self.out)

    def _write_out(self, node: Node) -> None:
        """The rows of the output."""
        t = self.text
        for r in self.all_rows():
            to = t.at("%Z", r * node.features)
            t.strips(node.features, lambda f: t.write(t.load(self.address(node, f)), to, f))  # noqa: B023  used at once

"""Functions of kernels for a few rows: their vectors hold features of one row, not rows of one feature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

from funcnn.compilation.graph import INPUTS, Node
from funcnn.compilation.lanes import Lanes
from funcnn.compilation.passes import Passes, SumOfProducts
from funcnn.compilation.products import Registers, blocks, joined
from funcnn.compilation.rounds import Round
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import Index

MOST_OPERATIONS = 300
"""Of a program, such as 40 pairs of Dense and Tanh, which LLVM compiles in half a second: each has code of its own."""


def are_few(rows: float, nodes: list[Node], registers: Registers) -> bool:
    """Whether `Few` can write the function for so many rows: there must be a register for a sum of each."""
    is_in_order = all([1 in strides(node) for node in nodes if node.op == "dense"])
    return not registers.is_portable and rows <= registers.outputs and len(nodes) <= MOST_OPERATIONS and is_in_order


def strides(node: Node) -> tuple[int, int]:
    """The strides of W of a dense layer along its inputs and outputs; for a single weight 1."""
    _, by_input, by_output, *_ = node.data
    return (1 if node.args[0].features == node.features == 1 else by_input), by_output


class Few(Lanes):
    """Writes the function of the only round for `count` rows, like a Tile; the number of rows is part of the code.

    A weight is read once for all rows, in the order of the memory. A gradient is written once, and not added up. There
    are registers for `outputs` sums of each row.
    """

    is_shared: ClassVar = False
    sums: ClassVar = "%G"

    def __init__(self, text: Strips, program: Any, of: Round, count: int, registers: Registers, length: int) -> None:
        self.program, self.count, self.length, self.out = program, count, length, of.out
        self.tile_rows = count
        self.outputs = max(1, registers.outputs // count)
        self.products = [one for one in of.sums if not one.is_total]
        totals = [one for one in of.sums if one.is_total]
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
        for product in self.products:
            self.add_products(product)
        if self.out:
            self._write_out(self.out)

    def _write_out(self, node: Node) -> None:
        """The rows of the output."""
        t = self.text
        for r in self.all_rows():
            to = t.at("%Z", r * node.features)
            t.strips(node.features, lambda f: t.write(t.load(self.address(node, f)), to, f))  # noqa: B023  used at once

    # Products.

    def all_rows(self) -> Iterator[int]:
        """The numbers of the rows, each of which is the current one."""
        for r in range(self.count):
            yield from [r for _ in self.each([self.at_row(r, r)])]

    def dense(self, node: Node) -> None:
        """x @ W + b, block by block of outputs; each weight is read once for all rows."""
        lanes = self.text.rows
        if node.features > 1 and strides(node)[1] == 1:
            self._in_blocks(-(-node.features // lanes), self.outputs, partial(self._by_inputs, node))
        else:
            most = 1 << min(self.outputs, lanes).bit_length() - 1
            self._in_blocks(node.features, most, partial(self._by_outputs, node))

    def _in_blocks(self, count: int, most: int, block: Callable[[int, Index], None]) -> None:
        """`block(size, i)` for blocks that begin at number i of `count`."""
        t = self.text
        for start, times, size in blocks(count, most) if count else ():
            t.loop(times, lambda b: block(size, t.plus(start, t.times(b, size))))  # noqa: B023  used at once

    def _by_inputs(self, node: Node, size: int, start: Index) -> None:
        """`size` vectors of outputs, which stand side by side in W: x_k times the weights of input k, for all k."""
        t, many = self.text, size * self.count
        j = t.times(start, t.rows)
        totals = self._totals(node, size, j)
        for i in range(many, len(totals)):
            totals[i % many] = t.add(totals[i % many], totals[i])
        for r in self.all_rows():
            for i in range(size):
                t.store(totals[r * size + i], self.address(node, t.plus(j, i * t.rows)))

    def _totals(self, node: Node, size: int, j: Index) -> list[str]:
        """The sums over some of the inputs of `size` vectors of outputs from j on, for each row; then over others."""
        t, x, many = self.text, node.args[0], size * self.count
        first, by_input, _, bias, by_bias = node.data
        weights = t.at("%V", t.plus(first, j))
        split = max(1, min(4, self.outputs // size // 2, x.features // 2))  # a few sums would wait for themselves
        starts = ["zeroinitializer"] * (many * split)
        if bias is not None:
            starts[:many] = [self.vector(bias, by_bias, t.plus(j, i * t.rows)) for i in range(size)] * self.count

        def some(k: Index, *totals: str, inputs: int = split) -> list[str]:
            new = list(totals)
            for part in range(inputs):
                row = t.at(weights, t.times(t.plus(k, part), by_input))
                ws = [t.read(row, i * t.rows) for i in range(size)]
                for r in self.all_rows():
                    value = t.splat(t.number(self.address(x, t.plus(k, part))))
                    for i in range(size):
                        at = part * many + r * size + i
                        new[at] = t.fma(value, ws[i], new[at])
            return new

        rest = x.features % split
        totals = list(t.loop(x.features - rest, some, *starts, step=split))
        return some(x.features - rest, *totals, inputs=rest) if rest else totals

    def _by_outputs(self, node: Node, size: int, j: Index) -> None:
        """`size` outputs, whose inputs stand side by side in W: sums of products of vectors."""
        t, x = self.text, node.args[0]
        first, _, by_output, bias, by_bias = node.data
        weights = t.at("%V", t.plus(first, t.times(j, by_output)))

        def some(k: Index, *totals: str) -> Sequence[str]:
            new, at = list(totals), t.at(weights, k)
            ws = [t.read(at, i * by_output) for i in range(size)]
            for r in self.all_rows():
                value = t.only(self.number(x, k, x.features, {}), 0)
                for i in range(size):
                    new[r * size + i] = t.fma(value, ws[i], new[r * size + i])
            return new

        totals = t.strips(x.features, some, *["zeroinitializer"] * (size * self.count))
        for r in self.all_rows():
            made, count = joined(t, totals[r * size : (r + 1) * size], t.rows)
            to, kind = self.address(node, j), f"<{count} x {t.float}>"
            if bias is not None:
                added = self.vector(bias, by_bias, j)
                made = t.add(made, t.shuffled(t.panel, added, "poison", range(count)), kind)
            if node.features == 1:
                t.store(t.splat(t.let(f"extractelement {kind} {made}, i64 0")), to)
            else:  # behind the last output is memory for a whole vector
                t.do(f"store {kind} {made}, ptr {to}, align {t.bytes}")

    def add_products(self, one: SumOfProducts) -> None:
        """left^T @ right over the rows, block by block of columns."""
        t, (left, right) = self.text, (one.left, one.right)
        if left is not None and right.features == 1:
            left, right = right, left
        n, whole = right.features, right.features // t.rows

        def columns(size: int, j: Index) -> None:
            """The columns from j on, in `size` vectors: those of right stay in registers."""
            ys = [[self._load(right, t.plus(j, i * t.rows)) for i in range(size)] for _ in self.all_rows()]

            def line(k: Index) -> None:
                xs = [] if left is None else [t.splat(t.number(self.address(left, k))) for _ in self.all_rows()]
                to = t.at("%G", t.plus(t.plus(one.at, t.times(k, n)), j))
                for i in range(size):
                    total = ""
                    for r in range(self.count):
                        value = t.mul(xs[r], ys[r][i]) if xs else ys[r][i]
                        total = t.add(value, total) if total else value
                    t.write(total, to, i * t.rows)

            t.loop(1 if left is None else left.features, line)

        self._in_blocks(whole, self.outputs, lambda size, start: columns(size, t.times(start, t.rows)))
        if n % t.rows:
            t.cut(n % t.rows, whole * t.rows, partial(columns, 1))

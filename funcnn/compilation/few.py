"""The function of a kernel that computes a few rows: its vectors hold features of one row, not rows of one feature."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial, reduce
from typing import Any

from funcnn.compilation.graph import ROOMS, Node
from funcnn.compilation.panel import Known, Panel
from funcnn.compilation.products import Registers, blocks, joined
from funcnn.compilation.rounds import Round
from funcnn.compilation.schedule import Schedule, Stage, store
from funcnn.compilation.text import LINE, Index, Text

MOST_ROOMS = 40
"""Dense layers and operations across features, of which no two have the same code here."""


def are_few(rows: int, nodes: list[Node], registers: Registers) -> bool:
    """Whether `Few` can write the function for so many rows: their sums must fit the registers."""
    rooms = [node for node in nodes if node.op in ROOMS]
    is_in_order = all([1 in _strides(node) for node in rooms if node.op == "dense"])
    return rows <= registers.outputs // 2 and len(rooms) <= MOST_ROOMS and is_in_order


def _strides(node: Node) -> tuple[int, int]:
    """The strides of W of a dense layer along its inputs and outputs; those of one number count as 1."""
    _, by_input, by_output, *_ = node.data
    return (1 if node.args[0].features == 1 and node.features == 1 else by_input), by_output


class FewPanel(Panel):
    """Operations on features of one row, which stand side by side; a single feature fills all lanes of a vector."""

    def address(self, node: Node, f: Index) -> str:
        return self.text.at(self.tile, self.text.plus(f, node.place[1] * self.text.rows))

    def _load(self, a: Any, f: Index) -> str:
        if isinstance(a, Node) and a.op == "vector":
            first, stride = a.data
            return self.vector(first, stride if a.features > 1 else 0, f)
        return super()._load(a, f)

    def vector(self, first: int, stride: int, f: Index) -> str:
        """The constants first + stride f, for the features from f on."""
        t = self.text
        at = t.at(self.constants, t.plus(first, t.times(f, stride)))
        if stride == 0:
            return t.splat(t.number(at))
        if stride == 1:
            return loaded(t, at, t.rows)
        made = "poison"
        for i in range(t.rows):
            made = t.let(f"insertelement {t.panel} {made}, {t.float} {t.number(at, i * stride)}, i64 {i}")
        return made

    def apart(self, node: Node) -> int:
        return 1


class Few:
    """Writes the function of the one round for `rows` rows, like a Tile; the number of rows is part of the code.

    A weight is read once for all rows, in the order of the memory.
    """

    def __init__(self, text: Text, program: Any, of: Round, rows: int, registers: Registers) -> None:
        self.text, self.program, self.round, self.rows = text, program, of, rows
        self.panel = FewPanel(text, program)
        self.schedule = Schedule(of.nodes, of.sums, text.rows, LINE)
        self.schedule.tile_rows = rows
        self.outputs = max(1, registers.outputs // rows)
        self.vectors = 0  # of a row
        for stage in self.schedule.stages:
            stage.is_fused = False
            store(stage)
        for node in of.nodes:
            if node.is_stored and node.op != "vector":
                node.place = "panel", self.vectors
                self.vectors += self._vectors(node)

    @property
    def memory(self) -> int:
        """The numbers at %A."""
        return self.rows * self.vectors * self.text.rows

    def _vectors(self, node: Node) -> int:
        return -(-node.features // self.text.rows)

    def _enter(self, row: int) -> None:
        self.panel.row, self.panel.tile = row, self.text.at("%A", row * self.vectors * self.text.rows)

    def _each(self) -> Iterator[int]:
        for row in range(self.rows):
            self._enter(row)
            yield row

    def function(self, name: str, length: int) -> list[str]:
        """The text of the function; of the `length` numbers at %G it writes those that are sums."""
        for source, width in self.program.trace.widths.items():
            for node in [one for one in self.round.nodes if one.op == source]:
                for row in self._each():
                    self._read(node, self.text.at(f"%{source.upper()}", row * width + node.data))
        for stage in self.schedule.stages:
            self._stage(stage)
        self._sums(length)
        pointers = ", ".join([f"ptr noalias %{name}" for name in "CVAGRXY"])
        return self.text.function(name, f"{pointers}, i64 %lo, i64 %hi")

    def _read(self, node: Node, pointer: str) -> None:
        t, to = self.text, self.panel.address(node, 0)
        if node.features == 1:
            t.store(t.splat(t.number(pointer)), to)
            return
        self._copy(pointer, to, node.features)

    def _copy(self, pointer: str, to: str, count: int) -> None:
        """So many numbers, and not one more."""
        t = self.text
        whole = count // t.rows * t.rows
        if whole:
            t.loop(whole, lambda f: put(t, loaded(t, t.at(pointer, f), t.rows), t.at(to, f), t.rows), step=t.rows)
        for start, width in parts(count - whole):
            put(t, loaded(t, t.at(pointer, whole + start), width), t.at(to, whole + start), width)

    def _stage(self, stage: Stage) -> None:
        for group in stage.before:
            self._group(group)
        if stage.room is not None:
            if stage.room.op != "dense":
                self._across(stage.room)
            elif _strides(stage.room)[1] == 1:
                self._dense(stage.room)
            else:
                self._dense_by_outputs(stage.room)
        for group in [stage.own, *stage.after]:
            if group:
                self._group(group)

    def _group(self, group: list[Node]) -> None:
        t, size = self.text, self._vectors(group[0]) * self.text.rows

        def entries(f: Index) -> None:
            for _ in self._each():
                self.panel.compute(group, f, {})

        t.loop(size, entries, step=t.rows)

    def _dense(self, node: Node) -> None:
        """x @ W + b, where the outputs of an input stand side by side: x_k times a row of W, for all k."""
        for start, count, size in blocks(self._vectors(node), self.outputs):
            self.text.loop(count, lambda b: self._dense_block(node, self.text.plus(start, self.text.times(b, size)), size))

    def _dense_block(self, node: Node, start: Index, size: int) -> None:
        t, x = self.text, node.args[0]
        first, by_input, _, bias, by_bias = node.data
        j = t.times(start, t.rows)
        weights = t.at("%V", t.plus(first, j))
        split = max(1, min(4, self.outputs // size // 2, x.features // 2))  # a sum would wait for itself
        biases = ["zeroinitializer"] * (size * self.rows * split)
        if bias is not None:
            given = [self.panel.vector(bias, by_bias, t.plus(j, i * t.rows)) for i in range(size)]
            biases[: size * self.rows] = given * self.rows

        def some(k: Index, *totals: str, many: int = split) -> list[str]:
            new = list(totals)
            for part in range(many):
                row = t.at(weights, t.times(t.plus(k, part), by_input))
                ws = [loaded(t, t.at(row, i * t.rows), t.rows) for i in range(size)]
                for r in self._each():
                    value = t.splat(t.number(self.panel.address(x, t.plus(k, part))))
                    for i in range(size):
                        at = (part * self.rows + r) * size + i
                        new[at] = t.fma(value, ws[i], new[at])
            return new

        whole = x.features // split * split
        totals = list(t.loop(whole, some, *biases, step=split))
        if whole < x.features:
            totals = some(whole, *totals, many=x.features - whole)
        for i in range(size * self.rows, len(totals)):
            totals[i % (size * self.rows)] = t.add(totals[i % (size * self.rows)], totals[i])
        for r in self._each():
            for i in range(size):
                self._keep(node, totals[r * size + i], t.plus(j, i * t.rows))

    def _keep(self, node: Node, value: str, f: Index) -> None:
        """Store a vector of features; a single one in all lanes."""
        t = self.text
        if node.features == 1:
            value = t.shuffled(t.panel, value, "poison", [0] * t.rows)
        t.store(value, self.panel.address(node, f))

    def _dense_by_outputs(self, node: Node) -> None:
        """x @ W + b, where the inputs of an output stand side by side: sums of products of vectors."""
        most = 1 << min(self.outputs, self.text.rows).bit_length() - 1
        for start, count, size in blocks(node.features, most):
            self.text.loop(count, lambda b: self._output_block(node, self.text.plus(start, self.text.times(b, size)), size))

    def _output_block(self, node: Node, j: Index, size: int) -> None:
        t, x = self.text, node.args[0]
        first, _, by_output, bias, by_bias = node.data
        weights = t.at("%V", t.plus(first, t.times(j, by_output)))

        def some(k: Index, *totals: str, lanes: int = t.rows) -> list[str]:
            new = list(totals)
            at = t.at(weights, k)
            ws = [first_of(t, loaded(t, t.at(at, i * by_output), t.rows), lanes) for i in range(size)]
            for r in self._each():
                value = first_of(t, t.load(self.panel.address(x, k)), lanes)
                for i in range(size):
                    new[r * size + i] = t.fma(value, ws[i], new[r * size + i])
            return new

        whole = x.features // t.rows * t.rows
        totals = ["zeroinitializer"] * (size * self.rows)
        if whole:
            totals = list(t.loop(whole, some, *totals, step=t.rows))
        if whole < x.features:
            totals = some(whole, *totals, lanes=x.features - whole)
        for r in self._each():
            made, count = joined(t, totals[r * size : (r + 1) * size], t.rows)
            to, kind = self.panel.address(node, j), f"<{count} x {t.float}>"
            if bias is not None:
                numbers = "poison"
                for i in range(count):
                    number = t.number("%V", t.plus(bias, t.times(t.plus(j, min(i, size - 1)), by_bias)))
                    numbers = t.let(f"insertelement {kind} {numbers}, {t.float} {number}, i64 {i}")
                made = t.add(made, numbers, kind)
            if node.features == 1:
                t.store(t.splat(t.let(f"extractelement {kind} {made}, i64 0")), to)
            else:
                put(t, made, to, count)

    def _across(self, node: Node) -> None:
        """The sum, maximum or minimum of the features of each row."""
        for _ in self._each():
            self.text.store(self._reduced(node.op.removeprefix("row "), node.args[0]), self.panel.address(node, 0))

    def _reduced(self, name: str, x: Node) -> str:
        """The sum, maximum or minimum of the features of x, in all lanes of a vector."""
        t, whole = self.text, x.features // self.text.rows * self.text.rows
        neutral = {"sum": 0.0, "maximum": -math.inf, "minimum": math.inf}[name]
        both = lambda a, b: t.add(a, b) if name == "sum" else t.call(name, a, b)
        value = lambda f: t.load(self.panel.address(x, f))
        if whole == 0:
            total = first_of(t, value(0), x.features, neutral)
        else:
            more = lambda f, total: [both(total, value(t.plus(f, t.rows)))]
            total = t.loop(whole - t.rows, more, value(0), step=t.rows)[0] if whole > t.rows else value(0)
            if whole < x.features:
                total = both(total, first_of(t, value(whole), x.features - whole, neutral))
        apart = t.rows // 2
        while apart:
            total = both(total, t.shuffled(t.panel, total, "poison", [i ^ apart for i in range(t.rows)]))
            apart //= 2
        return total

    # Sums over the rows.

    def _sums(self, length: int) -> None:
        """Write the sums; those that are no gradients may have no terms, and are set to 0 at first."""
        t, seen, start = self.text, set[int](), self.program.first_total
        t.loop(length - start, lambda i: t.store(t.constant(0), t.at("%G", start), i), step=t.rows)
        for one in self.round.sums:
            is_first = one.at not in seen
            seen.add(one.at)
            if one.is_total:
                totals = [self._reduced("sum", one.right) for _ in self._each()]
                number = t.let(f"extractelement {t.panel} {reduce(t.add, totals)}, i64 0")
                t.put(number if is_first else t.let(f"fadd {t.float} {number}, {t.number('%G', one.at)}"), "%G", one.at)
            elif one.left is not None and one.right.features == 1:
                self._sum(one.right, one.left, one.at, is_first=is_first)
            else:
                self._sum(one.left, one.right, one.at, is_first=is_first)

    def _sum(self, left: Node | None, right: Node, at: int, *, is_first: bool) -> None:
        """left^T @ right over the rows, block by block of columns."""
        t, rows = self.text, self.text.rows
        column = partial(self._columns, left, right, at, is_first)
        for start, count, size in blocks(right.features // rows, self.outputs) if right.features >= rows else []:
            spans = [(i * rows, rows) for i in range(size)]
            t.loop(count, lambda b, start=start, size=size, spans=spans: column(t.times(t.plus(start, t.times(b, size)), rows), spans))
        if rest := right.features % rows:
            column(right.features - rest, list(parts(rest)))

    def _columns(
        self, left: Node | None, right: Node, at: int, is_first: bool, j: Index, spans: list[tuple[int, int]]
    ) -> None:
        t, J = self.text, right.features
        ys = [[loaded(t, self.panel.address(right, t.plus(j, start)), width) for start, width in spans] for _ in self._each()]

        def row(k: Index) -> None:
            xs = [] if left is None else [t.splat(t.number(self.panel.address(left, k))) for _ in self._each()]
            to = t.at("%G", t.plus(t.plus(at, t.times(k, J)), j))
            for i, (start, width) in enumerate(spans):
                kind, place = f"<{width} x {t.float}>", t.at(to, start)
                total = "" if is_first else loaded(t, place, width)
                for r in range(self.rows):
                    value = ys[r][i]
                    if left is not None:
                        value = t.mul(t.shuffled(t.panel, xs[r], "poison", range(width)), value, kind)
                    total = t.add(value, total, kind) if total else value
                put(t, total, place, width)

        t.loop(1 if left is None else left.features, row)


def parts(count: int) -> Iterator[tuple[int, int]]:
    """(start, width) of parts, each a power of two wide, the widest first."""
    start = 0
    while count:
        width = 1 << count.bit_length() - 1
        yield start, width
        start, count = start + width, count - width


def loaded(t: Text, pointer: str, width: int) -> str:
    """So many numbers from a pointer, which need not be aligned."""
    return t.let(f"load <{width} x {t.float}>, ptr {pointer}, align {t.bytes}")


def put(t: Text, value: str, pointer: str, width: int) -> None:
    """Store so many numbers."""
    t.do(f"store <{width} x {t.float}> {value}, ptr {pointer}, align {t.bytes}")


def first_of(t: Text, value: str, count: int, other: float = 0.0) -> str:
    """The first `count` lanes of a vector; the others become another number."""
    if count == t.rows:
        return value
    lanes = ", ".join([f"i1 {str(i < count).lower()}" for i in range(t.rows)])
    return t.select(f"<{lanes}>", value, t.constant(other))

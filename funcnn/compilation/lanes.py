"""Panels that hold features of one row: where they are in memory, and passes over the features of some rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import attrs

from funcnn.compilation.graph import READ, Graph, Node, Value
from funcnn.compilation.panel import FIRST, Known, Panel
from funcnn.compilation.passes import FeatureLoop, Pass, Passes, SumOfProducts
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import Index

_AHEAD = 4096  # bytes, measured: with half or twice as many it takes as long, without a third longer


@attrs.define(eq=False)
class SweptRow:
    """A row: its number, where its kept numbers begin, and the addresses of arrays.

    Known are its single numbers, `numbers`, and with them features of the current panel, `panel`.
    """

    number: Index
    kept: str
    places: dict[Node, str]
    numbers: Known = attrs.Factory(dict)
    panel: Known = attrs.Factory(dict)


class Lanes(Panel):
    """Writes operations on features of the row `current`, as many as a panel has lanes.

    The nodes in `arrays` are read from arrays, or written to them: (pointer, numbers of a row, number of the first
    feature). What passes keep of a row is at %A, in whole panels, from number `start` on; a single number fills all
    lanes. The sums over rows are at `sums`. `fresh` are the inputs that no pass has read before.
    """

    text: Strips
    current: SweptRow
    sums: ClassVar = "%A"

    def __init__(
        self, text: Strips, graph: Graph, passes: Passes, arrays: dict[Node, tuple[str, int, int]], start: int
    ) -> None:
        super().__init__(text, graph)
        self.passes, self.arrays, self.start = passes, arrays, start
        self.size, self._kept = 0, dict[Node, int]()
        for node in passes.kept:
            self._kept[node] = self.size
            self.size += -(-node.features // text.rows) * text.rows
        self.fresh: set[Node] = set()

    def at_row(self, number: Index, place: Index) -> SweptRow:
        """A row, which is number `place` of those of which something is kept."""
        t = self.text
        places = {
            node: t.at(pointer, t.plus(t.times(number, width), first))
            for node, (pointer, width, first) in self.arrays.items()
        }
        return SweptRow(number, t.at("%A", t.plus(self.start, t.times(place, self.size))), places)

    def each(self, rows: list[SweptRow]) -> Iterator[SweptRow]:
        """The rows, each of which is the current one."""
        for self.current in rows:
            self.row = self.current.number
            yield self.current

    # Reductions, in which all lanes of a panel hold the result in the end.

    def _total(self, kind: str, total: str) -> str:
        """The sum, maximum or minimum of all lanes of a panel."""
        t, half = self.text, self.text.rows // 2
        while half:
            total = self.joined(kind, total, t.shuffled(t.panel, total, "poison", [i ^ half for i in range(t.rows)]))
            half //= 2
        return total

    # Memory.

    def keep(self, node: Node, f: Index, known: Known) -> None:
        """Store features of a node that is an output, or that is kept."""
        t = self.text
        if node in self._kept:
            t.store(self.number(node, f, node.features, known), self.address(node, f))
        if node in self.arrays:
            value, place = self.number(node, f, node.features, known), t.at(self.current.places[node], f)
            if node.features == 1:
                t.put(self._lane(value), place)
            else:
                self._fetch(place, writes=True)
                t.write(value, place)

    def address(self, node: Node, f: Index) -> str:
        t, of = self.text, self.current
        return t.at(of.kept, t.plus(self._kept[node], f)) if node in self._kept else t.at(of.places[node], f)

    def apart(self, node: Node) -> int:
        return int(node.features > 1)

    def _load(self, a: Value, f: Index) -> str:
        t = self.text
        if not isinstance(a, Node):
            return super()._load(a, f)
        if a.op == "vector":
            return self.vector(a.data[0], a.data[1] if a.features > 1 else 0, f)
        place = self.address(a, f)
        if a in self._kept:
            return t.load(place)
        if a in self.fresh:
            self._fetch(place, writes=False)
        return t.read(place) if a.features > 1 else t.splat(t.number(place))

    def vector(self, first: int, stride: int, f: Index) -> str:
        """The constants first + stride f, for the features from f on."""
        t = self.text
        at = t.at(self.constants, t.plus(first, t.times(f, stride)))
        if stride < 2:
            return t.read(at) if stride else t.splat(t.number(at))
        return t.gathered(at, stride, t.lanes)

    def _fetch(self, pointer: str, *, writes: bool) -> None:
        """Ask for the numbers `_AHEAD` bytes later, which the processor would do too late at the end of a page."""
        self.text.fetch(self.text.at(pointer, _AHEAD // self.text.bytes), writes=writes, level=3)

    # A pass over the features.

    def over(self, one: Pass, rows: list[SweptRow]) -> None:
        """A pass over the features of some rows, but for dense layers."""
        for row in self.each(rows):
            for node in one.numbers:
                if node.op in READ:
                    self.number(node, 0, 1, row.numbers)  # which reads it
                else:
                    self.compute([node], 0, row.numbers)
            for s in one.sums:
                self._add_number(s, self.number(s.right, 0, 1, row.numbers))
        for loop in one.loops:
            self._along(loop, rows)

    def _lane(self, panel: str) -> str:
        """The number that all lanes hold."""
        return self.text.let(f"extractelement {self.text.panel} {panel}, i64 0")

    def _add_number(self, one: SumOfProducts, panel: str) -> None:
        t, to = self.text, self.text.at(self.sums, one.at)
        t.put(t.let(f"fadd {t.float} {t.number(to)}, {self._lane(panel)}"), to)

    def _along(self, loop: FeatureLoop, rows: list[SweptRow]) -> None:
        """Compute the features of some rows, and the reductions over them."""
        t, kinds = self.text, [kind for kind, _ in loop.reductions] * len(rows)
        found = t.strips(loop.features, partial(self._panel, loop, rows), *[t.constant(FIRST[kind]) for kind in kinds])
        joined = map(self._total, kinds, found)
        for row in self.each(rows):
            for node in loop.reduced:
                row.numbers[node] = next(joined), False
                self.keep(node, 0, row.numbers)
            for s in loop.totals:
                self._add_number(s, next(joined))

    def _panel(self, loop: FeatureLoop, rows: list[SweptRow], f: Index, *before: str) -> list[str]:
        """Compute a panel of features of some rows; the reductions of each, joined to those of the features before."""
        t, left, after = self.text, iter(before), list[str]()
        for row in self.each(rows):
            row.panel = dict(row.numbers)
            self.compute(loop.nodes, f, row.panel)
        for s in loop.sums:
            to = t.at(self.sums, t.plus(s.at, f))
            total = t.load(to)
            for row in self.each(rows):
                total = t.add(total, self._number_of(s.right, f, row, "sum"))
            t.store(total, to)
        for row in self.each(rows):
            for kind, node in loop.reductions:
                after.append(self.joined(kind, next(left), self._number_of(node, f, row, kind)))
        return after

    def _number_of(self, node: Node, f: Index, row: SweptRow, kind: str) -> str:
        """A panel that is to be reduced: lanes that are cut off have no influence."""
        return self.text.only(self.number(node, f, node.features, row.panel), FIRST[kind])

"""Panels that hold features of one row: where they are in memory, and reductions over the features."""

from __future__ import annotations

import math

import attrs

from funcnn.compilation.graph import INPUTS, Graph, Node
from funcnn.compilation.kernels.passes import Passes
from funcnn.compilation.panel import Known, Panel
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import Index

AT_ONCE = 2  # rows of a round; since each waits for its own reductions, it takes less than twice as long as one
_AHEAD = 4096  # bytes, measured: with half or twice as many it takes as long, without a third longer
_FIRST = {"sum": 0.0, "maximum": -math.inf, "minimum": math.inf}


@attrs.frozen(eq=False)
class SweptRow:
    """A row of a round: its number, the addresses of its inputs and outputs, and its numbers that are known."""

    index: int
    places: list[str]
    numbers: Known


class Lanes(Panel):
    """Writes operations on features of the row `current`, as many as a panel has lanes.

    If the features do not fill whole panels, the last panel begins before the end of the last but one: its first lanes
    are computed again, and `again` is their number. `fresh` are the inputs that no pass has read before.
    """

    text: Strips

    def __init__(self, text: Strips, graph: Graph, passes: Passes, inputs: int, sums: int) -> None:
        super().__init__(text, graph)
        self.passes, self.features, self._sums = passes, passes.features, sums
        self.outputs = {node: inputs + i for i, node in enumerate(passes.outputs)}
        self.current = SweptRow(0, [], {})
        self.fresh: set[Node] = set()
        self.again = 0
        self._line = -(-self.features // text.rows) * text.rows

    @property
    def memory(self) -> int:
        """The numbers at %A: sums, and what the rows of a round keep."""
        return self._sums + len(self.passes.kept) * AT_ONCE * self._line

    # Reductions, in which all lanes of a panel hold the result in the end.

    def first(self, kind: str) -> str:
        """The sum, maximum or minimum of nothing."""
        return self.text.constant(_FIRST[kind])

    def joined(self, kind: str, a: str, b: str) -> str:
        """The sum, maximum or minimum of two panels, lane by lane; NaN if one is NaN."""
        return self.text.add(a, b) if kind == "sum" else self.text.call(kind, a, b, flags="nsz ")

    def total(self, kind: str, panels: list[str]) -> str:
        """The sum, maximum or minimum of all lanes of the panels."""
        t = self.text
        while len(panels) > 1:
            pairs = [panels[i : i + 2] for i in range(0, len(panels), 2)]
            panels = [self.joined(kind, *pair) if len(pair) > 1 else pair[0] for pair in pairs]
        total, half = panels[0], t.rows // 2
        while half:
            total = self.joined(kind, total, t.shuffled(t.panel, total, "poison", [i ^ half for i in range(t.rows)]))
            half //= 2
        return total

    def once(self, value: str, kind: str) -> str:
        """A panel that is to be joined, without the lanes that are computed again."""
        if not self.again:
            return value
        is_new = ", ".join([f"i1 {'true' if i >= self.again else 'false'}" for i in range(self.text.rows)])
        return self.text.select(f"<{is_new}>", value, self.first(kind))

    def lane(self, panel: str) -> str:
        """The number that all lanes hold."""
        return self.text.let(f"extractelement {self.text.panel} {panel}, i64 0")

    # Memory.

    def keep(self, node: Node, f: Index, known: Known) -> None:
        """Store features of a node that is an output, or that a later pass reads."""
        if node in self.outputs or node in self.passes.kept:
            place = self._place(node, f)
            if node in self.outputs:
                self._fetch(place, writes=True)
            self.text.write(self.number(node, f, node.features, known), place)

    def _place(self, node: Node, f: Index) -> str:
        if node in self.passes.kept:
            line = self.passes.kept.index(node) * AT_ONCE + self.current.index
            return self.text.at("%A", self.text.plus(self._sums + line * self._line, f))
        return self.text.at(self.current.places[node.data if node.op in INPUTS else self.outputs[node]], f)

    def _load(self, a: Node | float, f: Index) -> str:
        if not isinstance(a, Node) or a.features == 1:
            return super()._load(a, f)
        if a.op == "vector":
            return self.text.read(self.text.at("%V", self.text.plus(a.data[0], f)))
        place = self._place(a, f)
        if a in self.fresh:
            self._fetch(place, writes=False)
        return self.text.read(place)

    def _fetch(self, pointer: str, *, writes: bool) -> None:
        """Ask for the numbers `_AHEAD` bytes later, which the processor would do too late at the end of a page."""
        self.text.fetch(self.text.at(pointer, _AHEAD // self.text.bytes), writes=writes, level=3)

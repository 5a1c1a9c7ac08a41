"""The function of a kernel over rows: row by row, and along each row as many features at once as a panel holds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from funcnn.compilation.graph import INPUTS, Graph, Node
from funcnn.compilation.kernels.lanes import AT_ONCE, Lanes, SweptRow
from funcnn.compilation.kernels.passes import Pass, Passes, SumOverRows
from funcnn.compilation.panel import Known
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import Index

ROWS_OF_BLOCK = 256  # whose sums are added up before they are added to those of other blocks, which loses fewer digits
_UNROLLED = 2  # panels of a round of a loop over features: one sum alone would wait for its last addition


class Sweep(Lanes):
    """Writes a function that computes `count` rows.

    %p0, %p1, ... are the inputs and then the outputs, %V the vector of constants, %C the table of panels, %G the sums
    over all rows, and %A memory for the sums of a block of rows and for the numbers that a row keeps. `inputs` has the
    numbers in a row of each input, and `length` is the number of sums.
    """

    def __init__(self, text: Strips, graph: Graph, passes: Passes, inputs: list[int], length: int) -> None:
        super().__init__(text, graph, passes, len(inputs), length)
        self._widths = [*inputs, *[node.features for node in passes.outputs]]

    def function(self, name: str) -> list[str]:
        """The text of the function."""
        t = self.text
        if self.passes.sums:
            t.loop("%count", self._block, step=ROWS_OF_BLOCK)
        else:
            self._all(0, "%count")
        own, arrays = [f"ptr noalias %{p}" for p in "CVAG"], [f"ptr noalias %p{i}" for i in range(len(self._widths))]
        return t.function(name, ", ".join([*own, "i64 %count", *arrays]))

    def _all(self, start: Index, rows: Index) -> None:
        """Some rows, several in a round, then those that are left one by one."""
        t = self.text
        rest = t.let(f"and i64 {rows}, {AT_ONCE - 1}")
        whole, several = t.minus(rows, rest), range(AT_ONCE)
        after = t.plus(start, whole)

        def rounds() -> None:
            t.loop(whole, lambda r: self._some([t.plus(start, t.plus(r, k)) for k in several]), step=AT_ONCE)

        t.when(t.let(f"icmp ne i64 {whole}, 0"), rounds)
        t.when(t.let(f"icmp ne i64 {rest}, 0"), lambda: t.loop(rest, lambda r: self._some([t.plus(after, r)])))

    def _block(self, start: Index) -> None:
        """Set the sums of a block to 0, compute its rows, and add its sums to those of the blocks before."""
        t, is_first = self.text, self.text.let(f"icmp eq i64 {start}, 0")

        def each(do: Callable[[Index], None]) -> None:
            for one in self.passes.sums:
                size = 1 if one.is_total else one.node.features
                t.loop(-(-size // t.rows) * t.rows, lambda i: do(t.plus(one.at, i)), step=t.rows)  # noqa: B023  used at once

        def add(i: Index) -> None:
            to, new = t.at("%G", i), t.read(t.at("%A", i))
            before = t.let(f"select i1 {is_first}, {t.panel} zeroinitializer, {t.panel} {t.read(to)}")
            t.write(t.add(before, new), to)

        each(lambda i: t.write("zeroinitializer", t.at("%A", i)))
        self._all(start, t.least(t.minus("%count", start), ROWS_OF_BLOCK))
        each(add)

    def _some(self, numbers: list[Index]) -> None:
        """The rows with these numbers, side by side."""
        t = self.text
        places = [[t.at(f"%p{i}", t.times(r, width)) for i, width in enumerate(self._widths)] for r in numbers]
        rows = [SweptRow(i, own, {}) for i, own in enumerate(places)]
        read: set[Node] = set()
        for i, one in enumerate(self.passes.passes):
            for self.current in rows:
                for node in one.numbers:
                    self.current.numbers[node] = self._number(node)
                self._finish(i)
            self.fresh = {node for node in one.loaded - read if node.op in INPUTS}
            read |= one.loaded
            if one.nodes or one.loaded:
                self._along(i, one, rows)

    def _number(self, node: Node) -> tuple[str, bool]:
        """The number of a row, in all lanes of a panel."""
        if node.op in INPUTS:
            return self.text.splat(self.text.number(self.current.places[node.data])), False
        return self._operation(node, 0, self.current.numbers)

    def _finish(self, i: int) -> None:
        """Write and add up the numbers that are known before pass i."""
        for node, place in self.outputs.items():
            if node.features == 1 and self.passes.level(node) == i:
                number = self.lane(self.number(node, 0, 1, self.current.numbers))
                self.text.put(number, self.current.places[place])
        for one in self.passes.sums:
            if one.node.features == 1 and self.passes.level(one.node) == i:
                self._add_number(one, self.number(one.node, 0, 1, self.current.numbers))

    def _add_number(self, one: SumOverRows, panel: str) -> None:
        t, to = self.text, self.text.at("%A", one.at)
        t.put(t.let(f"fadd {t.float} {t.number(to)}, {self.lane(panel)}"), to)

    # One pass over the features.

    def _along(self, i: int, one: Pass, rows: list[SweptRow]) -> None:
        """Compute the features of some rows, and the reductions over them."""
        t, n = self.text, self.features
        sums = [s for s in self.passes.sums if s.node.features > 1 and self.passes.level(s.node) == i]
        totals = [s for s in sums if s.is_total]
        reduced = [(node.op.removeprefix("row "), node.args[0]) for node in one.reduced]
        reductions = [(row, *what) for row in rows for what in [*reduced, *[("sum", s.node) for s in totals]]]
        each, whole = len(reductions), n // t.rows

        def panel(f: Index, *before: str) -> list[str]:
            found = self._features(one, f, rows)
            for s in sums:
                if not s.is_total:
                    self._add(s, f, found, rows)
            after = []
            for total, (row, kind, node) in zip(before, reductions, strict=True):
                self.current = row
                after.append(self.joined(kind, total, self.once(self.number(node, f, n, found[row.index]), kind)))
            return after

        def panels(count: int, f: Index, *before: str) -> list[str]:
            parts = [panel(t.plus(f, k * t.rows), *before[k * each : (k + 1) * each]) for k in range(count)]
            return [value for part in parts for value in part]

        many = max(1, min(_UNROLLED, whole))
        start = [self.first(kind) for _, kind, _ in reductions] * many
        found = list(t.loop(whole // many * many * t.rows, partial(panels, many), *start, step=many * t.rows))
        rest = whole % many
        found[: rest * each] = panels(rest, (whole - rest) * t.rows, *found)
        if n % t.rows:
            self.again = t.rows - n % t.rows
            found[:each] = panel(n - t.rows, *found[:each])
            self.again = 0
        joined = iter([self.total(kind, found[j::each]) for j, (_, kind, _) in enumerate(reductions)])
        for row in rows:
            row.numbers.update({node: (next(joined), False) for node in one.reduced})
            for s in totals:
                self._add_number(s, next(joined))

    def _features(self, one: Pass, f: Index, rows: list[SweptRow]) -> list[Known]:
        """What a panel of features of each row is in registers."""
        found: list[Known] = []
        for self.current in rows:
            found.append(dict(self.current.numbers))
            self.compute(one.nodes, f, found[-1])
        return found

    def _add(self, one: SumOverRows, f: Index, found: list[Known], rows: list[SweptRow]) -> None:
        """Add a panel of features of some rows to the sums of the block."""
        to = self.text.at("%A", self.text.plus(one.at, f))
        total = self.text.read(to)
        for self.current in rows:
            known = found[self.current.index]
            total = self.text.add(total, self.once(self.number(one.node, f, self.features, known), "sum"))
        self.text.write(total, to)

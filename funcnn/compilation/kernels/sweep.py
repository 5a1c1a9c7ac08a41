"""The function of a kernel over any number of rows: several at a time, and along each row as many features at once."""

from __future__ import annotations

from collections.abc import Callable

from funcnn.compilation.graph import INPUTS, Graph, Node
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.lanes import Lanes
from funcnn.compilation.passes import Passes
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import Index

AT_ONCE = 2  # rows of a round; since each waits for its own reductions, it takes less than twice as long as one
ROWS_OF_BLOCK = 256  # whose sums are added up before they are added to those of other blocks, which loses fewer digits


class Sweep(Lanes):
    """The function that computes `count` rows, as `call(V, A, G, p0, p1, ..., count)`.

    %p0, %p1, ... are the inputs and then the outputs, %V the vector of constants, %G the sums
    over all rows, and %A memory for the sums of a block of rows and for the numbers that a row keeps. `inputs` has the
    numbers in a row of each input, and `length` is the number of sums.
    """

    def __init__(self, text: Strips, passes: Passes, graph: Graph, inputs: list[int], length: int) -> None:
        given = {node: (node.data, inputs[node.data]) for node in graph.nodes if node.op in INPUTS}
        made = {node: (i, node.features) for i, node in enumerate(passes.outputs, len(inputs))}
        arrays = {node: (f"%p{i}", width, 0) for node, (i, width) in {**given, **made}.items()}
        super().__init__(text, graph, passes, arrays, length)
        self.memory = length + AT_ONCE * self.size
        if passes.sums:
            text.loop("%count", self._block, step=ROWS_OF_BLOCK)
        else:
            self._all(0, "%count")
        self.call = Call(text, ["V", "A", "G", *[f"p{i}" for i in range(len(inputs) + len(made))]], ["count"])

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
            to, new = t.at("%G", i), t.load("%A", i)
            before = t.let(f"select i1 {is_first}, {t.panel} zeroinitializer, {t.panel} {t.read(to)}")
            t.write(t.add(before, new), to)

        each(lambda i: t.store("zeroinitializer", "%A", i))
        self._all(start, t.least(t.minus("%count", start), ROWS_OF_BLOCK))
        each(add)

    def _some(self, numbers: list[Index]) -> None:
        """The rows with these numbers, side by side."""
        rows = [self.at_row(r, i) for i, r in enumerate(numbers)]
        read = set[Node]()
        for one in self.passes.passes:
            loaded = {node for loop in one.loops for node in loop.loaded if node.op in INPUTS}
            self.fresh, read = loaded - read, read | loaded
            self.over(one, rows)

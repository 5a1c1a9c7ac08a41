"""What a kernel over features of a row computes in each pass over the features."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from funcnn.compilation.graph import ACROSS, INPUTS, ROOMS, Node, needed
from funcnn.compilation.schedule import DEAR


@attrs.frozen(eq=False)
class SumOverRows:
    """The sum of a node over all rows, as the numbers from `at` on; `is_total` adds the features of a row as well."""

    node: Node
    at: int
    is_total: bool


@attrs.frozen(eq=False)
class Loop:
    """A loop over `features` features of a row.

    It computes `nodes`, in order, and reads the nodes `loaded` from memory. `reduced` are the sums and extrema over
    the features that it computes besides; it adds to `sums`, and the sum over the features to `totals`.
    """

    features: int
    nodes: list[Node]
    loaded: list[Node]
    reduced: list[Node]
    sums: list[SumOverRows]
    totals: list[SumOverRows]

    @property
    def reductions(self) -> list[tuple[str, Node]]:
        """How the features of which nodes are reduced: "sum", "maximum" or "minimum"."""
        reduced = [(node.op.removeprefix("row "), node.args[0]) for node in self.reduced]
        return [*reduced, *[("sum", one.node) for one in self.totals]]


@attrs.define(eq=False)
class Pass:
    """A pass over the features of a row.

    First are the dense layers, `dense`; then the nodes with one number for each row, `numbers`, in order, which may be
    added to `sums`; and then the loops.
    """

    dense: list[Node] = attrs.Factory(list)
    numbers: list[Node] = attrs.Factory(list)
    reduced: list[Node] = attrs.Factory(list)
    sums: list[SumOverRows] = attrs.Factory(list)
    loops: list[Loop] = attrs.Factory(list)


class Passes:
    """The passes that compute `outputs`, `sums`, and the nodes that are to be kept; `nodes` are all nodes, in order.

    A node is in the first pass that can compute it, after the dense layers and reductions that it needs. A later pass
    that needs it too computes it again, or, if that is dear, reads it from the outputs or from memory for the nodes
    `kept`. In this memory are also what dense layers read and write, and, if the passes over a row are apart, all
    numbers of a row.
    """

    def __init__(
        self,
        nodes: list[Node],
        outputs: list[Node],
        sums: list[SumOverRows],
        kept: Sequence[Node] = (),
        *,
        are_apart: bool = False,
    ) -> None:
        self.outputs, self.sums = outputs, sums
        roots = [*outputs, *kept, *[one.node for one in sums]]
        wanted, self._levels = needed(roots, vectors=False), dict[Node, int]()
        order = [node for node in nodes if node in wanted]
        for node in order:
            before = [self._levels[a] for a in node.inputs]
            self._levels[node] = max(before, default=0) + (node.op in ROOMS)
        dense = [node for node in order if node.op == "dense"]
        numbers = [node for node in order if node.features == 1 and are_apart]
        given = [*kept, *dense, *[node.args[0] for node in dense], *numbers]
        self.kept = [node for node in dict.fromkeys(given) if node.op not in INPUTS]
        self.passes = [Pass() for _ in range(1 + max(self._levels.values(), default=0))]
        for node in order:
            one = self.passes[self._levels[node]]
            if node.op == "dense":
                one.dense.append(node)
            elif node.op in ACROSS:
                self.passes[self._levels[node] - 1].reduced.append(node)
            elif node.features == 1:
                one.numbers.append(node)
        for s in sums:
            self.passes[self._levels[s.node]].sums.append(s)
        for i in range(len(self.passes) - 1, -1, -1):  # the last first: it tells the others what to keep
            self._fill(i, roots, order)

    def _fill(self, i: int, roots: list[Node], order: list[Node]) -> None:
        """Choose what the loops of pass i compute and what they read."""
        one, found, loaded = self.passes[i], set[Node](), set[Node]()
        left = [node for node in [*roots, *self.kept] if self._levels[node] == i and node.op != "dense"]
        left += [node.args[0] for node in one.reduced] + [s.node for s in one.sums]
        while left:
            node = left.pop()
            if node in found or node.features == 1:
                continue
            found.add(node)
            if self._is_read(node, i):
                loaded.add(node)
            else:
                left += node.inputs
        for n in sorted({node.features for node in found}):
            of = [node for node in order if node in found and node.features == n]
            computed, read = [node for node in of if node not in loaded], [node for node in of if node in loaded]
            reduced = [node for node in one.reduced if node.args[0].features == n]
            sums, totals = list[SumOverRows](), list[SumOverRows]()
            for s in [s for s in one.sums if s.node.features == n]:
                (totals if s.is_total else sums).append(s)
            one.loops.append(Loop(n, computed, read, reduced, sums, totals))
        one.sums = [s for s in one.sums if s.node.features == 1]

    def _is_read(self, node: Node, i: int) -> bool:
        """Whether pass i reads a node, which is kept then, unless it is an input or an output."""
        if node.op in {"dense", *INPUTS}:
            return True
        is_dear = node.op in {"random", *DEAR} or len({a for a in node.inputs if a.features > 1}) > 1
        is_stored = node in self.outputs or node in self.kept
        if self._levels[node] == i or not (is_stored or is_dear):
            return False
        if not is_stored:
            self.kept.append(node)
        return True

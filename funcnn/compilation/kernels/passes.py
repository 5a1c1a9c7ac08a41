"""What a sweep over rows computes in each pass over the features of a row."""

from __future__ import annotations

import attrs

from funcnn.compilation.graph import ACROSS, INPUTS, Node, needed
from funcnn.compilation.schedule import DEAR


@attrs.frozen(eq=False)
class SumOverRows:
    """The sum of a node over all rows, as the numbers from `at` on; `is_total` adds the features of a row as well."""

    node: Node
    at: int
    is_total: bool


@attrs.define(eq=False)
class Pass:
    """One pass over the features of a row.

    `numbers` are the nodes with one number for each row, computed before the loop, in order; `nodes` those with one for
    each feature, computed in the loop; `loaded` those that the loop reads from memory. `reduced` are the sums and
    extrema over the features that the loop computes.
    """

    numbers: list[Node] = attrs.Factory(list)
    nodes: list[Node] = attrs.Factory(list)
    loaded: set[Node] = attrs.Factory(set)
    reduced: list[Node] = attrs.Factory(list)


class Passes:
    """The passes of a sweep that computes `outputs` and `sums`; `nodes` are all nodes, in order.

    A node is in the first pass that can compute it, after all reductions that it needs. A later pass that needs it too
    computes it again, or, if that is dear, reads it from the outputs or from memory for the nodes `kept`.
    """

    def __init__(self, nodes: list[Node], outputs: list[Node], sums: list[SumOverRows], features: int) -> None:
        self.features, self.outputs, self.sums = features, outputs, sums
        self.kept: list[Node] = []
        self._levels: dict[Node, int] = {}
        roots = [*outputs, *[one.node for one in sums]]
        self.passes = [Pass() for _ in range(1 + max([self.level(node) for node in roots], default=0))]
        wanted = needed(roots, vectors=False)
        order = [node for node in nodes if node in wanted]
        for node in order:
            if node.op in ACROSS:
                self.passes[self.level(node) - 1].reduced.append(node)
            elif node.features == 1:
                self.passes[self.level(node)].numbers.append(node)
        for i in range(len(self.passes) - 1, -1, -1):  # the last first: it tells the others what to keep
            self._fill(i, [node for node in roots if node.features > 1], order)

    def level(self, node: Node) -> int:
        """The pass in which a node can be computed."""
        if node not in self._levels:
            before = [self.level(a) for a in node.inputs]
            self._levels[node] = max(before, default=0) + (node.op in ACROSS)
        return self._levels[node]

    def _fill(self, i: int, roots: list[Node], order: list[Node]) -> None:
        """Choose what pass i computes and what it reads."""
        one, found = self.passes[i], set[Node]()
        left = [node for node in [*roots, *self.kept] if self.level(node) == i] + [node.args[0] for node in one.reduced]
        while left:
            node = left.pop()
            if node in found or node.features == 1:
                continue
            found.add(node)
            if node.op in INPUTS or (self.level(node) < i and (node in self.outputs or node.op in DEAR)):
                one.loaded.add(node)
                if node.op not in INPUTS and node not in self.outputs and node not in self.kept:
                    self.kept.append(node)
            else:
                left += node.inputs
        one.nodes = [node for node in order if node in found and node not in one.loaded]

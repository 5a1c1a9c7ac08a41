"""The passes in which a kernel computes the nodes of a row, and what it keeps in memory between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import attrs

from funcnn.compilation.graph import ACROSS, READ, ROOMS, Node, needed
from funcnn.compilation.operations import DEAR
from funcnn.compilation.pieces import Pattern

MOST_COST, DEAR_COST = 1000, 20  # of the nodes of one loop, where other nodes than dear ones cost 1
MOST_AGAIN = 8  # operations that are computed again from one array, instead of keeping the result


@attrs.frozen(eq=False)
class SumOfProducts:
    """left^T @ right over all rows, added to the sums from number `at` on; without left, the sum of the rows of right.

    Without left, `is_total` adds the features of right as well. `round` is the number of times that all rows are read
    before the rows of this sum can be computed.
    """

    left: Node | None
    right: Node
    at: int
    is_total: bool
    round: int

    @property
    def arguments(self) -> list[Node]:
        """The nodes that are summed."""
        return [self.right] if self.left is None else [self.left, self.right]


@attrs.frozen(eq=False)
class FeatureLoop:
    """A loop over `features` features of a row.

    It computes `nodes`, in order, and reads the nodes `loaded` from memory. `reduced` are the sums and extrema over
    the features that it computes besides; it adds to `sums`, and the sum over the features to `totals`.
    """

    features: int
    nodes: list[Node]
    loaded: list[Node]
    reduced: list[Node]
    sums: list[SumOfProducts]
    totals: list[SumOfProducts]

    @property
    def reductions(self) -> list[tuple[str, Node]]:
        """How the features of which nodes are reduced: "sum", "maximum" or "minimum"."""
        reduced = [(node.op.removeprefix("row "), node.args[0]) for node in self.reduced]
        return [*reduced, *[("sum", one.right) for one in self.totals]]


@attrs.define(eq=False)
class Pass:
    """A pass over the features of a row.

    First are the dense layers, `dense`; then the nodes with one number for each row, `numbers`, in order, which may be
    added to `sums`; and then the loops. If the pass `is_fused`, the nodes with as many features as its only dense layer
    are computed while the features of the layer are in registers.
    """

    dense: list[Node] = attrs.Factory(list)
    numbers: list[Node] = attrs.Factory(list)
    reduced: list[Node] = attrs.Factory(list)
    sums: list[SumOfProducts] = attrs.Factory(list)
    loops: list[FeatureLoop] = attrs.Factory(list)
    is_fused: bool = False
    is_shared: ClassVar = True

    def add_to(self, pattern: Pattern) -> None:
        """Add the nodes to a pattern."""
        pattern.key += (self.is_fused, len(self.loops))
        for group in (self.dense, self.numbers, *[part for one in self.loops for part in (one.nodes, one.reduced)]):
            pattern.add(group)


class Passes:
    """The passes that compute `outputs`, `sums`, and the nodes that are to be kept; `nodes` are all nodes, in order.

    A node is in the first pass that can compute it, after the dense layers and reductions that it needs. A later pass
    that needs it too computes it again if that takes a few operations on one other array, or else reads it from the
    outputs or from memory for the nodes `kept`. In this memory are also what dense layers read, and what they write,
    unless `fuses` allows a pass to be fused; and, if the passes over a row are apart, numbers for later passes.
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        outputs: Sequence[Node],
        sums: list[SumOfProducts],
        kept: Sequence[Node] = (),
        *,
        are_apart: bool = False,
        fuses: bool = False,
    ) -> None:
        self.outputs, self.sums, self._are_apart, self._fuses = outputs, sums, are_apart, fuses
        roots = [*outputs, *kept, *[one.right for one in sums]]
        wanted = needed(roots, vectors=False)
        order = [node for node in nodes if node in wanted]
        self._numbers = {node: i for i, node in enumerate(order)}
        self._sources, self._levels = sources(order), dict[Node, int]()
        for node in order:
            before = [self._levels[a] for a in node.inputs]
            self._levels[node] = max(before, default=0) + (node.op in ROOMS)
        self.passes = [Pass() for _ in range(1 + max(self._levels.values(), default=0))]
        self._wanted: list[list[Node]] = [[] for _ in self.passes]
        for node in roots:
            self._wanted[self._levels[node]].append(node)
        self.kept: dict[Node, None] = {}
        for node in order:
            one = self.passes[self._levels[node]]
            if node.op == "dense":
                one.dense.append(node)
                self._keep(node.args[0])
            elif node.op in ACROSS:
                self.passes[self._levels[node] - 1].reduced.append(node)
            elif node.features == 1:
                one.numbers.append(node)
        for node in kept:
            self._keep(node)
        for s in sums:
            self.passes[self._levels[s.right]].sums.append(s)
        for i in range(len(self.passes) - 1, -1, -1):  # the last first: it tells the others what to keep
            self._fill(i)

    def _keep(self, node: Node) -> None:
        if node.op not in READ and node not in self.kept and node not in self.outputs:
            self.kept[node] = None
            self._wanted[self._levels[node]].append(node)

    def _fill(self, i: int) -> None:
        """Choose the loops of pass i, and what it reads."""
        one, found, computed = self.passes[i], set[Node](), list[Node]()
        left = [*self._wanted[i], *[node.args[0] for node in one.reduced], *[s.right for s in one.sums]]
        while left:
            node = left.pop()
            if node not in found and node.features > 1:
                found.add(node)
                if not self._is_read(node, i):
                    computed.append(node)
                    left += node.inputs
        computed.sort(key=self._numbers.__getitem__)
        for n in sorted({node.features for node in found}):
            self._add_loops(one, [node for node in computed if node.features == n], n)
        one.is_fused = self._fuses and _can_be_fused(one)
        known = {*one.numbers, *(one.dense if one.is_fused else ())}
        read = [node for loop in one.loops for node in loop.loaded]
        if self._are_apart:
            read += [a for node in (*one.numbers, *computed) for a in node.inputs if a.features == 1]
            read += [s.right for s in one.sums if s.right.features == 1]
        for node in read:
            if node not in known:
                self._keep(node)
        one.sums = [s for s in one.sums if s.right.features == 1]

    def _add_loops(self, one: Pass, nodes: list[Node], n: int) -> None:
        """Add loops over n features, which compute these nodes."""
        rest = {*[node.args[0] for node in one.reduced], *[s.right for s in one.sums]} - {*nodes}
        for part in _parts(nodes):
            ends, rest = {*part} | rest, set()
            reduced = [node for node in one.reduced if node.args[0].features == n and node.args[0] in ends]
            sums, totals = list[SumOfProducts](), list[SumOfProducts]()
            for s in [s for s in one.sums if s.right.features == n and s.right in ends]:
                (totals if s.is_total else sums).append(s)
            read = [a for node in part for a in node.inputs] + [node.args[0] for node in reduced]
            read += [s.right for s in (*sums, *totals)]
            loaded = [a for a in dict.fromkeys(read) if a.features == n and a not in {*part}]
            if part or reduced or sums or totals:
                one.loops.append(FeatureLoop(n, part, loaded, reduced, sums, totals))

    def _is_read(self, node: Node, i: int) -> bool:
        """Whether pass i finds a node in memory."""
        if node.op in {"dense", *READ}:
            return True
        is_kept = node in self._sources[node] or node in self.outputs or node in self.kept
        return is_kept and self._levels[node] < i


def sources(nodes: Iterable[Node]) -> dict[Node, set[Node]]:
    """For each node the one array, or none, from which a few operations make it again; or the node itself."""
    found: dict[Node, set[Node]] = {}
    counts: dict[Node, int] = {}
    for node in nodes:
        of = set[Node]().union(*[found[a] for a in node.inputs if a.features == node.features])
        counts[node] = 1 + sum([counts[a] for a in node.inputs])
        is_dear = node.op in DEAR or node.op in {*ROOMS, "random", *READ}
        found[node] = {node} if is_dear or len(of) > 1 or counts[node] > MOST_AGAIN else of
        if node in found[node]:
            counts[node] = 0
    return found


def _can_be_fused(one: Pass) -> bool:
    """Whether a pass has one dense layer and registers for the nodes with as many features, in one loop."""
    if len(one.dense) != 1:
        return False
    n = one.dense[0].features
    loops = [loop for loop in one.loops if loop.features == n]
    nodes = [*one.numbers] if n == 1 else [node for loop in loops for node in loop.nodes]
    is_dear = any([node.op in DEAR for node in nodes])
    return len(loops) <= 1 and not any([loop.reductions for loop in loops]) and (n <= 2 or not is_dear)


def _parts(nodes: list[Node]) -> list[list[Node]]:
    """Nodes in parts, each of which is computed in one loop."""
    parts: list[list[Node]] = [[]]
    left = MOST_COST
    for node in nodes:
        cost = DEAR_COST if node.op in DEAR else 1
        if cost > left:
            parts.append([])
            left = MOST_COST
        parts[-1].append(node)
        left -= cost
    return parts

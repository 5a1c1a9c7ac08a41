"""The rounds of a program: all rows are read once, or again where rows need sums over all rows."""

from __future__ import annotations

from operator import attrgetter

import attrs

from funcnn.compilation.graph import Node, needed
from funcnn.compilation.passes import sources
from funcnn.compilation.program import Program, SumOfProducts


@attrs.frozen(eq=False)
class Round:
    """The nodes that a round computes, in order, the sums that it adds up, and what it writes for each row, or None.

    A node `kept` stands for one that an earlier round has stored.
    """

    nodes: list[Node]
    sums: list[SumOfProducts]
    out: Node | None


class Rounds:
    """The rounds of a program; `kept` is the number of lines that rounds store for later ones, for each panel of rows.

    Round i adds up the sums whose rows need the sums of i rounds. A node is computed in the first round that needs it.
    Later ones read it again, or compute it anew if that takes a few operations on one other array.
    """

    def __init__(self, program: Program) -> None:
        self.kept = 0
        self._homes: dict[Node, Node] = {}  # where each node is computed at first
        self._sources = sources(program.nodes)
        given: list[list[SumOfProducts]] = [[] for _ in range(program.rounds)]
        for s in program.sums:
            given[s.round].append(s)
        self.rounds = [
            self._round(some, program.out if i == program.round_of_out else None) for i, some in enumerate(given)
        ]

    def _round(self, given: list[SumOfProducts], out: Node | None) -> Round:
        made: dict[Node, Node] = {}
        roots = [node for one in given for node in one.arguments] + ([out] if out else [])
        for node in sorted(needed(roots, is_end=self._is_kept), key=attrgetter("number")):
            made[node] = self._made(node, made)
        for node in roots:
            made[node].is_stored = True
        sums = [
            attrs.evolve(one, left=None if one.left is None else made[one.left], right=made[one.right]) for one in given
        ]
        for node, home in made.items():
            if home.op != "kept":
                self._homes.setdefault(node, home)
        return Round(list(made.values()), sums, made[out] if out else None)

    def _is_kept(self, node: Node) -> bool:
        """Whether an earlier round has made a node that is not made again."""
        return node in self._homes and node.op not in {"vector", "x", "y"} and self._sources[node] == {node}

    def _made(self, node: Node, made: dict[Node, Node]) -> Node:
        """A node of this round, like one of the program."""
        if not self._is_kept(node):
            args = tuple([made[a] if isinstance(a, Node) else a for a in node.args])
            one = Node(node.op, args, node.features, node.data)
            for a in args:
                if isinstance(a, Node):
                    a.users.append(one)
            return one
        home = self._homes[node]
        self._keep(home)
        one = Node("kept", (), node.features, None)
        one.is_stored, one.place = True, home.place
        return one

    def _keep(self, node: Node) -> None:
        """Give a node a place among what is stored for each row."""
        if not node.place[0]:
            node.is_stored, node.place = True, ("rows", self.kept)
            self.kept += node.features

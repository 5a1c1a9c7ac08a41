"""The rounds of a program: all rows are read once, or again where rows need sums; and what is computed between."""

from __future__ import annotations

from operator import attrgetter

import attrs
import numpy as np

from funcnn.compilation.graph import Graph, Node, Value, needed
from funcnn.compilation.operations import ELEMENTWISE
from funcnn.compilation.panel import Panel
from funcnn.compilation.passes import SumOfProducts, sources
from funcnn.compilation.pieces import Assignment, Loop, Pattern, Pieces, loops
from funcnn.compilation.program import TracedGraph
from funcnn.compilation.shapes import SUMS, Operand, Untraceable
from funcnn.compilation.symbols import Symbol, is_number, is_step_number
from funcnn.compilation.text import Index, Text


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

    def __init__(self, program: TracedGraph) -> None:
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
            return Node(node.op, args, node.features, node.data)
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


POINTERS = {"constants": "%V", "sums": "%G"}


class Vectors(Graph):
    """Arrays that are known when `stage` rounds are over, for the next one; after the last, also the gradients.

    Raises:
        Untraceable: an entry depends on other entries of sums over all rows.
    """

    def __init__(self, program: TracedGraph, stage: int) -> None:
        super().__init__(0, program.dtype)
        self.program, self._over, self.is_shared = program, stage, program.is_shared
        gradients = program.derived if stage == program.rounds else []
        given = [("constants", *one) for one in program.vectors[stage]]
        given += [("sums", program.places[id(s)], s) for s in gradients]
        targets = [Assignment(name, first, self.node(s), s.size) for name, first, s in given]
        self._loops = loops(targets, attrgetter("args"))
        starts = program.starts
        self._first, self.length = starts[stage - 1], starts[stage] - starts[stage - 1]  # of the sums of the last round

    def constant(self, a: Operand) -> tuple[int, ...]:
        return self.program.constant(a)

    def offset(self, _: int) -> int:
        """Where the sums of the last round begin."""
        return self._first

    def add_to(self, pattern: Pattern) -> None:
        """Add all to a pattern."""
        pattern.key += (self.length, pattern.own(self))
        for one in self._loops:
            one.add_to(pattern)

    def write(self, text: Text, pieces: Pieces) -> None:
        """The statements; each operation is rounded as NumPy rounds it."""
        with text.each_rounded():
            if self._over == self.program.rounds:  # all layers have gradients
                pieces.run(self._loops, lambda one: self._write(text, one), "ptr %C, ptr %V, ptr %G")
            else:
                for one in self._loops:
                    self._write(text, one)

    def _write(self, t: Text, loop: Loop) -> None:
        panel, targets = Panel(t, self), loop.targets

        def entries(i: Index) -> None:
            made = panel.results([target.value for target in targets], lambda node: _loaded(t, node, i))
            for target, value in zip(targets, made, strict=True):
                t.store(value, POINTERS[target.name], t.plus(t.offset(target, 0), i))

        t.loop(-(-targets[0].size // t.rows) * t.rows, entries, step=t.rows)

    # From symbolic arrays to nodes, each of which stands for the entries of an array.

    def _arguments(self, s: Symbol) -> list[Symbol]:
        return [] if self._is_known(s) else [a for a in s.args if isinstance(a, Symbol)]

    def _is_known(self, s: Symbol) -> bool:
        """Whether the numbers of an array are in memory."""
        is_constant = is_step_number(s) or (self.program.has_place(s) and s.stage < self._over)
        return is_constant or s.op in SUMS or s.op == "parameter"

    def _made_of(self, s: Symbol) -> Value:
        if s.op in SUMS:
            return self._read("sums", (self.program.own[id(s)],), s)
        if s.op == "parameter":
            return self._vector(s)
        if self._is_known(s):
            return self._read("constants", self.program.constant(s)[:1], s)
        if s.op == "full":
            return float(s.data)
        if s.op in {"reshape", "astype"} and s.dtype == s.args[0].dtype:
            return self.node(s.args[0])
        if s.op not in {*ELEMENTWISE, "where"}:
            raise Untraceable(f"{s.op} of a sum over all rows")
        if s.dtype not in {self.dtype, np.dtype(bool)}:
            raise Untraceable(f"{s.op} in {s.dtype} of a sum over all rows")
        for a in s.args:
            if not is_number(a) and a.size not in {1, s.size}:
                raise Untraceable(f"arrays of {a.size} and {s.size} numbers from sums over all rows")
        return self._make(s.op, tuple(map(self.node, s.args)), 1)

    def _vector(self, s: Operand) -> Node:
        return self._read("constants", self.program.constant(s.reshape(-1)), s)

    def _read(self, name: str, place: tuple[int, ...], a: Operand) -> Node:
        """What a loop reads: one number after another, or one for all entries."""
        first, *strides = place
        if a.size > 1 and strides not in ([], [1]):
            raise Untraceable("a part of a parameter beside a sum over all rows")
        return self._make(name, (), 1, (first, a.size == 1))


def _loaded(t: Text, node: Node, i: Index) -> str:
    pointer, first = POINTERS[node.op], t.offset(node, 0)
    if node.data[1]:  # one number for all entries
        return t.splat(t.number(pointer, first))
    return t.let(f"load {t.panel}, ptr {t.at(pointer, t.plus(first, i))}, align {t.bytes}")

"""What is computed between the rounds over the rows: arrays of sums over all rows and of parameters, entry by entry."""

from __future__ import annotations

from operator import attrgetter

import numpy as np

from funcnn.compilation.graph import SUMS, Graph, Node
from funcnn.compilation.loops import Assignment, Loop, loops
from funcnn.compilation.namespace import ELEMENTWISE
from funcnn.compilation.panel import Panel
from funcnn.compilation.pieces import Pattern, Pieces
from funcnn.compilation.program import Program
from funcnn.compilation.shapes import Operand, Untraceable
from funcnn.compilation.symbols import Symbol, is_number, is_step_number
from funcnn.compilation.text import Index, Text

POINTERS = {"constants": "%V", "sums": "%G"}


class Vectors(Graph):
    """Arrays that are known when `stage` rounds are over, for the next one; after the last, also the gradients.

    Raises:
        Untraceable: an entry depends on other entries of sums over all rows.
    """

    def __init__(self, program: Program, stage: int) -> None:
        super().__init__(0, program.dtype)
        self.program, self._over, self.is_shared = program, stage, program.is_shared
        self._values: dict[tuple[int, int], Node | float] = {}
        gradients = program.derived if stage == program.rounds else []
        given = [("constants", *one) for one in program.vectors[stage]]
        given += [("sums", program.places[id(s)], s) for s in gradients]
        targets = [Assignment(name, first, self._value(s), s.size) for name, first, s in given]
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

    # From symbolic arrays to nodes.

    def _value(self, s: Symbol) -> Node:
        value = self._part(s, s.size)
        return value if isinstance(value, Node) else self._make("add", (value, 0.0), 1)

    def _part(self, a: Operand, size: int) -> Node | float:
        """The entries of an array, as an argument of arrays of this size."""
        if is_number(a):
            return float(a)
        if a.size not in {1, size}:
            raise Untraceable(f"arrays of {a.size} and {size} numbers from sums over all rows")
        if not isinstance(a, Symbol):
            return self._read("constants", self.program.constant(a.reshape(-1)), a)
        if a.op == "full":
            return float(a.data)
        if (key := (id(a), size)) not in self._values:
            self._values[key] = self._node(a, size)
        return self._values[key]

    def _node(self, s: Symbol, size: int) -> Node | float:
        program = self.program
        if s.op in SUMS:
            return self._read("sums", (program.own[id(s)],), s)
        if s.op == "parameter":
            return self._read("constants", program.constant(s.reshape(-1)), s)
        if is_step_number(s) or (program.has_place(s) and program.stage(s) < self._over):
            return self._read("constants", program.constant(s)[:1], s)
        if s.op in {"reshape", "astype"} and s.dtype == s.args[0].dtype:
            return self._part(s.args[0], size)
        if s.op not in {*ELEMENTWISE, "where"}:
            raise Untraceable(f"{s.op} of a sum over all rows")
        if s.dtype not in {self.dtype, np.dtype(bool)}:
            raise Untraceable(f"{s.op} in {s.dtype} of a sum over all rows")
        return self._make(s.op, tuple([self._part(a, size) for a in s.args]), 1)

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

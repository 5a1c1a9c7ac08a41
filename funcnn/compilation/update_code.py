"""The code of an update: a function for all arrays that are computed alike, and a table of the places of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.evaluation import Calculation
from funcnn.compilation.graph import Graph, Node, Value
from funcnn.compilation.memory import aligned_copy
from funcnn.compilation.panel import Panel, Store
from funcnn.compilation.shapes import Operand, Untraceable
from funcnn.compilation.sharing import load
from funcnn.compilation.strips import Strips
from funcnn.compilation.symbols import Symbol, reached
from funcnn.compilation.text import Index
from funcnn.compilation.trace import padded

ARRAYS = {"gradients", "memory", "parameters"}  # what an update reads
PAST_CACHE = 1 << 22  # bytes of a vector, from which on it is written past the cache: 1.6 times as fast
Row = list[tuple[str, int]]
"""The size of an array, and the places of all arrays and constants that are computed with it, by their kinds."""


class UpdateCode(Graph):
    """The function `update(block, W)` of stores: it reads the vector at %M, and writes the one at %N.

    The vectors may be the same. They hold a memory and, from number `memory` on, parameters. The constants at %W differ
    from step to step; the first is lr, the others are computed from the states whose `places` are given. `table` are
    the rows of arrays, and `panels` the constants that the text refers to.

    Arrays that need one another are a group, computed in one loop over their entries. Groups that are computed alike,
    such as all of Adam, share one function: so the `text` depends on the rules of the optimizer, and not on the
    network, whose places are in the table. Gradients stand in one vector at %G, each at the start of a panel; or if the
    update `is_apart`, they are arrays of any alignment, whose addresses stand at %G. Then a large vector at %N, which
    must be another, is written past the cache.
    """

    def __init__(
        self, stores: list[Store], places: Mapping[int, int], memory: int, length: int, dtype: Any, *, is_apart: bool
    ) -> None:
        super().__init__(1, dtype)
        self._is_apart, self._is_past_cache = is_apart, is_apart and length * dtype.itemsize >= PAST_CACHE
        self._calculation, self._alike = Calculation(places), dict[str, Symbol]()
        self._write(stores, memory)
        (self.function,) = engine().functions(self.text, ("update",))
        self._others = self._calculation.function([a if isinstance(a, Symbol) else a.item() for _, a in self.extras])

    def numbers(self, lr: float, states: list[Any]) -> list[float]:
        """The constants of a step, given the states before it."""
        return [lr, *self._others(states)]

    # From groups to functions. The place of an array and of a constant is a variable of the function.

    def constant(self, a: Operand) -> tuple[int, ...]:
        """Where a number is among the constants; numbers that are computed alike have one place."""
        if isinstance(a, Symbol):
            if a.features == 0:
                raise Untraceable("a sum over the entries of an array")
            a = self._alike.setdefault(self._calculation.name(a), a)
        return super().constant(a)

    def _made_of(self, s: Symbol) -> Value:
        if s.op not in ARRAYS:
            return super()._made_of(s)
        self._check_dtypes(s)
        return self._make(s.op, (), 1, self._variable(s.op, s.data))

    def _vector(self, s: Operand) -> Node:
        return self._make("vector", (), 1, (self._variable("constant", self.constant(s)[0]), 0))

    def _of_rule(self, store: Store) -> Store:
        first = self._variable(store.name, int(store.first))
        start = None if store.start is None else self.node(store.start)
        return Store(store.name, first, self.node(store.value), 0, start)

    def _variable(self, name: str, place: int) -> str:
        return f"%place{self._variables.setdefault((name, place), len(self._variables))}"

    def _write(self, stores: list[Store], memory: int) -> None:
        """Write `update`, in which each operation is rounded as NumPy rounds it, for the bits of single steps."""
        rules: dict[tuple[Store, ...], list[Row]] = {}
        for group in _groups(stores):
            self._seen, self._variables = {}, dict[tuple[str, int], int]()
            rule, size = tuple(map(self._of_rule, group)), group[0].size
            row = [("size", size if self._is_apart else padded(size, self.dtype)), *self._variables]
            rules.setdefault(rule, []).append(row)
        t = Strips(self.dtype, 2)
        with t.each_rounded():
            functions = [one for i, (rule, rows) in enumerate(rules.items()) for one in self._rule(t, i, rule, rows[0])]
        for name in "GMNET":
            t.do(load(name))
        first: Index = len(rules)
        for i, rows in enumerate(rules.values()):
            count, length = t.word("%T", i), len(rows[0])
            t.loop(count, partial(_call, t, i, first, length))
            first = t.plus(first, t.times(count, length))
        if self._is_past_cache:
            t.do("fence seq_cst")  # before other threads read what was written past the cache
        self.text = t.module([*functions, *t.function("update", "ptr %block, ptr %W")])
        self.panels = aligned_copy(t.panels())
        starts = {"memory": 0, "parameters": memory} | ({} if self._is_apart else {"gradients": 0})
        words = [("rows", len(rows)) for rows in rules.values()]
        words += [word for rows in rules.values() for row in rows for word in row]
        size = self.dtype.itemsize
        self.table = np.array([(starts[name] + n) * size if name in starts else n for name, n in words], np.int64)

    def _rule(self, t: Strips, number: int, stores: Sequence[Store], row: Row) -> list[str]:
        """The function of a rule, whose %T is a row of the table."""
        read, written = dict[str, str](), dict[str, str]()  # the pointers to an array, by its place
        for i, (name, _) in enumerate(row):
            place = f"%place{i - 1}" if i else "%size"
            t.do(f"{place}.at = getelementptr inbounds i64, ptr %T, i64 {i}")
            t.do(f"{place} = load i64, ptr {place}.at")
            if name == "gradients" and self._is_apart:
                read[place] = t.pointer("%G", place)
            elif name in ARRAYS:
                base = "%G" if name == "gradients" else "%M"
                read[place], written[place] = [t.let(f"getelementptr i8, ptr {p}, i64 {place}") for p in (base, "%N")]
        panel = Panel(t, self)
        panel.constants = "%W"
        values, starts = [store.value for store in stores], [s.start for s in stores if s.start is not None]
        lr = t.splat(t.number("%W"))

        def write(i: Index) -> None:
            made = panel.results([*values, *starts], lambda node: t.read(read[node.data], i))
            left = iter(made[len(values) :])
            for store, value in zip(stores, made, strict=False):
                new = value if store.start is None else t.sub(next(left), t.mul(lr, value))
                t.write(new, written[str(store.first)], i, past_cache=self._is_past_cache)

        if self._is_apart:
            t.strips("%size", write)
        else:
            t.loop("%size", write, step=t.rows)
        pointers = [f"ptr noalias %{name}" for name in "CGWT"]
        return t.function(f"rule{number}", ", ".join([*pointers, "ptr %M", "ptr %N"]))


def _call(t: Strips, rule: int, first: Index, length: int, i: Index) -> None:
    """The call of a rule for the arrays of row i of its part of the table."""
    row = t.let(f"getelementptr inbounds i64, ptr %T, i64 {t.plus(first, t.times(i, length))}")
    t.do(f"call void @rule{rule}(ptr %E, ptr %G, ptr %W, ptr {row}, ptr %M, ptr %N)")


def _groups(stores: list[Store]) -> list[list[Store]]:
    """The stores by the arrays that they read: a memory is overwritten, so all that read it are in one loop."""
    groups: dict[int, tuple[set[int], list[Store]]] = {}  # by the id of each array
    for store in stores:
        reads = {id(a) for a in reached([store.value, store.start]) if a.op in ARRAYS}
        group = [store]
        for others, before in {id(groups[one][1]): groups[one] for one in reads if one in groups}.values():
            reads, group = reads | others, [*before, *group]
        groups |= dict.fromkeys(reads, (reads, group))
    return list({id(group): group for _, group in groups.values()}.values())

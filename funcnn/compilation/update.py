"""The step of an optimizer and of sgd as a program: its own rules, applied to symbolic arrays, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.evaluation import Calculation
from funcnn.compilation.graph import Graph, Node, Value
from funcnn.compilation.memory import aligned_copy
from funcnn.compilation.outside import parts_of
from funcnn.compilation.panel import Panel, Store
from funcnn.compilation.shapes import NUMBER, Operand, Untraceable, unrefused
from funcnn.compilation.sharing import load
from funcnn.compilation.states import pairs, states
from funcnn.compilation.strips import Strips
from funcnn.compilation.structure import symbolic
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import Index
from funcnn.compilation.trace import padded
from funcnn.conditions import recorded
from funcnn.gradients import Grads
from funcnn.optimizers.base import update
from funcnn.records import plans, values
from funcnn.trees.walks import arrays_in

ARRAYS = {"gradients", "memory", "parameters"}  # what an update reads
PAST_CACHE = 1 << 22  # bytes of a vector, from which on it is written past the cache: 1.6 times as fast


class NoMemoryYet(Untraceable):
    """An optimizer before its first update."""


class UpdateProgram(Graph):
    """`p - lr g'` for each parameter, with g' and the next memory from `update(optimizer, grads, params)`.

    `params` and `grads` are trees of `entries`. The parameters and the memory of the optimizer stand in one vector of
    `length` numbers, each array at the start of a panel: first the memory, of `memory` numbers, whose arrays are in the
    order of its fields, then the parameters. An update reads the vector at %M and writes the one at %N, which may be
    the same. `after` is the optimizer after the step, with symbolic arrays; `firsts` says where arrays of `params` and
    `after` begin in the vector, by their ids.

    The constants differ from step to step; the first is lr. Arrays that need one another are a group, computed in one
    loop over their entries. Groups that are computed alike, such as all of Adam, share one function: so the `text`
    depends on the rules of the optimizer, and not on the network, whose places, in bytes, are in `table`. `panels` are
    the constants that the text refers to. If the update `is_apart`, gradients are arrays of any alignment, whose
    addresses `table_for` puts into the table; otherwise they stand in one vector, each at the start of a panel.

    Raises:
        Untraceable: an entry depends on other entries, as where a norm is clipped, or there is no kernel for the rule.
    """

    def __init__(self, optimizer: Any, params: Any, grads: Any, dtype: Any, *, is_apart: bool = False) -> None:
        super().__init__(1, dtype)
        self.memory, self._is_apart = 0, is_apart
        counters: list[Symbol] = []
        before = symbolic(optimizer, self._memory, counters)
        with unrefused(), recorded() as faults:
            steps, self.after = update(before, Grads(grads, None), params)
        if faults:
            raise Untraceable("a check of numbers")
        self._stores: list[Store] = []
        trained = list(_trained(params, steps.params))
        for p, g, is_state in trained:
            if g.shape != p.shape:
                raise Untraceable("a step or a state of another shape")
            self._store(g, None if is_state else p, "parameters", p.data)
        self.memories, new = memory_of(before), memory_of(self.after)
        if [s.shape for s in self.memories] != [s.shape for s in new]:
            raise NoMemoryYet("a memory that has other shapes after the step, as after the first update")
        if not _has_settings_of(before, self.after):
            raise Untraceable("a setting of an optimizer that changes in a step; declare it as a state")
        for one, other in zip(self.memories, new, strict=True):
            self._store(other, None, "memory", one.data)
        parameters = [s for s in arrays_in(params) if getattr(s, "op", "") == "parameters"]
        self.length = self.memory + max([s.data + padded(s.size, dtype) for s in parameters])
        self.firsts = {id(s): self.memory + s.data for s in parameters}
        self.firsts |= {id(other): one.data for one, other in zip(self.memories, new, strict=True)}
        self.states = states(counters, before, self.after)
        self._calculation, self._alike = Calculation(self.states.places), dict[str, Symbol]()
        self._write()
        (self.function,) = engine().functions(self.text, ("update",))
        self._others = self._calculation.function([a if isinstance(a, Symbol) else a.item() for _, a in self.extras])

    def numbers(self, lr: float, states: list[Any]) -> list[float]:
        """The constants of a step, given the states before it."""
        return [lr, *self._others(states)]

    def table_for(self, addresses: Sequence[int]) -> Any:
        """The table for gradients that are apart, in the order of `entries`."""
        table = self.table.copy()
        table[self._of_gradients] = np.array(addresses, np.int64)[self._gradients]
        return table

    def _memory(self, array: Any) -> Symbol:
        first, self.memory = self.memory, padded(self.memory + array.size, self.dtype)
        return entries("memory", array, first)

    def _store(self, value: Symbol, minus_from: Symbol | None, name: str, first: int) -> None:
        """Keep an array of entries; or, for a step, p - lr times it."""
        if not isinstance(value, Symbol) or value.features != 1 or value.dtype != self.dtype:
            raise Untraceable("a step or a memory that is not computed entry by entry")
        value.check_unchanged()
        self._stores.append(Store(name, first, value, value.size, minus_from))

    def _groups(self) -> list[list[Store]]:
        """The stores by the arrays that they read: a memory is overwritten, so all that read it are in one loop."""
        groups: dict[int, tuple[set[int], list[Store]]] = {}  # by the id of each array
        for store in self._stores:
            reads, stores = _read_by(store), [store]
            for others, before in {id(groups[one][1]): groups[one] for one in reads if one in groups}.values():
                reads, stores = reads | others, [*before, *stores]
            groups |= dict.fromkeys(reads, (reads, stores))
        return list({id(stores): stores for _, stores in groups.values()}.values())

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
        if s.dtype != self.dtype:
            raise Untraceable(f"an array of {s.dtype} beside arrays of {self.dtype}")
        return self._make(s.op, (), 1, self._variable(s.op, s.data))

    def _vector(self, s: Operand) -> Node:
        return self._make("vector", (), 1, (self._variable("constant", self.constant(s)[0]), 0))

    def _of_rule(self, store: Store) -> Store:
        first = self._variable(store.name, store.first)
        start = None if store.start is None else self.node(store.start)
        return Store(store.name, first, self.node(store.value), 0, start)

    def _variable(self, name: str, place: int) -> str:
        return f"%place{self._variables.setdefault((name, place), len(self._variables))}"

    def _write(self) -> None:
        """Write `update`, in which each operation is rounded as NumPy rounds it, for the bits of single steps."""
        rules: dict[tuple[Store, ...], list[list[tuple[str, int]]]] = {}
        for stores in self._groups():
            self._seen, self._variables = {}, dict[tuple[str, int], int]()
            rule, size = tuple(map(self._of_rule, stores)), stores[0].size
            row = [("size", size if self._is_apart else padded(size, self.dtype)), *self._variables]
            rules.setdefault(rule, []).append(row)
        t = Strips(self.dtype, 2)
        t.flags = ""
        functions = [line for i, (rule, rows) in enumerate(rules.items()) for line in self._rule(t, i, rule, rows[0])]
        for name in ("G", "M", "N", "E", "T"):
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
        table = [("rows", len(rows)) for rows in rules.values()]
        table += [word for rows in rules.values() for row in rows for word in row]
        starts = {"gradients": 0, "memory": 0, "parameters": self.memory}
        self.table = np.array(
            [(starts[name] + n) * self.dtype.itemsize if name in starts else n for name, n in table], np.int64
        )
        self._of_gradients = [i for i, (name, _) in enumerate(table) if name == "gradients"]
        self._gradients = [n for name, n in table if name == "gradients"]

    @property
    def _is_past_cache(self) -> bool:
        return self._is_apart and self.length * self.dtype.itemsize >= PAST_CACHE

    def _rule(self, t: Strips, number: int, stores: Sequence[Store], row: Sequence[tuple[str, int]]) -> list[str]:
        """The function of a rule, whose %T is a row of the table."""
        read, written = dict[str, str](), dict[str, str]()  # the pointers to arrays, by their places
        for i, (name, _) in enumerate(row):
            variable = f"%place{i - 1}" if i else "%size"
            t.do(f"{variable}.at = getelementptr inbounds i64, ptr %T, i64 {i}")
            t.do(f"{variable} = load i64, ptr {variable}.at")
            for pointers, base in ((read, "%G" if name == "gradients" else "%M"), (written, "%N")):
                pointers[variable] = t.let(f"getelementptr i8, ptr {base}, i64 {variable}")
        panel = Panel(t, self)
        panel.constants = "%W"
        values, starts = [store.value for store in stores], [s.start for s in stores if s.start is not None]
        lr = t.splat(t.number("%W"))

        def write(i: Index) -> None:
            made = panel.results([*values, *starts], lambda node: t.read(read[node.data], i))
            left = iter(made[len(values) :])
            for store, value in zip(stores, made, strict=False):
                new = value if store.start is None else t.sub(next(left), t.mul(lr, value))
                t.write(new, written[store.first], i, past_cache=self._is_past_cache)

        if self._is_apart:
            t.strips("%size", write)
        else:
            t.loop("%size", write, step=t.rows)
        arguments = ["ptr noalias %C", "ptr noalias %G", "ptr %M", "ptr %N", "ptr noalias %W", "ptr noalias %T"]
        return t.function(f"rule{number}", ", ".join(arguments))


def entries(name: str, like: Any, first: int) -> Symbol:
    """The entries of an array of parameters, of gradients, or of a memory, which begins at number `first`."""
    return Symbol(name, (), like.shape, like.dtype, 1, first)


def _call(t: Strips, rule: int, first: Index, length: int, i: Index) -> None:
    """The call of a rule for the arrays of row i of its part of the table."""
    row = t.let(f"getelementptr inbounds i64, ptr %T, i64 {t.plus(first, t.times(i, length))}")
    t.do(f"call void @rule{rule}(ptr %E, ptr %G, ptr %M, ptr %N, ptr %W, ptr {row})")


def _read_by(store: Store) -> set[int]:
    """The ids of the arrays that a store reads."""
    found, left = set[int](), [store.value, store.start]
    while left:
        a = left.pop()
        if isinstance(a, Symbol):
            found |= {id(a)} if a.op in ARRAYS else set()
            left += a.args
    return found


def memory_of(optimizer: Any) -> list[Symbol]:
    """The symbolic arrays of an optimizer, without its counters."""
    found: list[Any] = arrays_in(optimizer)
    return [s for s in found if s.dtype != NUMBER]


def _has_settings_of(before: Any, after: Any) -> bool:
    """Whether an optimizer has the same settings after a step; a fold has those of its first step."""
    cls = type(before)
    if cls is Symbol or type(after) is not cls:
        return cls is Symbol
    if cls is tuple or cls in plans:
        parts, others = (before, after) if cls is tuple else (values(before), values(after))
        return len(parts) == len(others) and all(map(_has_settings_of, parts, others))
    forms: tuple[list[Any], list[Any]] = [], []
    parts_of(before, forms[0])
    parts_of(after, forms[1])
    return forms[0] == forms[1]


def _trained(params: Any, steps: Any) -> Iterator[tuple[Symbol, Symbol, bool]]:
    """The parameters of a network with their steps, and the states that are arrays with their next values."""
    for part, step, is_state in pairs(params, steps):
        if part.op == "parameters" and step is not None:
            yield part, step, is_state

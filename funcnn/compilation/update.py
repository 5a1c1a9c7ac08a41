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
from funcnn.compilation.program import Program
from funcnn.compilation.shapes import NUMBER, Operand, Untraceable, unrefused
from funcnn.compilation.sharing import load
from funcnn.compilation.states import states
from funcnn.compilation.structure import symbolic
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import Index, Rounding, Text
from funcnn.compilation.trace import padded
from funcnn.conditions import recorded
from funcnn.gradients import Grads
from funcnn.optimizers.base import update
from funcnn.records import plans, values
from funcnn.trees.walks import arrays_in, map_arrays

POINTERS = {"parameters": "%V", "gradients": "%G", "memory": "%M"}


class UpdateProgram(Graph):
    """`p - lr g'` for each parameter, with g' and the next memory from `update(optimizer, grads, params)`.

    The constants differ from step to step; the first is lr. `memory` is the length of the optimizer's memory, whose
    arrays are in the order of its fields, each at the start of a panel. `after` is the optimizer after the step, with
    symbolic arrays; `firsts` says by the id of each where it begins in the memory.

    Arrays that need one another are a group, computed in one loop over their entries. Groups that are computed alike,
    such as all of Adam, share one function: so the `text` depends on the rules of the optimizer, and not on the
    network, whose places are in the table of `arrays`. `panels` are the constants that the text refers to.

    Raises:
        Untraceable: an entry depends on other entries, as where a norm is clipped, or there is no kernel for the rule.
    """

    def __init__(self, optimizer: Any, program: Program) -> None:
        super().__init__(1, program.trace.dtype)
        self.memory = 0
        counters: list[Symbol] = []
        places = program.places
        params = map_arrays(
            lambda s: s if s.dtype == NUMBER else _entries("parameters", s, int(s.data.flat[0])), program.trace.params
        )
        grads = map_arrays(
            lambda s: s if s.dtype == NUMBER else _entries("gradients", s, places[id(s)]), program.trace.grads
        )
        self.before = symbolic(optimizer, self._memory, counters)
        with unrefused(), recorded() as faults:
            steps, self.after = update(self.before, Grads(grads, None), params)
        if faults:
            raise Untraceable("a check of numbers")
        self._stores: list[Store] = []
        for p, g, is_state in _trained(params, steps.params):
            if g.shape != p.shape:
                raise Untraceable("a step or a state of another shape")
            self._store(g, None if is_state else p, "parameters", p.data)
        old, new = memory_of(self.before), memory_of(self.after)
        if [s.shape for s in old] != [s.shape for s in new]:
            raise Untraceable("a memory that has other shapes after the step, as after the first update")
        if not _has_settings_of(self.before, self.after):
            raise Untraceable("a setting of an optimizer that changes in a step; declare it as a state")
        for one, other in zip(old, new, strict=True):
            self._store(other, None, "memory", one.data)
        self.memories, self.states = old, states(counters, self.before, self.after)
        self.firsts = {id(other): int(one.data) for one, other in zip(old, new, strict=True)}
        self._calculation, self._alike = Calculation(self.states.places), dict[str, Symbol]()
        self._write()
        (self.function,) = engine().functions(self.text, ("update",))
        self._others = self._calculation.function([a if isinstance(a, Symbol) else a.item() for _, a in self.extras])

    def numbers(self, lr: float, states: list[Any]) -> list[float]:
        """The constants of a step, given the states before it."""
        return [lr, *self._others(states)]

    def _memory(self, array: Any) -> Symbol:
        first, self.memory = self.memory, padded(self.memory + array.size, self.dtype)
        return _entries("memory", array, first)

    def _store(self, value: Symbol, minus_from: Symbol | None, name: str, first: int) -> None:
        """Keep an array of entries; or, for a step, p - lr times it."""
        if not isinstance(value, Symbol) or value.features != 1:
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
        if s.op not in POINTERS:
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

    def _write(self) -> None:
        """Write `update`, in which each operation is rounded as NumPy rounds it, for the bits of single steps."""
        rules: dict[tuple[Store, ...], list[list[int]]] = {}
        for stores in self._groups():
            self._seen, self._variables = {}, dict[tuple[str, int], int]()
            rule = tuple(map(self._of_rule, stores))
            places = [place for _, place in self._variables]
            rules.setdefault(rule, []).append([padded(stores[0].size, self.dtype), *places])
        t = Text(self.dtype, 2, rounding=Rounding.APART)
        functions = [line for i, (rule, rows) in enumerate(rules.items()) for line in self._rule(t, i, rule, rows[0])]
        for name in ("V", "G", "M", "E", "T"):
            t.do(load(name))
        first: Index = len(rules)
        for i, rows in enumerate(rules.values()):
            count, length = _word(t, i), len(rows[0])
            t.loop(count, partial(_call, t, i, first, length))
            first = t.plus(first, t.times(count, length))
        self.text = t.module([*functions, *t.function("update", "ptr %block, ptr %W")])
        self.arrays = np.concatenate([[*map(len, rules.values())], *[row for rows in rules.values() for row in rows]])
        self.panels = aligned_copy(t.panels())

    def _rule(self, t: Text, number: int, stores: Sequence[Store], row: Sequence[int]) -> list[str]:
        """The function of a rule, whose %T is a row of the table."""
        for i, name in enumerate(["size", *[f"place{i}" for i in range(len(row) - 1)]]):
            t.do(f"%{name}.at = getelementptr inbounds i64, ptr %T, i64 {i}")
            t.do(f"%{name} = load i64, ptr %{name}.at")
        panel = Panel(t, self)
        panel.constants = "%W"
        values, starts = [store.value for store in stores], [s.start for s in stores if s.start is not None]
        lr = t.splat(t.number("%W"))

        def entries(i: Index) -> None:
            made = panel.results([*values, *starts], lambda node: t.load(POINTERS[node.op], t.plus(node.data, i)))
            left = iter(made[len(values) :])
            for store, value in zip(stores, made, strict=False):
                new = value if store.start is None else t.sub(next(left), t.mul(lr, value))
                t.store(new, POINTERS[store.name], t.plus(store.first, i))

        t.loop("%size", entries, step=t.rows)
        return t.function(f"rule{number}", ", ".join([f"ptr noalias %{name}" for name in "CVGMWT"]))


def _call(t: Text, rule: int, first: Index, length: int, i: Index) -> None:
    """The call of a rule for the arrays of row i of its part of the table."""
    row = t.let(f"getelementptr inbounds i64, ptr %T, i64 {t.plus(first, t.times(i, length))}")
    t.do(f"call void @rule{rule}(ptr %E, ptr %V, ptr %G, ptr %M, ptr %W, ptr {row})")


def _word(t: Text, i: int) -> str:
    return t.let(f"load i64, ptr {t.let(f'getelementptr inbounds i64, ptr %T, i64 {i}')}")


def _read_by(store: Store) -> set[int]:
    """The ids of the arrays that a store reads."""
    found, left = set[int](), [store.value, store.start]
    while left:
        a = left.pop()
        if isinstance(a, Symbol):
            found |= {id(a)} if a.op in POINTERS else set()
            left += a.args
    return found


def memory_of(optimizer: Any) -> list[Symbol]:
    """The symbolic arrays of an optimizer, without its counters."""
    found: list[Any] = arrays_in(optimizer)
    return [s for s in found if s.dtype != NUMBER]


def _entries(name: str, like: Any, first: int) -> Symbol:
    """The entries of an array, which a loop reads from the memory of this name, from number `first` on."""
    return Symbol(name, (), like.shape, like.dtype, 1, first)


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
    if isinstance(params, Symbol):
        yield params, steps, False
    elif type(params) is tuple:
        for part, step in zip(params, steps, strict=True):
            yield from _trained(part, step)
    elif type(params) in plans:
        for (_, is_state), part, step in zip(plans[type(params)], values(params), values(steps), strict=True):
            if not is_state:
                yield from _trained(part, step)
            elif step is not None and step.dtype != NUMBER:
                yield part, step, True

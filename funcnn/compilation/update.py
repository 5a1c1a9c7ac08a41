"""The step of an optimizer and of sgd: its own rules, applied to symbolic arrays, entry by entry, and their code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import attrs

from funcnn.compilation.agreement import parts_of
from funcnn.compilation.engine import engine
from funcnn.compilation.evaluation import Calculation
from funcnn.compilation.graph import Graph, Node, Value, needed
from funcnn.compilation.memory import aligned_copy
from funcnn.compilation.panel import Panel
from funcnn.compilation.pieces import Assignment, Loop, Pieces, loops
from funcnn.compilation.shapes import NUMBER, Operand, Untraceable, unrefused
from funcnn.compilation.strips import Strips
from funcnn.compilation.structure import symbolic, symbols_in
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import Index
from funcnn.compilation.trace import padded, pairs, states
from funcnn.conditions import recorded
from funcnn.gradients import Grads
from funcnn.optimizers.base import update

ARRAYS = {"gradients", "memory", "parameters"}  # what an update reads
UPDATE = ", ".join([*[f"ptr noalias %{name}" for name in "CGW"], "ptr %M", "ptr %N"])
"""The arguments of the function."""
PAST_CACHE = 1 << 22  # bytes of a vector, from which on it is written past the cache: 1.6 times as fast


class UpdateCode(Graph):
    """The function `update` of stores: it reads the vector at %M, and writes the one at %N.

    The vectors may be the same. They hold a memory and, from number `memory` on, parameters. The constants at %W differ
    from step to step; they are computed from the states and the learning rate, whose `places` are given. `panels` are
    the constants and the places of arrays that the text refers to.

    Arrays that need one another are computed in one loop over their entries, since a memory is overwritten. Loops that
    compute alike, such as all of Adam, share one function: so the `text` depends on the rules of the optimizer, and not
    on the network. Gradients stand in one vector at %G, each at the start of a panel; or if the update `is_apart`, they
    are arrays of any alignment, whose addresses stand at %G. Then a large vector at %N, which must be another, is
    written past the cache.
    """

    def __init__(
        self,
        stores: Sequence[Assignment],
        places: Mapping[int, int],
        memory: int,
        length: int,
        dtype: Any,
        *,
        is_apart: bool,
    ) -> None:
        super().__init__(0, dtype)
        self._starts, self._is_apart = {"gradients": 0, "memory": 0, "parameters": memory}, is_apart
        self._is_past_cache = is_apart and length * dtype.itemsize >= PAST_CACHE
        self._calculation, self._alike = Calculation(places), dict[str, Symbol]()
        t = Strips(self.dtype, 2)
        rules = Pieces(t, "rules", UPDATE)
        targets = loops(list(map(self._target, stores)), lambda node: node.op in ARRAYS, any_size=True)
        with t.each_rounded():  # as NumPy rounds, for the bits of single steps
            rules.run(targets, lambda one: self._write(t, one), UPDATE.replace("noalias ", ""))
        if self._is_past_cache:
            t.do("fence seq_cst")  # before other threads read what was written past the cache
        self.text = t.module([*rules.function(), *t.function("update", UPDATE)])
        self.panels = aligned_copy(t.panels())
        (self.function,) = engine().functions(self.text, ("update",))
        self._numbers = self._calculation.function([a if isinstance(a, Symbol) else a.item() for _, a in self.extras])

    def numbers(self, lr: float, states: list[Any]) -> list[float]:
        """The constants of a step, given the states before it."""
        return self._numbers([*states, lr])

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
        return self._make(s.op, (), 1, (self._starts[s.op] + s.data,))

    def _vector(self, s: Operand) -> Node:
        return self._make("vector", (), 1, (self.constant(s)[0], 0))

    def _target(self, one: Assignment) -> Assignment:
        """An assignment of nodes."""
        size = one.size if self._is_apart else padded(one.size, self.dtype)
        return attrs.evolve(one, first=self._starts[one.name] + one.first, value=self.node(one.value), size=size)

    def _write(self, t: Strips, loop: Loop) -> None:
        """A loop over the entries of some arrays."""
        read = {node: self._place(t, node) for node in loop.nodes if node.op in ARRAYS}
        written, size = [t.at("%N", t.offset(one, 0)) for one in loop.targets], t.offset(loop.targets[0], 1)
        panel, values = Panel(t, self), [one.value for one in loop.targets]
        panel.constants = "%W"
        vectors = sorted([node for node in needed(values) if node.op == "vector"], key=attrgetter("number"))
        known = {node: (panel.number(node, 0, 1, {}), False) for node in vectors}  # loaded once, before the loop

        def write(i: Index) -> None:
            made = panel.results(values, lambda node: t.read(read[node], i), known)
            for value, to in zip(made, written, strict=True):
                t.write(value, to, i, past_cache=self._is_past_cache)

        if self._is_apart:
            t.strips(size, write)
        else:
            t.loop(size, write, step=t.rows)

    def _place(self, t: Strips, node: Node) -> str:
        """The address of an array that is read."""
        place = t.offset(node, 0)
        if node.op != "gradients":
            return t.at("%M", place)
        return t.pointer("%G", place) if self._is_apart else t.at("%G", place)


class NoMemoryYet(Untraceable):
    """An optimizer before its first update."""


class UpdateProgram:
    """`p - lr g'` for each parameter, with g' and the next memory from `update(optimizer, grads, params)`.

    `params` and `grads` are trees of `entries`. One vector of `length` numbers holds the memory of the optimizer, of
    `memory` numbers, whose arrays are in the order of its fields, and behind it the parameters; each array begins at
    the start of a panel. `after` is the optimizer after the step, with symbolic arrays. `firsts` says where the arrays
    of `params` and `after` begin in the vector, by their ids.

    Raises:
        Untraceable: an entry depends on other entries, as where a norm is clipped, or there is no kernel for the rule.
    """

    def __init__(self, optimizer: Any, params: Any, grads: Any, dtype: Any, *, is_apart: bool = False) -> None:
        self.memory, self.dtype = 0, dtype
        self._lr, counters = Symbol("state", (), (), NUMBER, None), list[Symbol]()
        before = symbolic(optimizer, self._memory, counters)
        with unrefused(), recorded() as faults:
            steps, self.after = update(before, Grads(grads, None), params)
        if faults:
            raise Untraceable("a check of numbers")
        stores = [
            self._store(p, g, is_step=not is_state)
            for p, g, is_state in pairs(params, steps.params)
            if g is not None and getattr(p, "op", "") == "parameters"
        ]
        self.memories, new = [[s for s in symbols_in(tree) if s.dtype != NUMBER] for tree in (before, self.after)]
        if [s.shape for s in self.memories] != [s.shape for s in new]:
            raise NoMemoryYet("a memory that has other shapes after the step, as after the first update")
        forms: tuple[list[Any], list[Any]] = [], []
        for one, other, _ in pairs(before, self.after):
            if type(one) is not Symbol:
                parts_of(one, forms[0])
                parts_of(other, forms[1])
        if forms[0] != forms[1]:
            raise Untraceable("a setting of an optimizer that changes in a step; declare it as a state")
        stores += map(self._store, self.memories, new)
        parameters = [s for s in symbols_in(params) if s.op == "parameters"]
        self.length = self.memory + max([s.data + padded(s.size, dtype) for s in parameters])
        self.firsts = {id(s): self.memory + s.data for s in parameters}
        self.firsts |= {id(other): one.data for one, other in zip(self.memories, new, strict=True)}
        self.states = states(counters, before, self.after)
        places = {**self.states.places, id(self._lr): len(counters)}
        self.code = UpdateCode(stores, places, self.memory, self.length, dtype, is_apart=is_apart)

    def _memory(self, array: Any) -> Symbol:
        first, self.memory = self.memory, padded(self.memory + array.size, self.dtype)
        return entries("memory", array, first)

    def _store(self, place: Symbol, value: Symbol, *, is_step: bool = False) -> Assignment:
        """What takes the place of an array: the entries of a value; or, for a step, the array minus lr times it."""
        if not isinstance(value, Symbol) or value.features != 1 or value.dtype != self.dtype:
            raise Untraceable("a step or a memory that is not computed entry by entry")
        if value.shape != place.shape:
            raise Untraceable("a step or a state of another shape")
        value.check_unchanged()
        return Assignment(place.op, place.data, place - self._lr * value if is_step else value, value.size)


def entries(name: str, like: Any, first: int) -> Symbol:
    """The entries of an array of parameters, of gradients or of a memory, from number `first` on."""
    return Symbol(name, (), like.shape, like.dtype, 1, first)

"""The step of an optimizer and of sgd as a program: its own rules, applied to symbolic arrays, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from funcnn.compilation.evaluation import evaluate
from funcnn.compilation.graph import INPUTS, Graph, Node, needed
from funcnn.compilation.panel import Panel, Store
from funcnn.compilation.program import Program
from funcnn.compilation.shapes import NUMBER, Untraceable, unrefused
from funcnn.compilation.states import states
from funcnn.compilation.structure import symbolic
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import Index, Text
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
    symbolic arrays.

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
            raise Untraceable("a memory of another shape after the step")
        for one, other in zip(old, new, strict=True):
            self._store(other, None, "memory", one.data)
        self.states = states(counters, self.before, self.after)

    def numbers(self, lrs: list[float], run: list[list[Any]]) -> Any:
        """The constants of each step, one row a step, given the states before each step."""
        made = np.empty((len(lrs), self.constants))
        made[:, 0] = lrs
        known = self.states.named(np.array(run, object).T if run[0] else [])
        for at, a in self.extras:
            made[:, at] = evaluate(a, lambda s: known[id(s)]) if isinstance(a, Symbol) else a.reshape(())
        return made.astype(self.dtype)

    def place(self, s: Symbol) -> int:
        """Where the memory begins that has this symbolic array as its value after the step."""
        i = [id(one) for one in memory_of(self.after)].index(id(s))
        return int(memory_of(self.before)[i].data)

    def write(self, text: Text) -> None:
        """The statements of the step: for each group of arrays that need one another, one loop over their entries.

        Each operation is rounded as NumPy rounds it, so that folds have the bits of single steps.
        """
        text.flags = ""
        for stores in self._groups():
            self._write_group(text, stores)
        text.flags = " contract"

    def _memory(self, array: Any) -> Symbol:
        first, self.memory = self.memory, padded(self.memory + array.size, self.dtype)
        return _entries("memory", array, first)

    def _store(self, value: Symbol, minus_from: Symbol | None, name: str, first: int) -> None:
        """Keep an array of entries; or, for a step, p - lr times it."""
        if not isinstance(value, Symbol) or value.features != 1:
            raise Untraceable("a step or a memory that is not computed entry by entry")
        value.check_unchanged()
        nodes = [None if s is None else self.node(s) for s in (minus_from, value)]
        self._stores.append(Store(name, first, nodes[1], value.size, nodes[0]))

    def _groups(self) -> list[list[Store]]:
        """The stores by the arrays that they read: a memory is overwritten, so all that read it are in one loop."""
        groups: list[tuple[set[Node], list[Store]]] = []
        for store in self._stores:
            reads = {node for node in needed([store.value, store.start]) if node.op in INPUTS}
            together = [group for group in groups if group[0] & reads]
            groups = [group for group in groups if not group[0] & reads]
            stores = [one for _, group in together for one in group]
            groups.append((reads.union(*[read for read, _ in together]), [*stores, store]))
        return [stores for _, stores in groups]

    def _write_group(self, t: Text, stores: list[Store]) -> None:
        panel = Panel(t, self)
        panel.constants = "%W"
        values = [store.value for store in stores]
        starts = [store.start for store in stores if store.start is not None]

        def entries(i: Index) -> None:
            made = panel.results([*values, *starts], lambda node: t.load(POINTERS[node.op], t.plus(node.data, i)))
            left = iter(made[len(values) :])
            for store, value in zip(stores, made, strict=False):
                new = value if store.start is None else t.sub(next(left), t.mul(t.splat(t.number("%W")), value))
                t.store(new, POINTERS[store.name], t.plus(store.first, i))

        t.loop(padded(stores[0].size, self.dtype), entries, step=t.rows)


def memory_of(optimizer: Any) -> list[Symbol]:
    """The symbolic arrays of an optimizer, without its counters."""
    found: list[Any] = arrays_in(optimizer)
    return [s for s in found if s.dtype != NUMBER]


def _entries(name: str, like: Any, first: int) -> Symbol:
    """The entries of an array, which a loop reads from the memory of this name, from number `first` on."""
    return Symbol(name, (), like.shape, like.dtype, 1, first)


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

"""The rule of an optimizer as machine code: its own `step`, traced, entry by entry of each array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.evaluation import PYTHON
from funcnn.compilation.graph import INPUTS, Graph, Node, needed
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.panel import Known, Panel
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.strips import Strips
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.text import Index

FORM = (2, 3)  # of the array that stands for all others


class EntryRule(Graph):
    """p - lr g', with g' from `step(g, p, t, *memory)` of an optimizer, whose memory are arrays like p and numbers.

    `call(W, A, count)` computes `count` arrays, given the constants W that `numbers` returns. A has a line for each
    array: its size, the addresses of what the rule reads, and those of its `outputs` results. What the rule reads are
    the `inputs`, numbers of g, p and the parts of the memory. `made` tells for p and each part of the memory what the
    next one is: ("output", its number), ("given", the number of an input), or ("number", its place in the list that
    `numbers` returns). lr is the last of the numbers. With `past_cache` the results, which must begin with a line of
    the cache, are written past it.

    Raises:
        Untraceable: a result depends on other entries, or there is no kernel for the rule.
    """

    def __init__(self, optimizer: Any, memory: tuple[Any, ...], dtype: Any, *, past_cache: bool = False) -> None:
        super().__init__(0, dtype)
        self.past_cache = past_cache
        symbols = [Symbol("gradients", (), FORM, dtype, 1, 0), Symbol("parameters", (), FORM, dtype, 1, 1)]
        states = [_state()]
        given = []
        for i, part in enumerate(memory):
            is_array = type(part) is np.ndarray
            given.append(Symbol("memory", (), FORM, dtype, 1, 2 + i) if is_array else _state())
            (symbols if is_array else states).append(given[-1])
        lr = _state()
        self._numbers = ScalarProgram([*states, lr])
        self._outputs: dict[Node, int] = {}
        step, *after = optimizer.step(*symbols[:2], states[0], *given)
        self.made = [self._kind(s) for s in (symbols[1] - lr * step, *after)]
        self.outputs = len(self._outputs)
        wanted = needed(self._outputs)
        self._nodes = [node for node in self.nodes if node in wanted]
        self.inputs = [node.data for node in self._nodes if node.op in INPUTS]
        self.call = self._written()
        self._template = np.zeros(self.constants, dtype)
        self.fill(self._template)
        self._constants = [(at, self._numbers.place(a)) for at, a in self.computed]

    def numbers(self, states: list[Any]) -> tuple[Any, list[Any]]:
        """(W, all numbers of a step), given t, the numbers in the memory, and lr."""
        known = self._numbers(states)
        constants = self._template.copy()
        for at, place in self._constants:
            constants[at] = known[place]
        return constants, known

    def _kind(self, s: Any) -> tuple[str, int]:
        """What p or a part of the memory is after the step."""
        if not isinstance(s, Symbol) or s.features is None:
            return "number", self._numbers.place(s)
        if s.shape != FORM or s.dtype != self.dtype:
            raise Untraceable("a result of another shape or dtype than p")
        node = self.node(s)
        if node.op == "memory":
            return "given", node.data
        return "output", self._outputs.setdefault(node, len(self._outputs))

    def _written(self) -> Call:
        t = Strips(self.dtype)
        t.flags = ""  # each operation is rounded as NumPy rounds it
        panel = Panel(t, self)
        panel.constants = "%W"
        shared: Known = {}
        for node in self._nodes:
            for a in node.args:
                if not isinstance(a, Node) or a.op == "vector":
                    panel.number(a, 0, 1, shared)

        line, many = 1 + len(self.inputs) + self.outputs, len(self.inputs)

        def one(k: Index) -> None:
            at = t.times(k, line)
            pointers = [t.pointer("%A", t.plus(at, i)) for i in range(1, line)]

            def entries(i: Index) -> None:
                read = lambda node: t.read(pointers[self.inputs.index(node.data)], i)
                for j, made in enumerate(panel.results(list(self._outputs), read, shared)):
                    t.write(made, pointers[many + j], i, past_cache=self.past_cache)

            t.strips(t.word("%A", at), entries)

        t.loop("%count", one)
        if self.past_cache:
            t.do("fence seq_cst")  # before other threads read what was written past the cache
        return Call(t, ["W", "A"], ["count"])


def _state() -> Symbol:
    return Symbol("state", (), (), NUMBER, None)


class ScalarProgram:
    """Symbolic numbers as a list of operations of Python, in which each takes the results of those before it.

    Called with the numbers of the states, it returns the list of all results.
    """

    def __init__(self, states: list[Symbol]) -> None:
        self._count = len(states)
        self._symbols = list(states)  # kept, since the id of an object that is gone is reused
        self._places = {id(s): i for i, s in enumerate(states)}
        self._operations: list[tuple[Callable[..., Any], tuple[int, ...]]] = []

    def __call__(self, states: list[Any]) -> list[Any]:
        known = list(states)
        for function, places in self._operations:
            known.append(function(*[known[place] for place in places]))
        return known

    def place(self, s: Any) -> int:
        """Where the number is in the list."""
        if id(s) not in self._places:
            if not isinstance(s, Symbol):
                if not isinstance(s, int | float):
                    raise Untraceable("a result that is neither an array nor a number")
                operation: tuple[Callable[..., Any], tuple[int, ...]] = (lambda: s), ()
            elif s.op in PYTHON and s.shape == ():
                operation = PYTHON[s.op], tuple([self.place(a) for a in s.args])
            else:
                raise Untraceable(f"{s.op} of numbers")
            self._symbols.append(s)
            self._places[id(s)] = self._count + len(self._operations)
            self._operations.append(operation)
        return self._places[id(s)]

"""The step of an optimizer and of sgd as a program: its own rules, applied to symbolic arrays, entry by entry."""

from __future__ import annotations

from typing import Any

from funcnn.compilation.loops import Assignment
from funcnn.compilation.outside import parts_of
from funcnn.compilation.shapes import NUMBER, Untraceable, unrefused
from funcnn.compilation.states import pairs, states
from funcnn.compilation.structure import symbolic, symbols_in
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.trace import padded
from funcnn.compilation.update_code import UpdateCode
from funcnn.conditions import recorded
from funcnn.gradients import Grads
from funcnn.optimizers.base import update


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
        counters: list[Symbol] = []
        before = symbolic(optimizer, self._memory, counters)
        with unrefused(), recorded() as faults:
            steps, self.after = update(before, Grads(grads, None), params)
        if faults:
            raise Untraceable("a check of numbers")
        stores = [
            self._store(p, g, None if is_state else p)
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
        self.code = UpdateCode(stores, self.states.places, self.memory, self.length, dtype, is_apart=is_apart)

    def _memory(self, array: Any) -> Symbol:
        first, self.memory = self.memory, padded(self.memory + array.size, self.dtype)
        return entries("memory", array, first)

    def _store(self, place: Symbol, value: Symbol, minus_from: Symbol | None = None) -> Assignment:
        """What takes the place of an array: the entries of a value; or, for a step, p - lr times it."""
        if not isinstance(value, Symbol) or value.features != 1 or value.dtype != self.dtype:
            raise Untraceable("a step or a memory that is not computed entry by entry")
        if value.shape != place.shape:
            raise Untraceable("a step or a state of another shape")
        value.check_unchanged()
        return Assignment(place.op, place.data, value, value.size, minus_from)


def entries(name: str, like: Any, first: int) -> Symbol:
    """The entries of an array of parameters, of gradients or of a memory, from number `first` on."""
    return Symbol(name, (), like.shape, like.dtype, 1, first)

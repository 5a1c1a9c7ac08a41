"""Steps of training in one call of a kernel: from a state and batches to the state after them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from funcnn.arrays import freeze
from funcnn.compilation.memory import Memory, address
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.sharing import run
from funcnn.compilation.step import CompiledStep, Memories
from funcnn.compilation.structure import Copies, flattened
from funcnn.compilation.update import UpdateProgram, entries
from funcnn.trees.walks import map_arrays


class Flat(NamedTuple):
    """A state that a fold made, as a weak reference, with the vector and the numbers in it.

    A state does not change, so a call that is given the same state takes the vector instead of each array.
    """

    state: ref[Any]
    fold: Any  # which made it
    vector: Any
    numbers: list[Any]  # of the network
    own_numbers: list[Any]  # of the optimizer


class Fold:
    """Steps with one optimizer: gradients, the update of the optimizer, and sgd.

    Raises:
        Untraceable: the optimizer does what a kernel cannot do, or the kernel needs numbers computed from parameters.
    """

    is_unchanged: Callable[[], bool]  # whether the optimizer's rules are as they were
    told = "in the call"

    def __init__(self, step: CompiledStep, optimizer: Any) -> None:
        program, trace = step.program, step.program.trace
        if any([a.op != "halves" and a.dtype != NUMBER for _, a in program.computed]):
            raise Untraceable("an array that is computed from the parameters")
        params = _entries("parameters", trace.params, lambda s: int(s.data.flat[0]))
        grads = _entries("gradients", trace.grads, lambda s: program.places[id(s)])
        self.step, self.update = step, UpdateProgram(optimizer, params, grads, step.dtype)
        numbers = [*trace.states.symbols, *self.update.states.following]
        self._copy = Copies(
            (params, self.update.after),
            (trace.grads, self.update.after),
            step.dtype,
            self.update.firsts,
            {id(s): i for i, s in enumerate(numbers)},
        ).copy
        self._memories = Memories(step, self.update)

    def __call__(
        self, now: Any, flat: Flat | None, batches: Sequence[Any], lrs: Sequence[float]
    ) -> tuple[Any, Any, list[Any], list[Any]] | None:
        """The state after the batches, its vector, and its numbers; None if a check fails or a cost is not finite."""
        update, states, count, memory = self.update, self.step.program.trace.states, len(lrs), self._memories.take()
        if flat is None:
            (arrays, numbers, _), (own, own_numbers, _) = map(flattened, (now.params, now.optimizer))
            memory.take([*arrays, *own])
        else:
            memory.flat[:] = flat.vector
            numbers, own_numbers = flat.numbers, flat.own_numbers
        run, own_run = states.run(numbers, count), update.states.run(own_numbers, count)
        if count == 1:
            cost = self._cost(memory, batches[0], numbers, update.code.numbers(lrs[0], own_numbers))
        else:
            cost = self._cost_of_run(memory, batches, run, list(map(update.code.numbers, lrs, own_run)))
        vector = memory.flat.copy()
        self._memories.give_back(memory)
        if math.isnan(cost):
            return None
        vector.setflags(0)
        params, optimizer = self._copy((now.params, update.after), vector, [*run[-1], *own_run[-1]])
        return now.after(params, optimizer, freeze(self.step.number(cost)), count), vector, run[-1], own_run[-1]

    def _cost(self, memory: Memory, batch: Any, states: Any, constants: Any) -> float:
        """The cost of a step; NaN if it may not be taken."""
        memory.numbers[:] = constants
        x, y = map(self.step.ready, batch)
        self.step.run(memory, x, y, states)
        cost = float(self.step.program.cost(memory.totals))
        return math.nan if memory.totals[-1] or not math.isfinite(cost) else cost

    def _cost_of_run(self, memory: Memory, batches: Any, states: Any, constants: Any) -> float:
        """The last cost of several steps: in one call; or one by one, if there are random numbers."""
        step = self.step
        if step.is_computed:
            costs = [self._cost(memory, *each) for each in zip(batches, states, constants, strict=False)]
            return math.nan if any(map(math.isnan, costs)) else costs[-1]
        data = self._ready(batches)
        xs, ys = [np.array([batch[i] for batch in data], np.uintp) for i in (2, 3)]
        table, totals = np.array(constants, step.dtype), np.empty((len(data), len(memory.totals)), step.dtype)
        memory.set_run(xs, ys, table, totals)
        run(step.functions, memory)
        memory.set_step()
        every = np.asarray(step.program.cost(totals.T), float)
        return math.nan if totals[:, -1].any() or not np.isfinite(every).all() else float(every[-1])

    def _ready(self, batches: Any) -> list[tuple[Any, Any, int, int]]:
        """Each batch as kernels read it, and the addresses of its arrays; a batch that is repeated is made once."""
        known: dict[tuple[int, int], tuple[Any, Any, int, int]] = {}
        ready = []
        for x, y in batches:
            if (key := (id(x), id(y))) not in known:
                rows = self.step.ready(x), self.step.ready(y)
                known[key] = (*rows, address(rows[0]), address(rows[1]))
            ready.append(known[key])
        return ready


def _entries(name: str, tree: Any, first: Callable[[Any], int]) -> Any:
    """A tree with the entries of its arrays."""
    return map_arrays(lambda s: s if s.dtype == NUMBER else entries(name, s, first(s)), tree)

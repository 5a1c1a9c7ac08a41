"""Steps of training in one call of a kernel: from a state and batches to the state after them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

import numpy as np

from funcnn.arrays import freeze
from funcnn.compilation.helpers import run
from funcnn.compilation.memory import Memory, address
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.step import CompiledStep, Memories
from funcnn.compilation.structure import builder, flatten, leaf_at, stepper
from funcnn.compilation.update import UpdateProgram


class Flat(ref[Any]):
    """A weak reference to a state that a fold made, with the vector and the numbers in it.

    A state does not change, so a call that is given the same state takes the vector instead of each array.
    """

    __slots__ = "fold", "key", "numbers", "own_numbers", "vector"

    def __init__(self, state: Any, forget: Callable[[Flat], object], fold: Fold, contents: tuple[Any, ...]) -> None:
        super().__init__(state, forget)
        self.fold, self.key = fold, id(state)
        self.vector, self.numbers, self.own_numbers = contents

    def __new__(cls, state: Any, forget: Callable[[Flat], object], *_: Any) -> Flat:
        """A reference, which calls `forget` when the state is gone."""
        return super().__new__(cls, state, forget)


class Fold:
    """Steps with one optimizer: gradients, the update of the optimizer, and sgd.

    Raises:
        Untraceable: the optimizer does what a kernel cannot do, or the kernel needs numbers computed from parameters.
    """

    is_unchanged: Callable[[], bool]  # whether the optimizer's rules are as they were

    def __init__(self, step: CompiledStep, optimizer: Any) -> None:
        trace = step.program.trace
        if any([a.op != "halves" and a.dtype != NUMBER for _, a in step.program.computed]):
            raise Untraceable("an array that is computed from the parameters")
        self.step, self.update = step, UpdateProgram(optimizer, step.program)
        self._params = stepper(trace.params, trace.grads, trace.states.places)
        self._optimizer = builder(self.update.after, leaf_at(self.update.place, self.update.states.following))
        self._memories = Memories(step, self.update)

    def __call__(
        self, now: Any, flat: Flat | None, batches: Sequence[Any], lrs: Sequence[float]
    ) -> tuple[Any, tuple[Any, ...]] | None:
        """The state after the batches, and its contents for a `Flat`; None if a check fails or a cost is not finite."""
        update, states, count, memory = self.update, self.step.program.trace.states, len(lrs), self._memories.take()
        if flat is None:
            arrays, numbers, own_numbers = list[Any](), list[Any](), list[Any]()
            flatten(now.params, arrays, numbers, [])
            flatten(now.optimizer, arrays, own_numbers, [])
            memory.take(arrays)
        else:
            memory.flat[:] = flat.vector
            numbers, own_numbers = flat.numbers, flat.own_numbers
        run, own_run = states.run(numbers, count), update.states.run(own_numbers, count)
        constants = [update.numbers(lr, one) for lr, one in zip(lrs, own_run, strict=False)]
        costs = self._costs(memory, batches, run, constants)
        vector = memory.flat.copy()
        self._memories.give_back(memory)
        if costs is None:
            return None
        vector.setflags(0)
        params = self._params(now.params, (vector[update.memory :], run[-1]))
        after = now.after(params, self._optimizer((vector, own_run[-1])), freeze(self.step.number(costs[-1])), count)
        return after, (vector, run[-1], own_run[-1])

    def _costs(self, memory: Memory, batches: Any, states: Any, constants: Any) -> list[float] | None:
        """Take the steps: in one call; or one by one, if there are random numbers, which depend on states."""
        step, steps = self.step, len(constants)
        totals = np.empty((steps, len(memory.totals)), step.dtype)
        if steps > 1 and not step.is_computed:
            data = self._ready(batches)
            xs, ys = [np.array([batch[i] for batch in data], np.uintp) for i in (2, 3)]
            table = np.array(constants, step.dtype)
            memory.set_run(xs, ys, table, totals)
            run(step.functions, memory)
            memory.set_step()
        else:
            for i, (x, y) in enumerate(batches):
                memory.numbers[:] = constants[i]
                step.run(memory, step.ready(x), step.ready(y), states[i])
                totals[i] = memory.totals
        costs = np.asarray(step.program.cost(totals.T), float)
        return None if totals[:, -1].any() or not np.isfinite(costs).all() else costs.tolist()

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

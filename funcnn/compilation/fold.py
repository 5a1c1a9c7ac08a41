"""Several steps of training in one call of a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import freeze
from funcnn.compilation.engine import engine
from funcnn.compilation.helpers import run
from funcnn.compilation.kernel import Kernel
from funcnn.compilation.memory import Memory, address
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.step import CompiledStep, KernelFunctions
from funcnn.compilation.structure import builder, flatten, leaf_at, stepper
from funcnn.compilation.update import UpdateProgram, memory_of


class Fold:
    """Steps with one optimizer: gradients, the update of the optimizer, and sgd.

    Raises:
        Untraceable: the optimizer does what a kernel cannot do, or the kernel needs numbers computed from parameters.
    """

    def __init__(self, step: CompiledStep, optimizer: Any) -> None:
        program = step.program
        if any([a.op != "halves" and a.dtype != NUMBER for _, a in program.computed]):
            raise Untraceable("an array that is computed from the parameters")
        self.step, self.update = step, UpdateProgram(optimizer, program)
        self.kernel = Kernel(program, engine().registers, self.update, rows=step.bounds[-1])
        self._functions = KernelFunctions(self.kernel)
        self._params = stepper(program.trace.params, program.trace.grads)
        self._optimizer = builder(self.update.after, leaf_at(self.update.place))
        self._firsts = [s.data for s in memory_of(self.update.before)]
        self._memories: list[Memory] = []  # as in CompiledStep

    def __call__(
        self, params: Any, optimizer: Any, batches: list[tuple[Any, Any]], lrs: list[float]
    ) -> tuple[Any, Any, list[float]] | None:
        """(params, optimizer, costs) after the batches; None if a check fails or a cost is not finite."""
        step, kernel, program = self.step, self.kernel, self.step.program
        (arrays, numbers), (own_arrays, own_numbers) = _contents(params), _contents(optimizer)
        try:
            memory = self._memories.pop()
        except IndexError:
            memory = Memory(kernel, self._functions.table, step.bounds, step.threads)
        memory.borrow(step.pool)
        memory.take(arrays)
        own = memory.own
        for first, array in zip(self._firsts, own_arrays, strict=True):
            own[first : first + array.size] = array.reshape(-1)
        run, own_run = program.trace.states.run(numbers, len(lrs)), self.update.states.run(own_numbers, len(lrs))
        data = self._ready(batches)
        totals = np.empty((len(lrs), kernel.totals), step.dtype)
        self._run(memory, data, run, self.update.numbers(lrs, own_run[: len(lrs)]), totals)
        costs = np.asarray(program.cost(totals.T), float)
        after, own = freeze(memory.constants[: program.trace.count].copy()), freeze(own.copy())
        memory.give_back(step.pool)
        self._memories.append(memory)
        if totals[:, -1].any() or not np.isfinite(costs).all():
            return None
        made = self._params(params, (after, dict(zip(map(id, program.trace.states.following), run[-1], strict=True))))
        return (
            made,
            self._optimizer((own, self.update.states.named(own_run[max(0, len(own_run) - 2)]))),
            [step.number(cost) for cost in costs.tolist()],
        )

    def _ready(self, batches: list[tuple[Any, Any]]) -> list[tuple[Any, Any, int, int]]:
        """Each batch as kernels read it, and the addresses of its arrays; a batch that is repeated is made once."""
        known: dict[tuple[int, int], tuple[Any, Any, int, int]] = {}
        ready = []
        for x, y in batches:
            if (key := (id(x), id(y))) not in known:
                rows = self.step.ready(x), self.step.ready(y)
                known[key] = (*rows, address(rows[0]), address(rows[1]))
            ready.append(known[key])
        return ready

    def _run(self, memory: Memory, data: Any, states: list[list[Any]], numbers: Any, totals: Any) -> None:
        """Take the steps: in one call; or one by one, if there are random numbers, which depend on states."""
        xs, ys = [np.array([batch[i] for batch in data], np.uintp) for i in (2, 3)]
        if not states[0]:
            memory.set_run(xs, ys, numbers, totals)
            run(self._functions, memory)
            return
        program = self.step.program
        for i in range(len(data)):
            program.fill_computed(memory.constants, program.trace.states.named(states[i]))
            memory.set_run(xs[i:], ys[i:], numbers[i:], totals[i : i + 1])
            run(self._functions, memory)


def _contents(tree: Any) -> tuple[list[Any], list[Any]]:
    """The arrays of a network or an optimizer, and its numbers that may change."""
    arrays: list[Any] = []
    numbers: list[Any] = []
    flatten(tree, arrays, numbers, [])
    return arrays, numbers

"""Calls of a kernel: the cost and the gradient of a step."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.copies import Copies
from funcnn.compilation.engine import engine
from funcnn.compilation.helpers import run
from funcnn.compilation.kernel import Kernel
from funcnn.compilation.memory import Memory, address, aligned_copy, fresh, sealed
from funcnn.compilation.portable import check_exact
from funcnn.compilation.program import Program
from funcnn.compilation.trace import Traced
from funcnn.gradients import Grads
from funcnn.records import build


class KernelFunctions:
    """The functions of a kernel, and the table of constants that is their first argument."""

    def __init__(self, kernel: Kernel) -> None:
        fold, helping = engine().functions(kernel.text, ("fold", "help"))
        self.fold = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2)(fold)
        self.help = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(helping)
        self._table = aligned_copy(kernel.table)
        self.table = address(self._table)


class Memories:
    """The memory for calls of a kernel, one for each call at a time."""

    def __init__(self, step: CompiledStep, update: Any = None) -> None:
        self._step, self._update, self._idle = step, update, list[Memory]()

    def take(self) -> Memory:
        """Memory that no other call uses."""
        try:  # not `if`, since another thread may take the last one
            memory = self._idle.pop()
        except IndexError:
            memory = Memory(self._step, self._update)
        memory.borrow(self._step.pool)
        return memory

    def give_back(self, memory: Memory) -> None:
        """Return it after a call."""
        memory.give_back(self._step.pool)
        self._idle.append(memory)


class CompiledStep:
    """`value_and_grad(loss)` for networks of one structure and batches of one shape.

    Raises:
        Untraceable: there is no kernel for what the trace does.
    """

    rows: list[Any]  # the form of the batches
    is_unchanged: Callable[[], bool]  # whether the loss and the rules are as they were

    def __init__(self, traced: Traced, rows: int, threads: int, pool: list[Any], *, portable: bool = False) -> None:
        self.program = p = Program(traced)
        self.pool = pool  # of memory, shared by the steps of a compiled function
        if portable:
            check_exact([a for _, a in p.computed], "of parameters")
            check_exact([traced.cost], "of sums over all rows")
        self.kernel = Kernel(p, engine().portable if portable else engine().registers, rows=rows)
        self.dtype = traced.dtype
        self.bounds = self.kernel.bounds(rows)
        self.threads = min(threads, len(self.bounds) - 1)
        self.functions = KernelFunctions(self.kernel)
        places = {id(s): i for i, s in enumerate(traced.states.following)}
        self._grads, self._copy = traced.grads, Copies(traced.grads, traced.grads, self.dtype, p.places, places).copy
        self.number: Callable[[Any], Any] = float  # the class of the cost that the loss returns
        self.folds: list[tuple[list[Any], Any, Callable[[], bool]]] = []  # by the form of the optimizer
        self.is_computed = bool(p.computed)
        self._memories = Memories(self)

    def __call__(self, arrays: list[Any], numbers: list[Any], x: Any, y: Any) -> tuple[float, Grads[Any]] | None:
        """The cost and the gradient; None if a check fails, whose error the plain path has."""
        program, memory, dx = self.program, self._memories.take(), None
        memory.take(arrays)
        if program.out is not None:
            dx = fresh(program.trace.x.shape, self.dtype)
            memory.set_out(dx)
        self.run(memory, self.ready(x), self.ready(y), numbers)
        gradients, cost = memory.sums[: program.first_total].copy(), program.cost(memory.totals)
        has_faults = memory.totals[-1]
        self._memories.give_back(memory)
        if has_faults:
            return None
        gradients.setflags(0)
        grads = self._copy(self._grads, gradients, program.trace.states.after(numbers))
        return self.number(cost), build(Grads, (grads, dx if dx is None else sealed(dx)))

    def run(self, memory: Memory, x: Any, y: Any, numbers: list[Any]) -> None:
        """Take one step, given the numbers of the states; x and y are `ready`."""
        if self.is_computed:
            self.program.fill_computed(memory.constants, self.program.trace.states.named(numbers))
        memory.set_batch(address(x), address(y))
        run(self.functions, memory)

    def ready(self, rows: Any) -> Any:
        """An array as kernels read it: contiguous, and of the dtype of x; the rows of a tuple stand side by side."""
        if type(rows) is tuple:
            parts = [one.reshape(len(one), -1) for one in rows]
            return np.concatenate(parts, axis=1, dtype=self.dtype, casting="unsafe")
        return np.ascontiguousarray(rows, self.dtype)

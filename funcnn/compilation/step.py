"""Calls of a kernel: one step, or several with the update of the parameters."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.helpers import run
from funcnn.compilation.kernel import Kernel
from funcnn.compilation.memory import Memory, address, aligned_copy
from funcnn.compilation.program import Program
from funcnn.compilation.structure import builder, leaf_at
from funcnn.compilation.trace import TracedStep
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


class CompiledStep:
    """`value_and_grad(loss)` for networks of one structure and batches of one shape.

    Raises:
        Untraceable: there is no kernel for what the trace does.
    """

    def __init__(self, traced: TracedStep, rows: int, threads: int, pool: list[Any]) -> None:
        self.program = p = Program(traced)
        self.pool = pool  # of memory, shared by the steps of a compiled function
        self.kernel = Kernel(p, engine().registers, rows=rows)
        self.dtype = traced.dtype
        self.bounds = self.kernel.bounds(rows)
        self.threads = min(threads, len(self.bounds) - 1)
        self._functions = KernelFunctions(self.kernel)
        self._grads = builder(traced.grads, leaf_at(lambda s: p.places[id(s)]))
        self.number: Callable[[Any], Any] = float  # the class of the cost that the loss returns
        self.folds: list[tuple[list[Any], Any, Callable[[], bool]]] = []  # by the form of the optimizer
        self._is_computed = bool(p.computed)
        self._memories: list[Memory] = []  # one for each call at a time

    def __call__(self, arrays: list[Any], numbers: list[Any], x: Any, y: Any) -> tuple[float, Grads[Any]] | None:
        """The cost and the gradient; None if a check fails, whose error the plain path has."""
        try:  # not `if`, since another thread may take the last one
            memory = self._memories.pop()
        except IndexError:
            memory = Memory(self.kernel, self._functions.table, self.bounds, self.threads)
        memory.borrow(self.pool)
        memory.take(arrays)
        known = self.program.trace.states.named(numbers)
        if self._is_computed:
            self.program.fill_computed(memory.constants, known)
        x, y = self.ready(x), self.ready(y)
        memory.set_batch(address(x), address(y))
        run(self._functions, memory)
        gradients, cost = memory.sums[: self.program.first_total].copy(), self.program.cost(memory.totals)
        has_faults = memory.totals[-1]
        memory.give_back(self.pool)
        self._memories.append(memory)
        if has_faults:
            return None
        gradients.setflags(0)
        return self.number(cost), build(Grads, (self._grads((gradients, known)), None))

    def ready(self, rows: Any) -> Any:
        """An array as kernels read it: contiguous, and of the dtype of x; the rows of a tuple stand side by side."""
        if type(rows) is tuple:
            parts = [one.reshape(len(one), -1) for one in rows]
            return np.concatenate(parts, axis=1, dtype=self.dtype, casting="unsafe")
        return np.ascontiguousarray(rows, self.dtype)

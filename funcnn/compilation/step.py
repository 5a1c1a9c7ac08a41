"""Calls of a kernel: the cost and the gradient of a step, or the output of a prediction."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.kernel import Kernel
from funcnn.compilation.memory import Memory, Spares, address, aligned_copy, fresh, sealed
from funcnn.compilation.portable import check_exact
from funcnn.compilation.program import TracedGraph
from funcnn.compilation.sharing import run
from funcnn.compilation.structure import Copies
from funcnn.compilation.trace import Traced
from funcnn.gradients import Grads
from funcnn.records import build


class KernelFunctions:
    """The functions of a kernel that have these names, and the table of constants that is their first argument."""

    fold: Any
    help: Any
    predict: Any

    def __init__(self, kernel: Kernel, *names: str) -> None:
        for name, at in zip(names, engine().functions(kernel.text, names), strict=True):
            setattr(self, name, ctypes.CFUNCTYPE(*_TYPES[name])(at))
        self._table = aligned_copy(kernel.table)
        self.table = address(self._table)


_POINTER = ctypes.c_void_p
_TYPES: dict[str, list[Any]] = {  # of the result, and of the arguments
    "fold": [None, *[_POINTER] * 2],
    "help": [None, *[_POINTER] * 4],
    "predict": [ctypes.c_int64, *[_POINTER] * 3, ctypes.c_int64],
}


def _kernel(program: TracedGraph, rows: int, *, portable: bool) -> Kernel:
    """The kernel of a program.

    Raises:
        Untraceable: it would not be portable.
    """
    if portable:
        check_exact([a for _, a in program.computed], "of parameters")
        check_exact([program.trace.cost], "of sums over all rows")
    return Kernel(program, engine().portable if portable else engine().registers, rows)


class Memories:
    """The memory for calls of a kernel, one for each call at a time."""

    def __init__(self, step: CompiledStep, update: Any = None) -> None:
        self._step, self._idle = step, Spares(lambda: Memory(step, update))

    def take(self) -> Memory:
        """Memory that no other call uses."""
        memory: Memory = self._idle.take()
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

    def __init__(self, traced: Traced, rows: int, threads: int, pool: Spares, *, portable: bool = False) -> None:
        self.program = p = TracedGraph(traced)
        self.pool = pool  # of memory, shared by the steps of a compiled function
        self.kernel = _kernel(p, rows, portable=portable)
        self.dtype = traced.dtype
        self.bounds = self.kernel.bounds(rows)
        self.threads = min(threads, len(self.bounds) - 1)
        self.functions = KernelFunctions(self.kernel, "fold", "help")
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
            self.program.fill_computed(memory.constants, numbers)
        memory.set_batch(address(x), address(y))
        run(self.functions, memory)

    def ready(self, rows: Any) -> Any:
        """An array as kernels read it: contiguous, and of the dtype of x; the rows of a tuple stand side by side."""
        if type(rows) is tuple:
            parts = [one.reshape(len(one), -1) for one in rows]
            return np.concatenate(parts, axis=1, dtype=self.dtype, casting="unsafe")
        return np.ascontiguousarray(rows, self.dtype)


Run = Callable[[Any], Any]
"""From x to the output; to None if a check fails, whose error the plain path has."""


class OutputCode:
    """The machine code of a prediction, with the constants that it reads; it takes any number of rows.

    Raises:
        Untraceable: there is no kernel for what the trace does.
    """

    def __init__(self, program: TracedGraph, arrays: list[Any], numbers: list[Any], *, portable: bool = False) -> None:
        self.program, self.kernel = program, _kernel(program, len(program.trace.x), portable=portable)
        self.functions = KernelFunctions(self.kernel, "predict")
        self.bounds, self.threads = [0, 0], 1  # for `Memory`; the number of rows is an argument
        self._arrays, self._numbers = arrays, numbers
        first = self._memory()
        self._constants = first.constants
        self._free = Spares(self._memory, first)  # one for each call at a time

    def _memory(self) -> Memory:
        memory = Memory(self)
        memory.take(self._arrays)
        self.program.fill_computed(memory.constants, self._numbers)
        return memory

    def equals(self, other: OutputCode) -> bool:
        """Whether this is the same function of the rows of x."""
        is_alike = self.kernel.text == other.kernel.text and self.kernel.table.tobytes() == other.kernel.table.tobytes()
        return is_alike and self._constants.tobytes() == other._constants.tobytes()

    def __str__(self) -> str:
        of = "features" if self.kernel.is_few else "rows"
        return f"compiled: {len(self.program.nodes)} operations over vectors of {self.kernel.row_panel} {of}"

    def bound(self, shape: tuple[int, ...]) -> Run:
        """The function from x to an output of this shape."""
        empty, free, function = np.empty, self._free, self.functions.predict
        dtype, rows = self.program.dtype, shape[0]

        def run(x: Any) -> Any:
            if not x.flags.c_contiguous:
                x = np.ascontiguousarray(x)
            out: Any = empty(shape, dtype)
            memory = free.take()
            is_right = function(memory.arguments, address(x), address(out), rows)
            free.append(memory)
            if not is_right:
                return None
            out.setflags(0)  # write=False
            return out

        return run

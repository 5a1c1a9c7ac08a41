"""The machine code of a prediction, and calls of it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.kernel import Kernel
from funcnn.compilation.memory import address, aligned, aligned_copy
from funcnn.compilation.portable import check_exact
from funcnn.compilation.program import Program
from funcnn.compilation.structure import symbols_in
from funcnn.compilation.text import LINE

_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)

Run = Callable[[Any], Any]
"""From x to the output; to None if a check fails, whose error the plain path has."""


class OutputCode:
    """The machine code of a prediction, with the constants that it reads; it takes any number of rows.

    Raises:
        Untraceable: there is no kernel for what the trace does.
    """

    def __init__(self, program: Program, arrays: list[Any], numbers: list[Any], *, portable: bool = False) -> None:
        trace, self._dtype = program.trace, program.dtype
        if portable:
            check_exact([a for _, a in program.computed], "of parameters")
        kernel = Kernel(program, engine().portable if portable else engine().registers, len(trace.x))
        self._function = _FUNCTION(engine().functions(kernel.text, ("predict",))[0])
        self._table = aligned_copy(kernel.table)
        self._constants = aligned(program.constants + 2 * LINE // self._dtype.itemsize, self._dtype)
        places = [s for s in symbols_in(trace.params) if s.op == "parameter"]
        for s, array in zip(places, arrays, strict=True):
            self._constants[s.data.reshape(-1)] = array.reshape(-1)
        program.fill(self._constants)
        program.fill_computed(self._constants, trace.states.named(numbers))
        self._free: list[tuple[int, Any]] = []  # one for each call at a time
        self.kernel, self.operations = kernel, len(program.nodes)

    def equals(self, other: OutputCode) -> bool:
        """Whether this is the same function of the rows of x."""
        arrays = zip((self._table, self._constants), (other._table, other._constants), strict=True)
        return self.kernel.text == other.kernel.text and all([a.tobytes() == b.tobytes() for a, b in arrays])

    def __str__(self) -> str:
        of = "features" if self.kernel.is_few else "rows"
        return f"compiled: {self.operations} operations over vectors of {self.kernel.row_panel} {of}"

    def bound(self, shape: tuple[int, ...]) -> Run:
        """The function from x to an output of this shape."""
        empty, free, function, dtype, rows = np.empty, self._free, self._function, self._dtype, shape[0]

        def run(x: Any) -> Any:
            if not x.flags.c_contiguous:
                x = np.ascontiguousarray(x)
            out: Any = empty(shape, dtype)
            try:  # not `if`, since another thread may take the last one
                block = free.pop()
            except IndexError:
                block = self._block()
            is_right = function(block[0], address(x), address(out), rows)
            free.append(block)
            if not is_right:
                return None
            out.setflags(0)  # write=False
            return out

        return run

    def _block(self) -> tuple[int, Any]:
        """The address of the pointers that the function reads, and the memory that must live as long."""
        memory = aligned(self.kernel.memory + self.kernel.length, self._dtype)
        pointers = [address(one) for one in (self._table, self._constants, memory)]
        last = pointers[-1] + self.kernel.memory * self._dtype.itemsize
        block = np.array([*pointers, last], np.uintp)
        return address(block), (block, memory)

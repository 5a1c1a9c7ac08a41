"""Memory that kernels read and write, aligned to lines of the cache."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np

from funcnn.compilation.kernel import ARGUMENTS, Kernel
from funcnn.compilation.shapes import NUMBER
from funcnn.compilation.text import LINE
from funcnn.trees.walks import leaves


class Memory:
    """What a call of a kernel writes: constants, the numbers of a tile for each thread, and the sums of the shards.

    `own` is the memory of an optimizer. The arguments of the function `fold` are at the address `arguments`, for one
    step; `set_batch` and `set_run` change them.
    """

    def __init__(self, kernel: Kernel, table: int, bounds: list[int], threads: int) -> None:
        program, dtype = kernel.program, kernel.program.trace.dtype
        shards = len(bounds) - 1
        self.constants = aligned(program.constants + 2 * LINE // dtype.itemsize, dtype)  # the last panel reads beyond
        self.tiles = aligned(kernel.memory * threads, dtype)
        self.sums = aligned(kernel.length * shards, dtype)
        self.own = aligned(kernel.update.memory if kernel.update else 0, dtype)
        self.totals = np.empty(kernel.totals, dtype)
        self.addresses = [address(a) for a in (self.constants, self.tiles, self.sums, self.totals)]
        self._kept = -(-bounds[-1] // kernel.row_panel) * kernel.row_panel * kernel.kept * dtype.itemsize
        self._lent: Any = None
        self._bounds, self._batch = np.array(bounds, np.int64), np.empty(2, np.uintp)
        constants, tiles, sums, totals = self.addresses
        X, B = address(self._batch), address(self._bounds)
        own, word = address(self.own), self._batch.itemsize
        self._block = (ctypes.c_int64 * len(ARGUMENTS))(
            table, constants, tiles, sums, 0, own, X, X + word, B, 0, totals, shards, 1
        )
        self.arguments = ctypes.addressof(self._block)
        symbols: list[Any] = leaves(program.trace.params)
        indices = [s.data for s in symbols if s.dtype != NUMBER]
        self._parameters = [self.constants[i.flat[0] : i.flat[0] + i.size].reshape(i.shape) for i in indices]
        program.fill(self.constants)

    def take(self, arrays: list[Any]) -> None:
        """Copy the parameters of a network."""
        for place, array in zip(self._parameters, arrays, strict=True):
            place[...] = array

    def borrow(self, pool: list[Any]) -> None:
        """Take memory for what rounds keep of all rows from a pool, which kernels for other numbers of rows use too."""
        if self._kept:
            try:  # as for the memories of a step
                lent = pool.pop()
            except IndexError:
                lent = ()
            self._lent = lent if len(lent) >= self._kept else aligned(self._kept, np.dtype(np.uint8))
            self._block[ARGUMENTS.index("R")] = address(self._lent)

    def give_back(self, pool: list[Any]) -> None:
        """Return what was borrowed."""
        if self._kept:
            pool.append(self._lent)
            self._lent = None  # so that it is freed where a larger one takes its place

    @property
    def kept(self) -> int:
        """The address of what rounds keep."""
        return int(self._block[ARGUMENTS.index("R")])

    def set_batch(self, x: int, y: int) -> None:
        """The addresses of the rows of the one step."""
        self._batch[0], self._batch[1] = x, y

    def set_run(self, xs: Any, ys: Any, numbers: Any, totals: Any) -> None:
        """The addresses of the rows of several steps, the constants of each update, and the totals of each step."""
        for name, array in (("XS", xs), ("YS", ys), ("W", numbers), ("out", totals)):
            self._block[ARGUMENTS.index(name)] = address(array)
        self._block[ARGUMENTS.index("steps")] = len(totals)


class _Interface(ctypes.Structure):
    """NumPy's array interface for C, https://numpy.org/doc/stable/reference/arrays.interface.html."""

    _fields_ = (
        ("two", ctypes.c_int),
        ("nd", ctypes.c_int),
        ("typekind", ctypes.c_char),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
    )


_content = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def told_address(array: Any) -> int:
    """The address of the first number, from the interface for C."""
    capsule = array.__array_struct__
    first: int = _Interface.from_address(_content(capsule, None)).data
    return first


def read_address(array: Any) -> int:
    """The address of the first number, read where NumPy keeps it, behind the head of the object: five times as fast.

    https://numpy.org/doc/stable/reference/c-api/types-and-structures.html, PyArrayObject.
    """
    return ctypes.c_void_p.from_address(id(array) + _HEAD).value or 0


_HEAD, _SAMPLE = object.__basicsize__, np.zeros(1)
_CAN_BE_READ = sys.implementation.name == "cpython" and read_address(_SAMPLE) == told_address(_SAMPLE)
address = read_address if _CAN_BE_READ else told_address


def aligned(n: int, dtype: Any) -> Any:
    """Memory for n numbers, all 0, that begins with a line of the cache."""
    numbers = np.zeros(n + LINE // dtype.itemsize, dtype)
    start = -address(numbers) % LINE // dtype.itemsize
    return numbers[start : start + n]

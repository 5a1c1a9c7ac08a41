"""Memory that kernels read and write, aligned to lines of the cache."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.shapes import NUMBER
from funcnn.compilation.sharing import ARGUMENTS, HELPERS, NEXT
from funcnn.compilation.structure import symbols_in
from funcnn.compilation.text import LINE


class Spares(list[Any]):
    """What calls use, each call another: the first ones, and others that `make` makes."""

    def __init__(self, make: Callable[[], Any], *first: Any) -> None:
        super().__init__(first)
        self._make = make

    def take(self) -> Any:
        """What no other call uses, which is made if there is none."""
        try:  # not `if`, since another thread may take the last one
            return self.pop()
        except IndexError:
            return self._make()


class Memory:
    """What a call of a kernel writes: constants, the numbers of a tile for each thread, and the sums of the shards.

    `flat` is one vector of an optimizer's memory and of the parameters, with which the `constants` begin. The arguments
    of the function `fold` are at the address `arguments`. They describe one step, with the `numbers` of the update and
    `totals` for its results, whose batch `set_batch` gives; or several, from `set_run` until `set_step`. `tiles` are
    the addresses of the tiles of all threads; in `helpers` it says which of the helpers that `process` has are at work.
    """

    def __init__(self, step: Any, update: Any = None) -> None:
        kernel, program, threads = step.kernel, step.program, step.threads
        dtype = program.trace.dtype
        shards, panels = len(step.bounds) - 1, -(-kernel.memory * dtype.itemsize // LINE) * LINE // dtype.itemsize
        own = update.memory if update else 0
        memory = aligned(own + program.constants + 2 * LINE // dtype.itemsize, dtype)  # the last panel reads beyond
        self.flat, self.constants = memory[: own + program.trace.count], memory[own:]
        self.sums = aligned(kernel.length * shards, dtype)
        self.numbers = np.empty(update.code.constants if update else 0, dtype)
        self.totals = np.empty(kernel.totals, dtype)
        self._tiles = aligned(panels * threads, dtype)
        self.tiles = [address(self._tiles) + i * panels * dtype.itemsize for i in range(threads)]
        self.process = os.getpid()
        self._kept = -(-step.bounds[-1] // kernel.row_panel) * kernel.row_panel * kernel.kept * dtype.itemsize
        self._lent: Any = None
        self._bounds, self._batch = np.array(step.bounds, np.int64), np.empty(2, np.uintp)
        self._block = aligned(HELPERS + threads - 1, np.dtype(np.int64))
        self.arguments, self.helpers = address(self._block), memoryview(self._block)[HELPERS:]
        self._set(C=step.functions.table, V=address(self.constants), A=self.tiles[0], G=address(self.sums))
        self._set(bounds=address(self._bounds), count=shards)
        if update:
            code = update.code
            self._set(U=code.function, M=address(memory), N=address(memory), width=code.constants)
            self._set(E=address(code.panels))
        self.set_step()
        self._block[NEXT] = shards  # there is no work until a call of `fold`
        symbols = [s for s in symbols_in(program.trace.params) if s.dtype != NUMBER]
        places = [(s.shape, own + int(s.data.flat[0]), s.size) for s in symbols]
        if update:
            places += [(s.shape, s.data, s.size) for s in update.memories]
        self._arrays = [memory[first : first + size].reshape(shape) for shape, first, size in places]
        program.fill(self.constants)

    def take(self, arrays: list[Any]) -> None:
        """Copy the parameters of a network, and the memory of an optimizer."""
        for place, array in zip(self._arrays, arrays, strict=True):
            place[...] = array

    def borrow(self, pool: Spares) -> None:
        """Take memory for what rounds keep of all rows from a pool, which kernels for other numbers of rows use too."""
        if self._kept:
            lent = pool.take()
            self._lent = lent if len(lent) >= self._kept else aligned(self._kept, np.dtype(np.uint8))
            self._set(R=address(self._lent))

    def give_back(self, pool: Spares) -> None:
        """Return what was borrowed."""
        if self._kept:
            pool.append(self._lent)
            self._lent = None  # so that it is freed where a larger one takes its place

    def set_batch(self, x: int, y: int) -> None:
        """The addresses of the rows of the one step."""
        self._batch[0], self._batch[1] = x, y

    def set_out(self, out: Any) -> None:
        """The array of the output."""
        self._set(Z=address(out))

    def set_step(self) -> None:
        """Describe one step."""
        xs = address(self._batch)
        self._set(XS=xs, YS=xs + self._batch.itemsize, W=address(self.numbers), out=address(self.totals), steps=1)

    def set_run(self, xs: Any, ys: Any, numbers: Any, totals: Any) -> None:
        """The addresses of the rows of several steps, the constants of each update, and the totals of each step."""
        self._set(XS=address(xs), YS=address(ys), W=address(numbers), out=address(totals), steps=len(totals))

    def _set(self, **arguments: int) -> None:
        for name, argument in arguments.items():
            self._block[ARGUMENTS.index(name)] = argument


def told_address(array: Any) -> int:
    """The address of the first number, from NumPy's array interface."""
    return array.__array_interface__["data"][0]


def read_address(array: Any) -> int:
    """The address of the first number, read where NumPy keeps it, behind the head of the object: five times as fast.

    https://numpy.org/doc/stable/reference/c-api/types-and-structures.html, PyArrayObject.
    """
    return ctypes.c_void_p.from_address(id(array) + _HEAD).value or 0


_HEAD, _SAMPLE = object.__basicsize__, np.zeros(1)
_HAS_HEADS = sys.implementation.name == "cpython" and sys.platform != "wasi"  # where ctypes reads no memory
address = read_address if _HAS_HEADS and read_address(_SAMPLE) == told_address(_SAMPLE) else told_address


def aligned_copy(numbers: Any) -> Any:
    """The numbers in memory that begins with a line of the cache."""
    copy = aligned(numbers.size, numbers.dtype)
    copy[:] = numbers
    return copy


def aligned(n: int, dtype: Any) -> Any:
    """Memory for n numbers, all 0, that begins with a line of the cache."""
    numbers = np.zeros(n + LINE // dtype.itemsize, dtype)
    start = -address(numbers) % LINE // dtype.itemsize
    return numbers[start : start + n]


def fresh(shape: tuple[int, ...], dtype: Any) -> Any:
    """An array without values yet that begins with a line of the cache: then stores take half the time."""
    return within(np.empty(math.prod(shape) * dtype.itemsize + LINE, np.uint8), shape, dtype)


def within(memory: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array in memory that has a line of the cache more than it needs."""
    return np.ndarray(shape, dtype, memory, -address(memory) % LINE)


def sealed(array: Any) -> Any:
    """A fresh array as read-only, and the memory behind it."""
    array.base.setflags(0)  # write=False, twice as fast as by keyword
    array.setflags(0)
    return array


class StateVectors:
    """Vectors in the memory of earlier ones of the same size, if nothing refers to those.

    malloc maps new memory for each array above 32 MiB, and the system zeroes it: an update would take three times as
    long.
    """

    def __init__(self) -> None:
        self._memories: list[Any] = []

    def take(self, length: int, dtype: Any) -> Any:
        """A vector without values yet."""
        memory = np.empty(length * dtype.itemsize + LINE, np.uint8)
        for _ in range(_MOST):
            try:  # not `if`, since another thread may take the last one
                earlier = self._memories.pop(0)
            except IndexError:
                break
            if sys.getrefcount(earlier) > sys.getrefcount(memory):  # not this variable alone refers to it
                self._memories.append(earlier)
            elif len(earlier) == len(memory):
                earlier.setflags(1)
                memory = earlier
                break
        self._memories = [*self._memories[1 - _MOST :], memory]
        return within(memory, (length,), dtype)


_MOST = 3  # memories: of the states before and after a step, and of one that is gone

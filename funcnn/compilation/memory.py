"""Memory that kernels read and write, aligned to lines of the cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.compilation.kernel import Kernel
from funcnn.compilation.shapes import NUMBER
from funcnn.compilation.text import LINE
from funcnn.trees.walks import leaves


class Memory:
    """What a call of a kernel writes: constants, the numbers of a tile for each thread, and the sums of the shards."""

    def __init__(self, kernel: Kernel, shards: int, threads: int) -> None:
        program, dtype = kernel.program, kernel.program.trace.dtype
        self.constants = aligned(program.constants, dtype)
        self.tiles = aligned(kernel.memory * threads, dtype)
        self.sums = aligned(kernel.length * shards, dtype)
        self.totals = np.empty(kernel.totals, dtype)
        self.addresses = [address(a) for a in (self.constants, self.tiles, self.sums, self.totals)]
        symbols: list[Any] = leaves(program.trace.params)
        indices = [s.data for s in symbols if s.dtype != NUMBER]
        self._parameters = [self.constants[i.flat[0] : i.flat[0] + i.size].reshape(i.shape) for i in indices]
        program.fill(self.constants)

    def take(self, arrays: list[Any]) -> None:
        """Copy the parameters of a network."""
        for place, array in zip(self._parameters, arrays, strict=True):
            place[...] = array


def address(array: Any) -> int:
    """The address of the first number."""
    first: int = array.__array_interface__["data"][0]
    return first


def aligned(n: int, dtype: Any) -> Any:
    """Memory for n numbers, all 0, that begins with a line of the cache."""
    numbers = np.zeros(n + LINE // dtype.itemsize, dtype)
    start = -address(numbers) % LINE // dtype.itemsize
    return numbers[start : start + n]

"""Calls of machine code: a function from its text, and the arrays that it fills."""

from __future__ import annotations

import ctypes
from functools import partial
from typing import Any

import numpy as np

from funcnn.compilation.engine import engine
from funcnn.compilation.memory import address, aligned_copy
from funcnn.compilation.shapes import FLOATS
from funcnn.compilation.text import Text
from funcnn.errors import FuncnnError
from funcnn.layers.convolution.windows import Axes


class Call:
    """A function of pointers, by these names, and of whole numbers, from the statements of a text.

    It is called with arrays and whole numbers; or `at` with addresses and whole numbers. %C is the table of the text.
    """

    def __init__(self, t: Text, pointers: list[str], numbers: list[str]) -> None:
        named = ", ".join(
            [*[f"ptr noalias %{name}" for name in ("C", *pointers)], *[f"i64 %{name}" for name in numbers]]
        )
        lines = t.function("run", named)
        [at] = engine().functions(t.module(lines), ("run",))
        types = [ctypes.c_void_p] * (1 + len(pointers)) + [ctypes.c_int64] * len(numbers)
        self._function = ctypes.CFUNCTYPE(None, *types)(at)
        self._count = len(pointers)
        self._table = aligned_copy(t.panels())
        self._at = address(self._table)
        self.at = partial(self._function, self._at)

    def __call__(self, *given: Any) -> None:
        function, arguments = self.prepared(given[: self._count], given[self._count :])
        function(*arguments)

    def prepared(self, arrays: Any, numbers: Any) -> tuple[Any, tuple[int, ...]]:
        """The function and its arguments, which point into arrays that the caller keeps."""
        return self._function, (self._at, *map(address, arrays), *numbers)


def windows_of(params: Any, x: Any) -> Axes | None:
    """The windows of a convolution or a pooling over x; None where the rule raises an error."""
    try:
        axes: Axes = params.windows(x)
    except FuncnnError:
        return None
    return axes


def are_plain(dtype: Any, *arrays: Any) -> bool:
    """Whether these are contiguous NumPy arrays of this dtype, float32 or float64, as kernels read them."""
    return dtype in FLOATS and all(
        [type(a) is np.ndarray and a.dtype == dtype and a.flags.c_contiguous for a in arrays]
    )

"""The switch of the kernels: NumPy computes every rule, unless kernels are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from importlib import import_module

from funcnn.errors import RangeError

__all__ = ["with_kernels", "without_kernels"]

_ON: ContextVar[bool] = ContextVar("kernels")  # of this thread
if (_WANTED := os.environ.get("FUNCNN_KERNELS", "0")) not in {"0", "1"}:
    raise RangeError(f"funcnn: the environment variable FUNCNN_KERNELS must be 0 or 1, not {_WANTED!r}")
_BY_VARIABLE = _WANTED == "1"


def with_kernels() -> AbstractContextManager[None]:
    """Inside the block, machine code computes large arrays, in this thread, for rules that have such a kernel.

    Results differ from those of the rules by rounding errors. For a whole program, set the environment variable
    FUNCNN_KERNELS to 1 before it imports funcnn. Without llvmlite there is one warning, and NumPy computes.

    >>> import numpy as np
    >>> from funcnn import LayerNorm, forward
    >>> from funcnn.compilation import with_kernels
    >>> with with_kernels():
    ...     out, cache = forward(LayerNorm.init(256), np.ones((1000, 256)))
    """
    return switched(on=True)


def without_kernels() -> AbstractContextManager[None]:
    """Inside the block, NumPy computes in this thread, also where kernels are on around it."""
    return switched(on=False)


@contextmanager
def switched(*, on: bool) -> Iterator[None]:
    """Inside the block, kernels are on, or off, in this thread."""
    if on:
        import_module("funcnn.kernels.table")  # which puts kernels before their rules
    before = _ON.set(on)
    try:
        yield
    finally:
        _ON.reset(before)


def kernels_are_on() -> bool:
    """Whether this thread has asked for kernels, or the environment variable has."""
    return _ON.get(_BY_VARIABLE)

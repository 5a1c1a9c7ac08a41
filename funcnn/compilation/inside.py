"""Whether this thread is inside a call of a compiled function, where rules leave large arrays to kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any

Log = list[tuple[Callable[..., Any], str]]
"""Each rule with a kernel that was called, and why the rule itself computed; "" where the kernel did."""

LOG: ContextVar[Log | None] = ContextVar("inside a compiled function", default=None)  # of this thread


@contextmanager
def inside(log: Log | None) -> Iterator[None]:
    """Inside the block rules leave arrays to kernels, and each call is appended to `log`; with None they do not."""
    if log is not None:
        import_module("funcnn.compilation.kernels.table")  # which puts kernels before their rules
    before = LOG.set(log)
    try:
        yield
    finally:
        LOG.reset(before)

"""Threads for blocks, and matrix products in one thread, since their bits depend on the number of threads of BLAS."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from threading import Lock, local
from typing import Any, Self

from funcnn.checked import checked
from funcnn.extras import needing
from funcnn.needs import Count

_TURN = 5e-4  # seconds; measured: with 5 ms, steps of 5 and of 18 ms take 2 % longer
_NO_CHOICE = AttributeError, OSError  # a system without affinities, or a process that may not read or set them
_LOCK = Lock()
_limits: list[Any] = []  # the controller of the loaded BLAS

# A fork waits, since the child would wait forever for a lock that another thread held.
if hasattr(os, "register_at_fork"):  # pragma: no branch  Windows has no fork
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


def _for_all_threads(change: Callable[[], Callable[[], None]]) -> Callable[[], AbstractContextManager[None]]:
    """A context: the first that enters it, in any thread, makes the change, and the last that leaves it undoes it."""
    users: list[None] = []
    undo: list[Callable[[], None]] = []

    @contextmanager
    def inside() -> Iterator[None]:
        with _LOCK:
            if not users:
                undo[:] = [change()]
            users.append(None)
        try:
            yield
        finally:
            with _LOCK:
                users.pop()
                if not users:
                    undo[0]()

    return inside


@_for_all_threads
def one_thread() -> Callable[[], None]:
    """Inside the block, in all threads of the process, BLAS computes a product in one thread."""
    return controller("sharded").limit(limits=1, user_api="blas").restore_original_limits


@_for_all_threads
def _short_turns() -> Callable[[], None]:
    """Inside the block, Python's threads take turns after 0.5 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _TURN))
    return lambda: sys.setswitchinterval(before)


def controller(function: str) -> Any:
    """The controller of threadpoolctl, made once: it searches the libraries of the process, in 0.1 ms and more."""
    if not _limits:
        with needing(function, "threadpoolctl"):
            from threadpoolctl import ThreadpoolController  # noqa: PLC0415  an optional library
        _limits.append(ThreadpoolController())
    return _limits[0]


@checked
def threads(n: Count) -> ThreadPoolExecutor:
    """An executor of n threads for `sharded`; inside a `with` block, BLAS computes each product in one thread.

    Otherwise each of the n threads would share its cores with the threads of BLAS. On Linux, if there are n cores or
    more, each thread stays on cores of its own from its second task on. Inside the block, Python's threads also take
    turns after 0.5 ms instead of 5. At the end of the block, the threads are joined, and the rest is as before.

    >>> import numpy as np
    >>> from funcnn import mlp, mse, value_and_grad
    >>> from funcnn.parallel import sharded, threads
    >>> x, params = np.linspace(-1, 1, 200).reshape(100, 2), mlp([2, 8, 1], seed=0)
    >>> with threads(2) as two:
    ...     cost, grads = sharded(value_and_grad(mse), rows=25, executor=two)(params, x, x[:, :1])
    >>> (cost, grads) == sharded(value_and_grad(mse), rows=25)(params, x, x[:, :1])
    True

    Raises:
        MissingError: threadpoolctl is not installed.
    """
    controller("threads")
    return Threads(n, "funcnn-sharded")


class Threads(ThreadPoolExecutor):
    """Threads that stay on cores of their own: Linux wakes one that has waited for Python's lock on the core of the one
    that gives it, where both then take turns for many steps.
    """

    def __init__(self, n: int, name: str) -> None:
        super().__init__(n, name)
        self._free, self._worker, self._inside = iter(_shares(n)), local(), ExitStack()

    def __enter__(self) -> Self:
        self._inside.enter_context(_short_turns())
        self._inside.enter_context(one_thread())
        return self

    def __exit__(self, *error: Any) -> None:  # noqa: PYI036  those of the base class have types of their own
        with self._inside:
            super().__exit__(*error)

    def submit(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        return super().submit(self._placed, function, *args, **options)

    def _placed(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        """The result; from its second call on, a worker computes on its cores.

        In the first, libraries may start threads of their own, which are bound to the cores of the thread that starts
        them.
        """
        calls = self._worker.calls = getattr(self._worker, "calls", 0) + 1
        if calls == 2:
            with suppress(StopIteration, *_NO_CHOICE):  # or more threads than cores
                os.sched_setaffinity(0, next(self._free))
        return function(*args, **options)


def _shares(n: int) -> list[list[int]]:
    """The cores of this process, divided among n threads; none if there are too few, or the system does not tell."""
    cores: list[int] = []
    with suppress(*_NO_CHOICE):
        cores = sorted(os.sched_getaffinity(os.getpid()))
    return [cores[i::n] for i in range(n)] if n <= len(cores) else []

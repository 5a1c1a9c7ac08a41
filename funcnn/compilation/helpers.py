"""Threads that help with the shards of a kernel."""

from __future__ import annotations

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

from funcnn.compilation.sharing import HELPERS


def run(functions: Any, memory: Any) -> None:
    """Take the steps that the arguments in this memory describe.

    Each idle helper is started. The caller does not wait for it.
    """
    if memory.helpers:
        _start(functions, memory)
    functions.fold(memory.arguments, _yield())


def _start(functions: Any, memory: Any) -> None:
    process = os.getpid()
    is_forked, memory.process = memory.process != process, process  # it has threads of its own
    for i, is_at_work in enumerate(memory.helpers):
        if is_forked or not is_at_work:
            memory.helpers[i] = 1
            _pool(process).submit(_help, functions, memory, i, _core())


def _core() -> int:
    """The core of this thread, or -1 where the system does not say it or a process may not choose its cores."""
    can_move = hasattr(os, "sched_setaffinity") and hasattr(_system(), "sched_getcpu")
    return _system().sched_getcpu() if can_move else -1


def _help(functions: Any, memory: Any, i: int, core: int) -> None:
    _leave(core)
    functions.help(memory.arguments, memory.tiles[i + 1], memory.arguments + 8 * (HELPERS + i), _yield())


def _leave(core: int) -> None:
    """Move this thread to another core than the caller's, if there is one.

    Linux may wake a thread on the core of the thread that wakes it, and move it to an idle core after many steps.
    """
    with suppress(OSError):  # where a process may not choose its cores
        # Not the cores of this thread, which are those of the thread that started it: perhaps one of `threads(n)`.
        cores = os.sched_getaffinity(os.getpid()) if core >= 0 else set()
        if others := cores - {core}:
            os.sched_setaffinity(0, others)
            os.sched_setaffinity(0, cores)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The helper threads of this process."""
    return ThreadPoolExecutor(os.cpu_count(), "funcnn-compiled")


@cache
def _yield() -> int:
    """The address of the function of the system that lets another thread have this core."""
    function = _system().SwitchToThread if sys.platform == "win32" else _system().sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@cache
def _system() -> Any:
    """The functions of the system, loaded where a kernel runs: WebAssembly has no library that could be loaded."""
    return (
        ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]  # only Windows has it
        if sys.platform == "win32"
        else ctypes.CDLL(None)
    )

"""Threads that share the shards of a kernel: the text of the functions by which they do so, and the helper threads."""

from __future__ import annotations

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

# The arguments of `fold`, a word each at the start of a block: pointers, then whole numbers. %XS and %YS are the
# addresses of the batches of `steps` steps, %bounds those of %count shards; %X, %Y and the list of calls at %round are
# what is computed now, and %Z is where the rows of an output are written. If %U is not null, it is the function that
# updates the parameters: it reads the vector at %M and writes the one at %N, %E is its table of constant panels, and %W
# has `width` constants for each step.
ARGUMENTS = (
    *("C", "V", "A", "G", "R", "XS", "YS", "bounds", "out", "X", "Y", "Z", "round", "count", "steps"),
    *("U", "M", "N", "E", "W", "width"),
)
# Words that threads change, in lines of the cache that hold nothing else: the number of the next shard, whether `fold`
# is running, the number of shards that are done; and from HELPERS on, whether each helper is at work.
NEXT, RUNNING, DONE, HELPERS = 24, 25, 32, 40
POLLS = 1000  # of an idle helper, one after another: a fraction of a millisecond


def load(name: str) -> str:
    """The statement that reads an argument from the block."""
    kind = "i64" if name in {"count", "steps", "width"} else "ptr"
    place = f"getelementptr inbounds i64, ptr %block, i64 {ARGUMENTS.index(name)}"
    return f"%{name}.at = {place}\n  %{name} = load {kind}, ptr %{name}.at"


def word(name: str, i: int) -> str:
    """The statement that gives the address of word i of the block a name."""
    return f"%{name} = getelementptr inbounds i64, ptr %block, i64 {i}"


def functions(length: int, of: str) -> list[str]:
    """`share`, `work` and `help` as text; the sums of a shard are `length` numbers of type `of`.

    The caller of `share` opens a round: it sets the number of the next shard to 0. A thread takes a shard by adding 1
    to that number. It computes the shard with the number that it read, and then adds 1 to the number of shards that are
    done. So a thread may start late, or never. The caller waits only for shards that other threads have taken.

    A helper runs `help`: it takes shards of the open round, and returns after POLLS polls without work while `fold` is
    not running. So the system need not wake it for each step, which would take as long as a shard.
    """
    pointers = ", ".join([f"ptr %{name}" for name in ("C", "V", "A", "sums", "R", "X", "Y", "Z")])
    loads = [load(name) for name in ("C", "V", "G", "R", "X", "Y", "Z", "bounds", "round")]
    loaded = "\n  ".join(loads)
    work = f"""
define internal void @work(ptr %block, ptr %A) nounwind {{
  {word("next", NEXT)}
  {word("done", DONE)}
  {load("count")}
  br label %look
look:
  %seen = load atomic i64, ptr %next monotonic, align 8
  %is_open = icmp ult i64 %seen, %count
  br i1 %is_open, label %take, label %end
take:
  %i = atomicrmw add ptr %next, i64 1 acq_rel
  %is_mine = icmp ult i64 %i, %count
  br i1 %is_mine, label %compute, label %end
compute:
  {loaded}
  %first = mul nuw nsw i64 %i, {length}
  %sums = getelementptr inbounds {of}, ptr %G, i64 %first
  %bound = getelementptr inbounds i64, ptr %bounds, i64 %i
  %low = load i64, ptr %bound
  %after = getelementptr inbounds i64, ptr %bound, i64 1
  %high = load i64, ptr %after
  call void @shards(ptr %round, {pointers}, i64 %low, i64 %high)
  %before = atomicrmw add ptr %done, i64 1 release
  br label %look
end:
  ret void
}}"""
    share = f"""
define internal void @share(ptr %block, ptr %yield) nounwind {{
  {word("next", NEXT)}
  {word("done", DONE)}
  {load("count")}
  {load("A")}
  store atomic i64 0, ptr %done monotonic, align 8
  store atomic i64 0, ptr %next release, align 8
  call void @work(ptr %block, ptr %A)
  br label %look
look:
  %told = load atomic i64, ptr %done acquire, align 8
  %is_done = icmp eq i64 %told, %count
  br i1 %is_done, label %end, label %rest
rest:
  call void %yield()
  br label %look
end:
  ret void
}}"""
    help_ = f"""
define void @help(ptr %block, ptr %A, ptr %is_at_work, ptr %yield) nounwind {{
entry:
  {word("next", NEXT)}
  {word("running", RUNNING)}
  {load("count")}
  br label %look
look:
  %looks = phi i64 [ 0, %entry ], [ 0, %some ], [ %more, %rest ]
  %seen = load atomic i64, ptr %next monotonic, align 8
  %is_open = icmp ult i64 %seen, %count
  br i1 %is_open, label %some, label %rest
some:
  call void @work(ptr %block, ptr %A)
  br label %look
rest:
  call void %yield()
  %is_running = load atomic i64, ptr %running monotonic, align 8
  %again = icmp ne i64 %is_running, 0
  %one_more = add nuw nsw i64 %looks, 1
  %more = select i1 %again, i64 0, i64 %one_more
  %is_patient = icmp ult i64 %more, {POLLS}
  br i1 %is_patient, label %look, label %end
end:
  store atomic i64 0, ptr %is_at_work release, align 8
  ret void
}}"""
    return [work, share, help_]


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

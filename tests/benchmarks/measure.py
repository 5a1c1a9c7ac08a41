"""Measurement of rows, each in a process that is pinned to the cores of its row."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from tests.benchmarks.families import ROWS, Times

BUSY = 0.1  # of the processor: if other programs use more, a wall clock measures them too
# The libraries choose their number of threads by the cores that a process may use.
THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]


def measured(names: list[str], repeats: int, *, one_process: bool) -> dict[str, Times]:
    """The times of each row in a process of its own, or in one process, which saves the time of imports."""
    one, found = [name for name in names if ROWS[name].cores == 1], {}
    several = [[name] for name in names if ROWS[name].cores > 1]
    for some in [*several, *([one] if one_process else [[name] for name in one])]:
        with pinned(max([ROWS[name].cores for name in some], default=1)), new_process() as process:
            for name in some:
                print(f"{name} ...", file=sys.stderr)  # noqa: T201  to show that it goes on
                found[name] = process.submit(ROWS[name].times_of, name, repeats).result()
    return {name: found[name] for name in names}


@contextmanager
def pinned(cores: int) -> Iterator[None]:
    """This process, and those that it starts, to so many cores; on Linux alone."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    for name in THREADS:
        os.environ.pop(name, None)
    if before:
        os.sched_setaffinity(0, sorted(before)[:cores])
    yield
    if before:
        os.sched_setaffinity(0, before)


def new_process() -> ProcessPoolExecutor:
    """Whose NumPy has a thread for each core that it may use, since it is imported there."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))

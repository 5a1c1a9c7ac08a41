"""The schedule of a hunt: targets share the time fairly, and workers take one target after another."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

from funcnn.arrays import counted
from funcnn.testing.hunt.example import ExampleOutcome, outcomes_of
from funcnn.testing.hunt.findings import State
from funcnn.testing.hunt.output import new_file, printed_outcomes, read, redirect
from funcnn.testing.hunt.target import CRASHED, HUNG, load_spec

SAVED_EVERY = 5.0  # chosen: seconds; a state of 7,000 functions takes 0.05 s to write


class TargetPlace(NamedTuple):
    """Where a target is: the path of its spec, and its name there."""

    path: str
    name: str


class ThisProcess:
    """A worker without a process of its own: a crash ends the hunt, and a function that hangs is waited for."""

    def outcomes(self, place: TargetPlace, seed: int, most: int, i: int) -> list[ExampleOutcome] | None:
        """The outcomes of an example; see `outcomes_of`."""
        return outcomes_of(*place, seed, most, i)

    def close(self) -> None:
        """There is nothing to close."""


class Worker(ThisProcess):
    """A process for the targets of one spec. After a crash, after a hang and for another spec there is a new one."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.printed = new_file()
        self.executor: ProcessPoolExecutor | None = None
        self.path = ""
        self.pid = 0

    def outcomes(self, place: TargetPlace, seed: int, most: int, i: int) -> list[ExampleOutcome] | None:
        """The outcomes of an example; see `outcomes_of`."""
        if self.path != place.path:
            self.end()
        if self.executor is None:
            self.path = place.path
            self.executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn")
            )  # libraries with threads do not fork
            self.pid = self.executor.submit(_begin, self.path, self.printed).result()
        future = self.executor.submit(printed_outcomes, self.printed, *place, seed, most, i)
        try:
            return future.result(self.patience)
        except TimeoutError:
            os.kill(self.pid, signal.SIGTERM)
            outcome = ExampleOutcome(HUNG, f"example {i}: no result after {self.patience:g} s")
        except BrokenProcessPool:
            outcome = ExampleOutcome(CRASHED, f"example {i}: the process that checked it ended")
        self.end()
        return [outcome._replace(output=read(self.printed))]

    def end(self) -> None:
        """End the process."""
        if self.executor is not None:
            self.executor.shutdown()
            self.executor = None

    def close(self) -> None:
        """End the process, and remove the file of its output."""
        self.end()
        self.printed.unlink()


def _begin(path: str, printed: Path) -> int:
    """Import the libraries, so that the first example does not wait for them; the result is the id of the process."""
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()
    redirect(printed)
    load_spec(path)
    return os.getpid()


def _end_after(parent: Any) -> None:
    """End this process when the process that started it has ended; it may have been killed."""
    if parent is not None:
        parent.join()
        os._exit(1)


def run(
    state: State,
    places: Mapping[str, TargetPlace],
    workers: Sequence[ThisProcess],
    seconds: float,
    show: Callable[[str], None],
) -> None:
    """Check examples of the named targets until all are checked, or `seconds` have passed. The state is saved.

    In each round, a target gets one example, and then an equal share of the time that the first examples of the others
    leave, if they take as long as those before; an undecided one gets more, see `TargetResult.undecided`. What some
    targets do not need is shared by the others, in the same round or in the next one.
    """
    end = time.monotonic() + seconds
    try:
        with ThreadPoolExecutor(len(workers)) as threads:
            try:
                while waiting := [name for name in places if not state.results[name].complete]:
                    _round(state, {name: places[name] for name in waiting}, workers, threads, end, show)
                    if time.monotonic() >= end:
                        break
            finally:
                for worker in workers:
                    threads.submit(worker.close)
    finally:
        state.save()


def _round(
    state: State,
    places: Mapping[str, TargetPlace],
    workers: Sequence[ThisProcess],
    threads: ThreadPoolExecutor,
    end: float,
    show: Callable[[str], None],
) -> None:
    lock, stopped, waiting, firsts, saved = Lock(), Event(), {*places}, 0.0, time.monotonic()
    free: SimpleQueue[ThisProcess] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def serve(name: str) -> None:
        nonlocal firsts, saved
        if stopped.is_set():
            return
        result, worker, until = state.results[name], free.get(), None
        begun = time.monotonic()
        try:
            while until is None or not (
                result.complete or stopped.is_set() or time.monotonic() >= (end if result.undecided else until)
            ):
                outcomes = worker.outcomes(places[name], state.seed, state.most, result.examples)
                with lock:
                    result.add(outcomes, state.most)
                    if until is None:  # the first example may have waited for the start of a process
                        now = time.monotonic()
                        firsts += now - begun
                        waiting.remove(name)
                        reserved = firsts / (len(places) - len(waiting)) * len(waiting)
                        left = max((end - now) * len(workers) - reserved, 0)
                        until = now + left / max(len(waiting) + 1, len(workers))
        except BaseException:
            stopped.set()
            raise
        finally:
            free.put(worker)
        with lock:
            if time.monotonic() >= saved + SAVED_EVERY:
                state.save()
                saved = time.monotonic()
            show(
                f"{name}: {counted(result.examples, 'example')}{', ' + ', '.join(result.found) if result.found else ''}"
            )

    try:
        for future in [threads.submit(serve, name) for name in places]:
            future.result()
    finally:
        stopped.set()

"""The schedule of a hunt: targets share the time fairly, and workers take one target after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event, Lock

from funcnn.arrays import counted
from funcnn.testing.hunt.state import State
from funcnn.testing.hunt.worker import TargetPlace, ThisProcess


def run(
    state: State,
    places: Mapping[str, TargetPlace],
    workers: Sequence[ThisProcess],
    seconds: float,
    show: Callable[[str], None],
) -> None:
    """Check examples of the named targets until all are checked, or `seconds` have passed. The state is saved.

    In each round, a target gets one example, and then an equal share of the time that is left. What some targets do not
    need is shared by the others, in the same round or in the next one.
    """
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(len(workers)) as threads:
        try:
            while waiting := [name for name in places if not state.results[name].complete]:
                _round(state, {name: places[name] for name in waiting}, workers, threads, end, show)
                if time.monotonic() >= end:
                    break
        finally:
            for worker in workers:
                threads.submit(worker.close)


def _round(
    state: State,
    places: Mapping[str, TargetPlace],
    workers: Sequence[ThisProcess],
    threads: ThreadPoolExecutor,
    end: float,
    show: Callable[[str], None],
) -> None:
    lock, stopped, waiting = Lock(), Event(), {*places}
    free: SimpleQueue[ThisProcess] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def serve(name: str) -> None:
        if stopped.is_set():
            return
        result, worker, until = state.results[name], free.get(), None
        try:
            while until is None or not (result.complete or stopped.is_set() or time.monotonic() >= until):
                outcomes = worker.outcomes(places[name], state.seed, state.most, result.examples)
                with lock:
                    result.add(outcomes, state.most)
                    if until is None:  # the first example may have waited for the start of a process
                        now = time.monotonic()
                        until = now + max(end - now, 0) * len(workers) / max(len(waiting), len(workers))
                        waiting.remove(name)
        except BaseException:
            stopped.set()
            raise
        finally:
            free.put(worker)
        with lock:
            state.save()
            show(
                f"{name}: {counted(result.examples, 'example')}{', ' + ', '.join(result.found) if result.found else ''}"
            )

    try:
        for future in [threads.submit(serve, name) for name in places]:
            future.result()
    finally:
        stopped.set()

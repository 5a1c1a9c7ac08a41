"""The schedule of a hunt: targets share the time fairly, and workers take one target after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event, Lock

from funcnn.testing.hunt.state import Result, State
from funcnn.testing.hunt.worker import ThisProcess


def run(
    state: State, names: Sequence[str], workers: Sequence[ThisProcess], seconds: float, show: Callable[[str], None]
) -> None:
    """Check examples of the named targets until all are checked, or `seconds` have passed. The state is saved.

    Each target gets the same share of the time that is left when it begins, and at least one example. A target that
    needs less than its share leaves the rest to the others. Targets with the fewest examples so far come first.
    """
    end, lock, stopped = time.monotonic() + seconds, Lock(), Event()
    results = {name: state.results.setdefault(name, Result()) for name in names}
    waiting = sorted([name for name, result in results.items() if not result.complete], key=_done_of(results))
    free: SimpleQueue[ThisProcess] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def serve(name: str) -> None:
        if stopped.is_set():
            return
        result, worker = results[name], free.get()
        with lock:
            now = time.monotonic()
            until = now + max(end - now, 0) * len(workers) / max(len(waiting), len(workers))
            waiting.remove(name)
        try:
            while True:
                outcome = worker.check(name, state.seed, state.most, result.examples)
                with lock:
                    result.add(outcome, state.most)
                if result.complete or stopped.is_set() or time.monotonic() >= until:
                    break
        except BaseException:
            stopped.set()
            raise
        finally:
            free.put(worker)
        with lock:
            state.save()
            show(f"{name}: {result.examples} examples{', ' + ', '.join(result.found) if result.found else ''}")

    with ThreadPoolExecutor(len(workers)) as threads:
        try:
            for future in [threads.submit(serve, name) for name in list(waiting)]:
                future.result()
        finally:
            stopped.set()
            for worker in workers:
                threads.submit(worker.close)


def _done_of(results: dict[str, Result]) -> Callable[[str], int]:
    return lambda name: results[name].examples

"""Workers of a hunt: processes that check examples, one after another."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, NamedTuple

from funcnn.testing.hunt.example import ExampleOutcome, outcomes_of
from funcnn.testing.hunt.spec import load_spec
from funcnn.testing.hunt.target import CRASHED, HUNG


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
        self.executor: ProcessPoolExecutor | None = None
        self.path = ""
        self.pid = 0

    def outcomes(self, place: TargetPlace, seed: int, most: int, i: int) -> list[ExampleOutcome] | None:
        """The outcomes of an example; see `outcomes_of`."""
        if self.path != place.path:
            self.close()
        if self.executor is None:
            self.path = place.path
            self.executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn")
            )  # libraries with threads do not fork
            self.pid = self.executor.submit(_begin, self.path).result()
        future = self.executor.submit(outcomes_of, *place, seed, most, i)
        try:
            return future.result(self.patience)
        except TimeoutError:
            os.kill(self.pid, signal.SIGTERM)
            outcome = ExampleOutcome(HUNG, f"example {i}: no result after {self.patience:g} s")
        except BrokenProcessPool:
            outcome = ExampleOutcome(CRASHED, f"example {i}: the process that checked it ended")
        self.close()
        return [outcome]

    def close(self) -> None:
        """End the process."""
        if self.executor is not None:
            self.executor.shutdown()
            self.executor = None


def _begin(path: str) -> int:
    """Import the libraries, so that the first example does not wait for them; the result is the id of the process."""
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()
    load_spec(path)
    return os.getpid()


def _end_after(parent: Any) -> None:
    """End this process when the process that started it has ended; it may have been killed."""
    if parent is not None:
        parent.join()
        os._exit(1)

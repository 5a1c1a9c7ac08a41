"""Workers of a hunt: processes that check examples, one after another."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

from funcnn.testing.hunt.example import Outcome, check_example
from funcnn.testing.hunt.spec import load_spec
from funcnn.testing.hunt.target import CRASHED, HUNG


class ThisProcess:
    """A worker without a process of its own: a crash ends the hunt, and a function that hangs is waited for."""

    def __init__(self, path: str, patience: float) -> None:  # noqa: D107  the class says it
        self.path = path

    def check(self, name: str, seed: int, most: int, i: int) -> Outcome | None:
        """The outcome of an example; see `check_example`."""
        return check_example(self.path, name, seed, most, i)

    def close(self) -> None:
        """There is nothing to close."""


class Worker(ThisProcess):
    """A process. If it ends or hangs, this is the outcome, and the next example gets a new process."""

    def __init__(self, path: str, patience: float) -> None:  # noqa: D107  the class says it
        super().__init__(path, patience)
        self.patience = patience
        self.executor: ProcessPoolExecutor | None = None
        self.pid = 0

    def check(self, name: str, seed: int, most: int, i: int) -> Outcome | None:
        """The outcome of an example; see `check_example`."""
        if self.executor is None:
            self.executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn")
            )  # libraries with threads do not fork
            self.pid = self.executor.submit(_begin, self.path).result()
        future = self.executor.submit(check_example, self.path, name, seed, most, i)
        try:
            return future.result(self.patience)
        except TimeoutError:
            os.kill(self.pid, signal.SIGTERM)
            outcome = Outcome(HUNG, f"example {i}: no result after {self.patience:g} s")
        except BrokenProcessPool:
            outcome = Outcome(CRASHED, f"example {i}: the process that checked it ended")
        self.close()
        return outcome

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

"""The end of worker processes whose parent was killed."""

from __future__ import annotations

import os
from functools import lru_cache
from threading import Thread
from time import sleep
from typing import Any


def end_with_parent() -> None:
    """Let this worker process end when the process that started it has ended, in any way.

    A process that is killed, by SIGKILL or by SIGTERM, cannot end its workers: those of `ProcessPoolExecutor` and loky
    would stay and keep their memory. The workers of `sharded` call this function in their first task. For other work,
    and for workers that may have no task, give it to the executor as its `initializer`. In a process that
    multiprocessing or loky did not start, it has no effect.

    >>> from functools import partial
    >>> from concurrent.futures import ProcessPoolExecutor
    >>> from funcnn.parallel import end_with_parent
    >>> executor = partial(ProcessPoolExecutor, 4, initializer=end_with_parent)
    """
    _watch(os.getpid())


@lru_cache(1)
def _watch(_: int) -> None:
    """Begin to wait in a thread, once in each process: a thread does not go on in a process that is forked."""
    from multiprocessing import parent_process  # noqa: PLC0415  a Python for WebAssembly does not have it

    if (parent := parent_process()) is not None:
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: Any) -> None:
    if os.name == "posix" and os.getppid() == parent.pid:
        while os.getppid() == parent.pid:  # not join: workers that were forked later hold its pipe open, loky has none
            sleep(1)
    else:  # Windows, or a forkserver
        parent.join()
    os._exit(1)

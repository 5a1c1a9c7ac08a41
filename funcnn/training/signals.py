"""The end of a run at a signal of the system."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from typing import Annotated, Any, TypeVar

from funcnn.arrays import kind
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.fields import is_whole
from funcnn.files.ended import ENDED
from funcnn.needs import passing
from funcnn.training.loop import TrainState
from funcnn.training.runs import Run, states_of

S = TypeVar("S", bound=TrainState[Any])


def _check_signal(function: str, argument: str, number: Any) -> None:
    if not is_whole(number):
        raise KindError(f"{function}: {argument} must be a signal, such as signal.SIGTERM, not {kind(number)}")
    if number not in signal.valid_signals():
        raise RangeError(f"{function}: {argument} must be a signal of this system, not {number}")
    for name in ("SIGKILL", "SIGSTOP"):
        if number == getattr(signal, name, None):  # Windows has neither
            raise RangeError(f"{function}: {argument} must be a signal that a program can handle, not {name}")


Signal = Annotated[int, passing("a signal, such as signal.SIGTERM", _check_signal)]


@checked
def until_signal(run: Run[S], number: Signal = signal.SIGTERM) -> Iterator[S]:
    """The states until the signal comes: the state of the step that is being computed then is the last one.

    So what follows the loop is done, and `checkpoint_every(until_signal(run), ...)` saves the last state. Slurm and
    Kubernetes send SIGTERM some time before they kill a job. While the loop reads states, the signal has no other
    effect, however often it comes; after the loop, the handler from before is in place again. To learn whether the run
    is complete, compare `state.step` with the number of batches. `memoize` does not keep a result in which a signal
    ended a run.

    >>> import signal
    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> from funcnn.training import until_signal
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 100, value_and_grad(mse), 0.1)
    >>> for state in until_signal(run):
    ...     if state.step == 3:
    ...         signal.raise_signal(signal.SIGTERM)
    >>> state.step
    3

    Raises:
        KindError: `number` is not a whole number.
        RangeError: `number` is not a signal of this system, or one that no program can handle; or the states are read
            in another thread than the main thread.
    """
    return _until_signal(run, number)


def _until_signal(run: Run[S], number: int) -> Iterator[S]:
    with states_of("until_signal", "run", run) as states, _received(number) as received:
        for now in states:
            yield now
            if received:
                ENDED.append(number)
                return


@contextmanager
def _received(number: int) -> Iterator[list[int]]:
    """A list to which the signal is added each time that it comes."""
    if threading.current_thread() is not threading.main_thread():
        thread = threading.current_thread().name
        raise RangeError(f"until_signal: run must be read in the main thread, where signals arrive, not in {thread}")
    received: list[int] = []
    process = getpid()

    def receive(*_: Any) -> None:
        received.append(number)
        if getpid() != process:  # a worker that was forked, which its executor ends by SIGTERM
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    before = signal.signal(number, receive)
    try:
        yield received
    finally:
        signal.signal(number, before or signal.SIG_DFL)  # None: the handler is not one of Python

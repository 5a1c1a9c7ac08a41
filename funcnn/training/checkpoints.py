"""Checkpoints of a run in a file."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any, TypeVar

from funcnn.checked import checked
from funcnn.errors import RangeError
from funcnn.files.places import Place, as_place
from funcnn.files.store import save
from funcnn.needs import Count, Positive
from funcnn.training.finite import as_finite_state
from funcnn.training.loop import TrainState
from funcnn.training.runs import Run, states_of

S = TypeVar("S", bound=TrainState[Any])


@checked
def checkpoint_every(
    run: Run[S], path: Place, *, steps: Count | None = None, seconds: Positive | None = None
) -> Iterator[S]:
    """The states of a run. Each state that is due is saved at `path` before it is given, and the last state at the end.

    A state is due if `steps` divides its step, or if it is the first after `seconds` seconds without a save. A state
    that is due and not finite is an error, and the file keeps the state that was saved last. If the loop is left by
    `break` or by an error, the file holds the last state that was due, since a later save could overwrite the states of
    another run.

    Put `checkpoint_every` around all other functions of the run: around `early_stopping` it saves the best state and
    the state at which the run stops, and around `history_so_far` the table. Inside of them its file would have neither,
    so `best_so_far`, `early_stopping` and `history_so_far` refuse a run that it saves.

    >>> import os, tempfile
    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, checkpoint_every, load, mse, train, value_and_grad
    >>> one = np.ones((1, 1))
    >>> data = [(one, 0 * one)] * 25
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.npz")
    ...     run = train(TrainState(Dense(one, None)), data, value_and_grad(mse), 0.1)
    ...     for state in checkpoint_every(run, path, steps=10):
    ...         pass
    ...     load(path) == state
    True

    Raises:
        RangeError: not exactly one of `steps` and `seconds` is given.
        NotFiniteError: a state that is due has a parameter, a state or a memory of the optimizer that is not finite.
        FileError: `path` is a folder. Also any error of `save`.
    """
    as_place("checkpoint_every", path)
    if (steps is None) is (seconds is None):
        raise RangeError(
            f"checkpoint_every: exactly one of steps and seconds must be given; steps: {steps}, seconds: {seconds}"
        )
    return _checkpoint_every(run, path, steps, seconds)


def _checkpoint_every(run: Run[S], path: Any, steps: int | None, seconds: float | None) -> Iterator[S]:
    now, saved, at = None, None, monotonic()
    with states_of("checkpoint_every", "run", run) as states:
        for now in states:
            if now.step % steps == 0 if steps else monotonic() - at >= (seconds or 0):
                save(path, as_finite_state("checkpoint_every", now))
                saved, at = now, monotonic()
            yield now
    if now is not saved:
        save(path, as_finite_state("checkpoint_every", now))

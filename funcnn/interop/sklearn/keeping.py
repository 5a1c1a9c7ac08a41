"""Fits that end early: their file in a folder, from which the same fit goes on, and the warning after Ctrl-C."""

from __future__ import annotations

import warnings
from pathlib import Path
from time import monotonic
from traceback import walk_stack
from typing import Any

import attrs
from sklearn.exceptions import ConvergenceWarning

from funcnn.errors import NoFileError
from funcnn.files.memo import as_folder, code_of
from funcnn.files.store import load, save
from funcnn.training.finite import as_finite_state
from funcnn.training.loop import TrainState

SHARE = 10  # a save is due after this many times the seconds that the last one took, so saves take a tenth of a fit
_SETTINGS = ("loss", "lr", "batch_size", "patience", "tol", "scoring")  # the others make the start and the rows
_TASKS = {"joblib.parallel", "sklearn.utils.parallel"}

Done = tuple[TrainState[Any], tuple[float, ...], tuple[float, ...]]
"""The state after some whole epochs of a fit, the mean cost of each epoch, and the scores of the rows held out."""


@attrs.define(eq=False)
class Keeper:
    """What a fit has done, kept in a file; without a path, nothing is kept."""

    function: str
    path: Path | None
    due: float = 0.0

    def found(self, start: TrainState[Any]) -> Done:
        """What the same fit had done when it ended; the start if there is no file."""
        try:
            done: Done = load(self.path) if self.path else (start, (), ())
        except NoFileError:
            return start, (), ()
        return done

    @property
    def is_due(self) -> bool:
        """Whether a fit that goes on should save what it has done."""
        return self.path is not None and monotonic() >= self.due

    def save(self, done: Done) -> None:
        """Save what is done. A process that is killed, and another one that saves, leave the file whole."""
        if self.path is not None:
            begin = monotonic()
            save(self.path, (as_finite_state(self.function, done[0]), *done[1:]))
            self.due = monotonic() + SHARE * (monotonic() - begin)


def keeper(function: str, estimator: Any, *determines: Any) -> Keeper:
    """The keeper of a fit: the name of its file has a hash of the settings and of the values that determine the fit."""
    if estimator.memory is None:
        return Keeper(function, None)
    where = as_folder(function, "memory", estimator.memory)
    settings = [code_of(f"{function}: {name}", getattr(estimator, name)) for name in _SETTINGS]
    return Keeper(function, where / f"fit-{code_of(f'{function}: network', settings, *determines)}.npz")


def is_one_of_several() -> bool:
    """Whether joblib runs this fit among others, as in a search or an ensemble, which Ctrl-C must end as a whole."""
    return any([frame.f_globals.get("__name__") in _TASKS for frame, _ in walk_stack(None)])


def warn_of_interruption(function: str, epochs: int, of: int) -> None:
    """Say that Ctrl-C ended a fit."""
    after = f"interrupted after {epochs} of {of} epochs; the steps of the epoch that had begun are left out"
    warnings.warn(f"{function}: {after}", ConvergenceWarning, stacklevel=6)

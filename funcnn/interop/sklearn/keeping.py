"""Fits that end early: their file in a folder, from which the same fit goes on, and the warning after Ctrl-C."""

from __future__ import annotations

import warnings
from inspect import currentframe
from pathlib import Path
from time import monotonic
from traceback import walk_stack
from typing import Any

import attrs
from sklearn.exceptions import ConvergenceWarning

from funcnn.errors import FileError, FuncnnError, KindError, NoFileError
from funcnn.files.memo import as_folder, code_of
from funcnn.files.places import check_writable
from funcnn.files.store import encoded, load, save
from funcnn.training.finite import as_finite_state
from funcnn.training.loop import TrainState

SHARE = 10  # a save is due after this many times the seconds that the last one took, so saves take a tenth of a fit
_SETTINGS = ("loss", "lr", "batch_size", "patience", "tol", "scoring")  # the others make the start and the rows
_HIDDEN = {"memory", "verbose"}  # settings that a scorer does not need
_ONE = {"sklearn.base", "sklearn.pipeline", "sklearn.compose._target"}  # what fits one estimator and does not go on

Done = tuple[TrainState[Any], tuple[float, ...], tuple[float, ...]]
"""The state after some whole epochs of a fit, the mean cost of each epoch, and the scores of the rows held out."""


@attrs.define(eq=False)
class Keeper:
    """What a fit has done, kept in a file; without a path, nothing is kept."""

    function: str
    path: Path | None
    due: float = 0.0

    def found(self, start: TrainState[Any]) -> Done:
        """What the same fit had done when it ended; the start if there is no file of this fit."""
        if self.path is None:
            return start, (), ()
        reason: Any = "it holds another value"
        try:
            match load(self.path):
                case (str(code), state, costs, scores) if code == self.path.stem:
                    return state, costs, scores
        except NoFileError:
            check_writable(self.function, self.path)
            return start, (), ()
        except FuncnnError as error:
            reason = error
        warn(f"{self.function}: {self.path} is not a file of this fit, which begins anew and replaces it; {reason}")
        return start, (), ()

    @property
    def is_due(self) -> bool:
        """Whether a fit that goes on should save what it has done."""
        return self.path is not None and monotonic() >= self.due

    def save(self, done: Done) -> None:
        """Save what is done. A process that is killed, and another one that saves, leave the file whole."""
        if self.path is not None:
            begin = monotonic()
            try:
                save(self.path, (self.path.stem, as_finite_state(self.function, done[0]), *done[1:]))
            except FileError as error:  # of a full disk, or of a folder that was deleted
                self.path = None
                warn(f"{self.function}: the fit goes on without memory; {error}")
            self.due = monotonic() + SHARE * (monotonic() - begin)


def keeper(function: str, estimator: Any, start: TrainState[Any], scored: Any, *determines: Any) -> Keeper:
    """The keeper of a fit: the name of its file has a hash of the settings and of the values that determine the fit.

    `scored` are the rows that a scorer is given with the estimator, whose class and settings count then; or None.
    """
    if estimator.memory is None:
        return Keeper(function, None)
    where = as_folder(function, "memory", estimator.memory)
    try:
        encoded(start)
    except FuncnnError as error:
        raise KindError(
            f"{function}: memory must be None for a network or optimizer that no file takes; {error}"
        ) from error
    values = [code_of(f"{function}: {name}", getattr(estimator, name)) for name in _SETTINGS]
    if scored is not None:
        settings = {name: value for name, value in estimator.get_params(deep=False).items() if name not in _HIDDEN}
        values.append(code_of(f"{function}: scoring", type(estimator), settings, scored))
    return Keeper(function, where / f"fit-{code_of(f'{function}: network', values, start, *determines)}.npz")


def is_one_of_several() -> bool:
    """Whether scikit-learn or joblib runs this fit and may go on after it, as a search does: Ctrl-C must end both."""
    names = [name for name in _callers() if name.partition(".")[0] in {"joblib", "sklearn"}]
    return not _ONE.issuperset(names)


def warn(text: str, category: type[Warning] = RuntimeWarning) -> None:
    """A warning at the line that called the estimator."""
    level = next((i for i, name in enumerate(_callers(), 1) if not name.startswith("funcnn.")), 1)
    warnings.warn(text, category, stacklevel=level)


def _callers() -> list[str]:
    """The modules of the frames of the caller, of its caller, and so on."""
    return [str(frame.f_globals.get("__name__")) for frame, _ in walk_stack(currentframe())][1:]


def warn_of_interruption(function: str, epochs: int, of: int) -> None:
    """Say that Ctrl-C ended a fit."""
    after = f"interrupted after {epochs} of {of} epochs; the steps of the epoch that had begun are left out"
    warn(f"{function}: {after}", ConvergenceWarning)

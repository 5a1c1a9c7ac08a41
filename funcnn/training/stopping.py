"""When a run ends: at a state that will do, before a NaN, or when nothing has got better for long enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

from funcnn.arrays import kind, short
from funcnn.errors import KindError
from funcnn.fields import as_count
from funcnn.records import record, state
from funcnn.training.loop import NotFiniteError, TrainState
from funcnn.training.runs import Run, states_of

P = TypeVar("P")
S = TypeVar("S", bound=TrainState[Any])


def until(run: Run[S], done: Callable[[S], bool]) -> Iterator[S]:
    """The states up to the first for which `done(state)` holds, that one included.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, until, value_and_grad
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 100, value_and_grad(mse), 0.25)
    >>> [state.cost for state in until(run, lambda state: state.cost < 0.1)]
    [1.0, 0.25, 0.0625]

    Raises:
        KindError: `run` gives no TrainStates.
    """
    with closing(states_of(run, "until")) as states:
        for now in states:
            yield now
            if done(now):
                return


def while_finite(run: Run[S]) -> Iterator[S]:
    """The states for as long as their costs are finite: the run ends where `train` would raise a NotFiniteError.

    So what was seen on the way to a NaN is not lost: `history(while_finite(train(...)))` shows how the cost rose, and
    `bisect_nan` looks into `keep(while_finite(train(...)))`. The parameters of the last state may be those that made
    the next cost infinite.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad, while_finite
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 100, value_and_grad(mse), 500.5)
    >>> with np.errstate(over="ignore"):
    ...     *_, last = while_finite(run)
    >>> last.step, float(f"{last.cost:.3g}")
    (52, 1e+306)

    Raises:
        KindError: `run` gives no TrainStates.
    """
    with closing(states_of(run, "while_finite")) as states:
        try:
            yield from states
        except NotFiniteError:
            return


@record
class WithBest(TrainState[P]):
    """A TrainState, and the best one up to it: what `best_so_far` and `early_stopping` give.

    `best` is a TrainState, None while there was no score. `waited` counts the scores since then, none of which was
    better.
    """

    best: Any = state(default=None)
    waited: int = state(default=0)


def best_so_far(
    run: Run[TrainState[P]],
    score: Callable[[TrainState[P]], Any],
    *,
    every: int = 1,
    start: TrainState[P] | None = None,
) -> Iterator[WithBest[P]]:
    """The states, each with the one of the lowest score up to it as its `best`.

    The score is a cost, of which lower is better: `validation(mse, x, y)`; of an accuracy, take the negative. Scores
    are taken at each step that `every` divides. A NaN or an infinity is never the best; of equals it is the first. To
    resume, say from which state: `start` brings the best before it.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, best_so_far, mse, train, value_and_grad
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 4, value_and_grad(mse), 0.75)
    >>> *_, last = best_so_far(run, lambda state: (state.params.W.item() + 0.2) ** 2)
    >>> last.step, last.best.step, last.best.params
    (4, 3, Dense(W=<f64 [[-0.125]]>, b=None))

    Raises:
        KindError: `run` gives no TrainStates, `start` is none, the score is no number, or `every` no whole one.
        RangeError: `every` is less than 1.
    """
    every = as_count("best_so_far", every, "every")
    if start is not None and not isinstance(start, TrainState):
        raise KindError(f"best_so_far: start must be the TrainState from which the run resumes, not {kind(start)}")
    return _best_so_far(run, score, every, start)


def _best_so_far(run: Run[TrainState[P]], score: Any, every: int, start: Any) -> Iterator[WithBest[P]]:
    best, waited = (start.best, start.waited) if isinstance(start, WithBest) else (None, 0)
    lowest = float("inf") if best is None else _number(score(best))
    with closing(states_of(run, "best_so_far")) as states:
        for now in states:
            if now.step % every == 0:
                found, waited = _number(score(now)), waited + 1
                if found < lowest:
                    lowest, waited = found, 0
                    best = TrainState(now.params, now.optimizer, now.step, now.cost)
            yield WithBest(now.params, now.optimizer, now.step, now.cost, best, waited)


def _number(score: Any) -> float:
    try:
        return float(score)
    except (TypeError, ValueError):
        raise KindError(f"best_so_far: score(state) must be a number, not {short(score)}") from None


def early_stopping(
    run: Run[TrainState[P]],
    score: Callable[[TrainState[P]], Any],
    *,
    patience: int,
    every: int = 1,
    start: TrainState[P] | None = None,
) -> Iterator[WithBest[P]]:
    """`best_so_far`, until `patience` scores in a row were no better than the best

    The best state is `best` of the last one, whether the run stopped early or not. What counts as better is the score's
    to say: that of `lambda state: round(score(state), 3)` ignores what is less than 0.001. A run that resumes from a
    state that had waited long enough is empty. Prechelt 1998, Early Stopping - But When?, compares such rules; its
    criterion UP counts scores in a row that are worse than the one before, not than the best.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, early_stopping, mse, train, value_and_grad
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 100, value_and_grad(mse), 0.1)
    >>> *_, last = early_stopping(run, lambda state: (state.params.W.item() - 0.5) ** 2, patience=4)
    >>> last.step, last.best.step
    (7, 3)

    Raises:
        KindError, RangeError: as `best_so_far`, and likewise of `patience`.
    """
    patience = as_count("early_stopping", patience, "patience")
    if isinstance(start, WithBest) and start.waited >= patience:
        return iter(())
    return until(best_so_far(run, score, every=every, start=start), lambda now: now.waited >= patience)

"""The end of a run: at a state that satisfies a condition, before a NaN, or when a score has stopped improving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, isfinite
from typing import Annotated, Any, TypeVar

import numpy as np

from funcnn.arrays import is_array, kind
from funcnn.checked import checked
from funcnn.errors import KindError, NotFiniteError, RangeError
from funcnn.needs import Count, Rate, function
from funcnn.records import build, record, state, values
from funcnn.training.finite import as_finite_state
from funcnn.training.loop import TrainState
from funcnn.training.runs import Run, Start, check_not_saved, states_of
from funcnn.training.scores import Direction, as_cost
from funcnn.training.table import WithTable

P = TypeVar("P")
S = TypeVar("S", bound=TrainState[Any])


@checked
def until(
    run: Run[S], done: Annotated[Callable[[S], bool], function("a function of the state", takes=1)]
) -> Iterator[S]:
    """The states up to the first for which `done(state)` is true, that state included.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> from funcnn.training import until
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 100, value_and_grad(mse), 0.25)
    >>> [state.cost for state in until(run, lambda state: state.cost < 0.1)]
    [1.0, 0.25, 0.0625]

    Raises:
        KindError: `done` does not return True or False.
        NotFiniteError: the last state has a parameter, a state or a memory of the optimizer that is not finite.
    """
    with states_of("until", "run", run) as states:
        for now in states:
            answer = done(now)
            if not (isinstance(answer, bool | np.bool_) or (is_array(answer) and answer.shape == ())):
                raise KindError(f"until: done must return True or False, not {kind(answer)}")
            if answer:
                yield as_finite_state("until", now)
                return
            yield now


@checked
def while_finite(run: Run[S]) -> Iterator[S]:
    """The states while they are finite: the run ends where `train` would raise a NotFiniteError, or a step before.

    Parameters, states and the memory of the optimizer are finite in each state, although the cost of the next step may
    be infinite. This keeps the states before a NaN: `history(while_finite(train(...)))` shows how the cost rose, and
    `bisect_nan` searches `keep(while_finite(train(...)))`.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> from funcnn.training import while_finite
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 100, value_and_grad(mse), 500.5)
    >>> with np.errstate(over="ignore"):
    ...     *_, last = while_finite(run)
    >>> last.step, float(f"{last.cost:.3g}")
    (52, 1e+306)
    """
    with states_of("while_finite", "run", run) as states:
        try:
            for now in states:
                yield as_finite_state("while_finite", now)
        except NotFiniteError:
            return


@record
class WithBest(WithTable[P]):
    """A TrainState with the best of the states that were scored: what `best_so_far` and `early_stopping` give.

    `best` is that state, a TrainState, and `waited` the number of later scores, which were not better.
    `best_or_none` is None if there was no finite score yet, and then `best` raises an error. If `train` starts from a
    WithBest, its states have no best until they are scored: to keep the best, pass `start` to `early_stopping` too.

    Raises:
        KindError, RangeError: as WithTable; or `best_or_none` is not a TrainState or None, or `waited` is negative.
    """

    best_or_none: TrainState[P] | None = state(default=None)
    waited: int = state(default=0)

    def __attrs_post_init__(self) -> None:
        """Check that each field has the kind that it needs."""
        super().__attrs_post_init__()
        if not ((best := self.best_or_none) is None or isinstance(best, TrainState)):
            raise KindError(f"{type(self).__name__}: best_or_none must be a TrainState or None, not {kind(best)}")
        if isinstance(self.waited, int) and self.waited < 0:
            raise RangeError(f"{type(self).__name__}: waited must not be negative; it is {self.waited}")

    @property
    def best(self) -> TrainState[P]:
        """The best of the states that were scored.

        Raises:
            RangeError: no state was scored, or no score was finite.
        """
        if self.best_or_none is None:
            none = f"none of {self.waited} scores is finite" if self.waited else "no state was scored"
            raise RangeError(f"WithBest: there is no best up to step {self.step}, since {none}")
        return self.best_or_none

    def after(self, params: Any, optimizer: Any, cost: Any, steps: int = 1) -> Any:
        """The state one step later, or some steps later, which has no score."""
        return build(type(self), (params, optimizer, self.step + steps, cost, self.columns, None, 0, *values(self)[7:]))

    _repr_pretty_ = TrainState._repr_pretty_  # IPython prefers the repr of a class to a method of its base


@checked
def best_so_far(
    run: Run[TrainState[P]],
    score: Callable[[TrainState[P]], Any],
    *,
    better: Direction | None = None,
    every: Count = 1,
    start: Start[TrainState[P]] | None = None,
    tol: Rate = 0.0,
) -> Iterator[WithBest[P]]:
    """The states, each with the best-scored state so far as its `best`.

    A score is a number. Whether lower or higher is better is declared by `validation(mse, x, y)`, by
    `validation(accuracy, x, y)`, and by a function with the decorator `@better("higher")`. For any other function give
    `better="lower"` or `better="higher"`.

    Scores are taken at each step that `every` divides. A NaN or an infinity is never the best; of equal scores, the
    first is the best. A score that is better by no more than `tol` is not better. If the run goes on from a state with
    a best, give that state as `start`, so that its best counts. To begin a new search, train from a plain TrainState,
    such as `state.best`. `checkpoint_every` must be around the other functions of the run, since inside of this one it
    would save states without their best.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> from funcnn.training import best_so_far
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 4, value_and_grad(mse), 0.75)
    >>> *_, last = best_so_far(run, lambda state: (state.params.W.item() + 0.2) ** 2, better="lower")
    >>> last.step, last.best.step, last.best.params
    (4, 3, Dense(W=<f64 [[-0.125]]>, b=None))

    Raises:
        KindError: `score` does not give a number, `better` is not given though nothing declares it, or `start` is not
            given though the states have a best, or `checkpoint_every` is inside.
        RangeError: the run does not go on from `start`.
        NotFiniteError: a state to be scored has a parameter, a state or a memory of the optimizer that is not finite.
    """
    check_not_saved("best_so_far", "best state", run)
    return _with_best("best_so_far", run, as_cost("best_so_far", score, better), every, start, tol)


def _with_best(function: str, run: Any, cost: Any, every: int, start: Any, tol: float) -> Iterator[WithBest[Any]]:
    best, waited = (start.best_or_none, start.waited) if isinstance(start, WithBest) else (None, 0)
    lowest, is_first = inf if best is None else cost(best), True
    with states_of(function, "run", run) as states:
        for now in states:
            if is_first:
                is_first = False
                if start is not None and now.step != start.step + 1:
                    where = f"at step {now.step - 1}, one step before the first state of run"
                    needed = f"the state that was passed to train, {where}"
                    raise RangeError(f"{function}: start must be {needed}, not at step {start.step}")
                if start is None and isinstance(now, WithBest):
                    needed = "the state that was passed to train, since it holds the best state so far, not None"
                    raise KindError(f"{function}: start must be {needed}; for train(state, ...) write start=state")
            if now.step % every == 0:
                as_finite_state(function, now)
                found, waited = cost(now), waited + 1
                if isfinite(found) and found < lowest - tol:
                    lowest, waited = found, 0
                    best = build(TrainState, values(now)[:4])
            yield build(WithBest, (*values(now)[:4], getattr(now, "columns", ()), best, waited))


@checked
def early_stopping(
    run: Run[TrainState[P]],
    score: Callable[[TrainState[P]], Any],
    *,
    patience: Count,
    better: Direction | None = None,
    every: Count = 1,
    start: Start[TrainState[P]] | None = None,
    tol: Rate = 0.0,
) -> Iterator[WithBest[P]]:
    """The states of `best_so_far`, until `patience` scores in a row were not better than the best.

    Without `every`, each step has a score, and patience counts batches; for epochs write `every=data.per_epoch`.
    The best state is `best` of the last state, whether the run stopped early or not. A score that is better by no more
    than `tol` is not better. If `start.waited` is already `patience`, there are no states. Prechelt 1998, Early
    Stopping - But When?, compares such rules; its criterion UP compares each score with the score before it, not with
    the best score.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, early_stopping, mse, train, validation, value_and_grad
    >>> one = np.ones((1, 1))
    >>> run = train(TrainState(Dense(one, None)), [(one, 0 * one)] * 100, value_and_grad(mse), 0.1)
    >>> *_, last = early_stopping(run, validation(mse, one, 0.5 * one), patience=4)
    >>> last.step, last.best.step
    (7, 3)

    Raises:
        KindError, RangeError, NotFiniteError: as `best_so_far`.
    """
    check_not_saved("early_stopping", "best state", run)
    states = _with_best("early_stopping", run, as_cost("early_stopping", score, better), every, start, tol)
    if isinstance(start, WithBest) and start.waited >= patience:
        return iter(())
    return until(states, lambda now: now.waited >= patience)

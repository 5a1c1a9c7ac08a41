"""Early stopping of a fit: by the scores of rows held out, or by the training cost."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

import attrs

from funcnn.interop.sklearn.rows import HeldOut
from funcnn.training.finite import as_finite_state
from funcnn.training.loop import TrainState
from funcnn.training.stopping import WithBest


@attrs.define(eq=False)
class Patience:
    """The lowest cost of the epochs of a fit, and how many epochs in a row have had no lower one.

    It counts whole epochs of this fit, whose number of steps may differ from that of an earlier fit, so the steps of
    `early_stopping` do not fit.
    """

    function: str
    most: int
    tol: float
    held_out: HeldOut | None
    best: TrainState[Any] | None = None  # by the scores of the rows held out
    waited: int = 0
    lowest: float = inf

    def after(self, state: TrainState[Any], cost: float) -> TrainState[Any]:
        """The state at the end of an epoch; with the best state so far, if there are rows held out."""
        now = as_finite_state(self.function, state)
        is_best = self.is_best(cost if self.held_out is None else self.held_out.as_cost(now))
        if self.held_out is None:
            return now
        if is_best:
            self.best = TrainState(now.params, now.optimizer, now.step, now.cost)
        return WithBest(now.params, now.optimizer, now.step, now.cost, best_or_none=self.best, waited=self.waited)

    def is_best(self, cost: float) -> bool:
        """Whether the cost of the next epoch is the lowest."""
        is_lower = isfinite(cost) and cost < self.lowest - self.tol
        self.lowest, self.waited = (cost, 0) if is_lower else (self.lowest, self.waited + 1)
        return is_lower

    @property
    def is_over(self) -> bool:
        """Whether the fit should stop."""
        return self.waited >= self.most


def patience_of(function: str, estimator: Any, done: Any, held_out: HeldOut | None) -> Patience | None:
    """The patience of a fit that has done some epochs; None if it does not stop early."""
    if estimator.patience is None:
        return None
    made, (state, costs, _) = Patience(function, estimator.patience, estimator.tol, held_out), done
    if held_out is None:
        for cost in costs:
            made.is_best(cost)
    elif isinstance(state, WithBest):
        made.best, made.waited = state.best_or_none, state.waited
        made.lowest = inf if made.best is None else held_out.as_cost(made.best)
    return made

"""The learning-rate range test: the costs of a short run whose learning rate grows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np

from funcnn.arrays import kind
from funcnn.checked import checked
from funcnn.columns import Table
from funcnn.errors import KindError, NotFiniteError, RangeError
from funcnn.needs import Positive, number, passing
from funcnn.training.arguments import Constraint, CostAndGrads, check_begin, check_data
from funcnn.training.loop import Trained, TrainState, train
from funcnn.training.runs import states_of


@checked
def lr_range_test(
    start: Trained[TrainState[Any]],
    data: Annotated[Sequence[tuple[Any, Any]], passing("a sequence of batches (x, y)", check_data)],
    value_and_grad: CostAndGrads,
    *,
    low: Positive,
    high: Positive,
    stop: Annotated[float, number("value > 1", "above 1")] = 4.0,
    constraint: Constraint | None = None,
) -> Table:
    """The costs of a run from `start` whose learning rate grows from `low` to `high`, by the same ratio in each step

    A table with the columns "step", "lr" and "cost", a row for each batch of `data`: the rate of the step, and the cost
    of the batch before the step, so that a cost shows the effect of the rates in the rows above. The test ends early if
    a cost is not finite, or exceeds the lowest cost c so far by more than (stop - 1) |c|; with stop=inf, only if it is
    not finite. `funcnn.plot.range_curve` draws the table.

    A rate at which the cost falls steeply is a good choice; where the cost rises, the rate is too large. Smith 2017,
    Cyclical Learning Rates for Training Neural Networks, section 3.3, where the rate grows on a straight line.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, value_and_grad
    >>> from funcnn.training import lr_range_test
    >>> one = np.ones((1, 1))
    >>> lr_range_test(TrainState(Dense(one, None)), [(one, 0 * one)] * 5, value_and_grad(mse), low=0.01, high=100.0)
    step    lr      cost
       1  0.01         1
       2   0.1    0.9604
       3     1  0.614656
       4    10  0.614656
       5   100   221.891

    Raises:
        RangeError: there are fewer than two batches, `data` do not begin with the batch of `start.step`, or `high` is
            not above `low`.
        NotFiniteError: the cost of the first step is not finite. Any other error is as in `train`.
    """
    function = "lr_range_test"
    check_begin(function, start, data)
    if not isinstance(data, Sequence):
        raise KindError(f"{function}: data must be a sequence of batches, such as data[:100], not {kind(data)}")
    if len(data) < 2:
        raise RangeError(f"{function}: data must have two batches or more, not {len(data)}")
    if high <= low:
        raise RangeError(f"{function}: high must be above low, {low}, not {high}")
    lr = partial(_growing, low, high, int(start.step), len(data) - 1)
    rows: list[tuple[int, float, float]] = []
    lowest = math.inf
    try:
        with states_of(function, "run", train(start, data, value_and_grad, lr, constraint=constraint)) as run:
            for now in run:
                cost = float(now.cost)
                rows.append((now.step, lr(now.step - 1), cost))
                lowest = min(lowest, cost)
                if cost - lowest > (stop - 1) * abs(lowest):
                    break
    except NotFiniteError:
        if not rows:
            raise
    steps, rates, costs = zip(*rows, strict=True)
    return Table({"step": np.array(steps), "lr": np.array(rates), "cost": np.array(costs)})


def _growing(low: float, high: float, begin: int, last: int, step: int) -> float:
    """A rate on a geometric line from exactly `low` to exactly `high`."""
    share = (step - begin) / last
    return float(low ** (1 - share) * high**share)

"""The first step at which two runs differ."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, NamedTuple

from funcnn.arrays import counted
from funcnn.checked import checked
from funcnn.errors import RangeError
from funcnn.training.runs import Run, states_of
from funcnn.trees.differences import differences


class Divergence(NamedTuple):
    """The first step at which two runs differ, and their `difference`, or the name of the run that `ended` earlier.

    The `str` of a Divergence is a sentence.
    """

    step: int
    difference: dict[str, float]
    ended: str = ""

    def __str__(self) -> str:
        """One sentence."""
        if self.ended:
            other = {"run_a": "run_b", "run_b": "run_a"}[self.ended]
            return f"{self.ended} ends before step {self.step}, which {other} has; the steps before it are equal"
        path, most = max(self.difference.items(), key=lambda item: item[1])
        parts = f"{counted(n := len(self.difference), 'part')} {'differs' if n == 1 else 'differ'}"
        return f"the runs differ from step {self.step} on: {parts}, most of all {path}, by {most:.3g}"


@checked
def compare(run_a: Run[Any], run_b: Run[Any]) -> Divergence | None:
    """The first step at which two runs differ, and their `difference` at this step; None if the runs are equal.

    A run is an iterable of states, such as `train` gives, or a list of them. Both runs are read in lockstep, up to
    the step at which they differ, and then closed. If one run ends early, they differ at the next step of the other.

    >>> import numpy as np
    >>> from funcnn import TrainState, batches, mlp, mse, train, value_and_grad
    >>> from funcnn.training import compare
    >>> x, start = np.arange(8.0)[:, None], TrainState(mlp([1, 1], seed=0))
    >>> run = lambda lr: train(start, batches(x, x, 4, epochs=5, seed=0), value_and_grad(mse), lr)
    >>> compare(run(0.01), run(0.01)) is None
    True
    >>> print(compare(run(0.01), run(lambda step: 0.01 if step < 3 else 0.02)))
    the runs differ from step 4 on: 2 parts differ, most of all params.0.W, by ...

    Raises:
        RangeError: the runs are at different steps, or neither run has a state (a generator gives each state once).
        ShapeError: as `difference`.
    """
    step = None
    with states_of("compare", "run_a", run_a) as states_a, states_of("compare", "run_b", run_b) as states_b:
        for a, b in zip_longest(states_a, states_b):
            if a is None or b is None:
                return Divergence((a or b).step, {}, "run_b" if b is None else "run_a")
            step = a.step
            if b.step != step:
                given = f"run_a is at step {step}, run_b at step {b.step}"
                raise RangeError(f"compare: run_a and run_b must be at the same step; {given}")
            if found := differences("compare", a, b):
                return Divergence(step, found)
    if step is None:
        raise RangeError("compare: one of the runs must give at least one state; both are empty")
    return None

"""A progress bar around a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from funcnn.checked import checked
from funcnn.extras import needing
from funcnn.needs import Natural, as_number
from funcnn.training.arguments import LearningRate
from funcnn.training.loop import TrainState
from funcnn.training.runs import Run, states_of

S = TypeVar("S", bound=TrainState[Any])


@checked
def progress(run: Run[S], total: Natural | None = None, *, lr: LearningRate | None = None) -> Iterator[S]:
    """The states, under a tqdm bar with the step, steps per second, the cost, and the learning rate if `lr` is given.

    `total` is the number of the last step, `len(data)`; if it is given, the bar shows the time left. For a run that
    goes on from a state, the bar begins at its step. The bar is drawn at most ten times a second, on standard error.

    >>> from funcnn import TrainState, batches, cosine, mlp, mse, train, value_and_grad
    >>> from funcnn.training import progress
    >>> import numpy as np
    >>> x, lr = np.zeros((8, 2)), cosine(0.1, 200)
    >>> data = batches(x, x, 4, epochs=100, seed=0)
    >>> run = train(TrainState(mlp([2, 2], seed=0)), data, value_and_grad(mse), lr)
    >>> run = progress(run, len(data), lr=lr)  # draws while a loop reads the states

    Raises:
        MissingError: tqdm is not installed.
    """
    with needing("progress", "tqdm"):
        from tqdm.auto import tqdm  # noqa: PLC0415  optional, and needed here alone
    return _progress(run, total, lr, tqdm)


def _rate(lr: Any, step: int) -> float:
    return float(as_number("progress", f"lr({step})", lr(step)) if callable(lr) else lr)


def _progress(run: Run[S], total: int | None, lr: Any, tqdm: Any) -> Iterator[S]:
    with states_of("progress", "run", run) as states, tqdm(total=total, unit="step") as bar:
        for now in states:
            if bar.n == 0:
                bar.initial = bar.n = bar.last_print_n = max(now.step - 1, 0)  # earlier steps are not part of the speed
            rate = "" if lr is None else f", lr {_rate(lr, now.step - 1):.3g}"
            bar.set_postfix_str(f"cost {float(now.cost):.4g}{rate}", refresh=False)
            bar.update(now.step - bar.n)
            yield now

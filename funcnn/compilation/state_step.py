"""`compiled_step(loss)`: a step of training as one call of machine code."""

from __future__ import annotations

import math
from typing import Any, TypeVar

from funcnn.checked import checked
from funcnn.compilation.compiler import compiled
from funcnn.core import Loss
from funcnn.needs import Count, as_learning_rate
from funcnn.training.loop import TrainState, check_trained
from funcnn.training.train_step import TrainStep

S = TypeVar("S", bound=TrainState[Any])


class StateStep:
    """The function that `compiled_step` returns; it pickles if the loss does, and is then compiled anew."""

    def __init__(self, loss: Loss, threads: int) -> None:
        self._function = compiled(loss, threads=threads)
        self._through = TrainStep("compiled_step", self._function, 0.0).through

    def __call__(self, state: S, x: Any, y: Any, lr: float, /) -> S:
        """The state after a step with the batch (x, y)."""
        if not isinstance(state, TrainState):
            check_trained("compiled_step", "state", state)
        if type(lr) is not float or not 0 <= lr < math.inf:
            lr = as_learning_rate("compiled_step", "lr", lr)
        made: S = self._through(state, ((x, y),), (lr,))
        return made

    def __reduce__(self) -> Any:
        return StateStep, (self._function.loss, self._function.threads)

    def __repr__(self) -> str:
        return f"compiled_step({getattr(self._function.loss, '__name__', self._function.loss)})"


@checked
def compiled_step(loss: Loss, *, threads: Count = 1) -> StateStep:
    """A step of training as machine code: (state, x, y, lr) -> state

    `forward`, the loss, `backward_params`, the update of the optimizer and `sgd` are one call:

        cost, grads = value_and_grad(loss)(state.params, x, y)
        grads, optimizer = update(state.optimizer, grads, state.params)
        state' = TrainState(sgd(state.params, grads, lr), optimizer, state.step + 1, cost)

    """
    return StateStep(loss, threads)

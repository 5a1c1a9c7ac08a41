"""`compiled_step(loss)`: a step of training as one call of machine code."""

from __future__ import annotations

import math
from typing import Any, TypeVar

from funcnn.checked import checked
from funcnn.compilation.compiler import compiled
from funcnn.compilation.explanation import explain
from funcnn.core import Loss
from funcnn.errors import FuncnnError
from funcnn.needs import Count, Flag, as_learning_rate
from funcnn.tracebacks import end_at_caller
from funcnn.training.loop import TrainState, check_trained
from funcnn.training.train_step import TrainStep

S = TypeVar("S", bound=TrainState[Any])


class StateStep:
    """The function that `compiled_step` returns; it pickles if the loss does, and is then compiled anew."""

    def __init__(self, loss: Loss, threads: int, portable: bool) -> None:  # noqa: FBT001  as it is pickled
        self._function = compiled(loss, threads=threads, portable=portable)
        self._through = TrainStep("compiled_step", self._function, 0.0).through

    def __call__(self, state: S, x: Any, y: Any, /, lr: float) -> S:
        """The state after a step with the batch (x, y)."""
        try:
            if not isinstance(state, TrainState):
                check_trained("compiled_step", "state", state)
            if type(lr) is not float or not 0 <= lr < math.inf:
                lr = as_learning_rate("compiled_step", "lr", lr)
            made: S = self._through(state, ((x, y),), (lr,))
        except FuncnnError as error:
            end_at_caller(error)
            raise
        return made

    def explain(self, state: TrainState[Any], x: Any, y: Any) -> str:
        """How a step is computed: the text of `explain` for the gradient, and a line for the update."""
        check_trained("compiled_step", "state", state)
        text = explain(self._function, state.params, x, y)
        return f"{text}\nthe update: {self._function.update_told(state, x, y)}"

    def __reduce__(self) -> Any:
        return StateStep, (self._function.loss, self._function.threads, self._function.portable)

    def __repr__(self) -> str:
        return repr(self._function).replace("compiled(", "compiled_step(", 1)


@checked
def compiled_step(loss: Loss, *, threads: Count = 1, portable: Flag = False) -> StateStep:
    """A step of training as one call of machine code: (state, x, y, lr) -> state, a TrainState one step later

        cost, grads = compiled(loss)(state.params, x, y)
        grads, optimizer = update(state.optimizer, grads, state.params)
        after = TrainState(sgd(state.params, grads, lr), optimizer, state.step + 1, cost)

    The result has the bits of these lines, and of `train` with `compiled(loss)`. It has the class of `state`, which
    stays as it is, and equals a state that was made in another way: it can be compared, saved, pickled, changed by
    `evolve`, and given to any other step. A step is a few microseconds faster from a state that this function made.

    Every optimizer of funcnn that computes entry by entry, and every chain of them, is in the call from its second
    update on. Where the network is not one kernel, the update is a call of its own, after the gradient. NumPy computes
    any other optimizer, such as `ClipNorm`, and those before it in a chain. `step.explain(state, x, y)` says where the
    update is computed, and why.

    If `portable` is True, the state has the same bits on every processor. Then optimizers other than `ClipNorm` must
    compute entry by entry; a KindError names what is not portable.

    The parameters and the memory of the optimizer are read-only views of one array. So an array that is kept keeps all
    arrays of its state in memory; keep a copy of it, such as `W.copy()`, to free the others.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse
    >>> from funcnn.compilation import compiled_step
    >>> step, one = compiled_step(mse), np.ones((1, 1))
    >>> state = TrainState(Dense(one, np.zeros(1)))
    >>> step(state, one, 3 * one, 0.25)
    TrainState(params=Dense(W=<f64 [[2.]]>, b=<f64 [1.]>), optimizer=(), step=1, cost=4.0)

    Raises:
        KindError: `loss` is not a function, or `threads` not a whole number. The step raises it if `state` is not a
            TrainState, or `lr` not a number.
        RangeError: `threads` is less than 1. The step raises it if `lr` is negative or not finite.
        NotFiniteError: of the step, as of `train`: the cost is not finite.
    """
    return StateStep(loss, threads, portable)

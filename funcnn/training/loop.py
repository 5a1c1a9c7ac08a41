"""Training as a fold: from a state and a batch to the next state."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import numpy as np

from funcnn.allocation import keep_freed_memory
from funcnn.arrays import Array, is_array, is_float, kind, short
from funcnn.checked import checked
from funcnn.core import is_layer
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.fields import is_number
from funcnn.gradients import Grads
from funcnn.needs import Count, passing
from funcnn.records import build, plans, record, state, values
from funcnn.tables import Printer, text
from funcnn.tracebacks import end_at_caller
from funcnn.training.arguments import (
    Constraint,
    CostAndGrads,
    Data,
    LearningRate,
    as_pair,
    check_begin,
    check_optimizer,
    is_optimizer,
)
from funcnn.training.finite import as_finite_state
from funcnn.training.train_step import TrainStep
from funcnn.trees.walks import check_tree, map_arrays

_WIDTH = 100  # the most characters printed of a part of a state, since the memory of an optimizer may be long

_GIVEN = {"best": "the states of best_so_far and early_stopping have", "table": "the states of history_so_far have"}

P = TypeVar("P")
S = TypeVar("S", bound="TrainState[Any]")


@record
class TrainState(Generic[P]):
    """The network, the optimizer and the cost after `step` steps: all that one step of training passes to the next.

    `params` is the network, and `optimizer` transforms its gradient. `cost` is the cost of the last batch,
    computed before the step with that batch; NaN at the start.

    Raises:
        KindError: `params` is not a record, a tuple or an array; `optimizer` is not a record with a rule for `update`,
            or a tuple of them; `step` or `cost` is not a number.
        RangeError: `step` is negative.
    """

    params: P
    optimizer: Any = ()
    step: int = state(default=0)
    cost: float | Array = state(default=math.nan)

    def __attrs_post_init__(self) -> None:
        """Check that each field has the kind that it needs."""
        function = type(self).__name__
        check_tree(function, "params", self.params)
        holds_params = isinstance(self.params, TrainState | Grads)
        if holds_params or (is_optimizer(self.params) and not is_layer(self.params)):
            optimizer = f"the optimizer {kind(self.params)}; write {function}(params, optimizer)"
            given = kind(self.params) if holds_params else optimizer
            raise KindError(f"{function}: params must be a network, not {given}")
        check_optimizer(function, "optimizer", self.optimizer)
        if isinstance(self.step, int) and self.step < 0:
            raise RangeError(f"{function}: step must not be negative; it is {self.step}")
        if not (is_number(self.cost) or (is_array(self.cost) and is_float(self.cost))):
            raise KindError(f"{function}: cost must be a number, not {kind(self.cost)}")

    if not TYPE_CHECKING:  # pragma: no branch  type checkers refuse unknown attributes

        def __getattr__(self, name: str) -> Any:
            """The error for an attribute that the state does not have, or that states of other functions have."""
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            given = f"; {_GIVEN[name]} it" if name in _GIVEN else ""
            raise AttributeError(text + given, name=name, obj=self)

    def after(self, params: Any, optimizer: Any, cost: Any, steps: int = 1) -> Any:
        """The state one step later, or some steps later."""
        return build(type(self), (params, optimizer, self.step + steps, cost, *values(self)[4:]))

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: FBT001  IPython passes it by position
        rows = [(type(self).__name__, "")]
        for (name, _), value in zip(plans[type(self)], values(self), strict=True):
            if name == "columns" and not value:  # of a state without a table
                continue
            parts = {f"{name}.{i}": part for i, part in enumerate(value)} if type(value) is tuple else {}
            rows += [(path, _shown(part)) for path, part in (parts or {name: value}).items()]
        printer.text(text(rows))


def _shown(value: Any) -> str:
    if isinstance(value, TrainState):
        return f"{type(value).__name__} of step {value.step}, cost {_shown(value.cost)}"
    words = f"{float(value):.6g}" if is_number(value) else short(value)
    return words if len(words) <= _WIDTH else f"{words[: _WIDTH - 3]}..."


@checked
def train(
    start: Trained[S],
    data: Data,
    value_and_grad: CostAndGrads,
    lr: LearningRate,
    *,
    constraint: Constraint | None = None,
    every: Count = 1,
) -> Iterator[S]:
    """The states of a run, after each batch `(x, y)` of `data`; or after each step that `every` divides, and the last.

    `lr` is a number, or a function of the step number. To stop, leave the loop; `train` checks that a state is finite
    after the last batch only, and `while_finite(train(...))` checks each state. To resume from a state, go on with
    `data[state.step:]`: the states are equal, bit for bit, to the states of a run that never stopped. If no batch is
    left, there are no states, so write `last = start` before `for last in train(start, ...)`. `constraint` is a
    function of the parameters that is applied after each step, such as a `partial` of `project`.

    Batches that `batches` made are refused unless the first is the batch of `start.step`. The states are of the class
    of `start`; fields that a subclass of TrainState adds are carried along unchanged. If `value_and_grad` is made by
    `funcnn.compilation.compiled`, a step may be one call of machine code, and so may all steps between two states.

    On Linux, `train` makes glibc's malloc keep freed memory, up to 64 MiB, since steps with arrays above 128 KiB take
    half the time then. To leave malloc as it is, set the environment variable FUNCNN_KEEP_MEMORY to 0.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> x = np.arange(-2.0, 5.0)[:, None]
    >>> net = (Dense(np.zeros((1, 1)), np.zeros(1)),)
    >>> for state in train(TrainState(net), [(x, 2 * x + 1)] * 1000, value_and_grad(mse), 0.01):
    ...     pass
    >>> state.step, state.params
    (1000, (Dense(W=<f64 [[2.]]>, b=<f64 [1.]>),))

    Raises:
        NotFiniteError: the cost of a step is not finite, or the state after the last step is not. The message gives the
            step and the first such array: an input, a parameter, the output of a layer, or a memory of the optimizer.
        KindError: `data` does not give pairs, `value_and_grad` does not return (cost, Grads), or `constraint` does not
            return parameters.
        RangeError: `data` is an iterator that has ended, or `data` are made by `batches` and do not begin with the
            batch of `start.step`. Or FUNCNN_KEEP_MEMORY is neither 0 nor 1.
        ShapeError: `constraint` changes a shape or a dtype, or the gradients are of another network.
    """
    check_begin("train", start, data)
    keep_freed_memory("train")
    return _train(start, data, TrainStep("train", value_and_grad, lr, constraint), every)


def check_trained(function: str, argument: str, start: Any) -> None:
    """Check that `start` is a TrainState."""
    if not isinstance(start, TrainState):
        is_network = type(start) is tuple or is_layer(start)
        remedy = "; write TrainState(params)" if is_network else ""
        raise KindError(f"{function}: {argument} must be a TrainState, not {kind(start)}{remedy}")


Trained = Annotated[S, passing("a TrainState", check_trained)]


def _train(start: S, data: Any, step: TrainStep, every: int) -> Iterator[S]:
    batches, last = iter(data), None
    if every == 1 or step.most == 1:
        states = _states(start, batches, step)
    else:
        states = _states_of_blocks(start, batches, step, every, copies=not isinstance(data, list | tuple))
    try:
        for last in states:
            if every == 1 or last.step % every == 0:
                yield last
        if last is None and batches is data:  # an iterator that has ended
            remedy = "a generator can be read once, so make a new one"
            raise RangeError(f"train: data must give at least one batch, not 0; {remedy}")
        if last is not None and every > 1 and last.step % every:
            yield last
        as_finite_state("train", start if last is None else last)
    except FuncnnError as error:
        end_at_caller(error)
        raise


def _states(now: S, batches: Iterator[Any], step: TrainStep) -> Iterator[S]:
    """The fold: from a state and a batch to the next state."""
    for batch in batches:
        now = step(now, [batch])
        yield now


def _states_of_blocks(now: S, batches: Iterator[Any], step: TrainStep, every: int, *, copies: bool) -> Iterator[S]:
    """The same fold, with all steps up to the next one that `every` divides in one call.

    Batches of an iterator are copied, since it may use its arrays again.
    """
    while block := [
        _copied(batch) if copies else batch for batch in islice(batches, min(every - now.step % every, sys.maxsize))
    ]:
        now = step(now, block)
        yield now


def _copied(batch: Any) -> Any:
    x, y = as_pair("train", batch)
    return map_arrays(lambda a: a.copy() if isinstance(a, np.ndarray) else a, (x, y))

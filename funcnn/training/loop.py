"""Training is a fold: from a state and a batch to the next state. Every state is a value that can be kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from typing import Any, Generic, TypeVar

import numpy as np

from funcnn.arrays import is_float, kind, namespace, short
from funcnn.core import ValueAndGrad, forward, learning_rate, sgd
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.optimizers.base import update
from funcnn.records import record, state
from funcnn.tree import walk

P = TypeVar("P")


class NotFiniteError(FuncnnError, ArithmeticError):
    """Training met a NaN or an infinity."""


@record
class TrainState(Generic[P]):
    """All there is to know after `step` steps.

    `cost` is that of the last step's input, before it stepped; NaN when there was none.
    """

    params: P
    optimizer: Any = ()
    step: int = state(default=0)
    cost: Any = state(default=math.nan)


def train(
    start: TrainState[P],
    data: Iterable[tuple[Any, Any]],
    value_and_grad: ValueAndGrad,
    lr: float | Callable[[int], float],
    *,
    constraint: Callable[[P], P] | None = None,
) -> Iterator[TrainState[P]]:
    """The state after each batch `(x, y)` of `data`.

    `lr` is a number, or a function of the step number. To stop, leave the loop; to resume from a state, go on with
    `data[state.step:]`: the bits are those of a run that never stopped. `constraint` is a function of the parameters
    that follows each step, such as a `partial` of `project`.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> x = np.arange(-2.0, 5.0)[:, None]
    >>> net = (Dense(np.zeros((1, 1)), np.zeros(1)),)
    >>> for state in train(TrainState(net), [(x, 2 * x + 1)] * 1000, value_and_grad(mse), 0.01):
    ...     pass
    >>> state.step, state.params
    (1000, (Dense(W=<f64 [[2.]]>, b=<f64 [1.]>),))

    Raises:
        NotFiniteError: the cost of a step is not finite, or, where the loop ran to its end, the parameters after the
            last are not. The message says in which step, and which array was the first: an input, a parameter, or the
            output of a layer.
        KindError: `start` is no TrainState, `data` gives no pairs, `value_and_grad` is a loss, `lr` no number, or
            `constraint` gives no parameters.
        RangeError: `lr` gives a number that is negative or not finite, or `data` is an iterator that had ended before.
    """
    if not isinstance(start, TrainState):
        raise KindError(f"train: start must be a TrainState, not {kind(start)}; write TrainState(params)")
    try:
        now, nothing = start, iter(data) is data  # a generator, which gives its batches once
    except TypeError:
        raise KindError(f"train: data must give batches (x, y), not be {short(data)}") from None
    for batch in data:
        nothing = False
        x, y = _pair(batch)
        cost, grads = _called(value_and_grad, now.params, x, y)
        if not is_finite(cost):
            raise NotFiniteError(f"train: in step {now.step} the cost is {cost}; {_origin(now.params, x, y)}")
        grads, optimizer = update(now.optimizer, grads, now.params)
        params = sgd(now.params, grads, _rate(lr, now.step) if callable(lr) else lr)
        if constraint is not None:
            params = constraint(params)
            if type(params) is not type(now.params):
                raise KindError(f"train: constraint must return parameters like those it is given, not {kind(params)}")
        now = TrainState(params, optimizer, step=now.step + 1, cost=cost)
        yield now
    if nothing:
        raise RangeError("train: data gave no batch; a generator gives its batches once: make it anew")
    if culprit := _not_finite(now.params, "params"):
        if now.step == 0:
            raise NotFiniteError(f"train: {culprit} of start is not finite, and data gave no batch")
        raise NotFiniteError(f"train: after step {now.step - 1} {culprit} is not finite; a smaller lr may help")


def _pair(batch: Any) -> Any:
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        given = f"{kind(batch)} of {len(batch)}" if isinstance(batch, tuple | list) else kind(batch)
        raise KindError(f"train: data must give batches (x, y), not {given}; write [(x, y)] for one of all rows")
    return batch


def _called(value_and_grad: Any, *given: Any) -> Any:
    try:
        return value_and_grad(*given)
    except TypeError as error:
        if _takes_params(value_and_grad):
            raise
        raise KindError(
            "train: value_and_grad must be a function (params, x, y), not a loss; write value_and_grad(loss)"
        ) from error


def _takes_params(function: Any) -> bool:
    try:
        return "out" not in signature(function).bind(None, None, None).arguments  # a loss is called (out, y, weight)
    except (TypeError, ValueError):
        return False


def _rate(schedule: Callable[[int], float], step: int) -> float:
    lr = schedule(step)
    try:
        return learning_rate(lr)
    except FuncnnError as error:
        error.add_note(f"it is what the schedule gives for step {step}")
        raise


def _origin(params: Any, x: Any, y: Any) -> str:
    """The first array that is not finite, in the order in which a step meets them."""
    for name, value in (("params", params), ("x", x), ("y", y)):
        if culprit := _not_finite(value, name):
            return f"the first array that is not finite is {culprit}"
    return _born(params, x, "") or "out and y are finite, so it was born in the loss"


def _born(layer: Any, x: Any, place: str) -> str:
    """The first layer whose output is not finite."""
    if type(layer) is not tuple:
        out = forward(layer, x)[0]
        return (
            f"the first array that is not finite is out of {f'layer {place}, ' * bool(place)}{short(layer)}"
            if _not_finite(out, "out")
            else ""
        )
    for i, part in enumerate(layer):
        if found := _born(part, x, f"{place}.{i}".lstrip(".")):
            return found
        x = forward(part, x)[0]
    return ""


def _not_finite(tree: Any, name: str) -> str:
    """The path of the first array in the tree that holds a NaN or an infinity."""
    for path, array in walk(tree, name):
        if is_float(array) and not is_finite(array):
            return path
    return ""


def is_finite(values: Any) -> bool:
    """As far as can be seen: a tracer has no value yet."""
    if isinstance(values, float | np.floating):
        return math.isfinite(values)
    try:
        return bool(namespace(values).isfinite(values).all())
    except TypeError:
        return True

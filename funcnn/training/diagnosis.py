"""The origin of the first NaN or infinity of a run, found by repeating the run and logging its first bad step."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import is_array, is_float, kind
from funcnn.checked import checked
from funcnn.core import Loss, backward_params, forward, sgd, value_and_grad
from funcnn.data.sequence import first_step
from funcnn.errors import FuncnnError, KindError, NotFiniteError, RangeError
from funcnn.fields import is_number
from funcnn.gradients import Grads
from funcnn.inspection.log import Log, bare, logged
from funcnn.losses.protocol import evaluated
from funcnn.optimizers.base import update
from funcnn.records import borrowed, record
from funcnn.training.arguments import Constraint, LearningRate, check_data
from funcnn.training.loop import TrainState, train
from funcnn.training.origin import FirstNotFinite, check_call, check_finite, check_layers

P = TypeVar("P")


@record
class Birth:
    """The origin of the first NaN or infinity; its repr is a sentence.

    `value` is the first array that is not finite, and `step` the number of the step that made it, counted from 0.
    `phase` is the part of that step: "start" (the array is in the state before the step), "data", "forward", "loss",
    "backward", "update" (of the optimizer), "step" (of `sgd`) or "constraint". `layer` is the path of the layer, "2",
    or "1.layer.0" for a layer inside layer 1; it is empty for the data, the loss and a network of one layer. `array` is
    the name of the array: "x", "y", "out", "cost", "dA", "dx", "W", or "dW" for the gradient of W. In the phase
    "update", `layer` is the path of the optimizer, "optimizer" or "optimizer.1", and `array` is "grads.2.W", or
    "memory.0.1" for the second array that the optimizer keeps for the first parameter.
    """

    step: int
    phase: str
    layer: str
    array: str
    value: Any = borrowed()

    def __attrs_post_init__(self) -> None:
        """Check that the value is an array of floats."""
        if not (is_number(self.value) or (is_array(self.value) and is_float(self.value))):
            raise KindError(f"{type(self).__name__}: value must be an array of floats, not {kind(self.value)}")

    def __repr__(self) -> str:
        value = np.asarray(self.value)
        bad = np.argwhere(~np.isfinite(value))
        number = value[tuple(bad[0])]
        what = f"{len(bad)} of {value.size} entries, {bad[0].tolist()} is {number}" if value.ndim else f"it is {number}"
        of = f" of {'layer ' * self.layer[0].isdigit()}{self.layer}" if self.layer else ""
        return f"step {self.step}, {self.phase}: the first array that is not finite is {self.array}{of}; {what}"


@checked
def bisect_nan(
    states: Sequence[TrainState[P]],
    data: Sequence[tuple[Any, Any]],
    loss: Loss,
    lr: LearningRate,
    *,
    constraint: Constraint | None = None,
) -> Birth | None:
    """The origin of the first NaN or infinity of a run: the step, the part of the step, the layer and the array.

    `states` are states of the run, in order, from the start on: `[start, *keep(while_finite(train(start, ...)))]`, or
    `[start]` alone. Bisection finds the last state whose parameters and optimizer are finite. The run is repeated
    from that state, bit for bit, to the first step after which the cost, a parameter or a memory is not finite. In
    that step each array is checked as soon as it is made, also inside layers that hold layers. The result is None if
    all states are finite and the run is finite to the end of the data.

    `data` are all batches of the run, from step 0 on. `lr` and `constraint` are the arguments that `train` was called
    with; its `value_and_grad` must have been `value_and_grad(loss)`. NumPy's warnings are suppressed.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse
    >>> from funcnn.training import bisect_nan
    >>> one = np.ones((1, 1))
    >>> bisect_nan([TrainState((Dense(one, None),))], [(one, 0 * one)] * 100, mse, 500.5)
    step 52, loss: the first array that is not finite is cost; it is inf

    Raises:
        KindError: `states` is not a sequence of TrainStates, or `data` is not a sequence of batches.
        RangeError: there are no states, they are not in order, or the data end before the last state.
        FuncnnError: the repeated run is not the run of the states.
    """
    _check_arguments(states, data)
    with np.errstate(all="ignore"):
        first_bad = bisect_left(states, True, key=lambda now: not _finite(now))  # noqa: FBT003  the key is False, then True
        if not first_bad:
            return _birth(states[0].step, _check_state, states[0])
        now, end = states[first_bad - 1], states[min(first_bad, len(states) - 1)]
        if len(data) < end.step:
            needed = f"all batches of the run, at least {end.step} of them"
            raise RangeError(f"bisect_nan: data must be {needed}; there are {len(data)}")
        gradient = value_and_grad(loss)
        for batch in data[now.step :]:
            try:
                after = next(train(now, [batch], gradient, lr, constraint=constraint))
            except NotFiniteError:
                after = None
            if after is None or not _finite(after):
                birth = _birth(now.step, _step, now, batch, loss, lr, constraint)
                if birth is None:
                    raise _repetition_error(now.step)
                return birth
            now = after
            if first_bad < len(states) and now.step == end.step:
                raise _repetition_error(now.step - 1)
    return None


def _check_arguments(states: Any, data: Any) -> None:
    others = [now for now in states if not isinstance(now, TrainState)] if isinstance(states, Sequence) else [states]
    if others:
        is_list = isinstance(states, Sequence) and not isinstance(states, str | bytes)
        given = f"a {kind(states)} with {kind(others[0])}" if is_list else kind(states)
        raise KindError(f"bisect_nan: states must be a sequence of TrainStates, such as [start], not {given}")
    check_data("bisect_nan", "data", data)
    if not (hasattr(data, "__len__") and hasattr(data, "__getitem__")) or isinstance(data, deque):
        raise KindError(f"bisect_nan: data must be a sequence of batches with slices, data[step:], not {kind(data)}")
    if first := first_step(data):
        needed = "all batches of the run, from step 0 on"
        raise RangeError(f"bisect_nan: data must be {needed}; they begin with batch {first}")
    steps = [now.step for now in states]
    if not steps or steps != sorted(set(steps)):
        raise RangeError(f"bisect_nan: states must be one or more, with rising steps; steps: {steps}")


def _repetition_error(step: int) -> FuncnnError:
    return FuncnnError(
        f"bisect_nan: step {step} of the repeated run differs from the states; data, loss, lr and constraint must be "
        "those of the run, and every rule pure"
    )


def _birth(step: int, part: Callable[..., None], *given: Any) -> Birth | None:
    """The first array that is not finite in `part`, which checks its arrays in the order in which they are computed."""
    try:
        part(*given)
    except FirstNotFinite as found:
        return Birth(step, *found.args)
    return None


def _finite(now: TrainState[Any]) -> bool:
    return _birth(now.step, _check_state, now) is None


def _check_state(now: TrainState[Any]) -> None:
    check_layers("start", "", now.params)
    for place, optimizer in _parts(now.optimizer, "optimizer"):
        check_finite("start", place, optimizer)


def _step(now: TrainState[Any], batch: Any, loss: Loss, lr: Any, constraint: Any) -> None:
    x, y = batch
    check_finite("data", "", x, "x")
    check_finite("data", "", y, "y")
    net = logged(now.params, Log(check_call))
    out, cache = forward(net, x)
    cost, dA = evaluated("bisect_nan", loss, out, y)
    check_finite("loss", "", np.asarray(cost), "cost")
    check_finite("loss", "", dA, "dA")
    grads = Grads(bare(backward_params(net, cache, dA)), None)
    for place, optimizer in _parts(now.optimizer, "optimizer"):
        grads, memory = update(optimizer, grads, now.params)
        check_finite("update", place, memory)
        check_finite("update", place, grads.params, "grads")
    params = sgd(now.params, grads, lr(now.step) if callable(lr) else lr)
    check_layers("step", "", params)
    if constraint is not None:
        check_layers("constraint", "", constraint(params))


def _parts(optimizer: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The optimizers of a chain of chains, with their paths."""
    if type(optimizer) is tuple:
        for i, part in enumerate(optimizer):
            yield from _parts(part, f"{path}.{i}")
    else:
        yield path, optimizer

"""Where the first number that is not finite was born: a run is pure, so it can be played again and looked into."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, is_float, kind
from funcnn.core import Loss, backward, backward_params, forward, sgd, value_and_grad
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.optimizers.base import update
from funcnn.records import borrowed, record
from funcnn.training.loop import NotFiniteError, TrainState, is_finite, train
from funcnn.traits import is_inert
from funcnn.tree import walk

P = TypeVar("P")

Event = tuple[str, str, str, Array]  # a phase, the path of a layer, the name of an array there, and the array


@record
class Birth:
    """Where the first NaN or infinity came from; printed, it is a sentence.

    `step` is the number of the step that made it, from 0, as schedules count. `phase` is the part of that step: "start"
    (it was there before), "data", "forward", "loss", "backward", "update" (by the optimizer), "step" (by `sgd`) or
    "constraint". `layer` is the path of the layer it belongs to, "2" or "1.0"; in "update" that of the optimizer,
    "optimizer" or "optimizer.1"; empty for a network of one layer, the data and the loss. `array` is its name: "x",
    "y", "out", "cost", "dA", "dx", "W", "dW" for the gradient of W; in "update" "grads.2.W", or "memory.0.1", the
    second thing remembered of the first parameter. `value` is the array.
    """

    step: int
    phase: str
    layer: str
    array: str
    value: Any = borrowed()

    def __repr__(self) -> str:
        value = np.asarray(self.value)
        bad = np.argwhere(~np.isfinite(value))
        number = value[tuple(bad[0])]
        what = f"{len(bad)} of {value.size} entries, {bad[0].tolist()} is {number}" if value.ndim else f"it is {number}"
        of = f" of {'layer ' * self.layer[0].isdigit()}{self.layer}" if self.layer else ""
        return f"step {self.step}, {self.phase}: the first array that is not finite is {self.array}{of}; {what}"


def bisect_nan(
    states: Sequence[TrainState[P]],
    data: Sequence[tuple[Any, Any]],
    loss: Loss,
    lr: float | Callable[[int], float],
    *,
    constraint: Callable[[P], P] | None = None,
) -> Birth | None:
    """Where the first number of a run that is not finite was born: the step, the part of it, the layer and the array.

    `states` are some of the run's, in order, from the start on: `[start, *keep(while_finite(train(start, ...)))]`, or
    `[start]` alone. The last whose parameters and optimizer are finite is found by bisection, and the run played again
    from there, with the bits it had, to the first step that ends in a cost, a parameter or a memory that is not finite.
    In that step each array is looked at, in the order in which they are made. None: all states are finite, and so is
    the run to the end of the data.

    `data` are all batches of the run, from step 0 on, `lr` and `constraint` as `train` had them, and the gradient must
    have been that of `value_and_grad(loss)`. NumPy's warnings are silent here.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, bisect_nan, mse
    >>> one = np.ones((1, 1))
    >>> bisect_nan([TrainState((Dense(one, None),))], [(one, 0 * one)] * 100, mse, 500.5)
    step 52, loss: the first array that is not finite is cost; it is inf

    Raises:
        KindError: `states` is no sequence of TrainStates, or `data` none of batches.
        RangeError: the states are none or not in order, or the data end before them.
        FuncnnError: played again, the run goes another way.
    """
    _check(states, data)
    with np.errstate(all="ignore"):
        first_bad = bisect_left(states, True, key=lambda now: not _finite(now))  # noqa: FBT003  false, then true
        if not first_bad:
            return _birth(states[0].step, _of_a_state(states[0]))
        now, end = states[first_bad - 1], states[min(first_bad, len(states) - 1)]
        if len(data) < end.step:
            raise RangeError(
                f"bisect_nan: data must be all of the run's, from step 0 to step {end.step}; there are {len(data)}"
            )
        gradient = value_and_grad(loss)
        for batch in data[now.step :]:
            try:
                after = next(train(now, [batch], gradient, lr, constraint=constraint))
            except NotFiniteError:
                after = None
            if after is None or not _finite(after):
                birth = _birth(now.step, _of_a_step(now, batch, loss, lr, constraint))
                if birth is None:
                    raise _another_way(now.step)
                return birth
            now = after
            if first_bad < len(states) and now.step == end.step:
                raise _another_way(now.step - 1)
    return None


def _check(states: Any, data: Any) -> None:
    others = [now for now in states if not isinstance(now, TrainState)] if isinstance(states, Sequence) else [states]
    if others:
        given = f"{kind(states)} of {kind(others[0])}" if isinstance(states, Sequence) else kind(states)
        raise KindError(f"bisect_nan: states must be a sequence of TrainStates, such as [start], not {given}")
    if not (hasattr(data, "__len__") and hasattr(data, "__getitem__")):
        raise KindError(f"bisect_nan: data must be a sequence, which can be cut at any step, not {kind(data)}")
    steps = [now.step for now in states]
    if not steps or steps != sorted(set(steps)):
        raise RangeError(f"bisect_nan: states must be one or more, in the order of their steps; steps: {steps}")


def _another_way(step: int) -> FuncnnError:
    return FuncnnError(
        f"bisect_nan: played again, step {step} goes another way; the data, loss, lr and constraint must be those of "
        "the run, and every rule pure"
    )


def _finite(now: TrainState[Any]) -> bool:
    return all([is_finite(array) for *_, array in _of_a_state(now) if is_float(array)])


def _birth(step: int, events: Iterator[Event]) -> Birth | None:
    return next((Birth(step, *event) for event in events if is_float(event[-1]) and not is_finite(event[-1])), None)


def _of_a_state(now: TrainState[Any]) -> Iterator[Event]:
    """The arrays of the network and of the optimizer."""
    yield from _by_layer("start", "", now.params)
    for place, optimizer in _parts(now.optimizer, "optimizer"):
        yield from [("start", place, name, array) for name, array in walk(optimizer)]


def _of_a_step(now: TrainState[Any], batch: Any, loss: Loss, lr: Any, constraint: Any) -> Iterator[Event]:
    """All that a step makes, in order; nothing is made before it is asked for."""
    x, y = batch
    yield from _named("data", "", x=x, y=y)
    layers, caches, out = list(_parts(now.params, "")), [], x
    for place, layer in layers:
        out, cache = forward(layer, out)
        caches.append(cache)
        yield from _named("forward", place, out=out)
    cost, dA = loss(out, y)
    yield from _named("loss", "", cost=np.asarray(cost), dA=dA)
    walked = [not is_inert(layer) for _, layer in layers]
    first = walked.index(True) if any(walked) else len(layers)  # nothing walks back past it
    for (place, layer), cache in [*zip(layers, caches, strict=True)][:first:-1]:
        grads = backward(layer, cache, dA)
        yield from _by_layer("backward", place, grads.params, layer)
        yield from _named("backward", place, dx=grads.x)
        dA = grads.x
    for (place, layer), cache in [*zip(layers, caches, strict=True)][first : first + 1]:
        yield from _by_layer("backward", place, backward_params(layer, cache, dA), layer)
    _, grads = value_and_grad(loss)(now.params, x, y)
    for place, optimizer in _parts(now.optimizer, "optimizer"):
        grads, memory = update(optimizer, grads, now.params)
        yield from [("update", place, name, array) for name, array in walk(memory)]
        yield from _named("update", place, grads=grads.params)
    params = sgd(now.params, grads, lr(now.step) if callable(lr) else lr)
    yield from _by_layer("step", "", params)
    if constraint is not None:
        yield from _by_layer("constraint", "", constraint(params))


def _parts(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The layers of a chain of chains, which is the chain of all of them, with their paths; optimizers likewise."""
    if type(tree) is tuple:
        for i, part in enumerate(tree):
            yield from _parts(part, f"{path}.{i}".lstrip("."))
    else:
        yield path, tree


def _named(phase: str, place: str, **trees: Any) -> Iterator[Event]:
    for name, tree in trees.items():
        yield from [(phase, place, path, array) for path, array in walk(tree, name)]


def _by_layer(phase: str, place: str, tree: Any, layer: Any = ()) -> Iterator[Event]:
    """Each array by the path of its layer and its name there: dW if it is the gradient of a W in `layer`."""
    trained = {path for path, _ in walk(layer, states=False)}
    for path, array in walk(tree, place):
        where, _, name = path.rpartition(".")
        yield phase, where, f"d{name}" if path.removeprefix(f"{place}.") in trained else name, array

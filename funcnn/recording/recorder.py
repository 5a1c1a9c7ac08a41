"""Programs of functions, predictions and training steps, recorded from the rules as they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from funcnn.arrays import is_array
from funcnn.conditions import recorded
from funcnn.core import Loss, backward, forward, inference, sgd
from funcnn.gradients import Grads
from funcnn.inspection.log import Log, bare, logged
from funcnn.optimizers.base import update
from funcnn.recording.arrays import RecordedArray, as_recorded, at_place
from funcnn.recording.leaves import recorded_in, with_leaves
from funcnn.recording.namespace import RecordedFunctions
from funcnn.recording.program import Program
from funcnn.recording.tape import Tape, recording
from funcnn.recording.variables import Steps, naming


RecordedArray.functions = RecordedFunctions()


def record_function(function: Callable[..., Any], inputs: Mapping[str, Any]) -> Program:
    """The program of `function(**inputs)`; its outputs are named "out", or "out.0", "out.1" for a tuple.

    The function is called once with arrays that carry numbers and note what is computed from them, so it must compute
    what it gives with functions of NumPy, whatever the numbers are.

    Raises:
        KindError: the function reads values, as in a condition on an array, or calls a function that has no operation;
            the message has the line.
    """
    with recording() as tape, recorded():
        made = function(**dict(zip(inputs, _inputs(tape, inputs), strict=True)))
        return tape.program(_places({"out": made}))


def record_prediction(params: Any, x: Any) -> Program:
    """The program of `predict(params, x)`: from inputs "x" and "params.0.W", ... to "out"."""
    with recording() as tape, recorded(), naming():
        net, rows = _inputs(tape, {"params": params, "x": x})
        out, _ = forward(logged(inference(net), Log(Steps(tape).report)), rows)
        return tape.program(_places({"out": out}))


def record_step(params: Any, x: Any, y: Any, loss: Loss, lr: float, *, optimizer: Any = ()) -> Program:
    """The program of one training step: forward, loss, backward, update and sgd.

    Inputs are "x", "y", "lr", the arrays of the network by path, "params.0.W", and those of the optimizer's memory.
    Outputs are "cost", "out", "dA", the gradients "grads.0.W", and the network and the optimizer after the step, under
    the names of the inputs. A number in a state, such as the step of a dropout, is an input and an output too.

    >>> import numpy as np
    >>> from funcnn import Dense, mse
    >>> from funcnn.recording import record_step
    >>> net, x, y = (Dense.init(1, 1, seed=0),), np.ones((4, 1)), np.zeros((4, 1))
    >>> program = record_step(net, x, y, mse, 0.1)
    >>> list(program.outputs)
    ['cost', 'out', 'dA', 'grads.0.W', 'grads.0.b', 'params.0.W', 'params.0.b']

    Raises:
        KindError: as `record_function`.
    """
    with recording() as tape, recorded(), naming():
        given = {"params": params, "optimizer": optimizer, "x": x, "y": y, "lr": float(lr)}
        net, optimizer, rows, labels, rate = _inputs(tape, given)
        steps = Steps(tape)
        log = logged(net, Log(steps.report))
        out, cache = forward(log, rows)
        with steps.step("loss", "", name_of_loss(loss)):
            cost, dA = loss(out, labels)
        back = backward(log, cache, dA)
        grads = Grads(bare(back.params), back.x)
        moves, memory = grads, optimizer
        if optimizer != ():
            with steps.step("update", "", _names(optimizer)):
                moves, memory = update(optimizer, grads, net)
        with steps.step("sgd", "", "sgd"):
            after = sgd(net, moves, rate)
        outputs = {"cost": as_recorded(cost), "out": out, "dA": dA, "grads": grads.params}
        return tape.program(_places({**outputs, "params": after, "optimizer": memory}))


def name_of_loss(loss: Any) -> str:
    """The name of the function to which functools.partial gives arguments, or of the class."""
    while hasattr(loss, "func"):
        loss = loss.func
    return str(getattr(loss, "__name__", type(loss).__name__))


def _names(optimizer: Any) -> str:
    parts = optimizer if type(optimizer) is tuple else (optimizer,)
    return ", ".join([type(part).__name__ for part in parts])


def _inputs(tape: Tape, trees: Mapping[str, Any]) -> list[Any]:
    """Trees whose arrays are inputs of the tape, by name and path."""

    def leaf(path: str, value: Any) -> RecordedArray:
        return at_place(tape.input(path, np.asarray(value)), is_weak=not is_array(value))

    return [with_leaves(leaf, tree, name, is_state=True) for name, tree in trees.items()]


def _places(trees: Mapping[str, Any]) -> dict[str, int]:
    return {path: a.place() for name, tree in trees.items() for path, a in recorded_in(tree, name)}

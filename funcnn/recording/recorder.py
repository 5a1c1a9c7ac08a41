"""Programs of functions, predictions and training steps, recorded from the rules as they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy as np

from funcnn.arrays import is_array, is_plain, kind, native
from funcnn.checked import checked
from funcnn.conditions import recorded
from funcnn.core import Loss, backward, forward, inference, sgd
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.inspection.checks import Network
from funcnn.inspection.log import Log, bare, logged
from funcnn.losses.protocol import evaluated
from funcnn.needs import Arrays, Flag, Function, Rate
from funcnn.optimizers.base import update
from funcnn.prediction import predict
from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import fresh, real_numbers
from funcnn.recording.leaves import Leaf, recorded_leaves, with_leaves
from funcnn.recording.namespace import RecordedFunctions
from funcnn.recording.number import RecordedNumber
from funcnn.recording.program import Program
from funcnn.recording.tape import Tape, recording
from funcnn.recording.variables import Steps, naming
from funcnn.records import is_record
from funcnn.training.arguments import check_optimizer

Inputs = Mapping[str, Any]
RecordedArray.functions = RecordedFunctions()


@checked
def record_function(function: Function, inputs: Mapping[str, Any]) -> Program:
    """The program of `function(**inputs)`; its outputs are named "out", or "out.0", "out.1" for a tuple.

    The function is called with arrays that note what is computed from them, so it must compute with functions of NumPy,
    and do the same whatever the numbers are. It is called a second time with other numbers, which have to give the same
    program. An int or a float among the inputs is an input too.

    >>> import numpy as np
    >>> from funcnn.recording import record_function
    >>> program = record_function(lambda a, x: x / (a + x), {"a": 1.0, "x": np.zeros(2)})
    >>> program({"a": 3.0, "x": np.array([1.0, 9.0])})["out"]
    array([0.25, 0.75])

    Raises:
        KindError: the function reads values, as in a condition on an array, or calls a function that has no operation;
            the message has the line. Or it does not compute the same at each call.
    """
    if not isinstance(inputs, Mapping):
        raise KindError(f"record_function: inputs must be a mapping from names to values, not {kind(inputs)}")
    for name, value in inputs.items():
        if type(name) is not str:
            raise KindError(f"record_function: names of inputs must be strings, not {kind(name)}")
        _check_input(f"record_function: the input {name}", value)
    _check_takes(function, inputs)

    def run(_: Tape, given: Inputs) -> Inputs:
        return {"out": function(**given)}

    return _recorded("record_function", run, inputs)


@checked
def record_prediction(params: Network[Any], x: Arrays) -> Program:
    """The program of `predict(params, x)`: from inputs "x" and "params.0.W", ... to "out".

    >>> import numpy as np
    >>> from funcnn import Dense
    >>> from funcnn.recording import record_prediction
    >>> print(record_prediction((Dense.init(2, 1, seed=0),), np.ones((4, 2))))
    params.0.W: float64 (2, 1)
    params.0.b: float64 (1,)
    x: float64 (4, 2)
    3: float64 (4, 1) = matmul(x, params.0.W)  # forward 0 Dense
    4 out: float64 (4, 1) = add(3, params.0.b)  # forward 0 Dense
    out = 4

    Raises:
        KindError: as `record_function`; other errors are those of `predict`.
    """
    predict(params, x)  # which raises the errors for arguments that do not fit

    def run(tape: Tape, given: Inputs) -> Inputs:
        with naming():
            out, _ = forward(logged(inference(given["params"]), Log(Steps(tape).report)), given["x"])
        return {"out": out}

    return _recorded("record_prediction", run, {"params": params, "x": x})


@checked
def record_step(
    params: Network[Any], x: Arrays, y: Any, loss: Loss, lr: Rate, *, optimizer: Any = (), inputs: Flag = False
) -> Program:
    """The program of one training step: forward, loss, backward, update and sgd.

    Inputs are "x", "y", "lr", the arrays of the network by path, "params.0.W", and those of the optimizer's memory.
    Outputs are "cost", "out", "dA", the gradients "grads.0.W", and the network and the optimizer after the step, under
    the names of the inputs. A number in a state, such as the step of a dropout, is an input and an output too. With
    `inputs` the gradient with respect to x is an output, "dx".

    >>> import numpy as np
    >>> from funcnn import Dense, mse
    >>> from funcnn.recording import record_step
    >>> net, x, y = (Dense.init(1, 1, seed=0),), np.ones((4, 1)), np.zeros((4, 1))
    >>> program = record_step(net, x, y, mse, 0.1)
    >>> list(program.outputs)
    ['cost', 'out', 'dA', 'grads.0.W', 'grads.0.b', 'params.0.W', 'params.0.b']

    Raises:
        KindError: as `record_function`; other errors are those of the functions of a step.
    """
    check_optimizer("record_step", "optimizer", optimizer)
    out, cache = forward(params, x)  # these raise the errors for arguments that do not fit
    _, dA = evaluated("record_step", loss, out, y)
    grads, _ = update(optimizer, backward(params, cache, dA), params)
    sgd(params, grads, lr)

    def run(tape: Tape, given: Inputs) -> Inputs:
        net, steps = given["params"], Steps(tape)
        with naming():
            log = logged(net, Log(steps.report))
            out, cache = forward(log, given["x"])
            with steps.step("loss", "", name_of_loss(loss)):
                cost, dA = loss(out, given["y"])
            back = backward(log, cache, dA)
            grads = Grads(bare(back.params), back.x)
            moves, memory = grads, given["optimizer"]
            if optimizer != ():
                with steps.step("update", "", _names(optimizer)):
                    moves, memory = update(memory, grads, net)
            with steps.step("sgd", "", "sgd"):
                after = sgd(net, moves, given["lr"])
        outputs = {"cost": cost, "out": out, "dA": dA, "grads": grads.params}
        if inputs:
            outputs["dx"] = grads.x
        return {**outputs, "params": after, "optimizer": memory}

    given = {"params": params, "optimizer": optimizer, "x": x, "y": y, "lr": lr}
    return _recorded("record_step", run, given)


def name_of_loss(loss: Any) -> str:
    """The name of the function to which functools.partial gives arguments, or of the class."""
    while hasattr(loss, "func"):
        loss = loss.func
    return str(getattr(loss, "__name__", type(loss).__name__))


def _names(optimizer: Any) -> str:
    parts = optimizer if type(optimizer) is tuple else (optimizer,)
    return ", ".join([type(part).__name__ for part in parts])


def _recorded(function: str, run: Callable[[Tape, Inputs], Inputs], inputs: Inputs) -> Program:
    """The program of a run, which has to be the same with other numbers."""
    program = _once(run, inputs)
    others = {name: _with_inputs(lambda _, value: _other(value), tree, name) for name, tree in inputs.items()}
    if program != _once(run, others):
        reason = "what is computed differs from call to call, or depends on values in a way that is not seen"
        raise KindError(f"{function}: {reason}; a function of NumPy's random numbers needs a seed")
    return program


def _once(run: Callable[[Tape, Inputs], Inputs], inputs: Inputs) -> Program:
    with recording() as tape, recorded():
        made = run(tape, {name: _input(tape, name, tree) for name, tree in inputs.items()})
        leaves = {path: a for name, tree in made.items() for path, a in recorded_leaves(tree, name).items()}
        return tape.program({path: a.place() for path, a in leaves.items()})


def _input(tape: Tape, name: str, tree: Any) -> Any:
    """A tree whose arrays are inputs of the tape, by name and path."""

    def leaf(path: str, value: Any) -> RecordedArray:
        if not is_array(value):
            return RecordedNumber(value, tape.input(path, np.asarray(value)))
        numbers = real_numbers(native(np.array(value)))
        place = tape.input(path, numbers.copy(order="K"))
        numbers.setflags(write=not isinstance(value, np.ndarray) or value.flags.writeable)
        return fresh(numbers, place)

    return _with_inputs(leaf, tree, name)


def _with_inputs(leaf: Leaf, tree: Any, name: str) -> Any:
    return leaf(name, tree) if type(tree) is int else with_leaves(leaf, tree, name, is_state=True)


def _other(value: Any) -> Any:
    """Other numbers of the same kind, also of probabilities and of positive numbers; ids stay."""
    if type(value) in {int, float}:
        return value + 1 if type(value) is int else 0.75 * value + 0.0125
    array = np.asarray(value)
    return np.asarray(0.75 * array + 0.0125, array.dtype) if array.dtype.kind == "f" else value


def _check_takes(function: Callable[..., Any], inputs: Inputs) -> None:
    try:
        takes = signature(function)
    except ValueError:  # a function in C, which may have none
        return
    try:
        takes.bind(**inputs)
    except TypeError:
        raise KindError(f"record_function: function must take ({', '.join(inputs)}), not {takes}") from None


def _check_input(name: str, tree: Any) -> None:
    if type(tree) is tuple:
        for i, part in enumerate(tree):
            _check_input(f"{name}[{i}]", part)
    elif tree is not None and not is_record(tree) and type(tree) not in {int, float} and not is_plain(tree):
        raise KindError(f"{name} must be an array, a number, a record, or a tuple of them, not {kind(tree)}")

"""Checks that end a step at the first array that is not finite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcnn.arrays import counted, is_float, namespace, short
from funcnn.core import forward
from funcnn.errors import NotFiniteError
from funcnn.inspection.log import Log, bare, logged
from funcnn.trees.walks import arrays_in, walk


class FirstNotFinite(BaseException):
    """The first array that is not finite: the phase of the step, the path of the layer, the array's name and the array.

    `FirstNotFinite` is not an Exception, so that a rule that catches every Exception does not catch it.
    """


def check_finite(phase: str, place: str, tree: Any, name: str = "") -> None:
    """Check that every array of a tree is finite."""
    for path, array in walk(tree, name):
        if is_float(array) and not is_finite(array):
            raise FirstNotFinite(phase, place, path, array)


def check_layers(phase: str, place: str, tree: Any, layer: Any = ()) -> None:
    """As `check`, but the error has the path of the layer that holds the array, and the gradient of W is called dW."""
    trained = {path for path, _ in walk(layer, states=False)}
    for path, array in walk(tree, place):
        if is_float(array) and not is_finite(array):
            where, _, name = path.rpartition(".")
            is_trained = path.removeprefix(f"{place}.") in trained
            raise FirstNotFinite(phase, where, f"d{name}" if is_trained else name, array)


def check_call(phase: str, place: str, layer: Any, **values: Any) -> None:
    """Check that the values that a log reports for a call of a layer are finite."""
    for name, value in values.items():
        if name == "gradient":
            check_layers(phase, place, bare(value), bare(layer))
        else:
            check_finite(phase, place, value, name)


def origin(params: Any, x: Any, y: Any) -> str:
    """A sentence about where the first NaN or infinity of a step appeared: the arguments, a layer, or later.

    Errors of forward(params, x) are ignored: `value_and_grad` may be a function that does not call it.
    """
    layers = {}

    def check_and_name(phase: str, place: str, layer: Any, **values: Any) -> None:
        layers[place] = layer
        check_call(phase, place, layer, **values)

    try:
        for name, value in (("params", params), ("x", x), ("y", y)):
            check_finite("data", "", value, name)
        with np.errstate(all="ignore"):  # the step itself has shown NumPy's warnings
            forward(logged(params, Log(check_and_name)), x)
    except FirstNotFinite as found:
        phase, place, name, _ = found.args
        if phase == "data":
            return f"the first array that is not finite is {name}"
        return (
            f"the first array that is not finite is {name} of {f'layer {place}, ' * bool(place)}{short(layers[place])}"
        )
    except Exception:  # noqa: BLE001  a user's rule may raise anything, but the error to report is NotFiniteError
        return "params, x and y are finite, so value_and_grad is the cause"
    return "params, x, y and out are finite, so the loss is the cause"


def as_finite_state(function: str, now: Any) -> Any:
    """The TrainState `now`, in which parameters, states and the memory of the optimizer are checked to be finite.

    A step whose cost is finite may give a state that is not. `train` finds it by the cost of the next step, or at the
    end; functions of runs call `as_finite_state` for each state that they keep, save, score, or end with.
    """
    if not all(map(is_finite, arrays_in((now.params, now.optimizer)))):  # without paths, in a third of the time
        raise _not_finite_error(function, now)
    return now


def _not_finite_error(function: str, now: Any) -> NotFiniteError:
    """The error that names the first array of a state that is not finite."""
    arrays = [*walk(now.params, "params"), *walk(now.optimizer, "optimizer")]
    path = next(path for path, array in arrays if not is_finite(array))
    return NotFiniteError(f"{function}: {path} is not finite after {counted(now.step, 'step')}; a smaller lr may help")


def is_finite(values: Any) -> bool:
    """Whether all values are finite; True for a tracer, whose values are not known yet."""
    if type(values) is np.ndarray and values.dtype.char in "fd":
        flat = values.ravel("K")
        if math.isfinite(np.vdot(flat, flat)):  # one pass, without warnings; if the sum overflows, the entries decide
            return True
    elif isinstance(values, float | np.floating):
        return math.isfinite(values)
    try:
        return bool(namespace(values).isfinite(values).all())
    except TypeError:
        return True

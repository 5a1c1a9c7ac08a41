"""Checks that end a step at the first array that is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import is_float, short
from funcnn.core import forward
from funcnn.inspection.log import Log, bare, logged
from funcnn.training.finite import is_finite
from funcnn.trees.walks import walk


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

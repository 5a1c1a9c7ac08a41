"""The first array of a step that is not finite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcnn.arrays import is_float, namespace, short
from funcnn.core import forward
from funcnn.trees.walks import walk


def origin(params: Any, x: Any, y: Any) -> str:
    """A sentence about where the first NaN or infinity of a step appeared: the arguments, a layer, or what follows.

    `value_and_grad` may be any function, and then forward(params, x) need not be defined: its errors are ignored.
    """
    for name, value in (("params", params), ("x", x), ("y", y)):
        if path := not_finite(value, name):
            return f"the first array that is not finite is {path}"
    try:
        with np.errstate(all="ignore"):  # NumPy has warned already, if it should
            found = _layer(params, x, "")
    except Exception:  # noqa: BLE001  a rule of anybody's may raise anything, and the error to report is another
        return "params, x and y are finite, so value_and_grad made it"
    return found or "params, x, y and out are finite, so the loss made it"


def _layer(layer: Any, x: Any, place: str) -> str:
    """The first layer whose output is not finite."""
    if type(layer) is not tuple:
        if not_finite(forward(layer, x)[0], "out"):
            return f"the first array that is not finite is out of {f'layer {place}, ' * bool(place)}{short(layer)}"
        return ""
    for i, part in enumerate(layer):
        if found := _layer(part, x, f"{place}.{i}".lstrip(".")):
            return found
        x = forward(part, x)[0]
    return ""


def not_finite(tree: Any, name: str) -> str:
    """The path of the first array in the tree that holds a NaN or an infinity; empty if there is none."""
    for path, array in walk(tree, name):
        if is_float(array) and not is_finite(array):
            return path
    return ""


def is_finite(values: Any) -> bool:
    """Whether all values are finite; True for a tracer, whose values are not known yet."""
    if isinstance(values, float | np.floating):
        return math.isfinite(values)
    try:
        return bool(namespace(values).isfinite(values).all())
    except TypeError:
        return True

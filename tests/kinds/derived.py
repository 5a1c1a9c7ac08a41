"""The kind of an argument, derived from its name, which is a symbol of the mathematics, or else from its annotation.

A row says only what neither of them does. `X | None` is the kind of X, which takes None as well.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn import Dropout
from tests.kinds import kinds
from tests.kinds.kind import Kind, kind

NAMES = ("dtype", "grads", "loss", "optimizer", "path", "rng", "seed", "shape", "where", "xp")
BY_NAME = {
    **{name: getattr(kinds, name) for name in NAMES},
    "data": kinds.data,
    "dA": kinds.array(kinds.OUT),
    "cache": kind(kinds.CACHE),
    "frame": kinds.function,
    "key": kind((7, 0)),
    "memory": kind(()),
    "out": kinds.array,
    "params": kinds.layer,
    "value_and_grad": kinds.gradient_of,
    "weight": kinds.array(np.ones(4)),
    "x": kinds.array,
    "y": kinds.array(kinds.Y),
}
BY_ANNOTATION = {
    **dict.fromkeys(["Count", "Natural", "Padding", "Size", "Sizes", "Steps", "Whole", "int"], kinds.count),
    **dict.fromkeys(["Annotated", "Finite", "Number", "Positive", "Rate", "float"], kinds.number),
    **dict.fromkeys(["LearningRate", "RateOrSchedule"], kinds.schedule),
    **dict.fromkeys(["FilePath", "PathLike"], kinds.path),
    **dict.fromkeys(["Held", "Layer"], kinds.layer),
    **dict.fromkeys(["Flag", "bool"], kinds.flag),
    **dict.fromkeys(["Text", "str"], kinds.text),
    "Array": kinds.array,
    "Ax": kinds.ax,
    "Constraint": kind(lambda params: params),
    "Direction": kind("lower"),
    "Fraction": kinds.fraction,
    "Function": kinds.function,
    "Initializer": kinds.initializer,
    "Names": kind({"0": "0"}, "{}"),
    "OfDropout": kind(Dropout(0.5, seed=0)),
    "OfRotary": kinds.rotary,
    "Points": kinds.count(3),
    "Run": kinds.run,
    "Share": kinds.fraction,
    "Trained": kinds.start,
    "Tree": kinds.tree,
}


def kinds_of(function: Callable[..., Any], given: dict[str, Kind]) -> dict[str, Kind]:
    """The kind of each argument: the given one, or else the derived one; an option without either is left out."""
    parameters = inspect.signature(function).parameters.values()
    found = {p.name: given.get(p.name) or _kind_of(p) for p in parameters if p.kind is not p.VAR_KEYWORD}
    if missing := [p.name for p in parameters if p.default is p.empty and found.get(p.name, p) is None]:
        raise LookupError(f"{function}: the kind of {missing} has to be given in a row")
    return {name: one for name, one in found.items() if one} | given


def _kind_of(parameter: inspect.Parameter) -> Kind | None:
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    found = BY_NAME.get(parameter.name) or BY_ANNOTATION.get(re.split(r"\[| \| ", text)[0])
    return found | "None" if found and text.endswith(" | None") else found

"""Looking inside a network: what it is made of, and what goes through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funcnn.arrays import is_array, short
from funcnn.core import forward
from funcnn.layers.frozen import Frozen
from funcnn.records import is_record, plans
from funcnn.tree import count


def summary(params: Any, x: Any) -> str:
    """The printed network: each layer with its settings, the shapes that go in and out, and its parameters.

    The number of a layer is its path, as in errors and in `parameters`. Raises what `forward(params, x)` raises.

    >>> import numpy as np
    >>> from funcnn import Relu, mlp, summary
    >>> print(summary(mlp([2, 27, 1], hidden=Relu(), seed=1), np.zeros((9400, 2))))
    [
      0 -> Dense (W: 2x27, b: 27)  9400x2 -> 9400x27   81 parameters
      1 -> Relu                    9400x27 -> 9400x27
      2 -> Dense (W: 27x1, b: 1)   9400x27 -> 9400x1   28 parameters
    ]
    There are 109 trainable parameters in the model.
    """
    rows = list(_rows(params, x, ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(["[", *lines, "]", f"There are {count(params)} trainable parameters in the model."])


def _rows(layer: Any, x: Any, path: str, unit: str = "parameters") -> Iterator[tuple[str, str, str]]:
    """One row a layer: what it is, what goes in and out, how many parameters it has; frozen ones by what they hold."""
    if type(layer) is Frozen:
        yield from _rows(layer.layer, x, f"{path}.layer".lstrip("."), "frozen")
        return
    if type(layer) is tuple:
        for i, part in enumerate(layer):
            yield from _rows(part, x, f"{path}.{i}".lstrip("."), unit)
            x = forward(part, x)[0]
        return
    numbers, out = count(layer), forward(layer, x)[0]
    parts = [
        f"{name}: {_shape(v)}" if is_array(v) else f"{name}={_kind(v)}" for name, v in _fields(layer) if v is not None
    ]
    name = f"{type(layer).__name__} ({', '.join(parts)})" if parts else type(layer).__name__
    yield (
        f"{path} -> {name}" if path else name,
        f"{_shape(x)} -> {_shape(out)}",
        f"{numbers} {unit}" if numbers else "",
    )


def _fields(layer: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(layer, name)) for name, _ in plans[type(layer)]]


def _kind(value: Any) -> str:
    return type(value).__name__ if is_record(value) else short(value)


def _shape(value: Any) -> str:
    if type(value) is tuple:
        return f"({', '.join(map(_shape, value))})"
    return "x".join(map(str, value.shape)) or "number"

"""Looking inside a network: what it is made of, and what that costs."""

from __future__ import annotations

from collections.abc import Generator
from types import FunctionType
from typing import Any

from funcnn.arrays import is_array, short
from funcnn.core import forward
from funcnn.inspection.costs import flops, scaled
from funcnn.inspection.probing import held_bytes
from funcnn.layers.combinators.frozen import Frozen
from funcnn.records import is_record, plans
from funcnn.tree import count, leaves


def summary(params: Any, x: Any, *, costs: bool = False) -> str:
    """The printed network: each layer with its settings, the shapes that go in and out, and its parameters.

    The number of a layer is its path, as in errors and in `parameters`. With `costs`, each row goes on with the
    operations of its forward (`flops`), and with the bytes of its arrays and of its cache: what it keeps for backward.
    The last line adds up; an array that several layers keep is there once. Raises what `forward(params, x)` raises.

    >>> import numpy as np
    >>> from funcnn import Relu, mlp, summary
    >>> print(summary(mlp([2, 27, 1], hidden=Relu(), seed=1), np.zeros((9400, 2))))
    [
      0 -> Dense (W: 2x27, b: 27)  9400x2 -> 9400x27   81 parameters
      1 -> Relu                    9400x27 -> 9400x27
      2 -> Dense (W: 27x1, b: 1)   9400x27 -> 9400x1   28 parameters
    ]
    There are 109 trainable parameters in the model.
    >>> print(summary(mlp([2, 27, 1], hidden=Relu(), seed=1), np.zeros((9400, 2)), costs=True))
    [
      0 -> Dense (W: 2x27, b: 27)  9400x2 -> 9400x27   81 parameters  1.27 Mflop  648 B  150 kB cache
      1 -> Relu                    9400x27 -> 9400x27                 254 kflop          2.03 MB cache
      2 -> Dense (W: 27x1, b: 1)   9400x27 -> 9400x1   28 parameters  517 kflop   224 B  2.03 MB cache
    ]
    There are 109 trainable parameters in the model.
    Forward is 2.04 Mflop; the arrays are 872 B, and 2.18 MB are kept for backward.
    """
    rows = list(_rows(params, x, "", "parameters", costs=costs))
    table = [row for row, _ in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    lines = ["[", *lines, "]", f"There are {count(params)} trainable parameters in the model."]
    if costs:
        total, own = scaled(flops(params, x), "flop"), scaled(_bytes(params), "B")
        held = scaled(held_bytes([cache for _, cache in rows]), "B")
        lines.append(f"Forward is {total}; the arrays are {own}, and {held} are kept for backward.")
    return "\n".join(lines)


def _rows(
    layer: Any, x: Any, path: str, unit: str, *, costs: bool
) -> Generator[tuple[tuple[str, ...], Any], None, Any]:
    """The row and the cache of each layer, frozen ones by what they hold; returns out."""
    if type(layer) is Frozen:
        return (yield from _rows(layer.layer, x, f"{path}.layer".lstrip("."), "frozen", costs=costs))
    if type(layer) is tuple:
        for i, part in enumerate(layer):
            x = yield from _rows(part, x, f"{path}.{i}".lstrip("."), unit, costs=costs)
        return x
    numbers, (out, cache) = count(layer), forward(layer, x)
    yield (
        (
            f"{path} -> {described(layer)}" if path else described(layer),
            f"{shape(x)} -> {shape(out)}",
            f"{numbers} {unit}" if numbers else "",
            *(_costs(layer, x, cache) if costs else ()),
        ),
        cache,
    )
    return out


def _costs(layer: Any, x: Any, cache: Any) -> tuple[str, str, str]:
    own, kept = _bytes(layer), held_bytes(cache)
    return (
        scaled(flops(layer, x), "flop"),
        scaled(own, "B") if own else "",
        f"{scaled(kept, 'B')} cache" if kept else "",
    )


def _bytes(tree: Any) -> int:
    return sum([leaf.nbytes for leaf in leaves(tree)])


def described(layer: Any) -> str:
    """A layer with its fields: the shapes of arrays, the classes of records, settings as they are.

    >>> from funcnn import Dense
    >>> from funcnn.inspection.summaries import described
    >>> described(Dense.init(2, 3, seed=0))
    'Dense (W: 2x3, b: 3)'
    """
    parts = [
        f"{name}: {shape(value)}" if is_array(value) else f"{name}={_kind(value)}"
        for name, value in [(name, getattr(layer, name)) for name, _ in plans[type(layer)]]
        if value is not None
    ]
    return f"{type(layer).__name__} ({', '.join(parts)})" if parts else type(layer).__name__


def _kind(value: Any) -> str:
    if type(value) is tuple and any([type(part) is tuple or is_record(part) for part in value]):
        return f"({', '.join(map(_kind, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, FunctionType):
        return value.__qualname__  # its repr has an address, another in each process
    return type(value).__name__ if is_record(value) else short(value)


def shape(value: Any) -> str:
    """`9400x2`, `(5x9, 5)` of a tuple, `number` of an array without axes."""
    if type(value) is tuple:
        return f"({', '.join(map(shape, value))})"
    if value is None:
        return "None"
    return "x".join(map(str, value.shape)) or "number"

"""Conversions of layers that hold others, and of branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import spox.opset.ai.onnx.v17 as op

from funcnn.inspection.probe import Probe
from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.values import blank, dtype_of, reshaped, shape_of
from funcnn.layers.combinators.branches import Copy, Parallel, Take
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.map import Map
from funcnn.layers.combinators.remat import Remat
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.combinators.shared import Here, Shared
from funcnn.layers.notes import noted


def _inside(layer: Any, held: Any, x: Values) -> Values:
    return noted(f"in {type(layer).__name__}", to_graph, held, x)


@to_graph.register(Residual)
def residual_to_graph(layer: Residual[Any], x: Values) -> Values:
    """x + out; of tuples the first parts are added"""
    out = _inside(layer, layer.layer, x)
    return (op.add(x[0], out[0]), *out[1:]) if type(x) is tuple else op.add(x, out)


@to_graph.register(First)
def first_to_graph(layer: First[Any], x: Values) -> Values:
    """A sequence of floats is 0 at padded positions"""
    if type(x) is not tuple:
        return _inside(layer, layer.layer, x)
    mask = x[1] if len(x) > 1 and _is_mask(*x[:2]) else None
    return _inside(layer, layer.layer, blank(x[0], mask)), *x[1:]


def _is_mask(x: Values, mask: Values) -> bool:
    """Whether the second part is the mask of the first, as `mask_of` has it"""
    if type(x) is tuple or type(mask) is tuple or mask is None:
        return False
    sizes = shape_of(x)
    alike = len(sizes) > 2 and len(shape_of(mask)) == 2 and shape_of(mask)[1] == sizes[1]
    return alike and dtype_of(mask).kind == "b" and dtype_of(x).kind == "f"


@to_graph.register(Map)
def map_to_graph(layer: Map[Any], x: Values) -> Values:
    """The first two axes become one, and two again"""
    t = shape_of(x[0] if type(x) is tuple else x)[1]
    rows = _each(lambda a: reshaped(a, *shape_of(a)[2:]), x)
    return _each(lambda a: reshaped(a, t, *shape_of(a)[1:]), _inside(layer, layer.layer, rows))


def _each(f: Any, x: Values) -> Values:
    return tuple([_each(f, part) for part in x]) if type(x) is tuple else None if x is None else f(x)


@to_graph.register(Parallel)
def parallel_to_graph(layer: Parallel, x: Values) -> Values:
    """Each branch gets its part of x"""
    parts = enumerate(zip(layer.layers, x, strict=True))
    return tuple([noted(f"in branch {i} of Parallel", to_graph, branch, part) for i, (branch, part) in parts])


def _held(layer: Any, x: Values) -> Values:
    """In prediction these are the layer that they hold; Shared has put its layer into each place"""
    return _inside(layer, layer.held(), x)


_RULES: dict[type, Callable[[Any, Values], Values]] = {
    **dict.fromkeys((Frozen, Remat, Probe, Here, Shared), _held),
    Copy: lambda layer, x: (x,) * layer.n,
    Take: lambda layer, x: x[layer.i],
}
for _layer, _rule in _RULES.items():
    to_graph.register(_layer)(_rule)

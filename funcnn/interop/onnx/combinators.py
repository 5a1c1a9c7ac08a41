"""Conversions of layers that hold others, and of branches."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.inspection.probe import Probe
from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.values import Var, blank, constant, dtype_of, in_shape, kept, reshaped, shape_of
from funcnn.layers.combinators.branches import Copy, Parallel, Take
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.joins import Concat, Sum
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
    return (_added(x[0], out[0]), *out[1:]) if type(x) is tuple else _added(x, out)


def _added(a: Var, b: Var) -> Var:
    """a + b, of one shape: Add would broadcast a length of 1, and Reshape refuses it"""
    if None in (*shape_of(a), *shape_of(b)):
        b = in_shape(b, op.shape(a), [0, *kept(b)])
    return op.add(a, b)


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
    lengths, others = shape_of(x)[1:], shape_of(mask)[1:]
    alike = len(lengths) > 1 and len(others) == 1 and (others[0] == lengths[0] or 0 in (kept(x)[0], kept(mask)[0]))
    return alike and dtype_of(mask).kind == "b" and dtype_of(x).kind == "f"


@to_graph.register(Map)
def map_to_graph(layer: Map[Any], x: Values) -> Values:
    """The first two axes become one, and two again"""
    first = x[0] if type(x) is tuple else x
    return _each(lambda a: _apart(a, first), _inside(layer, layer.layer, _each(_joined, x)))


def _joined(x: Var) -> Var:
    """(m, t, ...) as (m t, ...)"""
    if 0 not in (rest := kept(x)[1:]):
        return reshaped(x, *rest)
    return in_shape(x, op.concat([constant(np.array([-1])), op.shape(x, start=2)], axis=0), [0, *rest])


def _apart(x: Var, like: Var) -> Var:
    """(m t, ...) as (m, t, ...), with t of `like`"""
    if 0 not in (rest := [kept(like)[0], *kept(x)]):
        return reshaped(x, *rest)
    parts = [constant(np.array([-1])), op.shape(like, start=1, end=2), op.shape(x, start=1)]
    return in_shape(x, op.concat(parts, axis=0), [0, *rest])


def _each(f: Any, x: Values) -> Values:
    return tuple([_each(f, part) for part in x]) if type(x) is tuple else None if x is None else f(x)


@to_graph.register(Sum)
@to_graph.register(Concat)
def joined_to_graph(layer: Any, x: Values) -> Values:
    """The first parts of pairs are joined; the rest is of the first pair"""
    heads = [part[0] if type(part) is tuple else part for part in x]
    out = reduce(_added, heads) if type(layer) is Sum else op.concat(heads, axis=-1)
    return (out, *x[0][1:]) if type(x[0]) is tuple else out


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

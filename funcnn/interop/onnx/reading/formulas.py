"""Layers that a model writes out: the numbers of a part of the graph decide which layer it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import permutations, product
from typing import Any

import attrs
import numpy as np
from onnx import AttributeProto

from funcnn.about.table import cards
from funcnn.arrays import Array
from funcnn.draws import symmetric
from funcnn.errors import FuncnnError
from funcnn.interop.onnx.reading.chain import Chain, places
from funcnn.interop.onnx.reading.graph import OnnxGraph
from funcnn.interop.onnx.reading.node import shortest
from funcnn.layers.activations.base import Identity
from funcnn.layers.activations.elementwise import Elementwise
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.softmax import LogSoftmax, Softmax
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm
from funcnn.prediction import predict
from funcnn.trees.edits import evolve

_ENTRYWISE = """
    Abs Add And Cast Celu Clip Cos Div Elu Equal Erf Exp Gelu Greater GreaterOrEqual HardSigmoid
    HardSwish Identity LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mul Neg Not Or Pow Reciprocal Relu Selu Shrink
    Sigmoid Sign Sin Softplus Softsign Sqrt Sub Sum Swish Tanh ThresholdedRelu Where Xor
"""
_ROWWISE = """
    Expand Flatten GroupNormalization InstanceNormalization LayerNormalization LogSoftmax LpNormalization
    RMSNormalization ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceSum ReduceSumSquare Reshape Slice Softmax
    Split Squeeze Unsqueeze
"""
ENTRYWISE = frozenset(_ENTRYWISE.split())
"""Operators that compute each entry from the entries at its place."""

ROWWISE = ENTRYWISE | frozenset(_ROWWISE.split())
"""Operators of which normalisations and gates are written."""

_GRID = np.concatenate([np.linspace(-15, 15, 601), [-1e3, -60, -25, 25, 60, 1e3]])


def written(graph: OnnxGraph, top: str, end: str, to: Callable[[str], Chain]) -> Chain | None:
    """The chain behind the layer that the nodes between two values write out, or None if they are not a layer."""
    nodes = graph.nodes(top, end)
    if {node.op_type for node in nodes} <= ENTRYWISE:
        layer = activation(graph, top, end, nodes)
        return None if layer is None else to(top).then(layer)
    like = graph.values[top]
    if like.dtype.kind != "f" or like.ndim < 2:
        return None
    probes = _probes(like)
    outcome = cache(lambda i: graph.outcome(top, end, probes[i]))
    if outcome(0).ndim != like.ndim:
        return None

    def has_its_numbers(layer: Any, axis: int) -> bool:
        pairs = ((probes[i], outcome(i)) for i in range(len(probes)))  # the later ones only if the first agree
        return all(is_of(layer, np.moveaxis(x, axis, -1), np.moveaxis(out, axis, -1)) for x, out in pairs)

    for axis in {like.ndim - 1: None, 1: None}:
        for layer in _of_rows(graph, nodes, like, axis):
            if has_its_numbers(layer, axis):
                return _behind(to(top), layer, axis)
    return None


def _probes(like: Array) -> list[Array]:
    """Arrays for x: small numbers show eps, wide ones a clip and a corner, and one number alone the bound of a norm."""
    x = symmetric((1,), like.shape, 2.0).astype(like.dtype)
    alone = np.zeros_like(x)
    for i, row in enumerate(alone.reshape(len(x), -1)):
        row[i % row.size] = 30
    return [x, x / 1000, x**5, alone, -alone]


def _behind(chain: Chain, layer: Any, axis: int) -> Chain:
    """The chain behind a layer of the features in this axis."""
    if isinstance(layer, GroupNorm | InstanceNorm):
        made = chain.as_array(np.moveaxis(chain.index, axis, -1)).then(layer)
        return Chain(made.layers, made.a, np.moveaxis(places(made.a.shape), -1, axis))
    features = chain.features(axis)
    if isinstance(layer, Glu):
        return features.through(layer)
    arrays = {name: getattr(layer, name, None) for name in ("scale", "shift")}
    return features.then(evolve(layer, **{name: features.own(a) for name, a in arrays.items() if a is not None}))


def is_of(layer: Any, x: Array, out: Array, index: Any = ...) -> bool:
    """Whether the layer has this result, at these places, wherever the model's is finite."""
    ours = predict(layer, x)
    ours = ours if index is ... else ours.reshape(-1)[index]
    if ours.shape != out.shape or out.dtype != ours.dtype:
        return False
    finite = np.isfinite(out)
    near = 200 * np.finfo(out.dtype).eps * np.maximum(1, abs(np.where(finite, out, 0)))
    return bool(finite.sum() > finite.size / 2 and (abs(np.where(finite, ours - out, 0)) <= near).all())


def activation(graph: OnnxGraph, top: str, end: str, nodes: Iterable[Any]) -> Any:
    """The activation that has the numbers of these nodes; numbers among their inputs may be its settings."""
    scalars = _scalars(graph, nodes)
    if scalars is None or graph.values[top].dtype.kind != "f":
        return None
    more = [factor * c for c in scalars for factor in (-2, -1, 0.5, 1, 2)]
    x = np.concatenate([_GRID, more]).astype(graph.values[top].dtype)
    out = graph.outcome(top, end, x.reshape(-1, *[1] * (graph.values[top].ndim - 1)))
    names = {node.op_type.lower() for node in nodes}
    for cls in sorted(_activations(), key=lambda cls: cls.__name__.lower() not in names):
        for layer in _layers(cls, scalars):
            if is_of(layer, x, out.reshape(-1)):
                return layer
    return None


def _activations() -> list[Any]:
    """The classes of activations without arrays, those of users too; x + 0 is not an Identity but a bias."""
    every = [cls for cls in cards("activations") | cards() if isinstance(cls, type) and cls is not Identity]
    found = [cls for cls in every if issubclass(cls, Elementwise)]
    return [cls for cls in found if not any(["Array" in str(field.type) for field in attrs.fields(_as_any(cls))])]


def _as_any(cls: Any) -> Any:
    return cls


def _layers(cls: Any, scalars: list[float]) -> Iterator[Any]:
    """The layer with its own settings, and with some of these numbers."""
    fields = attrs.fields(cls)
    defaults = [()] if all([field.default is not attrs.NOTHING for field in fields]) else []
    for settings in (*defaults, *(permutations(scalars, len(fields)) if fields else ())):
        try:
            yield cls(*settings)
        except FuncnnError:  # these are no settings of this layer
            continue


def _scalars(graph: OnnxGraph, nodes: Iterable[Any]) -> list[float] | None:
    """The numbers among the inputs and attributes of nodes; None if an input is an array of several."""
    found = [one.f for node in nodes for one in node.attribute if one.type == AttributeProto.FLOAT]
    for node in nodes:
        arrays = [graph.values[name] for name in node.input if name and name not in graph.above]
        if any([a.size != 1 for a in arrays]):
            return None
        found += [a.item() for a in arrays]
    return list(dict.fromkeys(map(shortest, found)))


def _of_rows(graph: OnnxGraph, nodes: list[Any], like: Array, axis: int) -> Iterator[Any]:
    """The layers over rows of features that arrays and numbers among the inputs may be parts of."""
    operators, n = " ".join([node.op_type for node in nodes]), like.shape[axis]
    if "Reduce" in operators or "Softmax" in operators:
        yield from (Softmax(), LogSoftmax())
    if n % 2 == 0 and ("Sp" in operators or "Slice" in operators):
        yield from [Glu(cls()) for cls in _activations() if not attrs.fields(cls)]
    inputs = [graph.values[name] for node in nodes for name in node.input if name and name not in graph.above]
    arrays = [a for a in inputs if a.dtype == like.dtype]
    vectors = list({a.tobytes(): a.reshape(-1) for a in arrays if a.size == n and a.ndim}.values())
    found = [a.item() for a in arrays if a.size == 1 and 0 < a.item() < 0.1]
    found += [one.f for node in nodes for one in node.attribute if one.name == "epsilon"]
    if "Reduce" in operators or "Normalization" in operators:
        for scale, shift in product([np.ones(n, like.dtype), *vectors], [*vectors, None]):
            for eps in dict.fromkeys(map(shortest, [*found, 1e-5])):
                yield from [LayerNorm(scale, shift, eps), *([RMSNorm(scale, eps)] if shift is None else [])]
                if like.ndim > 2:
                    yield InstanceNorm(scale, shift, eps)
                    yield from [GroupNorm(scale, shift, groups, eps) for groups in _groups(graph, nodes, n)]


def _groups(graph: OnnxGraph, nodes: list[Any], n: int) -> list[int]:
    """The numbers of groups that the nodes may have."""
    arrays = [graph.values[name] for node in nodes for name in node.input if name]
    sizes = {size for a in arrays for size in a.shape}
    sizes |= {one.i for node in nodes for one in node.attribute if one.name == "num_groups"}
    return [size for size in sorted(sizes) if size and n % size == 0]

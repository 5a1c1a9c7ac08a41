"""Attention that a model writes out: projections, a softmax over products, and a projection of the result."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import prod
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.draws import symmetric
from funcnn.interop.onnx.reading.chain import Chain, Features
from funcnn.interop.onnx.reading.formulas import is_of
from funcnn.interop.onnx.reading.graph import OnnxGraph, attribute
from funcnn.interop.onnx.reading.operators import MOVES
from funcnn.interop.onnx.reading.refusals import Unreadable, check
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.dense import Dense


def attended(graph: OnnxGraph, end: str) -> str | None:
    """The value that enters an attention whose last projection gives `end`, or None if it is no attention."""
    node = graph.producer[end]
    if not _is_projection(graph, node):
        return None
    name = node.input[0]
    while name in graph.producer and graph.producer[name].op_type in MOVES:
        name = graph.producer[name].input[0]
    if name not in graph.producer or graph.producer[name].op_type not in ("MatMul", "Einsum"):
        return None
    tops = [top for top in graph.above[name] if any([_is_projection(graph, one) for one in graph.nodes(top, name)])]
    return tops[0] if tops and not _is_projection(graph, graph.producer[name]) else None


def attention(graph: OnnxGraph, end: str, top: str, chain: Chain) -> Chain:
    """The chain behind the attention between two values."""
    features = chain.features(-1)
    check("sequences (m, t, n) as x of an attention", "rows", holds=features.chain.a.ndim > 2)
    before = features.chain.shaped((len(chain.a), prod(features.chain.a.shape[1:-1]), len(features.order)))
    a, rows = before.a, features.rows
    x = symmetric((1,), a.shape, 2.0).astype(a.dtype)
    nodes = graph.nodes(top, end)
    drawn = _drawn(graph, nodes)
    expected = graph.outcome(top, end, x.reshape(-1)[before.index], drawn)
    lead, n = expected.shape[:-1], expected.shape[-1]
    turned = (rows if rows.ndim == 2 else rows.reshape(a.shape[:2])).T
    tried, layers = [_layers(_projections(graph, nodes, own), features) for own in (graph.values | drawn, graph.values)]
    for one, layer in zip(tried, layers, strict=True):
        for order in (rows, turned):
            index = order.reshape(lead)[..., None] * n + np.arange(n)
            if is_of(one, x, expected, index):
                return before.then(layer, index)
    raise Unreadable("a softmax of q k / sqrt(d) over all positions, or over those up to the query", "another formula")


def _drawn(graph: OnnxGraph, nodes: list[Any]) -> dict[str, Array]:
    """Numbers in the place of the matrices, by name: with weights near 0 any formula has the numbers of the layer."""
    matrices = {name: graph.values[name] for name in [node.input[1] for node in nodes if _is_projection(graph, node)]}
    return {
        name: symmetric((2, i), W.shape, 3 / max(W.shape) ** 0.5).astype(W.dtype)
        for i, (name, W) in enumerate(matrices.items())
    }


def _layers(projections: list[tuple[Array, Array | None]], features: Features) -> Iterator[Attention]:
    """The layers that these projections may be parts of, the last one behind the attention."""
    *parts, last = projections
    out = Dense(*last)
    W, n = np.concatenate([features.own(W) for W, _ in parts], axis=1), len(out.W)
    if W.shape[1] != 3 * n:
        return
    b = np.concatenate([np.zeros(W.shape[1], W.dtype) if b is None else b for W, b in parts])
    pairs = zip(np.split(W, 3, axis=1), np.split(b, 3), strict=True)
    has_bias = any([b is not None for _, b in parts])
    thirds = [Dense(W, b if has_bias else None) for W, b in pairs]
    for query, key, value in permutations(thirds):
        for heads in [heads for heads in range(1, n + 1) if n % heads == 0]:
            for causal in (False, True):
                yield Attention(query, key, value, out, heads, causal)


def _is_projection(graph: OnnxGraph, node: Any) -> bool:
    """Whether the node is a product of a value of x with a constant matrix."""
    is_product = node.op_type in ("Gemm", "MatMul") and graph.moving(node) == [node.input[0]]
    return is_product and graph.values[node.input[1]].ndim == 2


def _projections(graph: OnnxGraph, nodes: list[Any], values: dict[str, Array]) -> list[tuple[Array, Array | None]]:
    """(W, b) of each product with a constant matrix, with the bias that is added to it, but for the last"""
    found = []
    for node in [node for node in nodes if _is_projection(graph, node)]:
        W = values[node.input[1]]
        biases: list[Array] = [values[name] for name in node.input[2:]]
        for other in nodes:
            if other.op_type == "Add" and graph.moving(other) == [node.output[0]]:
                biases += [values[name] for name in other.input if name != node.output[0]]
        W = W.T if attribute(node, "transB", 0) else W
        found.append((W, np.broadcast_to(sum(biases[1:], biases[0]).reshape(-1), W.shape[1]) if biases else None))
    return found

"""The table of operators that are a layer each: for a node, the chain behind it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from funcnn.interop.onnx.reading.chain import Chain, places
from funcnn.interop.onnx.reading.images import IMAGES
from funcnn.interop.onnx.reading.linear import arithmetic, contracted, negative, prelu, product, scaler
from funcnn.interop.onnx.reading.node import OnnxNode
from funcnn.interop.onnx.reading.recurrent import recurrent
from funcnn.interop.onnx.reading.refusals import check
from funcnn.layers.activations.softmax import LogSoftmax, Softmax
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.embedding.symbols import Embedding
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm

MOVES = frozenset({"Expand", "Flatten", "Gather", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"})
"""Operators that move numbers and change none."""


def moved(node: OnnxNode, chain: Chain) -> Chain:
    """The operator itself, applied to the places of the numbers; or a row of a table for each id"""
    name, graph = node.moving[0], node.graph
    if node.operator == "Gather" and node.place == 1:
        return _embedded(node, chain)
    check("x as its first input", "x as another one", holds=node.place == 0)
    return chain.moved(lambda index: graph.outcome(name, node.output, index))


def _embedded(node: OnnxNode, chain: Chain) -> Chain:
    W, axis = node.array(0), node.setting("axis", 0)
    is_table = W.ndim == 2 and W.dtype.kind == "f" and axis == 0
    check("a matrix of floats as its table, and axis=0", f"{W.dtype} {W.shape} and axis={axis}", holds=is_table)
    made = chain.as_array(chain.index).then(Embedding(W))
    return Chain(made.layers, made.a, places(made.a.shape))


def _same(node: OnnxNode, chain: Chain) -> Chain:
    return chain


def _dropout(node: OnnxNode, chain: Chain) -> Chain:
    mode = node.part(2)
    check("training_mode=0", "1", holds=mode is None or not mode.any())
    check("its first result in use", "its mask", holds=node.output == node.node.output[0])
    return chain


def _cast(node: OnnxNode, chain: Chain) -> Chain:
    given, made = node.given.dtype, node.result.dtype
    check("one dtype", f"{given} and {made}", holds=given == made or {given.kind, made.kind} <= {"i", "u"})
    return chain if given == made else Chain(chain.layers, chain.a.astype(made), chain.index)


def _softmax(node: OnnxNode, chain: Chain) -> Chain:
    ndim, is_old = node.given.ndim, node.graph.opset < 13
    axis = node.setting("axis", 1 if is_old else -1) % ndim
    flat = "the last axis as its axis, since softmax takes all axes from it on together before opset 13"
    check(flat, axis, holds=not is_old or axis == ndim - 1)
    return chain.features(axis).then(Softmax() if node.operator == "Softmax" else LogSoftmax())


def _batch_norm(node: OnnxNode, chain: Chain) -> Chain:
    check("training_mode=0", "1", holds=not node.setting("training_mode", 0))
    features = chain.features(1)
    scale, shift, mean, var = [features.own(node.array(i)) for i in range(1, 5)]
    momentum = round(1 - node.number("momentum", 0.9), 7)
    return features.then(BatchNorm(scale, shift, mean, var, momentum, node.number("epsilon", 1e-5)))


def _row_norm(node: OnnxNode, chain: Chain) -> Chain:
    axis, ndim = node.setting("axis", -1) % node.given.ndim, node.given.ndim
    check("the last axis as its axis", axis, holds=axis == ndim - 1)
    features, eps = chain.features(-1), node.number("epsilon", 1e-5)
    scale = features.own(node.array(1))
    if node.operator == "RMSNormalization":
        return features.then(RMSNorm(scale, eps))
    shift = node.part(2)
    return features.then(LayerNorm(scale, None if shift is None else features.own(shift), eps))


def _pooled(node: OnnxNode, chain: Chain) -> Chain:
    """The mean, or the maximum, of all positions"""
    ndim, keep = node.given.ndim, 1
    axes = list(range(2, ndim))
    if not node.operator.startswith("Global"):
        given = node.part(1)
        axes = sorted([i % ndim for i in node.setting("axes", [] if given is None else given.tolist())])
        keep = node.setting("keepdims", 1)
    kept = [i for i in range(ndim) if i not in axes]
    check("all axes of positions as its axes", axes, holds=len(kept) == 2 and bool(axes))
    order = kept if chain.index.shape[kept[0]] == len(chain.a) else kept[::-1]
    index = chain.index.transpose(order[0], *axes, order[1])
    has_features = index.size == chain.a.size and chain.a.shape[-1] == index.shape[-1]
    at = chain.as_array(index.reshape(chain.a.shape) if has_features else index)
    made = at.then(GlobalMaxPool() if "Max" in node.operator else GlobalAvgPool())
    index = places(made.a.shape) if order == kept else places(made.a.shape).T
    return Chain(made.layers, made.a, np.expand_dims(index, tuple(axes)) if keep else index)


OPERATORS: dict[str, Callable[[OnnxNode, Chain], Chain]] = {
    **dict.fromkeys(("Gemm", "MatMul"), product),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), arithmetic),
    **dict.fromkeys(("Identity", "ZipMap"), _same),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), _row_norm),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax"), _pooled),
    **dict.fromkeys(("RNN", "GRU", "LSTM"), recurrent),
    **dict.fromkeys(MOVES, moved),
    **IMAGES,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Dropout": _dropout,
    "Einsum": contracted,
    "Neg": negative,
    "PRelu": prelu,
    "Scaler": scaler,
}

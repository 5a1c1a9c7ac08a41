"""Conversions of embeddings and positions. The positions of x are known, so that their encodings are constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.values import Var, blank, constant, dtype_of, outline, shape_of
from funcnn.interop.onnx.weights import weight
from funcnn.layers.combinators.tied import Tied
from funcnn.layers.embedding.positions import LearnedPosition, SinusoidalPosition
from funcnn.layers.embedding.rotation import rotate
from funcnn.layers.embedding.symbols import Embedding
from funcnn.layers.notes import noted
from funcnn.layers.sequences import as_triple, in_form_of
from funcnn.prediction import predict


@to_graph.register(Embedding)
def embedding_to_graph(layer: Embedding, given: Values) -> Values:
    """The ids at padded positions are not read"""
    ids, mask, _ = as_triple("to_onnx", given)
    rows = op.gather(weight(layer.W), blank(op.cast(ids, to=np.int64), mask), axis=0)
    return in_form_of(given, blank(rows, mask), mask)


@to_graph.register(Tied)
def tied_to_graph(layer: Tied, x: Values) -> Values:
    """The table is written twice, since a model has no transposed view"""
    rows = noted("in Tied", to_graph, Embedding(layer.W), x)
    out = noted("in Tied", to_graph, layer.net, rows)
    h = out[0] if type(out) is tuple else out
    logits = op.matmul(h, op.transpose(weight(layer.W), perm=[1, 0]))
    return (logits, *out[1:]) if type(out) is tuple else logits


@to_graph.register(SinusoidalPosition)
@to_graph.register(LearnedPosition)
def added_position_to_graph(layer: Any, given: Values) -> Values:
    """x + the layer's out for zeros"""
    x, mask, _ = as_triple("to_onnx", given)
    return in_form_of(given, blank(op.add(x, constant(predict(layer, outline(x)))), mask), mask)


def rotated(x: Var, base: float) -> Var:
    """`rotate` of x, (..., t, n): x cos + swapped x (-sin, sin), where the two features of each pair are swapped"""
    t, n = shape_of(x)[-2:]
    right = np.zeros((t, n), dtype_of(x))
    right[:, ::2] = 1
    turned = rotate(right, base=base)  # (cos, sin) of each pair
    cos, sin = np.repeat(turned[:, ::2], 2, axis=1), np.repeat(turned[:, 1::2], 2, axis=1)
    sin[:, ::2] *= -1
    swapped = op.gather(x, constant(np.arange(n) ^ 1), axis=-1)
    return op.add(op.mul(x, constant(cos)), op.mul(swapped, constant(sin)))

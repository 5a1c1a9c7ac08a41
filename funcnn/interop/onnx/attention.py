"""Conversions of attention."""

from __future__ import annotations

from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.embedding import rotated
from funcnn.interop.onnx.values import (
    Var,
    any_of,
    blank,
    constant,
    dtype_of,
    kept,
    linear,
    positions,
    reshaped,
    shape_of,
)
from funcnn.layers.attention.cross_attention import CrossAttention
from funcnn.layers.attention.self_attention import Attention
from funcnn.layers.dense import Dense
from funcnn.layers.sequences import as_triple, in_form_of


@to_graph.register(Attention)
def attention_to_graph(layer: Attention, given: Values) -> Values:
    """out is 0 at padded positions"""
    x, mask, _ = as_triple("to_onnx", given)
    padding, pairs = _masks(mask)
    x = blank(x, padding)
    if layer.causal:
        order = _order(x)
        pairs = order if pairs is None else op.and_(pairs, order)
    keys = x if mask is None else blank(x, any_of(pairs, 1))
    return in_form_of(given, blank(_attended(layer, x, keys, pairs, layer.rotary), padding), mask)


@to_graph.register(CrossAttention)
def cross_attention_to_graph(layer: CrossAttention, given: Values) -> Values:
    """A mask in `given` is the mask of the memory"""
    x, memory, mask = given if len(given) == 3 else (*given, None)
    padding, pairs = _masks(mask)
    keys = blank(memory, padding if pairs is None else any_of(pairs, 1))
    return _attended(layer, x, keys, pairs), *given[1:]


def _order(x: Var) -> Var:
    """The mask (1, t, t) of pairs in which the query is not before the key"""
    if type(t := shape_of(x)[1]) is int:
        return constant(np.tri(t, dtype=np.bool_)[None])
    queries, keys = [op.unsqueeze(positions(x, 1), constant(np.array(axes))) for axes in ([0, 2], [0, 1])]
    return op.greater_or_equal(queries, keys)


def _masks(mask: Var | None) -> tuple[Var | None, Var | None]:
    """(the mask of positions or None, the mask of pairs (m, t or 1, s) or None)"""
    if mask is None:
        return None, None
    return (mask, op.unsqueeze(mask, constant(np.array([1])))) if len(shape_of(mask)) == 2 else (None, mask)


def _attended(layer: Any, x: Var, keys: Var, pairs: Var | None, rotary: Any = None) -> Var:
    """A weight is exactly 0 where a pair is not allowed, also if a query may attend to no key"""
    q, k, v = [
        _by_heads(part, a, layer.heads) for part, a in ((layer.query, x), (layer.key, keys), (layer.value, keys))
    ]
    if rotary is not None:
        q, k = rotated(q, rotary.base), rotated(k, rotary.base)
    t, n = kept(x)[0], layer.query.W.shape[1]
    root = constant((n // layer.heads) ** -0.5, x)
    scores = op.matmul(op.mul(q, root), op.transpose(k, perm=[0, 1, 3, 2]))
    if pairs is None:
        weights = op.softmax(scores, axis=-1)
    else:
        pairs = op.unsqueeze(pairs, constant(np.array([1])))
        lowest = constant(np.finfo(dtype_of(x)).min, x)
        weights = op.where(pairs, op.softmax(op.where(pairs, scores, lowest), axis=-1), constant(0, x))
    out = op.transpose(op.matmul(weights, v), perm=[0, 2, 1, 3])
    return linear(reshaped(out, t, n), layer.out.W, layer.out.b)


def _by_heads(layer: Dense, x: Var, heads: int) -> Var:
    """(m, t, n) as (m, heads, t, n / heads)"""
    t, n = kept(x)[0], layer.W.shape[1]
    return op.transpose(reshaped(linear(x, layer.W, layer.b), t, heads, n // heads), perm=[0, 2, 1, 3])

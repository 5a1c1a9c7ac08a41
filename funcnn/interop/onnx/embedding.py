"""Conversions of embeddings and positions. If the length of x is known, encodings of positions are constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.values import Var, blank, constant, dtype_of, outline, positions, shape_of
from funcnn.interop.onnx.weights import weight
from funcnn.layers.combinators.tied import Tied
from funcnn.layers.embedding.positions import LearnedPosition, Rotary, SinusoidalPosition
from funcnn.layers.embedding.rotation import waves
from funcnn.layers.embedding.symbols import Embedding
from funcnn.layers.notes import noted
from funcnn.layers.sequences import as_triple, in_form_of


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


def _sinusoidal(layer: SinusoidalPosition, x: Var) -> Var:
    sin, cos = _waves(x, layer.base)
    is_sin = np.arange(shape_of(x)[-1]) % 2 == 0
    is_known = isinstance(sin, np.ndarray)
    return op.add(x, constant(np.where(is_sin, sin, cos)) if is_known else op.where(constant(is_sin), sin, cos))


def _learned(layer: LearnedPosition, x: Var) -> Var:
    return op.add(x, op.gather(weight(layer.P), positions(x, 1), axis=0))


def _rotary(layer: Rotary, x: Var) -> Var:
    return rotated(x, layer.base)


def _position(rule: Callable[[Any, Var], Var]) -> Callable[[Any, Values], Values]:
    """The rule for x as one for (x, mask) too; out is 0 at padded positions"""

    def to_values(layer: Any, given: Values) -> Values:
        x, mask, _ = as_triple("to_onnx", given)
        return in_form_of(given, blank(rule(layer, blank(x, mask)), mask), mask)

    return to_values


_RULES: dict[type, Callable[[Any, Var], Var]] = {
    SinusoidalPosition: _sinusoidal,
    LearnedPosition: _learned,
    Rotary: _rotary,
}
for _layer, _rule in _RULES.items():
    to_graph.register(_layer)(_position(_rule))


def rotated(x: Var, base: float) -> Var:
    """`rotate` of x, (..., t, n): x cos + swapped x (-sin, sin), where the two features of each pair are swapped"""
    n = shape_of(x)[-1]
    signs = np.where(np.arange(n) % 2 == 0, -1, 1).astype(dtype_of(x))
    sin, cos = _waves(x, base)
    sin = constant(sin * signs) if isinstance(sin, np.ndarray) else op.mul(sin, constant(signs))
    swapped = op.gather(x, constant(np.arange(n) ^ 1), axis=-1)
    return op.add(op.mul(x, constant(cos) if isinstance(cos, np.ndarray) else cos), op.mul(swapped, sin))


def _waves(x: Var, base: float) -> tuple[Any, Any]:
    """Sine and cosine of the angles of `rotate`, (t, n), twice for each pair; arrays, or values if t is free."""
    t, n = shape_of(x)[-2:]
    if type(t) is int:
        sin, cos = [np.repeat(a, 2, axis=1) for a in waves("to_onnx", "x", outline(x), 0, base)]
        return sin, cos
    rates = constant(base ** (-(np.arange(n) // 2 * 2) / n))
    angles = op.mul(op.unsqueeze(positions(x, -2, np.float64), constant(np.array([1]))), rates)
    return op.cast(op.sin(angles), to=dtype_of(x)), op.cast(op.cos(angles), to=dtype_of(x))

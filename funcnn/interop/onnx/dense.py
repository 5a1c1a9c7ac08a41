"""Conversion of Dense."""

from __future__ import annotations

import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import to_graph
from funcnn.interop.onnx.values import Var, constant
from funcnn.layers.dense import Dense


@to_graph.register(Dense)
def dense_to_graph(layer: Dense, x: Var) -> Var:
    """MatMul takes leading axes as they are"""
    out = op.matmul(x, constant(layer.W))
    return out if layer.b is None else op.add(out, constant(layer.b))

"""Activations with arrays or layers inside, in operators of ONNX; those of the others are in their cards."""

from __future__ import annotations

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import to_graph
from funcnn.interop.onnx.values import Var, check_single, constant
from funcnn.interop.onnx.weights import weight
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.rectifiers import PRelu


@to_graph.register(PRelu)
def prelu_to_graph(layer: PRelu, x: Var) -> Var:
    """max(x, 0) + alpha min(x, 0), in float32"""
    check_single(layer, x)
    return op.prelu(x, weight(layer.alpha))


@to_graph.register(Glu)
def glu_to_graph(layer: Glu, x: Var) -> Var:
    """The two halves of the last axis"""
    n = int(x.unwrap_tensor().shape[-1]) // 2
    a, b = op.split(x, constant(np.array([n, n])), axis=-1, outputs_count=2)
    return op.mul(a, to_graph(layer.gate, b))

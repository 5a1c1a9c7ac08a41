"""Activations that ONNX does not have as one operator, or not with the same settings; the cards name them.

They are written with operators that every version of ONNX has.
"""

from __future__ import annotations

import math

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import to_graph
from funcnn.interop.onnx.values import Var, check_single, constant
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.rectifiers import PRelu


def identity(x: Var) -> Var:
    """x"""
    return x


def gelu(x: Var) -> Var:
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2"""
    cube = op.mul(op.mul(x, x), x)
    inner = op.mul(constant(math.sqrt(2 / math.pi), x), op.add(x, op.mul(constant(0.044715, x), cube)))
    return _half(x, op.tanh(inner))


def exact_gelu(x: Var) -> Var:
    """x (1 + erf(x / sqrt(2))) / 2"""
    return _half(x, op.erf(op.mul(x, constant(math.sqrt(0.5), x))))


def _half(x: Var, share: Var) -> Var:
    return op.mul(op.mul(constant(0.5, x), x), op.add(share, constant(1, x)))


def relu6(x: Var) -> Var:
    """min(max(x, 0), 6)"""
    return hard_tanh(x, 0, 6)


def hard_tanh(x: Var, low: float, high: float) -> Var:
    """min(max(x, low), high)"""
    return op.clip(x, constant(low, x), constant(high, x))


def silu(x: Var) -> Var:
    """x sigmoid(x)"""
    return op.mul(x, op.sigmoid(x))


def mish(x: Var) -> Var:
    """x tanh(log(1 + e^x))"""
    return op.mul(x, op.tanh(op.softplus(x)))


def log_sigmoid(x: Var) -> Var:
    """-log(1 + e^-x)"""
    return op.neg(op.softplus(op.neg(x)))


def tanh_shrink(x: Var) -> Var:
    """x - tanh(x)"""
    return op.sub(x, op.tanh(x))


def sine(x: Var, omega: float) -> Var:
    """sin(omega x)"""
    return op.sin(op.mul(constant(omega, x), x))


def hard_sigmoid(x: Var) -> Var:
    """min(max(x + 3, 0), 6) / 6"""
    return op.hard_sigmoid(x, alpha=1 / 6, beta=0.5)


def soft_shrink(x: Var, threshold: float) -> Var:
    """x less the threshold, towards 0"""
    return op.shrink(x, lambd=threshold, bias=threshold)


def hard_shrink(x: Var, threshold: float) -> Var:
    """x beyond the threshold, else 0"""
    return op.shrink(x, lambd=threshold, bias=0.0)


@to_graph.register(PRelu)
def prelu_to_graph(layer: PRelu, x: Var) -> Var:
    """max(x, 0) + alpha min(x, 0), in float32"""
    check_single(layer, x)
    return op.prelu(x, constant(layer.alpha))


@to_graph.register(Glu)
def glu_to_graph(layer: Glu, x: Var) -> Var:
    """The two halves of the last axis"""
    n = int(x.unwrap_tensor().shape[-1]) // 2
    a, b = op.split(x, constant(np.array([n, n])), axis=-1, outputs_count=2)
    return op.mul(a, to_graph(layer.gate, b))

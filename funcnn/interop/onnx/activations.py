"""Conversions of activations, Softmax and Glu.

Gelu, Mish and the like are written with operators that every version of ONNX has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import to_graph
from funcnn.interop.onnx.values import Var, check_single, constant
from funcnn.layers.activations.base import Elu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.piecewise import HardShrink, HardSigmoid, HardSwish, HardTanh, Relu6, SoftShrink
from funcnn.layers.activations.rectifiers import Celu, PRelu, Selu
from funcnn.layers.activations.smooth import ExactGelu, Gelu, LogSigmoid, Mish, Silu, Sine, Softsign, TanhShrink
from funcnn.layers.activations.softmax import LogSoftmax, Softmax


def _gelu(x: Var) -> Var:
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2"""
    cube = op.mul(op.mul(x, x), x)
    inner = op.mul(constant(math.sqrt(2 / math.pi), x), op.add(x, op.mul(constant(0.044715, x), cube)))
    return _half(x, op.tanh(inner))


def _exact_gelu(x: Var) -> Var:
    """x (1 + erf(x / sqrt(2))) / 2"""
    return _half(x, op.erf(op.mul(x, constant(math.sqrt(0.5), x))))


def _half(x: Var, share: Var) -> Var:
    return op.mul(op.mul(constant(0.5, x), x), op.add(share, constant(1, x)))


# In float32 and float64.
_RULES: dict[type, Callable[[Any, Var], Var]] = {
    Identity: lambda _, x: x,
    Relu: lambda _, x: op.relu(x),
    Sigmoid: lambda _, x: op.sigmoid(x),
    Tanh: lambda _, x: op.tanh(x),
    Gelu: lambda _, x: _gelu(x),
    Relu6: lambda _, x: op.clip(x, constant(0, x), constant(6, x)),
    HardTanh: lambda layer, x: op.clip(x, constant(layer.low, x), constant(layer.high, x)),
    Silu: lambda _, x: op.mul(x, op.sigmoid(x)),
    TanhShrink: lambda _, x: op.sub(x, op.tanh(x)),
    Sine: lambda layer, x: op.sin(op.mul(constant(layer.omega, x), x)),
    Softmax: lambda _, x: op.softmax(x, axis=-1),
    LogSoftmax: lambda _, x: op.log_softmax(x, axis=-1),
}
# In float32 alone: settings of ONNX's operators are float32, or onnxruntime has no kernel for float64.
_SINGLE: dict[type, Callable[[Any, Var], Var]] = {
    LeakyRelu: lambda layer, x: op.leaky_relu(x, alpha=layer.alpha),
    Softplus: lambda _, x: op.softplus(x),
    Elu: lambda layer, x: op.elu(x, alpha=layer.alpha),
    Selu: lambda _, x: op.selu(x),
    Celu: lambda layer, x: op.celu(x, alpha=layer.alpha),
    PRelu: lambda layer, x: op.prelu(x, constant(layer.alpha)),
    HardSigmoid: lambda _, x: op.hard_sigmoid(x, alpha=1 / 6, beta=0.5),
    HardSwish: lambda _, x: op.hard_swish(x),
    SoftShrink: lambda layer, x: op.shrink(x, lambd=layer.threshold, bias=layer.threshold),
    HardShrink: lambda layer, x: op.shrink(x, lambd=layer.threshold, bias=0.0),
    Mish: lambda _, x: op.mul(x, op.tanh(op.softplus(x))),
    ExactGelu: lambda _, x: _exact_gelu(x),
    Softsign: lambda _, x: op.softsign(x),
    LogSigmoid: lambda _, x: op.neg(op.softplus(op.neg(x))),
}


def _of_single(rule: Callable[[Any, Var], Var]) -> Callable[[Any, Var], Var]:
    def checked(layer: Any, x: Var) -> Var:
        check_single(layer, x)
        return rule(layer, x)

    return checked


for _layer, _rule in _RULES.items():
    to_graph.register(_layer)(_rule)
for _layer, _rule in _SINGLE.items():
    to_graph.register(_layer)(_of_single(_rule))


@to_graph.register(Glu)
def glu_to_graph(layer: Glu, x: Var) -> Var:
    """The two halves of the last axis"""
    n = int(x.unwrap_tensor().shape[-1]) // 2
    a, b = op.split(x, constant(np.array([n, n])), axis=-1, outputs_count=2)
    return op.mul(a, to_graph(layer.gate, b))

"""Conversions of Dense and normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import to_graph
from funcnn.interop.onnx.values import Var, constant, kept, linear, reshaped, scaled, shape_of
from funcnn.layers.dense import Dense
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm


def _standardized(x: Var, axes: Sequence[int], eps: float) -> Var:
    """(x - mean) / sqrt(var + eps), mean and var over these axes"""
    away = op.sub(x, op.reduce_mean(x, axes=axes))
    return _divided(away, away, axes, eps)


def _divided(x: Var, a: Var, axes: Sequence[int], eps: float) -> Var:
    """x / sqrt(mean(a^2) + eps); with Pow onnxruntime recognises a layer normalisation and runs it as one operator"""
    square = op.pow(a, constant(2, x))
    return op.div(x, op.sqrt(op.add(op.reduce_mean(square, axes=axes), constant(eps, x))))


@to_graph.register(GroupNorm)
def group_norm_to_graph(layer: GroupNorm, x: Var) -> Var:
    """The channels of a group become an axis of their own"""
    *positions, c = kept(x)
    grouped = reshaped(x, *positions, layer.groups, c // layer.groups)
    axes = [*range(1, 1 + len(positions)), 2 + len(positions)]
    return scaled(reshaped(_standardized(grouped, axes, layer.eps), *positions, c), layer.scale, layer.shift)


def _by_channel(layer: InstanceNorm, x: Var) -> Var:
    return _standardized(x, range(1, len(shape_of(x)) - 1), layer.eps)


for _layer, _rule in {
    Dense: lambda layer, x: linear(x, layer.W, layer.b),
    # Written out, since ONNX has an operator for it only from opset 17 on.
    LayerNorm: lambda layer, x: scaled(_standardized(x, [-1], layer.eps), layer.scale, layer.shift),
    RMSNorm: lambda layer, x: scaled(_divided(x, x, [-1], layer.eps), layer.scale, None),
    InstanceNorm: lambda layer, x: scaled(_by_channel(layer, x), layer.scale, layer.shift),
}.items():
    to_graph.register(_layer)(_rule)

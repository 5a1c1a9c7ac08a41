"""Conversions of pooling and upsampling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.convolution import axes_of, channels_first, settings
from funcnn.interop.onnx.values import Var, any_of, blank, check_single, constant, dtype_of, shape_of
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.upsample import Upsample
from funcnn.layers.sequences import as_triple


@to_graph.register(MaxPool)
def max_pool_to_graph(layer: MaxPool, x: Var) -> Var:
    """Padding is never the maximum"""
    more = settings(axes_of(layer, x))
    return channels_first(lambda x: op.max_pool(x, **more)[0], x)


@to_graph.register(AvgPool)
def avg_pool_to_graph(layer: AvgPool, x: Var) -> Var:
    """Padding does not count"""
    check_single(layer, x)
    more = settings(axes_of(layer, x))
    return channels_first(lambda x: op.average_pool(x, **more, count_include_pad=0), x)


@to_graph.register(GlobalAvgPool)
def global_avg_pool_to_graph(layer: GlobalAvgPool, given: Values) -> Var:
    """The sum over the positions that are not padded, by their number"""
    x, mask, _ = as_triple("to_onnx", given)
    if mask is None:
        return op.reduce_mean(x, axes=_positions(x), keepdims=0)
    counts = op.reduce_sum(op.cast(mask, to=dtype_of(x)), constant(np.array([1])))
    total = op.reduce_sum(blank(x, mask), constant(np.array([1])), keepdims=0)
    return op.div(total, op.max([counts, constant(1, x)]))


@to_graph.register(GlobalMaxPool)
def global_max_pool_to_graph(layer: GlobalMaxPool, given: Values) -> Var:
    """Padded positions are minus infinity; out is 0 if there is no other"""
    x, mask, _ = as_triple("to_onnx", given)
    if mask is None:
        return op.reduce_max(x, axes=_positions(x), keepdims=0)
    there = op.where(op.unsqueeze(mask, constant(np.array([2]))), x, constant(-math.inf, x))
    return blank(op.reduce_max(there, axes=[1], keepdims=0), any_of(mask, 1))


def _positions(x: Var) -> list[int]:
    return list(range(1, len(shape_of(x)) - 1))


@to_graph.register(Upsample)
def upsample_to_graph(layer: Upsample, x: Var) -> Var:
    """Resize, with the centres of positions where the layer has them"""
    check_single(layer, x)
    factors = layer.factor if type(layer.factor) is tuple else (layer.factor,) * (len(shape_of(x)) - 2)
    scales = constant(np.array([1, 1, *factors], np.float32))
    how: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    if not layer.linear:
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return channels_first(lambda x: op.resize(x, None, scales, **how), x)

"""Conversions of convolutions. ONNX has the channels in axis 1, so x is transposed, and out is transposed back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx.base import to_graph
from funcnn.interop.onnx.values import Var, check_single, constant, outline, shape_of
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.windows import Axis


def channels_first(f: Callable[[Var], Var], x: Var) -> Var:
    """f, which takes (m, c, ...), applied to x of (m, ..., c)"""
    n = len(shape_of(x))
    return op.transpose(f(op.transpose(x, perm=[0, n - 1, *range(1, n - 1)])), perm=[0, *range(2, n), 1])


def axes_of(layer: Any, x: Var) -> tuple[Axis, ...]:
    """The windows of a layer along each axis of positions of x"""
    return tuple(layer.windows(outline(x))[4 - len(shape_of(x)) :])


def settings(axes: tuple[Axis, ...]) -> dict[str, Any]:
    """Sizes, strides and padding, as attributes of ONNX's operators."""
    return {
        "kernel_shape": [axis.size for axis in axes],
        "strides": [axis.stride for axis in axes],
        "pads": [axis.before for axis in axes] + [axis.after for axis in axes],
    }


@to_graph.register(Conv1d)
@to_graph.register(Conv2d)
def conv_to_graph(layer: Any, x: Var) -> Var:
    """ONNX stores W as (c_out, c_in / groups, ...)"""
    check_single(layer, x)
    W, axes = constant(np.moveaxis(layer.W, (-1, -2), (0, 1))), axes_of(layer, x)
    more = {"dilations": [axis.dilation for axis in axes], "group": layer.groups}
    return channels_first(lambda x: op.conv(x, W, _bias(layer), **settings(axes), **more), x)


def _bias(layer: Any) -> Var | None:
    return None if layer.b is None else constant(layer.b)


@to_graph.register(ConvTranspose2d)
def conv_transpose2d_to_graph(layer: ConvTranspose2d, x: Var) -> Var:
    """ONNX stores W as (c_in, c_out / groups, ...); `pads` are cut off, and `output_padding` has the bias alone"""
    check_single(layer, x)
    axes = axes_of(layer, x)
    whole = [axis.stride * (n - 1) + axis.reach for axis, n in zip(axes, shape_of(x)[1:3], strict=True)]
    after = [n - axis.before - axis.positions for axis, n in zip(axes, whole, strict=True)]
    W = constant(np.moveaxis(layer.W, (-2, -1), (0, 1)))

    def transposed(x: Var) -> Var:
        return op.conv_transpose(
            x,
            W,
            _bias(layer),
            **{**settings(axes), "pads": [axis.before for axis in axes] + [max(n, 0) for n in after]},
            output_padding=[max(-n, 0) for n in after],
            dilations=[axis.dilation for axis in axes],
            group=layer.groups,
        )

    return channels_first(transposed, x)

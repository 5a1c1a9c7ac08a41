"""Conversions of convolution, pooling and upsampling. ONNX has channels in axis 1, so x and out are transposed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.errors import KindError
from funcnn.interop.onnx.base import Values, to_graph
from funcnn.interop.onnx.values import Var, blank, check_single, constant, dtype_of, outline, shape_of
from funcnn.interop.onnx.weights import weight
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.global_pool import GlobalAvgPool
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample
from funcnn.layers.convolution.windows import Axis
from funcnn.layers.sequences import as_triple
from funcnn.trees.edits import evolve


def _channels_first(f: Callable[[Var], Var], x: Var) -> Var:
    """f, which takes (m, c, ...), applied to x of (m, ..., c)"""
    n = len(shape_of(x))
    return op.transpose(f(op.transpose(x, perm=[0, n - 1, *range(1, n - 1)])), perm=[0, *range(2, n), 1])


LONG = 1 << 20  # positions along a free axis, for its windows, which are shorter


def _axes_of(layer: Any, x: Var, free: int = LONG) -> tuple[Axis, ...]:
    """The windows of a layer along each axis of positions of x; `free`: the positions along axes that are free"""
    return tuple(layer.windows(outline(x, free))[4 - len(shape_of(x)) :])


def _settings(layer: Any, x: Var) -> dict[str, Any]:
    """Sizes, strides and padding, as attributes of ONNX's operators.

    If a stride is above 1, padding "same" may depend on the length of a free axis; ONNX calls it SAME_UPPER.
    """
    axes = _axes_of(layer, x)
    pads = [axis.before for axis in axes] + [axis.after for axis in axes]
    lengths = range(LONG, LONG + max([axis.stride for axis in axes]))
    padding = [[(axis.before, axis.after) for axis in _axes_of(layer, x, n)] for n in lengths]
    depends = any([one != padding[0] for one in padding])
    if depends and layer.padding != "same":
        rule = "must be False if an axis is free and the last window may start after x"
        raise KindError(f"to_onnx: ceil of {type(layer).__name__} {rule}, not True")
    if depends and any([axis.dilation > 1 or axis.stride > axis.size for axis in axes]):
        # onnxruntime has no kernel for dilation, and its padding is negative for a stride above the size
        rule = "must be numbers if an axis is free and the stride is above size, or above 1 with a dilation"
        raise KindError(f"to_onnx: padding of {type(layer).__name__} {rule}, not {layer.padding!r}")
    return {
        "kernel_shape": [axis.size for axis in axes],
        "strides": [axis.stride for axis in axes],
        **({"auto_pad": "SAME_UPPER"} if depends else {"pads": pads}),
    }


@to_graph.register(Conv1d)
@to_graph.register(Conv2d)
def conv_to_graph(layer: Any, x: Var) -> Var:
    """ONNX stores W as (c_out, c_in / groups, ...)"""
    check_single(layer, x)
    W = weight(layer.W, "channels_first", lambda W: np.moveaxis(W, (-1, -2), (0, 1)))
    more = {"dilations": [axis.dilation for axis in _axes_of(layer, x)], "group": layer.groups, **_settings(layer, x)}
    return _channels_first(lambda x: op.conv(x, W, _bias(layer), **more), x)


def _bias(layer: Any) -> Var | None:
    return None if layer.b is None else weight(layer.b)


@to_graph.register(ConvTranspose2d)
def conv_transpose2d_to_graph(layer: ConvTranspose2d, x: Var) -> Var:
    """ONNX stores W as (c_in, c_out / groups, ...); `pads` are cut off, and `output_padding` has the bias alone"""
    check_single(layer, x)
    axes = _axes_of(layer, x)
    whole = [axis.stride * (n - 1) + axis.reach for axis, n in zip(axes, outline(x, LONG).shape[1:3], strict=True)]
    after = [n - axis.before - axis.positions for axis, n in zip(axes, whole, strict=True)]
    W = weight(layer.W, "channels_first", lambda W: np.moveaxis(W, (-2, -1), (0, 1)))

    def transposed(x: Var) -> Var:
        return op.conv_transpose(
            x,
            W,
            _bias(layer),
            kernel_shape=[axis.size for axis in axes],
            strides=[axis.stride for axis in axes],
            pads=[axis.before for axis in axes] + [max(n, 0) for n in after],
            output_padding=[max(-n, 0) for n in after],
            dilations=[axis.dilation for axis in axes],
            group=layer.groups,
        )

    return _channels_first(transposed, x)


def _pool_settings(layer: MaxPool | AvgPool, x: Var) -> dict[str, Any]:
    """The windows of x; ONNX adds the last one of `ceil` itself, unless one could start in the padding after x"""
    plain = evolve(layer, ceil=layer.ceil and layer.padding == "same")  # "same" leaves no positions over at the end
    if layer.ceil and all([axis.stride <= axis.size - axis.after for axis in _axes_of(plain, x)]):
        return {**_settings(plain, x), "ceil_mode": int(layer.padding != "same")}
    return _settings(layer, x)


@to_graph.register(MaxPool)
def max_pool_to_graph(layer: MaxPool, x: Var) -> Var:
    """Padding is never the maximum"""
    more = _pool_settings(layer, x)
    return _channels_first(lambda x: op.max_pool(x, **more)[0], x)


@to_graph.register(AvgPool)
def avg_pool_to_graph(layer: AvgPool, x: Var) -> Var:
    """Padding does not count"""
    check_single(layer, x)
    more = _pool_settings(layer, x)
    return _channels_first(lambda x: op.average_pool(x, **more, count_include_pad=0), x)


@to_graph.register(GlobalAvgPool)
def global_avg_pool_to_graph(layer: GlobalAvgPool, given: Values) -> Var:
    """The sum over the positions that are not padded, by their number"""
    x, mask, _ = as_triple("to_onnx", given)
    if mask is None:
        return op.reduce_mean(x, axes=_positions(x), keepdims=0)
    counts = op.reduce_sum(op.cast(mask, to=dtype_of(x)), constant(np.array([1])))
    total = op.reduce_sum(blank(x, mask), constant(np.array([1])), keepdims=0)
    return op.div(total, op.max([counts, constant(1, x)]))


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
    return _channels_first(lambda x: op.resize(x, None, scales, **how), x)

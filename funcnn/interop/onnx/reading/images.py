"""Convolution, pooling and upsampling of channels in axis 1, as layers of channels in the last axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.interop.onnx.reading.chain import Chain, places
from funcnn.interop.onnx.reading.refusals import check
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample


def _through(chain: Chain, layer: Any) -> Chain:
    """Behind a layer of positions."""
    at = chain.as_array(np.moveaxis(chain.index, 1, -1))
    out = at.then(layer)
    return Chain(out.layers, out.a, np.moveaxis(places(out.a.shape), -1, 1))


def _axes(node: Any) -> int:
    axes = node.given.ndim - 2
    check("x of the form (m, c, t) or (m, c, h, w)", f"{node.given.ndim} axes", holds=axes in (1, 2))
    return int(axes)


def _padding(node: Any, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """The positions that are added along each axis."""
    auto, axes = node.setting("auto_pad", "NOTSET"), len(size)
    if auto == "SAME_UPPER":
        return "same"
    pads = node.setting("pads", [0] * (2 * axes)) if auto == "NOTSET" else [0] * (2 * axes)
    pairs = list(zip(pads[:axes], pads[axes:], strict=True))
    if auto == "SAME_LOWER":
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True)]
        more = [
            max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(node.given.shape[2:], stride, reach, strict=True)
        ]
        pairs = [(n - n // 2, n // 2) for n in more]
    return tuple([(int(before), int(after)) for before, after in pairs])


def _settings(node: Any, size: tuple[int, ...]) -> dict[str, Any]:
    axes = len(size)
    stride, dilation = (tuple(node.setting(name, [1] * axes)) for name in ("strides", "dilations"))
    return {"stride": stride, "dilation": dilation, "padding": _padding(node, size, stride, dilation)}


def _convolution(node: Any, chain: Chain) -> Chain:
    """A kernel of (c_out, c_in / groups, ...)"""
    axes, W = _axes(node), node.array(1)
    settings = _settings(node, W.shape[2:])
    cls = (Conv1d, Conv2d)[axes - 1]
    if axes == 1:
        settings = {name: value if value == "same" else value[0] for name, value in settings.items()}
    kernel = np.ascontiguousarray(np.moveaxis(W, (0, 1), (-1, -2)))
    return _through(chain, cls(kernel, node.part(2), **settings, groups=node.setting("group", 1)))


def _transposed(node: Any, chain: Chain) -> Chain:
    """A kernel of (c_in, c_out / groups, ...); `output_padding` is less padding at the end"""
    check("x of the form (m, c, h, w)", f"{node.given.ndim} axes", holds=node.given.ndim == 4)
    W = node.array(1)
    settings = _settings(node, W.shape[2:])
    is_fixed = node.setting("output_shape") is None and node.setting("auto_pad", "NOTSET") in ("NOTSET", "VALID")
    check("pads in place of output_shape and auto_pad", "one of these", holds=is_fixed)
    more = node.setting("output_padding", [0, 0])
    pairs = [(before, after - n) for (before, after), n in zip(settings["padding"], more, strict=True)]
    check("an output_padding up to its padding", more, holds=all([after >= 0 for _, after in pairs]))
    kernel = np.ascontiguousarray(np.moveaxis(W, (0, 1), (-2, -1)))
    settings["padding"] = tuple(pairs)
    return _through(chain, ConvTranspose2d(kernel, node.part(2), **settings, groups=node.setting("group", 1)))


def _pool(node: Any, chain: Chain) -> Chain:
    """Padding does not count, and is never the maximum"""
    _axes(node)
    size = tuple(node.setting("kernel_shape"))
    settings = _settings(node, size)
    dilation = settings.pop("dilation")
    check("dilations=1", dilation, holds=set(dilation) == {1})
    is_max = node.node.op_type == "MaxPool"
    check("its first result in use", "its indices", holds=node.output == node.node.output[0])
    padded = settings["padding"] == "same" or any([any(pair) for pair in settings["padding"]])
    counts = padded and not is_max and bool(node.setting("count_include_pad", 0))
    check("count_include_pad=0, or no padding", f"padding {settings['padding']}", holds=not counts)
    made = _through(chain, (MaxPool if is_max else AvgPool)(size, **settings))
    check("ceil_mode=0", "1", holds=made.index.shape == node.result.shape)
    return made


def _upsampled(node: Any, chain: Chain) -> Chain:
    """By whole factors"""
    factors = np.array(node.result.shape) / node.given.shape
    is_whole = bool((factors % 1 == 0).all() and (factors[:2] == 1).all())
    check("whole factors of the positions", factors.tolist(), holds=is_whole)
    return _through(chain, Upsample(tuple(map(int, factors[2:])), linear=node.setting("mode", "nearest") == "linear"))


IMAGES: dict[str, Callable[[Any, Chain], Chain]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    **dict.fromkeys(("MaxPool", "AveragePool"), _pool),
    **dict.fromkeys(("Resize", "Upsample"), _upsampled),
}

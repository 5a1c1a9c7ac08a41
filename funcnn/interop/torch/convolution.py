"""Conversions of convolution, pooling and upsampling.

torch has channels in axis 1 and pads both sides equally, so the modules move axes and pad x beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from funcnn.interop.torch.base import Around, Computed, filled, to_torch
from funcnn.layers.convolution.adaptive import AdaptiveAvgPool, AdaptiveMaxPool
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pad import Pad
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample
from funcnn.layers.convolution.windows import Axes

Windows = Callable[[Any], Axes]
"""`windows(x)` gives the windows over x, or over out of a transposed convolution."""


def _padding(x: Any, module: torch.nn.Module, *, windows: Windows) -> Any:
    """A module that takes (m, c, ...) and does not pad, applied to x of (m, ..., c), padded as the layer pads."""
    return module(padded(x, windows(x), 0.0)).movedim(1, -1)


def _cropping(x: Any, module: Any, *, windows: Windows) -> Any:
    """The full transposed convolution, cropped by negative padding, plus the bias, also where no tap falls"""
    own, channels_first = module, x.movedim(-1, 1)
    whole = functional.conv_transpose2d(channels_first, own.weight, None, own.stride, 0, 0, own.groups, own.dilation)
    axes = zip(windows(x), whole.shape[2:], strict=True)
    sides = [(-axis.before, axis.before + axis.positions - n) for axis, n in axes]
    out = functional.pad(whole, [*sides[1], *sides[0]]).movedim(1, -1)
    return out if own.bias is None else out + own.bias


def padded(x: Any, axes: Axes, value: float) -> Any:
    """x, (m, ..., c), padded with `value`, as (m, c, ...)."""
    sides = [side for axis in axes[4 - x.ndim :][::-1] for side in (axis.before, axis.after)]
    return functional.pad(x.movedim(-1, 1), sides, value=value)


def _filled(module: torch.nn.Module, layer: Any, channels: tuple[int, int]) -> torch.nn.Module:
    """The module with W and b of the layer; torch has these axes of W, of channels, in front."""
    W = np.ascontiguousarray(np.moveaxis(layer.W, channels, (0, 1)))
    return filled(module, weight=W, bias=layer.b)


@to_torch.register(Conv1d)
@to_torch.register(Conv2d)
def conv_to_torch(layer: Conv1d | Conv2d) -> torch.nn.Module:
    """torch stores W as (c_out, c_in / groups, ...)"""
    *kernel, per_group, c_out = layer.W.shape
    settings = layer.stride, 0, layer.dilation, layer.groups, layer.b is not None
    made: Any = torch.nn.Conv1d if isinstance(layer, Conv1d) else torch.nn.Conv2d
    module = made(per_group * layer.groups, c_out, tuple(kernel), *settings)
    return Around(partial(_padding, windows=layer.windows), module=_filled(module, layer, (-1, -2)))


@to_torch.register(ConvTranspose2d)
def conv_transpose2d_to_torch(layer: ConvTranspose2d) -> torch.nn.Module:
    """torch stores W as (c_in, c_out / groups, kh, kw)"""
    *kernel, c_in, per_group = layer.W.shape
    settings = layer.stride, 0, 0, layer.groups, layer.b is not None, layer.dilation
    module = torch.nn.ConvTranspose2d(c_in, per_group * layer.groups, tuple(kernel), *settings)
    return Around(partial(_cropping, windows=layer.windows), module=_filled(module, layer, (-2, -1)))


@to_torch.register(MaxPool)
def max_pool_to_torch(layer: MaxPool) -> torch.nn.Module:
    """x is padded with minus infinity"""
    return Computed(lambda x: pooled(functional.max_pool2d, x, layer.windows(x), -torch.inf))


@to_torch.register(AvgPool)
def avg_pool_to_torch(layer: AvgPool) -> torch.nn.Module:
    """The mean over the window with padding, divided by the share of the window that is not padding"""

    def mean(x: Any) -> Any:
        axes = layer.windows(x)
        return pooled(functional.avg_pool2d, x, axes, 0.0) / pooled(
            functional.avg_pool2d, torch.ones_like(x), axes, 0.0
        )

    return Computed(mean)


def pooled(pool: Callable[..., Any], x: Any, axes: Axes, value: float) -> Any:
    """Pooling of an image, or of a sequence, which is taken as an image of one row."""
    image = x[:, None] if x.ndim == 3 else x
    rows, columns = axes
    out = pool(padded(image, axes, value), (rows.size, columns.size), (rows.stride, columns.stride)).movedim(1, -1)
    return out[:, 0] if x.ndim == 3 else out


_MODES = {"edge": "replicate", "wrap": "circular"}


@to_torch.register(Pad)
def pad_to_torch(layer: Pad) -> torch.nn.Module:
    """torch has the sides of the last axis first"""

    def added(x: Any) -> Any:
        sides = [side for pair in layer.pairs(x)[::-1] for side in pair]
        value = layer.value if layer.mode == "constant" else None
        return functional.pad(x.movedim(-1, 1), sides, _MODES.get(layer.mode, layer.mode), value).movedim(1, -1)

    return Computed(added)


@to_torch.register(AdaptiveAvgPool)
@to_torch.register(AdaptiveMaxPool)
def adaptive_pool_to_torch(layer: AdaptiveAvgPool | AdaptiveMaxPool) -> torch.nn.Module:
    """The function of torch for as many axes as x has"""
    kind = "avg" if isinstance(layer, AdaptiveAvgPool) else "max"

    def divided(x: Any) -> Any:
        pool = getattr(functional, f"adaptive_{kind}_pool{x.ndim - 2}d")
        return pool(x.movedim(-1, 1), layer.sizes(x)).movedim(1, -1)

    return Computed(divided)


@to_torch.register(Upsample)
def upsample_to_torch(layer: Upsample) -> torch.nn.Module:
    """`align_corners` is False, the default of torch"""

    def resized(x: Any) -> Any:
        factors = layer.factor if type(layer.factor) is tuple else (layer.factor,) * (x.ndim - 2)
        mode = ("linear" if x.ndim == 3 else "bilinear") if layer.linear else "nearest"
        return functional.interpolate(x.movedim(-1, 1), scale_factor=[float(f) for f in factors], mode=mode).movedim(
            1, -1
        )

    return Computed(resized)


def _mean(given: Any) -> Any:
    x, mask = given if isinstance(given, tuple) else (given, None)
    if mask is None:
        return x.flatten(1, -2).mean(1)
    return x.masked_fill(~mask[..., None], 0).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


def _max(given: Any) -> Any:
    x, mask = given if isinstance(given, tuple) else (given, None)
    if mask is None:
        return x.flatten(1, -2).max(1).values
    most = x.masked_fill(~mask[..., None], -torch.inf).max(1).values
    return most.masked_fill(~mask.any(1)[:, None], 0)


to_torch.register(GlobalAvgPool)(lambda _: Computed(_mean))
to_torch.register(GlobalMaxPool)(lambda _: Computed(_max))

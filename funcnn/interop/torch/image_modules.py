"""Rules of `from_torch` for convolution, pooling, upsampling and Flatten."""

from __future__ import annotations

from typing import Any

from torch import nn

from funcnn.initializers import zeros
from funcnn.interop.torch.layouts import CHANNELS, ROWS, ROWS_FIRST, flattened
from funcnn.interop.torch.modules import Given, from_torch
from funcnn.interop.torch.tensors import dtype_of
from funcnn.interop.torch.weights import weights_from
from funcnn.layers.combinators.shapes import Flatten, Reshape
from funcnn.layers.convolution.conv import Conv1d, Conv2d
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample

SEQUENCES = (
    *(nn.Conv1d, nn.MaxPool1d, nn.AvgPool1d, nn.AdaptiveAvgPool1d, nn.AdaptiveMaxPool1d),
    *(nn.Dropout1d, nn.InstanceNorm1d),
)
FORMS = "(m, c, t)", "(m, c, h, w)"


def axes_of_positions(module: Any, given: Given) -> int:
    """Check that x is a sequence or an image, as the module needs it; the result is the number of axes of positions."""
    axes = 1 if isinstance(module, SEQUENCES) else 2
    given.check_axes(module, FORMS[axes - 1])
    given.features_in(module, CHANNELS)
    return axes


@from_torch.register(nn.Conv1d)
@from_torch.register(nn.Conv2d)
@from_torch.register(nn.ConvTranspose2d)
def convolution_from_torch(module: Any, given: Given) -> Any:
    """Padding with zeros"""
    axes_of_positions(module, given)
    mode = module.padding_mode
    given.check_setting(module, 'padding_mode="zeros"', repr(mode), holds=mode == "zeros")
    classes = {nn.Conv1d: Conv1d, nn.Conv2d: Conv2d, nn.ConvTranspose2d: ConvTranspose2d}
    cls: Any = next(ours for theirs, ours in classes.items() if isinstance(module, theirs))
    settings = {"padding": module.padding, "stride": module.stride, "dilation": module.dilation}
    if cls is ConvTranspose2d:
        pairs = list(zip(module.padding, module.output_padding, strict=True))
        holds = all([before >= more for before, more in pairs])
        given.check_setting(module, "an output_padding up to its padding", module.output_padding, holds=holds)
        settings["padding"] = tuple([(before, before - more) for before, more in pairs])
    if cls is Conv1d:
        settings = {name: value[0] if type(value) is tuple else value for name, value in settings.items()}
    settings |= {"groups": module.groups, "bias": module.bias is not None, "dtype": dtype_of(module)}
    kernel = module.kernel_size[0] if cls is Conv1d else module.kernel_size
    like = cls.init(module.in_channels, module.out_channels, kernel, seed=0, weights=zeros, **settings)
    return weights_from(module, like)


@from_torch.register(nn.MaxPool1d)
@from_torch.register(nn.MaxPool2d)
def max_pool_from_torch(module: Any, given: Given) -> MaxPool:
    """Padding is never the maximum"""
    axes = axes_of_positions(module, given)
    given.check_setting(module, "dilation=1", module.dilation, holds=_each(module.dilation, axes) == (1,) * axes)
    given.check_setting(module, "return_indices=False", "True", holds=not module.return_indices)
    return MaxPool(*_windows(module, given, axes))


@from_torch.register(nn.AvgPool1d)
@from_torch.register(nn.AvgPool2d)
def avg_pool_from_torch(module: Any, given: Given) -> AvgPool:
    """Padding does not count"""
    axes = axes_of_positions(module, given)
    counts = module.count_include_pad and any(_each(module.padding, axes))
    given.check_setting(module, "count_include_pad=False, or no padding", f"padding={module.padding}", holds=not counts)
    divisor = getattr(module, "divisor_override", None)
    given.check_setting(module, "no divisor_override", divisor, holds=divisor is None)
    return AvgPool(*_windows(module, given, axes))


def _windows(module: Any, given: Given, axes: int) -> tuple[Any, Any, Any]:
    given.check_setting(module, "ceil_mode=False", "True", holds=not module.ceil_mode)
    padding = tuple([(side, side) for side in _each(module.padding, axes)])
    return _each(module.kernel_size, axes), _each(module.stride, axes), padding


def _each(setting: Any, axes: int) -> tuple[int, ...]:
    return tuple(setting) if isinstance(setting, tuple | list) else (setting,) * axes


@from_torch.register(nn.AdaptiveAvgPool1d)
@from_torch.register(nn.AdaptiveAvgPool2d)
@from_torch.register(nn.AdaptiveMaxPool1d)
@from_torch.register(nn.AdaptiveMaxPool2d)
def global_pool_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """Over all positions, with positions of length 1 put back"""
    axes, size = axes_of_positions(module, given), module.output_size
    given.check_setting(module, "output_size=1", size, holds=_each(size, axes) == (1,) * axes)
    is_mean = isinstance(module, nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d)
    given.check_setting(module, "return_indices=False", "True", holds=is_mean or not module.return_indices)
    return GlobalAvgPool() if is_mean else GlobalMaxPool(), Reshape((*(1,) * axes, given.tensor.shape[1]))


@from_torch.register(nn.Upsample)
def upsample_from_torch(module: Any, given: Given) -> Upsample:
    """By whole factors"""
    axes = given.tensor.ndim - 2
    given.check_axes(module, FORMS[max(0, min(axes - 1, 1))])
    given.features_in(module, CHANNELS)
    given.check_setting(module, "a scale_factor", f"size={module.size}", holds=module.size is None)
    factors = _each(module.scale_factor, axes)
    whole = all([float(factor).is_integer() for factor in factors])
    given.check_setting(module, "whole numbers as scale_factor", module.scale_factor, holds=whole)
    linear = ("linear", "bilinear")[axes - 1]
    given.check_setting(
        module, f'mode="nearest" or "{linear}"', repr(module.mode), holds=module.mode in ("nearest", linear)
    )
    given.check_setting(module, "align_corners=False", "True", holds=not module.align_corners)
    return Upsample(tuple([int(factor) for factor in factors]), linear=module.mode != "nearest")


@from_torch.register(nn.Flatten)
def flatten_from_torch(module: Any, given: Given) -> Flatten:
    """The layout of out is another where channels are in axis 1"""
    dims, ndim = (module.start_dim, module.end_dim), given.tensor.ndim
    given.check_setting(module, "start_dim=1 and end_dim=-1", dims, holds=dims in ((1, -1), (1, ndim - 1)))
    given.rows_in(module, ROWS_FIRST)
    if given.layout.order is None:
        given.layout.order = CHANNELS if ndim == 4 else ROWS
    if given.layout.order is CHANNELS and ndim > 2:
        given.out = flattened(given.tensor.shape[1:])
    return Flatten()

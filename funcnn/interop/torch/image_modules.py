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
from funcnn.layers.convolution.pad import Pad
from funcnn.layers.convolution.pool import AvgPool, MaxPool
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.convolution.upsample import Upsample

FORMS = "(m, c, t)", "(m, c, h, w)", "(m, c, d, h, w)"


def axes_of_positions(module: Any, given: Given) -> int:
    """The number of axes of positions in the name of torch's class, such as Conv1d, for which x is checked."""
    names = [cls.__name__ for cls in type(module).__mro__ if cls.__module__.startswith("torch.nn.")]
    axes = next(int(name[-2]) for name in names if name[-2:] in ("1d", "2d", "3d"))
    given.check_axes(module, FORMS[axes - 1])
    given.features_in(module, CHANNELS)
    return axes


@from_torch.register(nn.Conv1d)
@from_torch.register(nn.Conv2d)
def convolution_from_torch(module: Any, given: Given) -> Any:
    """The layer, behind a Pad if the module pads with something other than zeros"""
    cls = Conv1d if axes_of_positions(module, given) == 1 else Conv2d
    sides: Any = module.padding
    if module.padding_mode == "zeros":
        return _convolution(module, cls, sides[0] if cls is Conv1d and type(sides) is tuple else sides)
    if sides == "same":
        spare = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        sides = [(n // 2, n - n // 2) for n in spare]
    pairs = [] if sides == "valid" else [side if type(side) is tuple else (side, side) for side in sides]
    layer = _convolution(module, cls, 0)
    return (Pad(tuple(pairs), _MODES[module.padding_mode]), layer) if pairs else layer


_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _convolution(module: Any, cls: Any, padding: Any, weights: Any = None) -> Any:
    """The layer of this class with the settings and the weights of the module, or with these weights."""
    entries = [module.kernel_size, module.stride, module.dilation]
    if cls is Conv1d:
        entries = [entry for (entry,) in entries]
    elif len(module.kernel_size) == 1:  # a sequence, as an image of one row
        entries = [(1, *entry) for entry in entries]
    kernel, stride, dilation = entries
    settings = {"padding": padding, "stride": stride, "dilation": dilation, "groups": module.groups}
    settings |= {"bias": module.bias is not None, "dtype": dtype_of(module), "weights": zeros}
    like = cls.init(module.in_channels, module.out_channels, kernel, seed=0, **settings)
    return weights_from(module if weights is None else weights, like)


@from_torch.register(nn.ConvTranspose1d)
@from_torch.register(nn.ConvTranspose2d)
def transposed_from_torch(module: Any, given: Given) -> Any:
    """A sequence is an image of one row"""
    axes = axes_of_positions(module, given)
    pairs = list(zip(module.padding, module.output_padding, strict=True))
    holds = all([before >= more for before, more in pairs])
    given.check_setting(module, "an output_padding up to its padding", module.output_padding, holds=holds)
    padding = tuple([(before, before - more) for before, more in pairs])
    if axes == 2:
        return _convolution(module, ConvTranspose2d, padding)
    weights = module.state_dict()
    weights["weight"] = weights["weight"][:, :, None]
    layer = _convolution(module, ConvTranspose2d, (0, *padding), weights)
    return Reshape((1, -1, module.in_channels)), layer, Reshape((-1, module.out_channels))


@from_torch.register(nn.MaxPool1d)
@from_torch.register(nn.MaxPool2d)
def max_pool_from_torch(module: Any, given: Given) -> MaxPool:
    """Padding is never the maximum"""
    axes = axes_of_positions(module, given)
    given.check_setting(module, "dilation=1", module.dilation, holds=each(module.dilation, axes) == (1,) * axes)
    given.check_setting(module, "return_indices=False", "True", holds=not module.return_indices)
    return MaxPool(*_windows(module, axes), module.ceil_mode)


@from_torch.register(nn.AvgPool1d)
@from_torch.register(nn.AvgPool2d)
def avg_pool_from_torch(module: Any, given: Given) -> Any:
    """Padding that counts is zeros in x"""
    axes = axes_of_positions(module, given)
    size, stride, sides = _windows(module, axes)
    divisor = getattr(module, "divisor_override", None)
    given.check_setting(module, "no divisor_override", divisor, holds=divisor is None)
    if not (module.count_include_pad and any(map(any, sides))):
        return AvgPool(size, stride, sides, module.ceil_mode)
    given.check_setting(module, "ceil_mode=False where padding counts", "True", holds=not module.ceil_mode)
    return Pad(sides), AvgPool(size, stride)


def _windows(module: Any, axes: int) -> tuple[Any, Any, Any]:
    padding = tuple([(side, side) for side in each(module.padding, axes)])
    return each(module.kernel_size, axes), each(module.stride, axes), padding


def each(setting: Any, axes: int) -> tuple[Any, ...]:
    """A setting of a module as a tuple with an entry for each axis."""
    return tuple(setting) if isinstance(setting, tuple | list) else (setting,) * axes


@from_torch.register(nn.Upsample)
def upsample_from_torch(module: Any, given: Given) -> Upsample:
    """By whole factors"""
    axes = given.tensor.ndim - 2
    given.check_axes(module, FORMS[max(0, min(axes - 1, 1))])
    given.features_in(module, CHANNELS)
    given.check_setting(module, "a scale_factor", f"size={module.size}", holds=module.size is None)
    factors = each(module.scale_factor, axes)
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

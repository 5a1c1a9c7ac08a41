"""Rules of `from_torch` for padding, adaptive pooling, and modules that move entries between positions and channels."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from funcnn.arrays import Array
from funcnn.interop.torch.image_modules import FORMS, axes_of_positions, each
from funcnn.interop.torch.layouts import CHANNELS, ROWS, Layout
from funcnn.interop.torch.modules import Given, from_torch
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.shapes import Reshape
from funcnn.layers.convolution.adaptive import AdaptiveAvgPool, AdaptiveMaxPool
from funcnn.layers.convolution.conv import Conv2d
from funcnn.layers.convolution.global_pool import GlobalAvgPool, GlobalMaxPool
from funcnn.layers.convolution.pad import Pad
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.dense import Dense

_MODES = {
    "Constant": "constant",
    "Zero": "constant",
    "Reflection": "reflect",
    "Replication": "edge",
    "Circular": "wrap",
}


def _pad(mode: Any) -> Any:
    def rule(module: Any, given: Given) -> Pad:
        axes_of_positions(module, given)
        sides = module.padding  # the sides of the last axis first
        given.check_setting(module, "a padding from 0 on", sides, holds=min(sides) >= 0)
        pairs = tuple(zip(sides[::2], sides[1::2], strict=True))[::-1]
        return Pad(pairs, mode, float(getattr(module, "value", 0)))

    return rule


for _name, _mode in _MODES.items():
    for _axes in (1, 2, 3):
        from_torch.register(getattr(nn, f"{_name}Pad{_axes}d"))(_pad(_mode))


def _adaptive(to_one: Any, to_many: Any) -> Any:
    def rule(module: Any, given: Given) -> Any:
        axes = axes_of_positions(module, given)
        size = each(module.output_size, axes)
        given.check_setting(module, "numbers as output_size", module.output_size, holds=None not in size)
        given.check_setting(module, "return_indices=False", "True", holds=not getattr(module, "return_indices", False))
        if set(size) == {1}:  # positions of length 1 are put back
            return to_one(), Reshape((*size, given.tensor.shape[1]))
        return to_many(size)

    return rule


for _axes in (1, 2, 3):
    from_torch.register(getattr(nn, f"AdaptiveAvgPool{_axes}d"))(_adaptive(GlobalAvgPool, AdaptiveAvgPool))
    from_torch.register(getattr(nn, f"AdaptiveMaxPool{_axes}d"))(_adaptive(GlobalMaxPool, AdaptiveMaxPool))


# A module that moves entries is a convolution, or a dense layer, with one weight of 1 for each entry of out.


def _dtype(given: Given) -> Any:
    return given.tensor.detach().numpy().dtype


def _taps(given: Given, kernel: tuple[int, ...], c: int) -> Array:
    """W of the convolution that gives each window as a row of channels, in torch's order: (kh, kw, c, c kh kw)"""
    n = c * kernel[0] * kernel[1]
    return np.eye(n, dtype=_dtype(given)).reshape(c, *kernel, n).transpose(1, 2, 0, 3)


def _image(module: Any, given: Given) -> tuple[int, ...]:
    given.check_axes(module, FORMS[1])
    given.features_in(module, CHANNELS)
    return tuple(given.tensor.shape[1:])


@from_torch.register(nn.PixelShuffle)
def pixel_shuffle_from_torch(module: Any, given: Given) -> Frozen[ConvTranspose2d]:
    """Each group of r * r channels as r * r positions"""
    r, (c, *_) = module.upscale_factor, _image(module, given)
    return Frozen(ConvTranspose2d(_taps(given, (r, r), c // r**2).swapaxes(2, 3), None, r))


@from_torch.register(nn.PixelUnshuffle)
def pixel_unshuffle_from_torch(module: Any, given: Given) -> Frozen[Conv2d]:
    """Each block of r * r positions as channels"""
    r, (c, *_) = module.downscale_factor, _image(module, given)
    return Frozen(Conv2d(_taps(given, (r, r), c), None, r))


@from_torch.register(nn.ChannelShuffle)
def channel_shuffle_from_torch(module: Any, given: Given) -> Frozen[Dense]:
    """The first channel of each group, then the second of each"""
    given.features_in(module, CHANNELS)
    places = np.arange(given.tensor.shape[1]).reshape(module.groups, -1).T.ravel()
    return Frozen(Dense(np.eye(len(places), dtype=_dtype(given))[:, places], None))


def _window_settings(module: Any) -> tuple[Any, Any, Any, Any]:
    kernel, stride, dilation, sides = [
        each(getattr(module, name), 2) for name in ("kernel_size", "stride", "dilation", "padding")
    ]
    return kernel, stride, tuple([(side, side) for side in sides]), dilation


@from_torch.register(nn.Unfold)
def unfold_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """Each window as channels, at one position"""
    (c, *_), (kernel, *settings) = _image(module, given), _window_settings(module)
    W = _taps(given, kernel, c)
    given.out = Layout(CHANNELS)
    return Frozen(Conv2d(W, None, *settings)), Reshape((-1, W.shape[-1]))


@from_torch.register(nn.Fold)
def fold_from_torch(module: Any, given: Given) -> tuple[Any, ...]:
    """The windows at their positions, added where they overlap"""
    given.check_axes(module, FORMS[0])
    given.features_in(module, CHANNELS)
    (kernel, stride, sides, dilation), n = _window_settings(module), given.tensor.shape[1]
    size = each(module.output_size, 2)
    room = [
        h + before + after - d * (k - 1) - 1
        for h, (before, after), d, k in zip(size, sides, dilation, kernel, strict=True)
    ]
    left = [positions % s for positions, s in zip(room, stride, strict=True)]
    given.check_setting(module, "windows that reach the end of output_size", size, holds=not any(left))
    given.out = Layout(CHANNELS)
    W = _taps(given, kernel, n // (kernel[0] * kernel[1])).swapaxes(2, 3)
    positions = [positions // s + 1 for positions, s in zip(room, stride, strict=True)]
    return Reshape((*positions, n)), Frozen(ConvTranspose2d(W, None, stride, sides, dilation))


@from_torch.register(nn.Unflatten)
def unflatten_from_torch(module: Any, given: Given) -> Any:
    """Rows as (t, n), or as images (c, h, w), of which a transposed convolution moves the channels to the end"""
    given.check_axes(module, "(m, n)")
    given.features_in(module, ROWS)
    given.check_setting(module, "dim=1", module.dim, holds=module.dim in (1, -1))
    size = tuple(given.call.out(module).shape[1:])
    given.check_setting(module, "two or three sizes", size, holds=len(size) in (2, 3))
    if len(size) == 2:
        given.out = Layout(ROWS, given.layout.rows)
        return Reshape(size)
    given.out = Layout(CHANNELS)
    c, h, w = size
    W = np.tile(np.eye(h * w, dtype=_dtype(given)), c).reshape(h, w, c * h * w, 1)
    return Reshape((1, 1, c * h * w)), Frozen(ConvTranspose2d(W, None, groups=c))

"""Conversions of Dense, normalisation and noise. torch has channels in axis 1, so modules move axes there and back."""

from __future__ import annotations

from typing import Any

import torch

from funcnn.interop.torch.base import Around, Computed, filled, parameter, to_torch
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import ChannelDropout, Dropout, GaussianNoise
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm


def _channels_last(x: Any, module: torch.nn.Module) -> Any:
    """A module that takes (m, c, positions), applied to x of (m, ..., c)"""
    positions = x.reshape(x.shape[0], -1, x.shape[-1]).transpose(1, 2)
    return module(positions).transpose(1, 2).reshape(x.shape)


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    return x * weight + bias


class Noisy(torch.nn.Module):
    """out = x + std z in training mode, with z from the standard normal distribution."""

    def __init__(self, std: float) -> None:
        """Store the standard deviation, in the units of x"""
        super().__init__()
        self.std = std

    def forward(self, x: Any) -> Any:
        """The noise is drawn by torch, so the numbers differ from the layer's"""
        return x + self.std * torch.randn_like(x) if self.training else x


@to_torch.register(BatchNorm)
def batch_norm_to_torch(layer: BatchNorm) -> torch.nn.Module:
    """The running statistics are buffers"""
    module = torch.nn.BatchNorm1d(len(layer.scale), eps=layer.eps, momentum=layer.momentum)
    arrays = {"weight": layer.scale, "running_mean": layer.mean, "running_var": layer.var}
    return Around(_channels_last, module=_with_bias(filled(module, **arrays), layer.shift))


def _groups(layer: GroupNorm | InstanceNorm, groups: int) -> torch.nn.Module:
    module = torch.nn.GroupNorm(groups, len(layer.scale), eps=layer.eps)
    return Around(_channels_last, module=_with_bias(filled(module, weight=layer.scale), layer.shift))


def _with_bias(module: torch.nn.Module, shift: Any) -> torch.nn.Module:
    """The module with the shift, or None, as its bias"""
    module.bias = None if shift is None else parameter(shift)
    return module


def _dense(layer: Dense) -> torch.nn.Module:
    """torch stores W as (n_out, n_in)"""
    module = torch.nn.Linear(*layer.W.shape, bias=layer.b is not None)
    return filled(module, weight=layer.W.T, bias=layer.b)


def _of_rows(layer: LayerNorm | RMSNorm) -> torch.nn.Module:
    """torch also normalises over the last axis"""
    norm = torch.nn.LayerNorm if isinstance(layer, LayerNorm) else torch.nn.RMSNorm
    return filled(norm(len(layer.scale), eps=layer.eps), weight=layer.scale)


for _layer, _rule in {
    Dense: _dense,
    LayerNorm: lambda layer: _with_bias(_of_rows(layer), layer.shift),
    RMSNorm: _of_rows,
    GroupNorm: lambda layer: _groups(layer, layer.groups),  # torch also groups neighbouring channels
    InstanceNorm: lambda layer: _groups(layer, len(layer.scale)),
    # Masks and noise are drawn by torch.
    Dropout: lambda layer: torch.nn.Dropout(layer.rate),
    ChannelDropout: lambda layer: Around(_channels_last, module=torch.nn.Dropout1d(layer.rate)),
    GaussianNoise: lambda layer: Noisy(layer.std),
    Affine: lambda layer: Computed(_affine, weight=layer.scale, bias=layer.shift),
}.items():
    to_torch.register(_layer)(_rule)

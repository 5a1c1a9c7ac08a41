"""Conversions of normalisation layers. torch has channels in axis 1, so the modules move axes there and back."""

from __future__ import annotations

from typing import Any

import torch

from funcnn.interop.torch.base import Around, filled, parameter, to_torch
from funcnn.layers.normalisation.affine import Affine
from funcnn.layers.normalisation.batchnorm import BatchNorm
from funcnn.layers.normalisation.groupnorm import GroupNorm, InstanceNorm
from funcnn.layers.normalisation.norm import LayerNorm, RMSNorm


class ChannelsLast(Around):
    """A module that takes (m, c, positions), applied to x of (m, ..., c)."""

    def __init__(self, module: torch.nn.Module) -> None:
        """Store the module, whose channels are in axis 1"""
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        """out has the shape of x"""
        positions = x.reshape(x.shape[0], -1, x.shape[-1]).transpose(1, 2)
        return self.module(positions).transpose(1, 2).reshape(x.shape)


class ScaledAndShifted(torch.nn.Module):
    """out = x weight + bias, for each feature alone."""

    def __init__(self, layer: Affine) -> None:
        """Copy the arrays of the layer"""
        super().__init__()
        self.weight, self.bias = parameter(layer.scale), parameter(layer.shift)

    def forward(self, x: Any) -> Any:
        """x weight + bias"""
        return x * self.weight + self.bias


@to_torch.register(BatchNorm)
def batch_norm_to_torch(layer: BatchNorm) -> torch.nn.Module:
    """The running statistics are buffers"""
    module = torch.nn.BatchNorm1d(len(layer.scale), eps=layer.eps, momentum=layer.momentum)
    arrays = {"weight": layer.scale, "running_mean": layer.mean, "running_var": layer.var}
    return ChannelsLast(_with_bias(filled(module, **arrays), layer.shift))


@to_torch.register(LayerNorm)
def layer_norm_to_torch(layer: LayerNorm) -> torch.nn.Module:
    """torch also normalises over the last axis"""
    module = torch.nn.LayerNorm(len(layer.scale), eps=layer.eps)
    return _with_bias(filled(module, weight=layer.scale), layer.shift)


@to_torch.register(RMSNorm)
def rms_norm_to_torch(layer: RMSNorm) -> torch.nn.Module:
    """torch also normalises over the last axis"""
    return filled(torch.nn.RMSNorm(len(layer.scale), eps=layer.eps), weight=layer.scale)


@to_torch.register(GroupNorm)
def group_norm_to_torch(layer: GroupNorm) -> torch.nn.Module:
    """torch also groups neighbouring channels"""
    return _groups(layer, layer.groups)


@to_torch.register(InstanceNorm)
def instance_norm_to_torch(layer: InstanceNorm) -> torch.nn.Module:
    """A GroupNorm with one group for each channel"""
    return _groups(layer, len(layer.scale))


def _groups(layer: GroupNorm | InstanceNorm, groups: int) -> torch.nn.Module:
    module = torch.nn.GroupNorm(groups, len(layer.scale), eps=layer.eps)
    return ChannelsLast(_with_bias(filled(module, weight=layer.scale), layer.shift))


def _with_bias(module: torch.nn.Module, shift: Any) -> torch.nn.Module:
    """The module with the shift, or None, as its bias"""
    module.bias = None if shift is None else parameter(shift)
    return module


@to_torch.register(Affine)
def affine_to_torch(layer: Affine) -> torch.nn.Module:
    """A module with copies of scale and shift"""
    return ScaledAndShifted(layer)

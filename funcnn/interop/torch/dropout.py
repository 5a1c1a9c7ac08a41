"""Conversions of dropout and noise."""

from __future__ import annotations

from typing import Any

import torch

from funcnn.interop.torch.base import Around, to_torch
from funcnn.interop.torch.normalisation import channels_last
from funcnn.layers.dropout import ChannelDropout, Dropout, GaussianNoise


class Noisy(torch.nn.Module):
    """out = x + std z in training mode, with z from the standard normal distribution."""

    def __init__(self, std: float) -> None:
        """Store the standard deviation, in the units of x"""
        super().__init__()
        self.std = std

    def forward(self, x: Any) -> Any:
        """The noise is drawn by torch, so the numbers differ from the layer's"""
        return x + self.std * torch.randn_like(x) if self.training else x


@to_torch.register(Dropout)
def dropout_to_torch(layer: Dropout) -> torch.nn.Module:
    """The same rate, with masks drawn by torch"""
    return torch.nn.Dropout(layer.rate)


@to_torch.register(ChannelDropout)
def channel_dropout_to_torch(layer: ChannelDropout) -> torch.nn.Module:
    """The same rate, with masks drawn by torch"""
    return Around(channels_last, module=torch.nn.Dropout1d(layer.rate))


@to_torch.register(GaussianNoise)
def gaussian_noise_to_torch(layer: GaussianNoise) -> torch.nn.Module:
    """The same standard deviation, with noise drawn by torch"""
    return Noisy(layer.std)

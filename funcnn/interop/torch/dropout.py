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


# Masks and noise are drawn by torch.
for _layer, _rule in {
    Dropout: lambda layer: torch.nn.Dropout(layer.rate),
    ChannelDropout: lambda layer: Around(channels_last, module=torch.nn.Dropout1d(layer.rate)),
    GaussianNoise: lambda layer: Noisy(layer.std),
}.items():
    to_torch.register(_layer)(_rule)

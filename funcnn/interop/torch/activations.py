"""Conversions of activations, Softmax and Glu for which torch has no module with the same settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from funcnn.interop.torch.base import Around, Computed, filled, to_torch
from funcnn.layers.activations.base import Sigmoid, Softplus
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.rectifiers import PRelu
from funcnn.layers.activations.smooth import Gelu
from funcnn.layers.activations.softmax import LogSoftmax, Softmax


def _over_last_axis(x: Any, module: torch.nn.Module) -> Any:
    """A module whose features are in axis 1, with the leading axes of x merged into one"""
    return module(x.reshape(-1, x.shape[-1])).reshape(x.shape)


def _gated(x: Any, gate: torch.nn.Module) -> Any:
    a, b = x.chunk(2, dim=-1)
    return a * gate(b)


def _prelu(layer: PRelu) -> torch.nn.Module:
    """torch applies one slope for each feature along axis 1"""
    module = filled(torch.nn.PReLU(layer.alpha.size), weight=layer.alpha)
    return Around(_over_last_axis, module=module) if layer.alpha.size > 1 else module


def _glu(layer: Glu) -> torch.nn.Module:
    """torch has Glu only with a sigmoid gate"""
    return torch.nn.GLU() if type(layer.gate) is Sigmoid else Computed(_gated, gate=to_torch(layer.gate))


_RULES: dict[type, Callable[[Any], torch.nn.Module]] = {
    PRelu: _prelu,
    Glu: _glu,
    # By default torch returns x above 20; without a threshold it overflows, in float32 at 89.
    Softplus: lambda _: torch.nn.Softplus(threshold=80),
    Gelu: lambda _: torch.nn.GELU(approximate="tanh"),  # torch calls it an approximation of ExactGelu
    Softmax: lambda _: torch.nn.Softmax(dim=-1),
    LogSoftmax: lambda _: torch.nn.LogSoftmax(dim=-1),
}
for _layer, _rule in _RULES.items():
    to_torch.register(_layer)(_rule)

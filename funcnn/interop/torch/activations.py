"""Activations, Softmax and Glu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch

from funcnn.interop.torch.base import Applied, filled, to_torch
from funcnn.layers.activations.base import Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.piecewise import HardShrink, HardSigmoid, HardSwish, HardTanh, Relu6, SoftShrink
from funcnn.layers.activations.rectifiers import Celu, PRelu, Selu
from funcnn.layers.activations.smooth import ExactGelu, LogSigmoid, Mish, Silu, Sine, Softsign, TanhShrink
from funcnn.layers.activations.softmax import LogSoftmax, Softmax


class LastAxis(torch.nn.Module):
    """A module that expects the features in axis 1, given them in the last one"""

    def __init__(self, module: torch.nn.Module) -> None:
        """The module"""
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        """All leading axes as one"""
        return self.module(x.reshape(-1, x.shape[-1])).reshape(x.shape)


class Gated(torch.nn.Module):
    """The first half of the last axis, times a module of the second"""

    def __init__(self, gate: torch.nn.Module) -> None:
        """The module of the gate"""
        super().__init__()
        self.gate = gate

    def forward(self, x: Any) -> Any:
        """a gate(b)"""
        a, b = x.chunk(2, dim=-1)
        return a * self.gate(b)


@to_torch.register(PRelu)
def prelu_to_torch(layer: PRelu) -> torch.nn.Module:
    """Slopes for each feature are for axis 1 there"""
    module = filled(torch.nn.PReLU(layer.alpha.size), weight=layer.alpha)
    return LastAxis(module) if layer.alpha.size > 1 else module


@to_torch.register(Glu)
def glu_to_torch(layer: Glu) -> torch.nn.Module:
    """With other gates than the sigmoid torch has it not"""
    return torch.nn.GLU() if type(layer.gate) is Sigmoid else Gated(cast("torch.nn.Module", to_torch(layer.gate)))


_MODULES: dict[type, Callable[[Any], torch.nn.Module]] = {
    Identity: lambda _: torch.nn.Identity(),
    Relu: lambda _: torch.nn.ReLU(),
    LeakyRelu: lambda layer: torch.nn.LeakyReLU(layer.alpha),
    Sigmoid: lambda _: torch.nn.Sigmoid(),
    Tanh: lambda _: torch.nn.Tanh(),
    Softplus: lambda _: torch.nn.Softplus(threshold=700),  # by default it is linear from 20 on
    Elu: lambda layer: torch.nn.ELU(layer.alpha),
    Gelu: lambda _: torch.nn.GELU(approximate="tanh"),
    Selu: lambda _: torch.nn.SELU(),
    Celu: lambda layer: torch.nn.CELU(layer.alpha),
    Relu6: lambda _: torch.nn.ReLU6(),
    HardTanh: lambda layer: torch.nn.Hardtanh(layer.low, layer.high),
    # The slope of torch.nn.Hardsigmoid is 1 / 6 to the digits of float32, in float64 too.
    HardSigmoid: lambda _: Applied(lambda x: torch.nn.functional.relu6(x + 3) / 6),
    HardSwish: lambda _: torch.nn.Hardswish(),
    SoftShrink: lambda layer: torch.nn.Softshrink(layer.threshold),
    HardShrink: lambda layer: torch.nn.Hardshrink(layer.threshold),
    Silu: lambda _: torch.nn.SiLU(),
    Mish: lambda _: torch.nn.Mish(),
    ExactGelu: lambda _: torch.nn.GELU(),
    Softsign: lambda _: torch.nn.Softsign(),
    LogSigmoid: lambda _: torch.nn.LogSigmoid(),
    TanhShrink: lambda _: torch.nn.Tanhshrink(),
    Sine: lambda layer: Applied(lambda x: torch.sin(layer.omega * x)),  # torch has none
    Softmax: lambda _: torch.nn.Softmax(dim=-1),
    LogSoftmax: lambda _: torch.nn.LogSoftmax(dim=-1),
}
for _layer, _module in _MODULES.items():
    to_torch.register(_layer, _module)

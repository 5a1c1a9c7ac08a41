"""Conversions of activations, Softmax and Glu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch

from funcnn.interop.torch.base import Applied, Around, filled, to_torch
from funcnn.layers.activations.base import Elu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.piecewise import HardShrink, HardSigmoid, HardSwish, HardTanh, Relu6, SoftShrink
from funcnn.layers.activations.rectifiers import Celu, PRelu, Selu
from funcnn.layers.activations.smooth import ExactGelu, Gelu, LogSigmoid, Mish, Silu, Sine, Softsign, TanhShrink
from funcnn.layers.activations.softmax import LogSoftmax, Softmax


class LastAxis(Around):
    """A module whose features are in axis 1, applied to x with features in the last axis"""

    def __init__(self, module: torch.nn.Module) -> None:
        """Store the module"""
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        """The module, applied with the leading axes merged into one"""
        return self.module(x.reshape(-1, x.shape[-1])).reshape(x.shape)


class Gated(torch.nn.Module):
    """out = a gate(b), where a is the first half of x along its last axis, and b the second"""

    def __init__(self, gate: torch.nn.Module) -> None:
        """Store the gate"""
        super().__init__()
        self.gate = gate

    def forward(self, x: Any) -> Any:
        """a gate(b)"""
        a, b = x.chunk(2, dim=-1)
        return a * self.gate(b)


@to_torch.register(PRelu)
def prelu_to_torch(layer: PRelu) -> torch.nn.Module:
    """torch applies one slope for each feature along axis 1"""
    module = filled(torch.nn.PReLU(layer.alpha.size), weight=layer.alpha)
    return LastAxis(module) if layer.alpha.size > 1 else module


@to_torch.register(Glu)
def glu_to_torch(layer: Glu) -> torch.nn.Module:
    """torch has Glu only with a sigmoid gate"""
    return torch.nn.GLU() if type(layer.gate) is Sigmoid else Gated(cast("torch.nn.Module", to_torch(layer.gate)))


_MODULES: dict[type, Callable[[Any], torch.nn.Module]] = {
    Identity: lambda _: torch.nn.Identity(),
    Relu: lambda _: torch.nn.ReLU(),
    LeakyRelu: lambda layer: torch.nn.LeakyReLU(layer.alpha),
    Sigmoid: lambda _: torch.nn.Sigmoid(),
    Tanh: lambda _: torch.nn.Tanh(),
    Softplus: lambda _: torch.nn.Softplus(threshold=700),  # by default torch returns x above 20
    Elu: lambda layer: torch.nn.ELU(layer.alpha),
    Gelu: lambda _: torch.nn.GELU(approximate="tanh"),
    Selu: lambda _: torch.nn.SELU(),
    Celu: lambda layer: torch.nn.CELU(layer.alpha),
    Relu6: lambda _: torch.nn.ReLU6(),
    HardTanh: lambda layer: torch.nn.Hardtanh(layer.low, layer.high),
    # torch.nn.Hardsigmoid rounds 1 / 6 to float32, in float64 too.
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
    Sine: lambda layer: Applied(lambda x: torch.sin(layer.omega * x)),  # torch does not have this activation
    Softmax: lambda _: torch.nn.Softmax(dim=-1),
    LogSoftmax: lambda _: torch.nn.LogSoftmax(dim=-1),
}
for _layer, _module in _MODULES.items():
    to_torch.register(_layer)(_module)

"""Dense layers, and the activations that torch has under the same names."""

from __future__ import annotations

from typing import Any

import torch

from funcnn.interop.torch.base import filled, to_torch
from funcnn.layers.activations.base import Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.dense import Dense


@to_torch.register(Dense)
def dense_to_torch(layer: Dense) -> torch.nn.Module:
    """W of torch is (n_out, n_in)"""
    n_in, n_out = layer.W.shape
    return filled(torch.nn.Linear(n_in, n_out, bias=layer.b is not None), weight=layer.W.T, bias=layer.b)


@to_torch.register(Frozen)
def frozen_to_torch(layer: Frozen[Any]) -> torch.nn.Module:
    """Its weights ask for no gradient, and running statistics rest"""
    module: torch.nn.Module = to_torch(layer.layer)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm1d):
            part.momentum = 0.0
    return module.requires_grad_(requires_grad=False)


for _activation, _function in {
    Identity: lambda _: torch.nn.Identity(),
    Relu: lambda _: torch.nn.ReLU(),
    LeakyRelu: lambda layer: torch.nn.LeakyReLU(layer.alpha),
    Sigmoid: lambda _: torch.nn.Sigmoid(),
    Tanh: lambda _: torch.nn.Tanh(),
    Softplus: lambda _: torch.nn.Softplus(threshold=700),  # by default it is linear from 20 on
    Elu: lambda layer: torch.nn.ELU(layer.alpha),
    Gelu: lambda _: torch.nn.GELU(approximate="tanh"),
}.items():
    to_torch.register(_activation, _function)

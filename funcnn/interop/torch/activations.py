"""Conversions of activations with arrays or layers inside; those of the others are in their cards."""

from __future__ import annotations

from typing import Any

import torch

from funcnn.interop.torch.base import Around, Computed, filled, to_torch
from funcnn.layers.activations.base import Sigmoid
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.rectifiers import PRelu


def _over_last_axis(x: Any, module: torch.nn.Module) -> Any:
    """A module whose features are in axis 1, with the leading axes of x merged into one"""
    return module(x.reshape(-1, x.shape[-1])).reshape(x.shape)


def _gated(x: Any, gate: torch.nn.Module) -> Any:
    a, b = x.chunk(2, dim=-1)
    return a * gate(b)


@to_torch.register(PRelu)
def prelu_to_torch(layer: PRelu) -> torch.nn.Module:
    """torch applies one slope for each feature along axis 1"""
    module = filled(torch.nn.PReLU(layer.alpha.size), weight=layer.alpha)
    return Around(_over_last_axis, module=module) if layer.alpha.size > 1 else module


@to_torch.register(Glu)
def glu_to_torch(layer: Glu) -> torch.nn.Module:
    """torch has Glu only with a sigmoid gate"""
    return torch.nn.GLU() if type(layer.gate) is Sigmoid else Computed(_gated, gate=to_torch(layer.gate))

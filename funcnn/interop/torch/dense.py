"""Conversion of Dense."""

from __future__ import annotations

import torch

from funcnn.interop.torch.base import filled, to_torch
from funcnn.layers.dense import Dense


@to_torch.register(Dense)
def dense_to_torch(layer: Dense) -> torch.nn.Module:
    """torch stores W as (n_out, n_in)"""
    n_in, n_out = layer.W.shape
    return filled(torch.nn.Linear(n_in, n_out, bias=layer.b is not None), weight=layer.W.T, bias=layer.b)

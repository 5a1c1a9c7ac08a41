"""Conversion of Probe."""

from __future__ import annotations

from typing import Any, cast

import torch

from funcnn.inspection.probe import Probe
from funcnn.interop.torch.base import to_torch


@to_torch.register(Probe)
def probe_to_torch(layer: Probe[Any]) -> torch.nn.Module:
    """The module of the layer inside; in torch, hooks read the values"""
    return cast("torch.nn.Module", to_torch(layer.layer))

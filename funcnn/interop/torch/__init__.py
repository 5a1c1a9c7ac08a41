"""Layers as modules of torch: the same function with the same weights, to compare with, or to go on with there."""

from funcnn.interop.torch import (  # noqa: F401  registers their rules
    activations,
    attention,
    combinators,
    convolution,
    dense,
    dropout,
    embedding,
    inspection,
    normalisation,
    recurrent,
)
from funcnn.interop.torch.base import to_torch

__all__ = ["to_torch"]

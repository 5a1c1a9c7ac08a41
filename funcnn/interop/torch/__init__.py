"""Conversion of layers to PyTorch modules that compute the same function with the same weights."""

from funcnn.interop.torch import (  # noqa: F401  each module registers its rules
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

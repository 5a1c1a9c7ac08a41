"""Strategies for cases `(params, x)` of layers, and the cases of every layer of funcnn, which this module registers."""

from funcnn.testing.networks.cases import (  # noqa: F401  each registers its cases
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
from funcnn.testing.networks.cases.dense import networks
from funcnn.testing.networks.table import cases, layers, register, registered, unproven

__all__ = ["cases", "layers", "networks", "register", "registered", "unproven"]

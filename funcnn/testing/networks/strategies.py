"""Strategies for cases `(params, x)` of layers, among them every layer of funcnn, and for networks."""

from funcnn.testing.networks.cases.dense import networks
from funcnn.testing.networks.table import cases, layers, register, registered, unproven

__all__ = ["cases", "layers", "networks", "register", "registered", "unproven"]

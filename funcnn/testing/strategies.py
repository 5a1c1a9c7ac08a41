"""Strategies for hypothesis: arrays, cases `(params, x)` of a layer or of any layer, and networks.

A layer of your own is registered once, with a strategy for its cases:

    fst.register(Swish, fst.tensors("m n").map(lambda arrays: (Swish(), *arrays)))

Then `fst.cases(Swish)` and hypothesis' own `st.from_type(Swish)` both work.
"""

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
from funcnn.testing.tensors import dims, tensor, tensors

__all__ = ["cases", "dims", "layers", "networks", "register", "registered", "tensor", "tensors", "unproven"]

"""What hypothesis draws: arrays, cases `(params, x)` of a layer, of any layer, of whole networks.

A layer of one's own is registered once, with how to draw a case of it:

    fst.register(Swish, fst.tensors("m n").map(lambda arrays: (Swish(), *arrays)))

Then `fst.cases(Swish)` and hypothesis' own `st.from_type(Swish)` both work.
"""

from funcnn.testing.cases import (  # noqa: F401  each registers its cases
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
from funcnn.testing.cases.dense import networks
from funcnn.testing.table import cases, layers, register, registered, unproven
from funcnn.testing.tensors import dims, tensor, tensors

__all__ = ["cases", "dims", "layers", "networks", "register", "registered", "tensor", "tensors", "unproven"]

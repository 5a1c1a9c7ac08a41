"""For each layer, how to draw `(params, x)` of at most three fixed shapes: JAX compiles for each."""

from tests.peers.cases import (
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

FAMILIES = [
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
]
CASES = {layer: cases for family in FAMILIES for layer, cases in family.CASES.items()}

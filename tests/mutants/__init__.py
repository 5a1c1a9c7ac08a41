"""Backward passes with one planted mistake each. `python -m tests.mutants` compares the checkers that look for them."""

from tests.mutants import (
    activations,
    algebra,
    axes,
    branches,
    classification,
    convolution,
    dense,
    losses,
    normalisation,
    places,
    pooling,
    precision,
    sequences,
    state,
)

FAMILIES = [
    *[dense, activations, losses, classification, axes, places, convolution, pooling],
    *[normalisation, sequences, algebra, branches, state, precision],
]
MUTANTS = [mutant for family in FAMILIES for mutant in family.MUTANTS]

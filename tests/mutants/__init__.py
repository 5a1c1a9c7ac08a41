"""Backward passes with one planted mistake each. `python -m tests.mutants` compares checkers on them."""

from tests.mutants import (
    activations,
    algebra,
    attention,
    axes,
    branches,
    classification,
    combinators,
    convolution,
    dense,
    earlier,
    embedding,
    frozen,
    inspection,
    losses,
    more_activations,
    normalisation,
    objectives,
    places,
    pooling,
    precision,
    recurrent,
    sequences,
    standardization,
    state,
    windows,
)

FAMILIES = [
    *[dense, activations, losses, classification, axes, places, convolution, pooling],
    *[normalisation, sequences, algebra, branches, state, precision],
]
MUTANTS = [mutant for family in FAMILIES for mutant in family.MUTANTS]

# Of the layers that came later. They must be caught as well, but the comparison with other checkers is over the others.
LAYERS = [
    attention,
    combinators,
    earlier,
    embedding,
    frozen,
    inspection,
    more_activations,
    objectives,
    recurrent,
    standardization,
    windows,
]
LATER = [mutant for family in LAYERS for mutant in family.MUTANTS]

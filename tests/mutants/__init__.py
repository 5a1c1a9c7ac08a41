"""Backward passes with one planted mistake each. `python -m tests.mutants` compares checkers on them."""

from tests.mutants import (
    activations,
    algebra,
    alike,
    attention,
    axes,
    branches,
    cards,
    classification,
    coincidences,
    combinators,
    convolution,
    dense,
    earlier,
    embedding,
    frozen,
    inspection,
    limits,
    losses,
    magnitudes,
    memos,
    more_activations,
    narrow,
    normalisation,
    objectives,
    pooling,
    positions,
    precision,
    recurrent,
    sequences,
    sizes,
    standardization,
    state,
    windows,
)

FAMILIES = [
    *[dense, activations, losses, classification, axes, positions, convolution, pooling],
    *[normalisation, sequences, algebra, branches, state, precision],
]
MUTANTS = [mutant for family in FAMILIES for mutant in family.MUTANTS]

# Mutants of further layers. They must be caught as well; the comparison with other checkers leaves them out.
LAYERS = [
    alike,
    attention,
    cards,
    coincidences,
    combinators,
    earlier,
    embedding,
    frozen,
    inspection,
    limits,
    magnitudes,
    memos,
    more_activations,
    narrow,
    objectives,
    recurrent,
    sizes,
    standardization,
    windows,
]
LATER = [mutant for family in LAYERS for mutant in family.MUTANTS]

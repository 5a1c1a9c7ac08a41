"""Strategies for cases of each layer of funcnn, one file for each family; all are registered together.

A combinator has cases of other layers inside, so that no file of this folder can be loaded without the others.
"""

from funcnn.testing.networks.cases import (  # noqa: F401  each registers its cases
    attention,
    combinators,
    convolution,
    dense,
    embedding,
    normalisation,
    recurrent,
)

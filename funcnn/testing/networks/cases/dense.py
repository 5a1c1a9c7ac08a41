"""Cases of dense layers, and of networks of dense layers and activations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcnn.arrays import Array, freeze
from funcnn.layers.activations.base import Elu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.smooth import Gelu
from funcnn.layers.dense import Dense
from funcnn.testing.networks.table import Case, register, table
from funcnn.testing.tensors import tensors


def _dense_cases() -> st.SearchStrategy[Case]:
    def case(arrays: tuple[Array, ...]) -> Case:
        x, W, *b = arrays
        return Dense(W, b[0] if b else None), x

    shapes = [("m n", "n k", "k"), ("m t n", "n k", "k"), ("m n", "n k"), ("m n", "n 1", "1")]
    return st.sampled_from(shapes).flatmap(lambda names: tensors(*names)).map(case)


register(Dense, _dense_cases())


@st.composite
def networks(draw: st.DrawFn) -> Case:
    """A chain of dense layers and activations, nested at random, perhaps empty, and an x that fits it.

    Layers with kinks get normal numbers only. Where several kinks meet, the chain rule may give a number outside the
    subgradient of the chain: relu(x) - relu(-x) is x, whose slope at 0 is 1, and the chain rule gives 0.
    """
    kinked = draw(st.booleans())
    x = draw(_generic("m n") if kinked else tensors("m n"))[0]
    sizes = [x.shape[1], *draw(st.lists(st.integers(1, 3), max_size=3))]
    net: tuple[Any, ...] = ()
    for n_in, n_out in pairwise(sizes):
        shapes = f"{n_in} {n_out}", f"{n_out}"
        W, b = draw(_generic(*shapes) if kinked else tensors(*shapes))
        smooth: list[Any] = [Tanh(), Sigmoid(), Softplus(), Gelu(), Identity(), ()]
        layer = (Dense(W, b), draw(st.sampled_from([Relu(), LeakyRelu(), Elu(2.0), Tanh()] if kinked else smooth)))
        net += draw(st.sampled_from([layer, (layer,)]))
    return net, x


def _generic(*shapes: str) -> st.SearchStrategy[tuple[Array, ...]]:
    """Normal numbers only: no two are equal, and none is 0."""

    def normal(drawn: tuple[tuple[Array, ...], int]) -> tuple[Array, ...]:
        rng = np.random.default_rng(drawn[1])
        return tuple([freeze(rng.standard_normal(a.shape)) for a in drawn[0]])

    return st.tuples(tensors(*shapes), st.integers(0, 2**32 - 1)).map(normal)


table[tuple] = networks()  # not registered with hypothesis, for which tuple is the builtin class

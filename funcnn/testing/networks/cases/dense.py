"""Cases of dense layers, activations, Softmax, Glu, dropout and noise; and networks of dense layers and activations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcnn.about.table import cards
from funcnn.arrays import Array, freeze
from funcnn.layers.activations.base import Elu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.rectifiers import PRelu
from funcnn.layers.activations.smooth import Gelu, Silu
from funcnn.layers.dense import Dense
from funcnn.layers.dropout import ChannelDropout, Dropout, GaussianNoise
from funcnn.testing.networks.table import Case, of_card, register, table
from funcnn.testing.tensors import tensors


def _dense_cases() -> st.SearchStrategy[Case]:
    def case(arrays: tuple[Array, ...]) -> Case:
        x, W, *b = arrays
        return Dense(W, b[0] if b else None), x

    shapes = [("m n", "n k", "k"), ("m t n", "n k", "k"), ("m n", "n k"), ("m n", "n 1", "1")]
    return st.sampled_from(shapes).flatmap(lambda names: tensors(*names)).map(case)


register(Dense, _dense_cases())

for _layer, _card in cards("activations").items():
    if _layer not in (PRelu, Glu):
        register(_layer, of_card(_layer, _card))


def _prelu_cases() -> st.SearchStrategy[Case]:
    """One slope for each feature, or one for all features."""
    shapes = [("n", "m n"), ("n", "m t n"), ("1", "m n"), ("1", "m t n"), ("1", "m")]
    return st.one_of([tensors(*names) for names in shapes]).map(lambda arrays: (PRelu(arrays[0]), arrays[1]))


register(PRelu, _prelu_cases())


def _glu_cases() -> st.SearchStrategy[Case]:
    """Gates that keep out or x for backward, with and without a kink, a chain, and a gate with parameters."""
    gates: list[Any] = [Sigmoid(), Silu(), Gelu(), Tanh(), Identity(), Relu(), (Tanh(), LeakyRelu())]

    def case(drawn: tuple[Any, tuple[Array, ...]]) -> Case:
        gate, (alpha, *halves) = drawn
        return Glu(PRelu(alpha) if gate is None else gate), freeze(np.concatenate(halves, axis=-1))

    two_halves = tensors("n", "m n", "m n") | tensors("n", "m t n", "m t n")
    return st.tuples(st.sampled_from([*gates, None]), two_halves).map(case)


register(Glu, _glu_cases())

SEEDS = st.integers(0, 2**31 - 1) | st.tuples(st.integers(0, 3), st.integers(0, 3))
STATES = {"seed": SEEDS, "step": st.integers(0, 1000)}

_INPUTS = (tensors("m c") | tensors("m t c") | tensors("m h w c")).map(lambda arrays: arrays[0])
for _dropout in (Dropout, ChannelDropout):
    register(_dropout, st.tuples(st.builds(_dropout, st.sampled_from([0.5, 0.0, 0.1, 0.9]), **STATES), _INPUTS))
register(GaussianNoise, st.tuples(st.builds(GaussianNoise, st.sampled_from([0.1, 0.0, 3.0]), **STATES), _INPUTS))


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

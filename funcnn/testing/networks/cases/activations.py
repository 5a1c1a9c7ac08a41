"""Cases of the activations, of Softmax and Glu, and of dropout and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcnn.about.table import cards
from funcnn.arrays import Array, freeze
from funcnn.layers.activations.base import Identity, LeakyRelu, Relu, Sigmoid, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.rectifiers import PRelu
from funcnn.layers.activations.smooth import Gelu, Silu
from funcnn.layers.dropout import ChannelDropout, Dropout, GaussianNoise
from funcnn.testing.networks.table import Case, of_card, register
from funcnn.testing.tensors import tensors

for _layer, _card in cards("activations").items():
    if _layer not in (PRelu, Glu):
        register(_layer, of_card(_layer, _card))


def _prelu_cases() -> st.SearchStrategy[Case]:
    """One slope for each feature, or one for all features."""
    shapes = [("n", "m n"), ("n", "m t n"), ("1", "m n"), ("1", "m t n"), ("1", "m")]
    return (
        st.sampled_from(shapes).flatmap(lambda names: tensors(*names)).map(lambda arrays: (PRelu(arrays[0]), arrays[1]))
    )


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

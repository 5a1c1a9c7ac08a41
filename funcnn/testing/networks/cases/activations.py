"""Cases of the activations, of Softmax and of Glu."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcnn.arrays import Array, freeze
from funcnn.layers.activations.base import Elu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.activations.glu import Glu
from funcnn.layers.activations.piecewise import HardShrink, HardSigmoid, HardSwish, HardTanh, Relu6, SoftShrink
from funcnn.layers.activations.rectifiers import Celu, PRelu, Selu
from funcnn.layers.activations.smooth import ExactGelu, Gelu, LogSigmoid, Mish, Silu, Sine, Softsign, TanhShrink
from funcnn.layers.activations.softmax import LogSoftmax, Softmax
from funcnn.testing.networks.table import Case, register
from funcnn.testing.tensors import tensors


def inputs() -> st.SearchStrategy[Array]:
    """x of two or three axes, for layers that accept both."""
    return (tensors("m n") | tensors("m t n")).map(lambda arrays: arrays[0])


# Activations without settings.
for _layer in (
    *(Identity, Relu, Sigmoid, Tanh, Softplus, Gelu),
    *(Selu, Relu6, HardSigmoid, HardSwish, Silu, Mish, ExactGelu, Softsign, LogSigmoid, TanhShrink),
    *(Softmax, LogSoftmax),
):
    register(_layer, st.tuples(st.builds(_layer), inputs()))


def _with(layer: type, *settings: tuple[float, ...]) -> None:
    """Settings with kinks at numbers that `tensors` draws, and other settings."""
    register(layer, st.tuples(st.sampled_from([layer(*numbers) for numbers in settings]), inputs()))


for _leaky in (LeakyRelu, Elu):
    register(_leaky, st.tuples(st.builds(_leaky, st.sampled_from([0.0, 0.01, 0.5, 1.0, 2.0])), inputs()))
_with(Celu, (1.0,), (0.5,), (2.0,))
_with(HardTanh, (), (-0.5, 2.0), (0.0, 1.0), (1.0, 1.3))
_with(SoftShrink, (), (0.1,), (1.0,))
_with(Sine, (), (0.5,), (3.0,))


def _off_the_jumps(x: Array) -> Array:
    """HardShrink has neither a derivative nor a subgradient at its jumps, so x does not contain them."""
    return freeze(np.where((abs(x) == 0.5) | (abs(x) == 1), 1.01 * x, x))


register(
    HardShrink,
    st.tuples(st.sampled_from([HardShrink(), HardShrink(0.1), HardShrink(1.0)]), inputs().map(_off_the_jumps)),
)


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

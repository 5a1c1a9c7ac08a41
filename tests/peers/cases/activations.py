"""Activations, Softmax and Glu."""

import numpy as np
from hypothesis import strategies as st

from funcnn import Gelu, Relu, Sigmoid, Softmax, Tanh
from funcnn.layers import (
    Celu,
    Elu,
    ExactGelu,
    Glu,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    Identity,
    LeakyRelu,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PRelu,
    Relu6,
    Selu,
    Silu,
    Sine,
    Softplus,
    SoftShrink,
    Softsign,
    TanhShrink,
)
from funcnn.testing.strategies import tensor
from tests.peers.cases.drawing import elementwise, within


def off(*corners):
    """x without these values: at the ends of a clip JAX halves the gradient, where ours is 0."""
    return lambda shape: tensor(shape).map(lambda x: np.where(np.isin(x, corners), x + 1e-9, x))


def rows(layer):
    return [(st.just(layer), tensor(shape)) for shape in [(4, 3), (2, 3, 4), (5, 1)]]


def glu(gate, *shape, x=tensor):
    return st.builds(Glu, gate), x(shape)


def prelu(n):
    return st.builds(PRelu, within(3, n))


# For each layer, how to draw (params, x) of at most three shapes.
CASES = {
    Identity: elementwise(Identity()),
    # JAX halves the gradient of max(x, 0) at 0, where Relu's slope is 0.
    Relu: elementwise(Relu(), x=lambda shape: tensor(shape).map(lambda x: np.where(x == 0, 1e-9, x))),
    LeakyRelu: elementwise(LeakyRelu(), LeakyRelu(0.0), LeakyRelu(2.0)),
    Sigmoid: elementwise(Sigmoid()),
    Tanh: elementwise(Tanh()),
    Softplus: elementwise(Softplus()),
    Elu: elementwise(Elu(), Elu(0.0), Elu(2.0)),
    Gelu: elementwise(Gelu()),
    Selu: elementwise(Selu()),
    Celu: elementwise(Celu(), Celu(0.5), Celu(2.0)),
    PRelu: [(prelu(3), tensor((4, 3))), (prelu(1), tensor((2, 3, 4))), (prelu(4), tensor((2, 3, 4)))],
    Relu6: elementwise(Relu6(), x=off(0, 6)),
    HardTanh: elementwise(HardTanh(), HardTanh(-0.5, 2.0), HardTanh(0.0, 1.3), x=off(-1, 1, -0.5, 2, 0, 1.3)),
    HardSigmoid: elementwise(HardSigmoid(), x=off(-3, 3)),
    HardSwish: elementwise(HardSwish(), x=off(-3, 3)),
    SoftShrink: elementwise(SoftShrink(), SoftShrink(0.1), SoftShrink(1.0), x=off(-1, -0.5, -0.1, 0.1, 0.5, 1)),
    HardShrink: elementwise(HardShrink(), HardShrink(0.1), HardShrink(1.0)),
    Silu: elementwise(Silu()),
    Mish: elementwise(Mish()),
    ExactGelu: elementwise(ExactGelu()),
    Softsign: elementwise(Softsign()),
    LogSigmoid: elementwise(LogSigmoid()),
    TanhShrink: elementwise(TanhShrink()),
    Sine: elementwise(Sine(), Sine(0.5), Sine(3.0)),
    Softmax: rows(Softmax()),
    LogSoftmax: rows(LogSoftmax()),
    Glu: [
        glu(st.just(Sigmoid()), 4, 6),
        glu(st.tuples(st.just(Tanh()), st.just(Gelu())), 2, 3, 4),
        glu(prelu(3), 4, 6),  # a gate that is trained
    ],
}

"""Activations, Softmax and Glu."""

import numpy as np
from hypothesis import strategies as st

from funcnn import Gelu, Sigmoid, Tanh
from funcnn.layers import Glu, LogSoftmax, PRelu, Softmax
from funcnn.testing.strategies import tensor
from tests.cards import CARDS as ABOUT
from tests.cards import ELEMENTWISE, examples
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
    **{cls: elementwise(*examples(cls), x=off(*ABOUT[cls].corners)) for cls in ELEMENTWISE},
    PRelu: [(prelu(3), tensor((4, 3))), (prelu(1), tensor((2, 3, 4))), (prelu(4), tensor((2, 3, 4)))],
    Softmax: rows(Softmax()),
    LogSoftmax: rows(LogSoftmax()),
    Glu: [
        glu(st.just(Sigmoid()), 4, 6),
        glu(st.tuples(st.just(Tanh()), st.just(Gelu())), 2, 3, 4),
        glu(prelu(3), 4, 6),  # a gate that is trained
    ],
}

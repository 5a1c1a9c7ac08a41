"""Embeddings and positions, with masks and without."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import Embedding
from funcnn.layers import LearnedPosition, Rotary, SinusoidalPosition
from tests.peers.cases.drawing import within


def ids(most, *shape):
    return hnp.arrays(np.intp, shape, elements=st.integers(0, most - 1))


def mask(m, t):
    return hnp.arrays(np.bool_, (m, t))


# For each layer, how to draw (params, x) of at most three shapes.
CASES = {
    Embedding: [
        (st.builds(Embedding, within(3, 5, 2)), ids(5, 3, 4)),
        (st.builds(Embedding, within(3, 4, 3)), st.tuples(ids(4, 2, 5), mask(2, 5))),
        (st.builds(Embedding, within(3, 2, 1)), ids(2, 6)),
    ],
    SinusoidalPosition: [
        (st.just(SinusoidalPosition()), within(3, 2, 5, 4)),
        (st.just(SinusoidalPosition(base=3.0)), st.tuples(within(3, 3, 2, 2), mask(3, 2))),
    ],
    LearnedPosition: [
        (st.builds(LearnedPosition, within(3, 5, 3)), within(3, 2, 5, 3)),
        (st.builds(LearnedPosition, within(3, 6, 1)), st.tuples(within(3, 3, 4, 1), mask(3, 4))),
    ],
    Rotary: [
        (st.just(Rotary()), within(3, 2, 5, 6)),
        (st.just(Rotary(base=3.0)), st.tuples(within(3, 3, 2, 2), mask(3, 2))),
    ],
}

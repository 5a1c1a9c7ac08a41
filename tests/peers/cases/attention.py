"""Attention of a sequence to itself and to another, with masks of places and of pairs, and without."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import Attention
from funcnn.layers import CrossAttention, Rotary
from tests.peers.cases.dense import dense
from tests.peers.cases.drawing import within


def layers(n_in, n_memory, n, n_out, *, bias=True):
    return dense(n_in, n, bias=bias), dense(n_memory, n), dense(n_memory, n, bias=bias), dense(n, n_out, bias=bias)


def mask(*shape):
    return hnp.arrays(np.bool_, shape)


# For each layer, how to draw (params, x) of at most three shapes.
CASES = {
    Attention: [
        (st.builds(Attention, *layers(3, 3, 4, 2), st.just(2)), within(3, 2, 4, 3)),
        (
            st.builds(Attention, *layers(2, 2, 6, 2, bias=False), st.just(3), st.just(value=True)),
            st.tuples(within(3, 3, 5, 2), mask(3, 5) | mask(3, 5, 5)),
        ),
        (
            st.builds(Attention, *layers(2, 2, 4, 3), st.just(2), st.just(value=True), st.just(Rotary())),
            st.tuples(within(3, 2, 3, 2), mask(2, 3, 3)),
        ),
    ],
    CrossAttention: [
        (st.builds(CrossAttention, *layers(3, 2, 4, 2), st.just(2)), st.tuples(within(3, 2, 4, 3), within(3, 2, 3, 2))),
        (
            st.builds(CrossAttention, *layers(2, 3, 3, 3, bias=False), st.just(1)),
            st.tuples(within(3, 3, 2, 2), within(3, 3, 4, 3), mask(3, 4) | mask(3, 2, 4)),
        ),
    ],
}

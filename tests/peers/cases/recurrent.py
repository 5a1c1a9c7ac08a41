"""Recurrent layers, with masks, states, and none."""

from hypothesis import strategies as st

from funcnn import GRU, LSTM
from funcnn.layers import RNN, Bidirectional, Last
from tests.peers.cases.drawing import within
from tests.peers.cases.embedding import mask


def layer(kind, n, k):
    g, extra = kind.gates, [within(3, k)] if kind is GRU else []
    return st.builds(kind, within(3, n, g * k), within(3, k, g * k), within(3, g * k), *extra)


def state(kind, m, k):
    h = within(3, m, k)
    return st.tuples(h, h) if kind is LSTM else h


# For each layer, how to draw (params, x) of at most three shapes.
CASES = {
    **{
        kind: [
            (layer(kind, 2, 3), within(3, 2, 4, 2)),
            (layer(kind, 1, 2), st.tuples(within(3, 3, 3, 1), mask(3, 3))),
            (layer(kind, 2, 2), st.tuples(within(3, 2, 3, 2), mask(2, 3), state(kind, 2, 2))),
        ]
        for kind in (RNN, GRU, LSTM)
    },
    Last: [
        (st.just(Last()), within(3, 2, 4, 3)),
        (st.just(Last()), st.tuples(within(3, 3, 4, 2), mask(3, 4))),
        (st.just(Last()), st.tuples(within(3, 2, 3, 1), st.none())),
    ],
    Bidirectional: [
        (st.builds(Bidirectional, layer(RNN, 2, 3), layer(RNN, 2, 1)), within(3, 2, 3, 2)),
        (st.builds(Bidirectional, layer(GRU, 2, 1), layer(RNN, 2, 2)), st.tuples(within(3, 2, 3, 2), mask(2, 3))),
        (
            st.builds(Bidirectional, layer(LSTM, 1, 2), layer(GRU, 1, 2)),
            st.tuples(within(3, 2, 2, 1), mask(2, 2), st.tuples(state(LSTM, 2, 2), state(GRU, 2, 2))),
        ),
    ],
}

"""Dropout and noise."""

from hypothesis import strategies as st

from funcnn import Dropout
from funcnn.layers import ChannelDropout, GaussianNoise
from funcnn.testing.strategies import tensor
from tests.peers.cases.drawing import within

STATES = {"seed": st.integers(0, 9) | st.tuples(st.integers(0, 9), st.just(2**31 - 1)), "step": st.integers(0, 9)}

CASES = {
    Dropout: [(st.builds(Dropout, st.just(rate), **STATES), tensor((5, 4))) for rate in (0.5, 0.0)],
    ChannelDropout: [(st.builds(ChannelDropout, st.just(0.4), **STATES), tensor(x)) for x in [(5, 4), (2, 3, 2, 4)]],
    GaussianNoise: [(st.builds(GaussianNoise, st.just(0.3), **STATES), within(30, *x)) for x in [(5, 4), (3, 3, 3)]],
}

"""Probes, which compute what their layer does."""

from hypothesis import strategies as st

from funcnn import Tanh
from funcnn.inspection import Probe
from funcnn.testing.strategies import tensor
from tests.peers.cases.dense import dense
from tests.peers.cases.drawing import within

CASES = {
    Probe: [
        (st.builds(Probe, dense(3, 4)), tensor((5, 3))),
        (st.builds(Probe, st.tuples(dense(3, 5), st.just(Tanh()), dense(5, 1))), within(30, 2, 4, 3)),
    ],
}

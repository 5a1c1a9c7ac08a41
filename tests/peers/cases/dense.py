"""Dense layers and chains."""

from hypothesis import strategies as st

from funcnn import Dense, Gelu, Sigmoid, Tanh
from funcnn.layers import Elu, LeakyRelu, Softplus
from funcnn.testing.strategies import tensor
from tests.peers.cases.drawing import within


def dense(n_in, n_out, *, bias=True):
    return st.builds(Dense, within(3, n_in, n_out), within(3, n_out) if bias else st.none())


# For each layer, how to draw (params, x) of at most three shapes.
CASES = {
    Dense: [
        (dense(3, 4), tensor((5, 3))),
        (dense(3, 4, bias=False), tensor((2, 5, 3))),
        (dense(3, 1), tensor((2, 5, 3))),  # one column is multiplied by another route
    ],
    tuple: [
        (st.just(()), tensor((4, 3))),
        (st.tuples(dense(3, 5), st.just(Tanh()), dense(5, 2), st.just(Sigmoid())), within(30, 4, 3)),
        (
            st.tuples(
                st.tuples(dense(3, 4), st.just(Softplus())),
                st.just(()),
                st.tuples(st.tuples(st.just(LeakyRelu()), dense(4, 4, bias=False)), st.just(Elu())),
                st.just(Gelu()),
                dense(4, 1),
            ),
            within(30, 2, 4, 3),
        ),
    ],
}

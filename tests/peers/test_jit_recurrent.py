"""Generation under `jax.jit` with recurrent layers: compiled at most twice; states and ids that are traced."""

import numpy as np
import pytest

from funcnn import GRU, LSTM, Dense, Embedding, forward, predict
from funcnn.generation import step
from funcnn.layers import RNN, Last, LearnedPosition, Rotary, SinusoidalPosition

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]


BODIES = [
    *(kind.init(4, 3, seed=1) for kind in (RNN, GRU, LSTM)),
    (LSTM.init(4, 4, seed=1), GRU.init(4, 3, seed=2)),
    (SinusoidalPosition(), RNN.init(4, 3, seed=1)),
    (LearnedPosition.init(6, 4, seed=3), RNN.init(4, 3, seed=1)),
    (Rotary(), RNN.init(4, 3, seed=1)),
]
RNG = np.random.default_rng(0)
IDS, MASK, Y = RNG.integers(0, 5, (3, 6)), RNG.random((3, 6)) < 0.7, RNG.standard_normal((3, 6, 2))


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_step_of_generation_is_compiled_at_most_twice(body):
    """Once without a memory, once with one: how far it has come is no constant."""
    net, traces = (Embedding.init(5, 4, seed=0), body), []

    def counted(*args):
        traces.append(args)
        return step(*args)

    whole, memory, jitted = forward(net, IDS)[0], None, jax.jit(counted)
    for t in range(6):
        out, memory = jitted(net, IDS[:, t : t + 1], memory)
        np.testing.assert_allclose(out[:, 0], whole[:, t], rtol=1e-12, atol=1e-12)
    assert len(traces) == 2


def test_a_classifier_that_is_told_more_and_more_is_compiled_at_most_twice():
    net, traces = (Embedding.init(5, 4, seed=0), GRU.init(4, 3, seed=1), Last(), Dense.init(3, 2, seed=2)), []

    def counted(*args):
        traces.append(args)
        return step(*args)

    memory, jitted = None, jax.jit(counted)
    for t in range(6):
        out, memory = jitted(net, (IDS[:, t : t + 1], MASK[:, t : t + 1]), memory)
        wanted = forward(net, (IDS[:, : t + 1], MASK[:, : t + 1]))[0]
        np.testing.assert_allclose(out, wanted, rtol=1e-12, atol=1e-12)
    assert len(traces) == 2


def test_any_state_without_a_mask_crosses_the_border():
    layer, x = LSTM.init(4, 3, seed=0), RNG.standard_normal((2, 5, 4))
    out, mask, (h, c) = jax.jit(lambda layer, x: forward(layer, (x, None, None))[0])(layer, x)
    expected, _, last = forward(layer, (x, None, None))[0]
    assert mask is None
    for a, b in zip((out, h, c), (expected, *last), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_ids_that_are_out_of_range_are_seen_by_nobody_under_jit():
    layer = Embedding(np.arange(6.0).reshape(3, 2))
    out = jax.jit(lambda layer, ids: forward(layer, ids)[0])(layer, np.array([-1, 7]))
    assert out.tolist() == [[4, 5], [4, 5]]


def test_ids_that_are_traced_take_rows_of_an_embedding_that_is_not():
    net, ids = (Embedding.init(5, 4, seed=0), GRU.init(4, 3, seed=1)), np.array([[1, 4]])
    assert np.allclose(jax.jit(lambda ids: predict(net, ids))(ids), predict(net, ids), atol=1e-6)

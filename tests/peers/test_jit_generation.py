"""Generation under `jax.jit`: compiled no more often than its memory changes its form, and equal to a whole pass."""

import numpy as np
import pytest

from funcnn import GRU, LSTM, Dense, Embedding, predict, transformer_block
from funcnn.generation import fixed_memory, step
from funcnn.layers import RNN, Last, LearnedPosition, Rotary, SinusoidalPosition

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]

rng = np.random.default_rng(0)
IDS, X, MASK = rng.integers(0, 5, (3, 7)), rng.standard_normal((3, 7, 4)), np.arange(7) < [[7], [3], [5]]
CLOSE = {"rtol": 1e-12, "atol": 1e-12}
EMBEDDING = Embedding.init(5, 4, seed=0)
LANGUAGE = (
    *(EMBEDDING, LearnedPosition.init(9, 4, seed=1)),
    transformer_block(4, 1, 8, seed=3, causal=True, pre_norm=False, rotary=Rotary()),
    transformer_block(4, 2, 5, seed=4, causal=True),
)
BODIES = [
    *(kind.init(4, 3, seed=1) for kind in (RNN, GRU, LSTM)),
    (LSTM.init(4, 4, seed=1), GRU.init(4, 3, seed=2)),
    *(
        (layer, RNN.init(4, 3, seed=1))
        for layer in (SinusoidalPosition(), LearnedPosition.init(7, 4, seed=3), Rotary())
    ),
]


def generated(net, x, memory=None, at_once=1):
    """(what each step gives, how often the step was traced, the last memory)"""
    traces, outs = [], []
    jitted = jax.jit(lambda *given: traces.append(given) or step(*given))
    for t in range(0, 7 - at_once + 1, at_once):
        part = jax.tree.map(lambda a, t=t: a[:, t : t + at_once], x)
        out, memory = jitted(net, part, memory)
        outs.append(out[0] if type(out) is tuple else out)
    return outs, len(traces), memory


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_step_of_a_recurrent_network_is_compiled_without_a_memory_and_with_one(body):
    outs, traces, _ = generated((EMBEDDING, body), IDS)
    np.testing.assert_allclose(np.concatenate(outs, axis=1), predict((EMBEDDING, body), IDS), **CLOSE)
    assert traces == 2


def test_so_is_a_classifier_that_is_told_more_and_more():
    net = (EMBEDDING, GRU.init(4, 3, seed=1), Last(), Dense.init(3, 2, seed=2))
    outs, traces, _ = generated(net, (IDS, MASK))
    for t, out in enumerate(outs):
        np.testing.assert_allclose(out, predict(net, (IDS[:, : t + 1], MASK[:, : t + 1])), **CLOSE)
    assert traces == 2


def test_a_step_of_a_transformer_is_compiled_for_each_number_of_keys():
    outs, traces, _ = generated(LANGUAGE, IDS)
    np.testing.assert_allclose(np.concatenate(outs, axis=1), predict(LANGUAGE, IDS), **CLOSE)
    assert traces == 7


@pytest.mark.parametrize("x", [IDS, (IDS, MASK)], ids=["all", "masked"])
def test_with_a_memory_of_a_fixed_size_it_is_compiled_once(x):
    masked, whole = type(x) is tuple, predict(LANGUAGE, x)
    whole = whole[0] if masked else whole
    outs, traces, memory = generated(LANGUAGE, x, fixed_memory(LANGUAGE, 3, 7), at_once=2)
    assert traces == (2 if masked else 1)  # the first mask is an array more in the memory
    np.testing.assert_allclose(np.concatenate(outs, axis=1), whole[:, :6], **CLOSE)
    out, _ = step(LANGUAGE, IDS[:, 6:], jax.tree.map(np.asarray, memory))  # goes on in NumPy
    assert masked or np.allclose(out, whole[:, 6:], **CLOSE)


def test_after_a_full_memory_of_a_fixed_size_out_is_nan():
    attended = transformer_block(4, 1, 8, seed=3, causal=True)
    last, memory = jax.jit(step)(attended, X[:, :3], fixed_memory(attended, 3, 4))
    assert np.isfinite(last).all()
    assert np.isnan(jax.jit(step)(attended, X[:, :2], memory)[0]).all()


def test_ids_that_are_out_of_range_are_not_noticed_under_jit():
    layer = Embedding(np.arange(6.0).reshape(3, 2))
    assert jax.jit(predict)(layer, np.array([-1, 7])).tolist() == [[4, 5], [4, 5]]


def test_ids_that_are_traced_take_rows_of_an_embedding_that_is_not():
    net, ids = (EMBEDDING, GRU.init(4, 3, seed=1)), np.array([[1, 4]])
    assert np.allclose(jax.jit(lambda ids: predict(net, ids))(ids), predict(net, ids), atol=1e-6)

"""A training step of transformers under `jax.jit`: compiled once, equal to NumPy, in float32; and generation."""

import numpy as np
import pytest

from funcnn import Embedding, Residual, backward, forward, predict, softmax_cross_entropy, transformer_block
from funcnn.generation import fixed_memory, step
from funcnn.layers import CrossAttention, First, LearnedPosition, Rotary
from funcnn.losses import masked
from funcnn.trees import leaves
from tests.peers.jitted import assert_compiled_once

jax = pytest.importorskip("jax", reason="this is its compiler")
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]

rng = np.random.default_rng(0)
IDS = rng.integers(0, 5, (3, 7))
X, MEMORY, Y = (rng.standard_normal(shape) for shape in [(3, 7, 4), (3, 5, 6), (3, 7, 4)])
PAIRS, MEMORY_PAIRS = rng.random((3, 7, 7)) < 0.4, rng.random((3, 7, 5)) < 0.3  # some see nothing
MASK, MEMORY_MASK = np.arange(7) < [[7], [3], [5]], np.arange(5) < [[0], [5], [2]]  # one remembers nothing

language = (
    Embedding.init(5, 4, seed=0),
    LearnedPosition.init(9, 4, seed=1),
    transformer_block(4, 2, 8, seed=2, causal=True, dropout=0.25),
    transformer_block(4, 1, 8, seed=3, causal=True, pre_norm=False, rotary=Rotary()),
    transformer_block(4, 2, 5, seed=4, causal=True),
)
decoder = Residual(CrossAttention.init(4, 2, n_memory=6, seed=5)), First(transformer_block(4, 2, 8, seed=6))
STEPS = {
    "language": (language, IDS, Y),
    "masked": (language, (IDS, MASK), Y),
    "decoder": (decoder, (X, MEMORY), Y),
    "decoder, masked": (decoder, (X, MEMORY, MEMORY_MASK), Y),
    "pairs": (language[2:], (X, PAIRS), Y),
    "decoder, pairs": (decoder, (X, MEMORY, MEMORY_PAIRS), Y),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("name", STEPS)
def test_five_steps_are_compiled_once_and_are_those_of_numpy(name, dtype):
    assert_compiled_once(*STEPS[name], dtype, within=1e-11)


def test_generation_under_jit_is_that_of_numpy():
    net = language[:2] + language[3:]  # the others have no dropout
    traces = []

    def counted(*args):
        traces.append(args)
        return step(*args)

    jitted, memory, outs = jax.jit(counted), None, []
    for t in range(7):
        out, memory = jitted(net, IDS[:, t : t + 1], memory)
        outs.append(out)
    assert len(traces) == 7  # the keys are one more each time
    np.testing.assert_allclose(np.concatenate(outs, axis=1), predict(net, IDS), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_a_memory_of_a_fixed_size_is_compiled_once(masked):
    net = language[:2] + language[3:]
    traces = []

    def counted(*args):
        traces.append(args)
        return step(*args)

    whole = predict(net, (IDS, MASK) if masked else IDS)
    jitted, memory, outs = jax.jit(counted), fixed_memory(net, 3, 7), []
    for t in range(0, 6, 2):
        part = slice(t, t + 2)
        out, memory = jitted(net, (IDS[:, part], MASK[:, part]) if masked else IDS[:, part], memory)
        outs.append(out[0] if masked else out)
    assert len(traces) == (2 if masked else 1)  # the first mask is an array more in the memory
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(np.concatenate(outs, axis=1), (whole[0] if masked else whole)[:, :6], **close)
    out, memory = step(net, IDS[:, 6:], jax.tree.map(np.asarray, memory))  # goes on in NumPy
    assert masked or np.allclose(out, whole[:, 6:], **close)
    attended = transformer_block(4, 1, 8, seed=3, causal=True)
    last, memory = jax.jit(step)(attended, X[:, :3], fixed_memory(attended, 3, 4))
    assert np.isfinite(last).all()
    assert np.isnan(jax.jit(step)(attended, X[:, :2], memory)[0]).all()


def test_a_masked_loss_goes_through_a_block():
    net = (Embedding.init(5, 4, seed=0), transformer_block(4, 2, 8, seed=1, causal=True))
    loss = masked(softmax_cross_entropy)
    y = np.where(MASK, IDS % 4, 0)
    out, cache = forward(net, (IDS, MASK))
    cost, dA = loss(out, y)
    grads = backward(net, cache, dA).params
    other = np.where(MASK, IDS, 4)
    out, cache = forward(net, (other, MASK))
    assert loss(out, np.where(MASK, y, 3))[0] == cost
    found = backward(net, cache, loss(out, y)[1]).params
    assert all((a == b).all() for a, b in zip(leaves(found[1]), leaves(grads[1]), strict=True))

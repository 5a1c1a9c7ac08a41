"""Samplers under `jax.jit`, in the 32 bits that are its default: the symbols of NumPy."""

import numpy as np
import pytest

from funcnn import Dense, Embedding, tree_map
from funcnn.layers import GRU
from funcnn.sampling import generate, sample, top_k, top_p

jax = pytest.importorskip("jax", reason="this is its compiler")
LOGITS = np.random.default_rng(0).normal(size=(500, 9)).astype(np.float32)


def drawn(logits, seed):
    return sample(top_p(top_k(logits, 7), 0.8), (3, seed), temperature=0.7), sample(logits, seed, temperature=0)


def test_samplers_draw_the_symbols_of_numpy():
    for ours, theirs in zip(drawn(LOGITS, 4), jax.jit(drawn)(LOGITS, 4), strict=True):
        assert np.array_equal(ours, theirs)


def test_a_network_of_jax_writes_the_same():
    net = Embedding.init(5, 8, seed=0), GRU.init(8, 8, seed=1), Dense.init(8, 5, seed=2)
    ids = np.array([[1, 2], [3, 4]])
    ours = [*generate(net, ids, 6, seed=0, stop=3)]
    theirs = [*generate(tree_map(jax.numpy.asarray, net), jax.numpy.asarray(ids), 6, seed=0, stop=3)]
    assert np.array_equal(ours, theirs)

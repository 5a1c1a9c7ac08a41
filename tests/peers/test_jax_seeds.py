"""Seeds under the transformations of JAX: ints and keys, traced, mapped, scanned, and as seeds of weights."""

import numpy as np
import pytest

from funcnn import Dense, Dropout, backward, evolve, forward, mlp, mse, reseed, sgd, tree_map, value_and_grad
from funcnn.initializers import orthogonal
from funcnn.layers import LSTM, Attention, ChannelDropout, GaussianNoise
from funcnn.sampling import sample
from funcnn.trees import astype

jax = pytest.importorskip("jax", reason="its keys and transformations are meant")
jnp = jax.numpy
pytestmark = pytest.mark.usefixtures("records_in_jax")
ONES = np.ones((2, 6, 4), np.float32)
ATTENTION = astype(Attention.init(4, 2, seed=0), np.float32)
LAYERS = {
    "Dropout": lambda seed: Dropout(0.5, seed=seed),
    "ChannelDropout": lambda seed: ChannelDropout(0.5, seed=seed),
    "GaussianNoise": lambda seed: GaussianNoise(0.5, seed=seed),
    "Attention": lambda seed: evolve(ATTENTION, dropout=Dropout(0.5, seed=seed)),
}
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
KEY = jax.random.key(7)
KEYS = jax.random.split(KEY, 3)


@pytest.fixture(scope="module")
def records_in_jax():
    """Records as pytrees."""
    import funcnn.interop.jax  # noqa: F401  which registers them


def out_of(layer, x=ONES):
    return forward(layer, x)[0]


def assert_each(mapped, alone):
    """Each member of what vmap gives is what its seed gives in NumPy, and no two are equal."""
    assert len({member.tobytes() for member in np.asarray(mapped)}) == len(alone)
    np.testing.assert_allclose(mapped, alone, atol=2e-6)


@pytest.mark.unwatched
@every_layer
def test_each_member_draws_what_its_seed_draws_in_numpy(layer):
    """Under vmap and scan over ints, keys and networks, all in one program, where x is a constant of NumPy"""
    of_seed = lambda seed: out_of(layer(seed))
    child = lambda i: out_of(reseed(layer(1), i))
    stacked = jax.tree.map(lambda *parts: np.stack(parts), *map(layer, KEYS))

    @jax.jit
    def in_each_way(keys, stacked):
        return {
            "ints": jax.vmap(of_seed)(jnp.arange(3)),
            "keys": jax.vmap(of_seed)(keys),
            "a scan": jax.lax.scan(lambda carry, key: (carry, of_seed(key)), 0, keys)[1],
            "networks that vmap made": jax.vmap(out_of)(jax.vmap(layer)(keys)),
            "stacked networks": jax.vmap(out_of)(stacked),
            "children by key": jax.vmap(child)(keys),
            "children by int": jax.vmap(child)(jnp.arange(3)),
        }

    for way, outs in in_each_way(KEYS, stacked).items():
        in_numpy = child if "children" in way else of_seed
        assert_each(outs, [in_numpy(seed) for seed in (range(3) if "int" in way else KEYS)])


def test_a_mask_is_the_slope_of_its_layer_outside_of_jit_too():
    slopes = jax.vmap(lambda key: jax.grad(lambda x: out_of(Dropout(0.5, seed=key), x).sum())(ONES[0]))(KEYS)
    assert_each(slopes, [out_of(Dropout(0.5, seed=key), np.ones_like(ONES[0])) for key in KEYS])


def test_a_key_is_its_words_in_halves():
    halves = [half for word in jax.random.key_data(KEY).tolist() for half in (word >> 16, word & 0xFFFF)]
    assert Dropout(0.5, seed=KEY).seed == tuple(halves)
    assert Dropout(0.5, seed=(3, KEY, 4)).seed == (3, *halves, 4)
    assert reseed(Dropout(0.5, seed=3), KEY).seed == (3, *halves)
    large = jax.random.wrap_key_data(jnp.array([2**32 - 1, 2**31], jnp.uint32))
    assert Dropout(0.5, seed=large).seed == (65535, 65535, 32768, 0)
    assert all([type(word) is int for word in Dropout(0.5, seed=KEY).seed])


@pytest.mark.unwatched
def test_a_step_moves_every_member_and_a_seed_that_is_not_mapped_gives_all_rows_one_mask():
    nets = jax.jit(jax.vmap(lambda key: Dropout(0.5, seed=key)))(KEYS)

    def step(net):
        out, cache = forward(net, ONES)
        return sgd(net, backward(net, cache, out), 0.1), out

    nets, first = jax.jit(jax.vmap(step))(nets)
    after, second = jax.jit(jax.vmap(step))(nets)
    assert after.step.tolist() == [2, 2, 2]
    assert_each(second, [out_of(evolve(Dropout(0.5, seed=key), step=1)) for key in KEYS])
    assert not np.array_equal(first, second)
    rows = jax.jit(jax.vmap(lambda row: out_of(Dropout(0.5, seed=1), row[None])))(ONES)
    assert np.array_equal(rows[0], rows[1])


MAKERS = {
    "mlp": lambda seed: mlp([2, 8, 1], seed=seed, dtype=np.float32),
    "LSTM": lambda seed: LSTM.init(2, 3, seed=seed, dtype=np.float32),
    "orthogonal": lambda seed: Dense.init(4, 4, seed=seed, weights=orthogonal, dtype=np.float32),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_weights_of_mapped_seeds_have_the_bits_of_numpy(make):
    networks = jax.jit(jax.vmap(make))(KEYS)
    for i, key in enumerate(KEYS):
        assert tree_map(lambda a, i=i: np.asarray(a)[i], networks) == make(key)


@pytest.mark.unwatched
def test_an_ensemble_is_made_and_trained_from_keys():
    def make(key):
        first, drop, last = jax.random.split(key, 3)
        dense = [Dense.init(n, k, seed=seed, dtype=np.float32) for n, k, seed in ((4, 8, first), (8, 1, last))]
        return dense[0], Dropout(0.5, seed=drop), dense[1]

    def step(net, x, y):
        cost, grads = value_and_grad(mse)(net, x, y)
        return sgd(net, grads, 0.01), cost

    x, y = ONES[0], ONES[0, :, :1]
    ensemble, costs = jax.jit(jax.vmap(lambda key: step(make(key), x, y)))(KEYS)
    for i, key in enumerate(KEYS):
        alone, cost = step(make(key), x, y)
        assert costs[i] == pytest.approx(cost, rel=1e-4)
        np.testing.assert_allclose(ensemble[0].W[i], alone[0].W, atol=1e-5)


def test_a_sample_of_known_logits_follows_a_traced_seed():
    logits = np.zeros((5, 3), np.float32)
    drawn = jax.jit(jax.vmap(lambda key: sample(logits, key)))(KEYS)
    assert drawn.tolist() == [sample(logits, key).tolist() for key in KEYS]

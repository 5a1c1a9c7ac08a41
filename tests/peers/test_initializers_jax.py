"""Initializers against JAX: moments of large samples, at four sigma, and bounds."""

import math

import numpy as np
import pytest

from funcnn import Dropout, glorot_uniform, he_normal
from funcnn.errors import KindError
from funcnn.initializers import (
    constant,
    glorot_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    normal,
    orthogonal,
    uniform,
    zeros,
)

jax = pytest.importorskip("jax", reason="its initializers are the oracle")
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]
peers, jnp = jax.nn.initializers, jax.numpy

# A dense layer from few to many, kernels of images, and of sequences from many to few. JAX compiles for each.
SHAPES = [(20, 3000), (3, 3, 64, 128), (5, 200, 60)]
NORMALS = [
    (glorot_normal, peers.glorot_normal()),
    (lecun_normal, peers.lecun_normal()),
    (he_normal, peers.he_normal()),
    (normal(0.3), peers.normal(0.3)),
]
UNIFORMS = [
    (glorot_uniform, peers.glorot_uniform()),
    (lecun_uniform, peers.lecun_uniform()),
    (he_uniform, peers.he_uniform()),
    (uniform(0.3), lambda key, shape, dtype: peers.uniform(0.6)(key, shape, dtype) - 0.3),
]


def named(pairs):
    """Parameters of a test, by the names of our initializers."""
    ids = [getattr(ours, "__name__", str(getattr(ours, "args", ""))) for ours, _ in pairs]
    return pytest.mark.parametrize(("ours", "theirs"), pairs, ids=ids)


def samples(ours, theirs, shape):
    sample, peer = ours(1, shape, np.float64), np.asarray(theirs(jax.random.key(2), shape, float))
    assert sample.shape == peer.shape == shape
    assert sample.dtype == peer.dtype
    return sample, peer


def assert_centred(sample):
    assert abs(sample.mean()) < 4 * sample.std() / math.sqrt(sample.size)


kurtosis = lambda sample: float((sample**4).mean() / (sample**2).mean() ** 2)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@named(NORMALS)
def test_normal_laws_are_centred_gaussians_with_the_variance_of_jax(ours, theirs, shape):
    sample, peer = samples(ours, theirs, shape)
    assert_centred(sample)
    # Squares of n Gaussians have a mean with relative variance 2 / n; JAX's are cut at two sigma, which has less.
    assert sample.var() / peer.var() == pytest.approx(1, abs=4 * math.sqrt(4 / sample.size))
    assert kurtosis(sample) == pytest.approx(3, abs=4 * math.sqrt(24 / sample.size))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@named(UNIFORMS)
def test_uniform_laws_are_centred_and_have_the_variance_and_the_bounds_of_jax(ours, theirs, shape):
    sample, peer = samples(ours, theirs, shape)
    assert_centred(sample)
    assert sample.var() / peer.var() == pytest.approx(1, abs=4 * math.sqrt(1.6 / sample.size))
    # The largest of n lies within 10 / n of the bound, but once in e^10.
    assert abs(sample).max() / abs(peer).max() == pytest.approx(1, abs=10 / sample.size)
    assert sample.min() / sample.max() == pytest.approx(-1, abs=20 / sample.size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zeros_and_constant_are_those_of_jax(dtype):
    for ours, theirs in ((zeros, peers.zeros), (constant(0.1), peers.constant(0.1))):
        sample, peer = ours(0, (2, 3), dtype), theirs(jax.random.key(0), (2, 3), dtype)
        assert sample.dtype == peer.dtype == dtype
        np.testing.assert_array_equal(sample, peer)


def gram(w):
    """W^T W or W W^T, whichever is the smaller."""
    flat = w.reshape(-1, w.shape[-1]).astype(np.float64)
    return flat.T @ flat if flat.shape[0] >= flat.shape[1] else flat @ flat.T


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9), (3, 3, 4, 5), (2, 2, 3, 20), (1, 5)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_orthogonal_is_so_on_its_smaller_side(shape, dtype):
    w = orthogonal(0, shape, dtype)
    assert (w.shape, w.dtype) == (shape, dtype)
    np.testing.assert_allclose(gram(w), np.eye(len(gram(w))), rtol=0, atol=10 * np.finfo(dtype).eps)


@pytest.mark.parametrize("shape", [(3, 3, 4, 5), (2, 2, 3, 20)], ids=str)
def test_orthogonal_is_so_along_the_axes_along_which_that_of_jax_is(shape):
    peer = np.asarray(peers.orthogonal()(jax.random.key(0), shape, float))
    np.testing.assert_allclose(gram(orthogonal(0, shape)), gram(peer), rtol=0, atol=1e-12)


def test_orthogonal_prefers_no_direction_so_that_a_determinant_is_as_often_1_as_minus_1():
    drawn = np.array([orthogonal(seed, (3, 3)) for seed in range(1000)])
    # An entry has mean 0 and variance 1/3, its square mean 1/3 and variance 1/5 - 1/9.
    np.testing.assert_allclose(drawn.mean(0), 0, atol=4 * math.sqrt(1 / 3 / 1000))
    np.testing.assert_allclose((drawn**2).mean(0), 1 / 3, atol=4 * math.sqrt((1 / 5 - 1 / 9) / 1000))
    assert np.linalg.det(drawn).mean() == pytest.approx(0, abs=4 / math.sqrt(1000))


def test_a_word_of_a_seed_may_be_an_array_without_axes():
    """As jit hands it over, so its value is not read."""
    assert [int(word) for word in Dropout(0.5, seed=(jnp.asarray(3), 1)).seed] == [3, 1]
    for wrong in (jnp.arange(2), jnp.asarray(0.5)):
        with pytest.raises(KindError, match="Dropout: seed must be an int"):
            Dropout(0.5, seed=wrong)

"""Initializers: each follows its formula, and the seed alone decides."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn.initializers import fans

SHAPES = [(40, 300), (300, 40), (3, 3, 20, 50)]
VARIANCES = {  # times fan_in, fan_out
    "glorot_uniform": lambda n, k: 2 / (n + k),
    "glorot_normal": lambda n, k: 2 / (n + k),
    "lecun_uniform": lambda n, k: 1 / n,
    "lecun_normal": lambda n, k: 1 / n,
    "he_uniform": lambda n, k: 2 / n,
    "he_normal": lambda n, k: 2 / n,
}


@pytest.mark.parametrize("name", VARIANCES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_its_variance_is_that_of_its_formula(name, shape):
    W = getattr(nn, name)(0, shape)
    variance = VARIANCES[name](*fans(shape))
    kurtosis = 1.8 if name.endswith("uniform") else 3
    assert abs(W.mean()) < 5 * math.sqrt(variance / W.size)
    assert abs(W.var() / variance - 1) < 5 * math.sqrt((kurtosis - 1) / W.size)
    assert (W**4).mean() / W.var() ** 2 == pytest.approx(kurtosis, abs=0.25)
    if name.endswith("uniform"):
        assert math.sqrt(3 * variance) * 0.99 < abs(W).max() <= math.sqrt(3 * variance)


def test_those_that_take_a_number():
    assert not nn.zeros(0, (2, 3)).any()
    assert (nn.constant(0.5)(0, (2, 3)) == 0.5).all()
    assert nn.normal(0.01)(1, (200, 200)).std() == pytest.approx(0.01, rel=0.02)
    wide = nn.uniform(0.3)(1, (200, 200))
    assert 0.299 < abs(wide).max() <= 0.3


@given(st.sampled_from([(2, 5), (5, 2), (4, 4), (1, 3), (3, 1), (2, 2, 3, 4)]), st.integers(0, 2**31 - 1))
def test_orthogonal_columns_or_rows(shape, seed):
    W = nn.orthogonal(seed, shape).reshape(-1, shape[-1])
    gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
    assert np.allclose(gram, np.eye(len(gram)), rtol=0, atol=1e-13)


def test_orthogonal_matrices_are_uniform():
    """Every entry of one has mean 0; QR without the signs would leave most of a diagonal negative."""
    diagonals = np.array([np.diagonal(nn.orthogonal(seed, (3, 3))) for seed in range(2000)])
    assert (abs(diagonals.mean(axis=0)) < 5 * math.sqrt(1 / 3 / 2000)).all()


FIXED = [nn.zeros, nn.constant(1)]
RANDOM = [*[getattr(nn, name) for name in VARIANCES], nn.orthogonal, nn.normal(1), nn.uniform(1)]


@pytest.mark.parametrize("initializer", FIXED + RANDOM)
def test_seeds_decide_and_nothing_can_be_written(initializer):
    for dtype in (np.float32, np.float64):
        W = initializer((1, 2), (6, 4), dtype)
        assert W.dtype == dtype
        assert W.shape == (6, 4)
        assert not W.flags.writeable
        assert np.array_equal(W, initializer((1, 2), (6, 4), dtype))
    assert np.array_equal(initializer(0, (6, 4)), initializer(1, (6, 4))) == (initializer in FIXED)
    layer = nn.Dense.init(6, 4, seed=(1, 2), weights=initializer)
    assert np.array_equal(layer.W, initializer((1, 2), (6, 4)))


def test_state_of_numpy_is_neither_used_nor_changed():
    before = np.random.get_state()[1].copy()  # noqa: NPY002  that is the state in question
    nn.mlp([2, 3, 1], seed=0)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002  as above

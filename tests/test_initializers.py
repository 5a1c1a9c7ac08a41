"""Initializers: each follows its formula, and the seed alone decides."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import KindError, RangeError
from funcnn.initializers import fans
from tests.says import assert_says

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


WHOLE = "must be a whole number, not"
REFUSED = {
    "a word for a size": (
        lambda: nn.Dense.init("4", 4, seed=0),
        KindError,
        f"Dense.init: n_in {WHOLE} str; write int(n_in)",
    ),
    "a fraction for a size": (
        lambda: nn.Dense.init(4, 2.5, seed=0),
        KindError,
        f"Dense.init: n_out {WHOLE} float; write int(n_out)",
    ),
    "a truth for a size": (
        lambda: nn.Dense.init(2, n_out=True, seed=0),
        KindError,
        f"Dense.init: n_out {WHOLE} bool; write int(n_out)",
    ),
    "a size of 0": (
        lambda: nn.Dense.init(0, 2, seed=0),
        RangeError,
        "Dense.init: sizes must be at least 1; n_in: 0, n_out: 2",
    ),
    "sizes of a perceptron": (
        lambda: nn.mlp([2, 3.5, 1], seed=0),
        KindError,
        f"Dense.init: n_out {WHOLE} float; write int(n_out)",
    ),
    "one size": (
        lambda: nn.mlp(5, seed=0),
        KindError,
        "mlp: sizes must be a list of whole numbers, such as [2, 8, 1], not int",
    ),
    "half a head": (
        lambda: nn.Attention.init(4, 2.0, seed=0),
        KindError,
        f"Attention.init: heads {WHOLE} float; write int(heads)",
    ),
    "a block of a word": (
        lambda: nn.transformer_block("4", 2, 8, seed=0),
        KindError,
        f"transformer_block: n {WHOLE} str; write int(n)",
    ),
    "half a symbol": (
        lambda: nn.Embedding.init(2.5, 2, seed=0),
        KindError,
        f"Embedding.init: n_symbols {WHOLE} float; write int(n_symbols)",
    ),
    "half a place": (
        lambda: nn.LearnedPosition.init(2.5, 2, seed=0),
        KindError,
        f"LearnedPosition.init: t_most {WHOLE} float; write int(t_most)",
    ),
    "half a unit": (
        lambda: nn.GRU.init(2, 2.5, seed=0),
        KindError,
        f"GRU.init: n_hidden {WHOLE} float; write int(n_hidden)",
    ),
    "a name for recurrent weights": (
        lambda: nn.LSTM.init(2, 2, seed=0, recurrent="orthogonal"),
        KindError,
        "LSTM.init: recurrent must be an initializer, such as glorot_uniform, not str",
    ),
    "a name for weights": (
        lambda: nn.Dense.init(2, 2, seed=0, weights="glorot"),
        KindError,
        "Dense.init: weights must be an initializer, such as glorot_uniform, not str",
    ),
    "an array for weights": (
        lambda: nn.Tied.init(2, 2, net=(), seed=0, weights=np.ones((2, 2))),
        KindError,
        "Tied.init: weights must be an initializer, such as glorot_uniform, not float64 array",
    ),
    "symbols that are none": (
        lambda: nn.Tied.init("abc", 2, net=(), seed=0),
        KindError,
        f"Tied.init: n_symbols {WHOLE} str; write int(n_symbols)",
    ),
    "half a factor": (
        lambda: nn.Scale.init(0.5, value=1.0),
        KindError,
        f"Scale.init: n {WHOLE} float; write int(n)",
    ),
    "half a slope": (lambda: nn.PRelu.init(0.5), KindError, f"PRelu.init: n {WHOLE} float; write int(n)"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_sizes_and_initializers_are_refused_in_one_sentence(row):
    assert_says(REFUSED[row])


def test_whole_numbers_of_numpy_are_sizes():
    assert nn.Dense.init(np.int64(2), np.uint8(3), seed=0) == nn.Dense.init(2, 3, seed=0)
    assert nn.LayerNorm.init(np.int32(3)) == nn.LayerNorm.init(3)

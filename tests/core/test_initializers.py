"""Initializers follow their formulas, and depend only on the seed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import initializers
from funcnn.errors import KindError, ShapeError
from funcnn.initializers import fans
from tests.says import assert_says, each_row, kind_error, raises

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
    W = getattr(initializers, name)(0, shape)
    variance = VARIANCES[name](*fans(shape))
    kurtosis = 1.8 if name.endswith("uniform") else 3
    assert abs(W.mean()) < 5 * math.sqrt(variance / W.size)
    assert abs(W.var() / variance - 1) < 5 * math.sqrt((kurtosis - 1) / W.size)
    assert (W**4).mean() / W.var() ** 2 == pytest.approx(kurtosis, abs=0.25)
    if name.endswith("uniform"):
        assert math.sqrt(3 * variance) * 0.99 < abs(W).max() <= math.sqrt(3 * variance)


def test_those_that_take_a_number():
    assert not nn.initializers.zeros(0, (2, 3)).any()
    assert (nn.initializers.constant(0.5)(0, (2, 3)) == 0.5).all()
    assert nn.initializers.normal(0.01)(1, (200, 200)).std() == pytest.approx(0.01, rel=0.02)
    wide = nn.initializers.uniform(0.3)(1, (200, 200))
    assert 0.299 < abs(wide).max() <= 0.3


@given(st.sampled_from([(2, 5), (5, 2), (4, 4), (1, 3), (3, 1), (2, 2, 3, 4)]), st.integers(0, 2**31 - 1))
def test_orthogonal_columns_or_rows(shape, seed):
    W = nn.initializers.orthogonal(seed, shape).reshape(-1, shape[-1])
    gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
    assert np.allclose(gram, np.eye(len(gram)), rtol=0, atol=1e-13)


def test_orthogonal_matrices_are_uniform():
    """Every entry of one has mean 0; QR without the signs would leave most of a diagonal negative."""
    diagonals = np.array([np.diagonal(nn.initializers.orthogonal(seed, (3, 3))) for seed in range(2000)])
    assert (abs(diagonals.mean(axis=0)) < 5 * math.sqrt(1 / 3 / 2000)).all()


FIXED = [nn.initializers.zeros, nn.initializers.constant(1)]
RANDOM = [
    *[getattr(initializers, name) for name in VARIANCES],
    nn.initializers.orthogonal,
    nn.initializers.normal(1),
    nn.initializers.uniform(1),
]


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


def pair(seed, shape, dtype):
    return np.ones(shape), np.ones(shape)


WHOLE = "must be a whole number, not"
SEED = "seed must be an int in [0, 2**31), or a tuple of them, not"
DTYPE = "dtype must be a type of real floats, such as np.float32, not"
# Each of the classes and functions that draw, with weights.
DRAWING = {
    "Dense.init": lambda **more: nn.Dense.init(2, 3, seed=0, **more),
    "mlp": lambda **more: nn.mlp([2, 3], seed=0, **more),
    "Conv1d.init": lambda **more: nn.layers.Conv1d.init(2, 3, 1, seed=0, **more),
    "Conv2d.init": lambda **more: nn.Conv2d.init(2, 3, 1, seed=0, **more),
    "ConvTranspose2d.init": lambda **more: nn.layers.ConvTranspose2d.init(2, 3, 1, seed=0, **more),
    "Embedding.init": lambda **more: nn.Embedding.init(2, 3, seed=0, **more),
    "LearnedPosition.init": lambda **more: nn.layers.LearnedPosition.init(2, 3, seed=0, **more),
    "Tied.init": lambda **more: nn.layers.Tied.init(2, 3, net=(), seed=0, **more),
    "GRU.init": lambda **more: nn.GRU.init(2, 3, seed=0, **more),
    "LSTM.init": lambda **more: nn.LSTM.init(2, 3, seed=0, **more),
    "Attention.init": lambda **more: nn.Attention.init(2, 1, seed=0, **more),
    "CrossAttention.init": lambda **more: nn.layers.CrossAttention.init(2, 1, n_memory=3, seed=0, **more),
    "transformer_block": lambda **more: nn.transformer_block(2, 1, 4, seed=0, **more),
}
FIRST_SHAPES = {
    "Conv1d.init": (1, 2, 3),
    "Conv2d.init": (1, 1, 2, 3),
    "ConvTranspose2d.init": (1, 1, 2, 3),
    "Attention.init": (2, 2),
    "CrossAttention.init": (2, 2),
    "transformer_block": (2, 4),
}
RANDOM_BY_NAME = [*VARIANCES, "orthogonal"]
REFUSED = [
    # Whatever draws.
    *[
        kind_error(lambda seed=seed: nn.Dense.init(2, 3, seed=seed)) >> f"Dense.init: {SEED} {given}"
        for seed, given in (
            *((True, "bool"), (None, "None"), ("a", "'a'"), (1.5, "1.5"), (-1, "-1"), ((1, True), "(1, True)")),
            *((np.array(2**31, np.uint32), "<u32 2147483648>"), (np.array([1]), "int64 array")),
        )
    ],
    *[
        raises(kind, lambda make=make, weights=weights: make(weights=weights))
        >> f"{name}: weights must {sentence}".replace("SHAPE", str(FIRST_SHAPES.get(name, (2, 3))))
        for name, make in DRAWING.items()
        for weights, kind, sentence in (
            (
                lambda seed, shape, dtype: np.ones(5, dtype),
                ShapeError,
                "return an array of shape SHAPE of float64, not (5,) of float64",
            ),
            (
                lambda seed, shape, dtype: np.ones(shape, np.float32),
                KindError,
                "return an array of shape SHAPE of float64, not SHAPE of float32",
            ),
            (pair, KindError, "return an array of shape SHAPE of float64, not tuple"),
        )
    ],
    # Initializers.
    *[
        raises(kind, lambda name=name, args=args: getattr(initializers, name)(*args)) >> f"{name}: {sentence}"
        for name in ["zeros", *RANDOM_BY_NAME]
        for args, kind, sentence in (
            ((0, "a"), KindError, "shape must be a tuple of whole numbers, such as (2, 8), not str"),
            ((0, [2, 3]), KindError, "shape must be a tuple of whole numbers, such as (2, 8), not list"),
            ((0, (2, True)), KindError, "shape must be a tuple of whole numbers, such as (2, 8), not (2, True)"),
            ((0, (0, 3)), ShapeError, "each axis of shape must be at least 1, not (0, 3)"),
            ((0, (2, 3), int), KindError, f"{DTYPE} int64"),
            ((None, (2, 3)), KindError, f"{SEED} None"),
        )
    ],
    kind_error(lambda: fans(3)) >> "fans: shape must be a tuple of whole numbers, such as (2, 8), not int",
    # Numbers of layers.
    kind_error(lambda: nn.layers.Scale.init(0.5, value=1.0)) >> f"Scale.init: n {WHOLE} float",
    kind_error(lambda: nn.mlp([2, 3.5, 1], seed=0)) >> f"mlp: sizes[1] {WHOLE} float",
    kind_error(lambda: nn.mlp(b"ab", seed=0))
    >> "mlp: sizes must be a list of whole numbers, such as [2, 8, 1], not bytes",
    kind_error(lambda: nn.mlp(np.ones((2, 2), int), seed=0))
    >> "mlp: sizes must be a list of whole numbers, such as [2, 8, 1], not int64 array",
    kind_error(lambda: nn.Conv2d.init(2, 4, 3, seed=0, stride=(2, True)))
    >> "Conv2d: stride must be a whole number from 1 on, or a pair of them, not (2, True)",
]


@each_row(REFUSED)
def test_sizes_and_initializers_are_refused_in_one_sentence(row):
    assert_says(row)


def test_whole_numbers_of_numpy_are_sizes():
    assert nn.Dense.init(np.int64(2), np.uint8(3), seed=0) == nn.Dense.init(2, 3, seed=0)
    assert nn.LayerNorm.init(np.int32(3)) == nn.LayerNorm.init(3)

"""Losses: the gradient is that of the value, and the value that of the formula."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import (
    Sigmoid,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    forward,
    huber,
    mae,
    mse,
    softmax_cross_entropy,
    weighted,
)
from funcnn.testing import check_loss
from funcnn.testing import strategies as fst

halves = partial(huber, delta=0.5)
pairs = fst.tensors("m k", "m k") | fst.tensors("m t k", "m t k")


@pytest.mark.parametrize("loss", [mse, mae, huber, halves], ids=["mse", "mae", "huber", "halves"])
@given(pairs, st.data())
def test_a_regression_loss(loss, arrays, data):
    out, y = arrays
    check_loss(loss, out, y)
    check_weights(loss, out, y, data)


def check_weights(loss, out, y, data, shape=None):
    shape = data.draw(st.sampled_from([y.shape if shape is None else shape, y.shape[:1]]))
    weight = data.draw(hnp.arrays(float, shape, elements=st.sampled_from([0, 0.5, 1, 3])))
    check_loss(weighted(loss), out, (y, weight))
    cost, dA = loss(out, y)
    twice, twice_dA = loss(out, y, np.full(shape, 2))
    assert twice == pytest.approx(2 * cost, rel=1e-12, abs=1e-12)
    assert np.allclose(twice_dA, 2 * dA, rtol=1e-12, atol=1e-12)
    none, none_dA = loss(out, y, np.zeros(shape))
    assert none == 0
    assert not none_dA.any()


@given(pairs, st.data())
def test_cross_entropy_with_logits(arrays, data):
    out, y = arrays
    y = forward(Sigmoid(), y)[0]
    check_loss(binary_cross_entropy_with_logits, out, y)
    check_weights(binary_cross_entropy_with_logits, out, y, data)


@given(pairs, st.data())
def test_cross_entropy_of_probabilities(arrays, data):
    out, y = [0.05 + 0.9 * forward(Sigmoid(), a)[0] for a in arrays]
    check_loss(binary_cross_entropy, out, y)
    check_weights(binary_cross_entropy, out, y, data)


def test_a_slope_that_is_lost_in_rounding_is_no_error():
    check_loss(softmax_cross_entropy, np.array([[0.3, 32.0]]), np.array([1]))  # log(1 + 1e-14): a 1 inside


@given(fst.tensors("m k") | fst.tensors("m t k"), st.data())
def test_softmax_cross_entropy_of_classes(arrays, data):
    [out] = arrays
    y = data.draw(hnp.arrays(int, out.shape[:-1], elements=st.integers(0, out.shape[-1] - 1)))
    check_loss(softmax_cross_entropy, out, y)
    check_weights(softmax_cross_entropy, out, y, data)


@given(pairs, st.data())
def test_softmax_cross_entropy_of_soft_labels(arrays, data):
    out, y = arrays
    check_loss(softmax_cross_entropy, out, abs(y))
    check_weights(softmax_cross_entropy, out, abs(y), data, shape=out.shape[:-1])


def test_values_from_the_formulas():
    out, y = np.array([[1.0], [-2.0]]), np.array([[0.0], [2.0]])
    assert mse(out, y)[0] == (1 + 16) / 2
    assert mae(out, y)[0] == (1 + 4) / 2
    assert huber(out, y)[0] == (0.5 + 3.5) / 2
    assert halves(out, y)[0] == (0.5 * 0.75 + 0.5 * 3.75) / 2
    p = np.array([[0.25], [0.5]])
    labels = np.array([[1], [0]])
    assert binary_cross_entropy(p, labels)[0] == pytest.approx((math.log(4) + math.log(2)) / 2, rel=1e-15)
    assert softmax_cross_entropy(np.zeros((3, 7)), np.array([0, 6, 3]))[0] == pytest.approx(math.log(7), rel=1e-15)


def test_two_forms_of_cross_entropy_agree():
    z, y = np.linspace(-20, 20, 41)[:, None], np.arange(41)[:, None] % 2
    p, _ = forward(Sigmoid(), z)
    cost, dA = binary_cross_entropy(p, y)
    logits_cost, logits_dA = binary_cross_entropy_with_logits(z, y)
    two = np.concatenate([0 * z, z], axis=1)
    softmax_cost, softmax_dA = softmax_cross_entropy(two, y[:, 0])
    assert cost == pytest.approx(logits_cost, rel=1e-9)
    assert np.allclose(dA * p * (1 - p), logits_dA, rtol=0, atol=1e-9)
    assert softmax_cost == pytest.approx(logits_cost, rel=1e-14)
    assert np.allclose(softmax_dA[:, 1:], logits_dA, rtol=0, atol=1e-16)


def test_one_hot_labels_are_classes():
    out, y = np.random.default_rng(0).standard_normal((5, 3)), np.array([0, 2, 1, 1, 0])
    cost, dA = softmax_cross_entropy(out, np.eye(3, dtype=int)[y])
    expected, expected_dA = softmax_cross_entropy(out, y)
    assert cost == pytest.approx(expected, rel=1e-15)
    assert np.array_equal(dA, expected_dA)


def test_extremes_stay_finite():
    out, y = np.array([[800.0], [-800.0], [800.0]]), np.array([[0.0], [1.0], [1.0]])
    cost, dA = binary_cross_entropy_with_logits(out, y)
    assert cost == 1600 / 3
    assert dA.tolist() == [[1 / 3], [-1 / 3], [0]]
    saturated, _ = forward(Sigmoid(), out)
    cost, dA = binary_cross_entropy(saturated, y)
    assert math.isfinite(cost)
    assert not dA.any()
    cost, dA = softmax_cross_entropy(np.array([[0.0, -np.inf, 0.0]]), np.array([2]))
    assert cost == pytest.approx(math.log(2))
    assert dA.tolist() == [[0.5, 0, -0.5]]


def test_a_cost_is_a_float_and_labels_of_any_kind_are_cast():
    out = np.ones((2, 1), np.float32)
    for y in (np.array([[0], [1]]), np.array([[False], [True]]), np.array([[0.0], [1.0]])):
        for loss in (mse, mae, huber, binary_cross_entropy, binary_cross_entropy_with_logits):
            cost, dA = loss(out, y, y[:, 0])
            assert type(cost) is float
            assert dA.dtype == np.float32


def test_a_delta_of_numpy_does_not_widen_float32():
    out = np.ones((2, 1), np.float32)
    assert huber(out, 0 * out, delta=np.float64(0.5))[1].dtype == np.float32


def test_nan_flows_through():
    nothing = np.full((2, 1), np.nan)
    for loss in (mse, mae, huber, binary_cross_entropy, binary_cross_entropy_with_logits):
        cost, dA = loss(nothing, np.ones((2, 1)))
        assert math.isnan(cost)
        assert np.isnan(dA).all()

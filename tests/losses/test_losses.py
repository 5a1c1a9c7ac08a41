"""Losses: the gradient is the derivative of the value, and the value is that of the formula."""

import math
import pickle
from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn.layers import Copy, Identity, Parallel, Reshape, Sum
from funcnn.logits import squashed_twice
from funcnn.losses import (
    binary_focal,
    cosine_distance,
    gaussian_nll,
    hinge,
    joint,
    kl_divergence,
    log_cosh,
    mae,
    poisson_nll,
    quantile,
    softmax_focal,
    squared_hinge,
    triplet,
    weighted,
)
from funcnn.losses.base import per_output
from funcnn.losses.classification import gathered, multiplied, one_hot
from funcnn.losses.protocol import takes_logits
from funcnn.testing import check_loss
from funcnn.traits import gives_probabilities

halves = partial(nn.huber, delta=0.5)
high, low = partial(quantile, q=0.875), partial(quantile, q=0.25)
smoothed = partial(nn.softmax_cross_entropy, smoothing=0.125)
of_errors = {"mse": nn.mse, "mae": mae, "huber": nn.huber, "halves": halves}
of_errors_too = {"log_cosh": log_cosh, "high": high, "low": low}


def test_a_slope_that_is_lost_in_rounding_is_no_error():
    check_loss(nn.softmax_cross_entropy, np.array([[0.3, 32.0]]), np.array([1]))  # log(1 + 1e-14): a 1 inside


def test_values_from_the_formulas():
    out, y = np.array([[1.0], [-2.0]]), np.array([[0.0], [2.0]])
    assert nn.mse(out, y)[0] == (1 + 16) / 2
    assert mae(out, y)[0] == (1 + 4) / 2
    assert nn.huber(out, y)[0] == (0.5 + 3.5) / 2
    assert halves(out, y)[0] == (0.5 * 0.75 + 0.5 * 3.75) / 2
    p = np.array([[0.25], [0.5]])
    labels = np.array([[1], [0]])
    assert nn.binary_cross_entropy(p, labels)[0] == pytest.approx((math.log(4) + math.log(2)) / 2, rel=1e-15)
    assert nn.softmax_cross_entropy(np.zeros((3, 7)), np.array([0, 6, 3]))[0] == pytest.approx(math.log(7), rel=1e-15)
    assert log_cosh(out, y)[0] == pytest.approx((math.log(math.cosh(1)) + math.log(math.cosh(4))) / 2, rel=1e-15)
    assert high(out, y)[0] == (0.125 * 1 + 0.875 * 4) / 2
    assert low(out, y)[0] == (0.75 * 1 + 0.25 * 4) / 2
    assert hinge(out, labels)[0] == 0
    assert hinge(out, 1 - labels)[0] == (2 + 3) / 2
    assert squared_hinge(out, 1 - labels)[0] == (4 + 9) / 2
    assert poisson_nll(out, y)[0] == pytest.approx((math.e + math.exp(-2) + 4) / 2, rel=1e-15)
    assert gaussian_nll((out, 0 * out), y)[0] == (1 + 16) / 4
    assert gaussian_nll((out, 0 * out + math.log(4)), y)[0] == pytest.approx((2 * math.log(4) + 17 / 4) / 4, rel=1e-15)
    assert binary_focal(np.zeros((2, 1)), labels)[0] == pytest.approx(math.log(2) / 4, rel=1e-15)
    assert softmax_focal(np.zeros((1, 4)), np.array([2]))[0] == pytest.approx(9 / 16 * math.log(4), rel=1e-15)
    assert kl_divergence(np.zeros((1, 4)), np.array([[1, 0, 0, 0]]))[0] == pytest.approx(math.log(4), rel=1e-15)
    assert triplet(np.array([[[0.0, 0], [3, 4], [0, 5]], [[0, 0], [1, 0], [0, 9]]]), np.array([2.0, 1.0]))[0] == 1
    assert cosine_distance(np.array([[1.0, 1.0]]), np.array([[0, 2]]))[0] == pytest.approx(1 - 0.5**0.5, rel=1e-15)


def test_one_hot_labels_are_classes():
    out, y = np.random.default_rng(0).standard_normal((5, 3)), np.array([0, 2, 1, 1, 0])
    cost, dA = nn.softmax_cross_entropy(out, np.eye(3, dtype=int)[y])
    expected, expected_dA = nn.softmax_cross_entropy(out, y)
    assert cost == pytest.approx(expected, rel=1e-15)
    np.testing.assert_allclose(dA, expected_dA, rtol=1e-14)  # classes keep digits that soft labels lose


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 300), (4, 2)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gathered_classes_equal_one_hot_rows_bit_for_bit(shape, dtype):
    random = np.random.default_rng(0)
    out = (3 * random.standard_normal(shape)).astype(dtype)
    y = random.integers(0, min(shape[-1], 256), shape[:-1]).astype(np.uint8)
    out[0, ..., -1] = -np.inf  # a class that is excluded, also where it is the label
    out[1, ..., 0] = 200
    for one, other in zip(gathered(y, out), multiplied(one_hot(y, out), out), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
    in_columns = nn.softmax_cross_entropy(np.asfortranarray(out[1:]), y[1:])
    assert in_columns[0] == pytest.approx(nn.softmax_cross_entropy(out[1:], y[1:])[0], rel=1e-6)
    np.testing.assert_allclose(in_columns[1], nn.softmax_cross_entropy(out[1:], y[1:])[1], rtol=1e-5)


def test_relatives():
    r = np.random.default_rng(0)
    out, y, classes = r.standard_normal((6, 4)), r.standard_normal((6, 4)), r.integers(0, 4, 6)
    p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    yes = y > 0
    onehot = np.eye(4)[classes]
    entropy = -(p * np.log(p)).sum(axis=1).mean()
    for one, other, apart, times in (
        (partial(quantile, q=0.5)(out, y), mae(out, y), 0, 2),
        (kl_divergence(out, p), nn.softmax_cross_entropy(out, p), entropy, 1),
        (partial(binary_focal, gamma=0)(out, yes), nn.binary_cross_entropy_with_logits(out, yes), 0, 1),
        (partial(softmax_focal, gamma=0)(out, classes), nn.softmax_cross_entropy(out, classes), 0, 1),
        (partial(softmax_focal, gamma=0)(out, p), nn.softmax_cross_entropy(out, p), 0, 1),
        (softmax_focal(out, classes), softmax_focal(out, onehot), 0, 1),
        (smoothed(out, classes), nn.softmax_cross_entropy(out, 0.875 * onehot + 0.125 / 4), 0, 1),
        (smoothed(out, p), nn.softmax_cross_entropy(out, 0.875 * p + 0.125 / 4), 0, 1),
        (partial(nn.softmax_cross_entropy, smoothing=0)(out, classes), nn.softmax_cross_entropy(out, classes), 0, 1),
    ):
        assert times * one[0] + apart == pytest.approx(other[0], rel=1e-14)
        assert np.allclose(times * one[1], other[1], rtol=1e-14, atol=1e-16)
    two = np.stack([0 * out, out], axis=-1)
    assert softmax_focal(two, yes.astype(int))[0] == pytest.approx(binary_focal(out, yes)[0], rel=1e-14)
    assert kl_divergence(np.log(p), p)[0] == pytest.approx(0, abs=1e-15)


def test_the_best_constant_is_the_quantile():
    y = np.arange(100.0)[:, None]
    for q in (0.1, 0.5, 0.75):
        costs = [partial(quantile, q=q)(np.full((100, 1), float(c)), y)[0] for c in range(100)]
        assert np.argmin(costs) in (100 * q - 1, 100 * q)


def test_small_errors_keep_their_digits():
    for dtype, digits in ((np.float32, 1e-6), (np.float64, 1e-15)):
        for size in (1e-12, 1e-6, 1e-3, 0.03):
            e = np.array([[size]], dtype)
            true = size**2 / 2 - size**4 / 12 + size**6 / 45 - 17 * size**8 / 2520 + 31 * size**10 / 14175
            assert log_cosh(e, 0 * e)[0] == pytest.approx(true, rel=digits, abs=0)
            assert log_cosh(-e, 0 * e)[0] == log_cosh(e, 0 * e)[0]


def test_log_cosh_has_no_seam():
    """Of the two ways to compute it, at 1 one begins where the other ends."""
    below, at = [log_cosh(np.array([[e]]), np.zeros((1, 1)))[0] for e in (np.nextafter(1, 0), 1.0)]
    assert below == pytest.approx(at, rel=2e-15)
    assert at == pytest.approx(math.log(math.cosh(1)), rel=1e-15)


def test_a_right_answer_with_certainty_costs_a_focal_loss_nothing():
    for gamma in (0.5, 1.0, 2.0):
        for loss, out, y in (
            (binary_focal, np.array([[800.0], [-800.0]]), np.array([[1], [0]])),
            (softmax_focal, np.array([[800.0, -800.0], [-np.inf, 0.0]]), np.array([0, 1])),
        ):
            cost, dA = loss(out, y, gamma=gamma)
            assert cost == 0
            assert not dA.any()
            wrong, dA = loss(out, 1 - y, gamma=gamma) if loss is binary_focal else loss(out[:1], 1 - y[:1], gamma=gamma)
            assert wrong in (800, 1600)
            assert abs(dA).max() == pytest.approx(1 / len(dA))


def test_at_the_margin_and_at_a_tie_there_is_no_slope():
    one = np.array([[1.0]])
    assert not hinge(one, one)[1].any()
    assert not squared_hinge(one, one)[1].any()
    assert not high(one, one)[1].any()
    assert not triplet(np.array([[[0.0], [1.0], [2.0]]]), np.array([3.0]))[1].any()


def test_only_the_direction_counts():
    out, y = np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[4.0, 3.0], [0.0, 1.0]])
    cost, dA = cosine_distance(out, y)
    assert cost == pytest.approx((1 - 24 / 25 + 1) / 2, rel=1e-15)
    assert np.allclose((dA * out).sum(axis=1), 0, rtol=0, atol=1e-16)
    for size in (1e-200, 1e-3, 1e200):
        scaled, scaled_dA = cosine_distance(out * size, y)
        assert scaled == pytest.approx(cost, rel=1e-15)
        assert np.allclose(scaled_dA * size, dA, rtol=1e-15, atol=1e-15)
        assert cosine_distance(out, y * size)[0] == pytest.approx(cost, rel=1e-15)


def test_a_vector_of_zeros_has_no_direction():
    nothing, y = np.zeros((1, 3)), np.array([[1.0, 2.0, 3.0]])
    for out, to in ((nothing, y), (y, nothing), (nothing, nothing)):
        cost, dA = cosine_distance(out, to)
        assert cost == 1
        assert not dA.any()


def test_the_variance_settles_at_the_squared_error():
    mu, y = np.array([[1.0], [1.0]]), np.array([[3.0], [-1.0]])
    assert np.allclose(gaussian_nll((mu, np.full((2, 1), math.log(4))), y)[1][1], 0, rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_variance_is_too_small_where_there_is_no_error(dtype):
    mu, s = np.full((4, 1), 3, dtype), np.array([[-80], [-800], [-2000], [-1e30]], dtype)
    cost, (dmu, ds) = gaussian_nll((mu, s), mu)
    assert cost == pytest.approx(s.mean() / 2, rel=1e-6)
    assert dmu.tolist() == [[0]] * 4
    assert ds.tolist() == [[0.125]] * 4
    assert {dmu.dtype, ds.dtype} == {np.dtype(dtype)}


def test_a_small_error_beside_a_small_variance_keeps_its_digits():
    for e, s in ((1e-200, -800.0), (-1e-160, -709.9), (1e150, 1000.0)):
        square = math.exp(2 * math.log(abs(e)) - s)
        cost, (dmu, ds) = gaussian_nll((np.array([[e]]), np.array([[s]])), np.zeros((1, 1)))
        assert cost == pytest.approx((s + square) / 2, rel=1e-12)
        assert dmu.item() == pytest.approx(math.copysign(math.exp(math.log(abs(e)) - s), e), rel=1e-12)
        assert ds.item() == pytest.approx((1 - square) / 2, rel=1e-12)


def test_extremes_stay_finite():
    out, y = np.array([[800.0], [-800.0], [800.0]]), np.array([[0.0], [1.0], [1.0]])
    cost, dA = nn.binary_cross_entropy_with_logits(out, y)
    assert cost == 1600 / 3
    assert dA.tolist() == [[1 / 3], [-1 / 3], [0]]
    saturated, _ = nn.forward(nn.Sigmoid(), out)
    cost, dA = nn.binary_cross_entropy(saturated, y)
    assert math.isfinite(cost)
    assert not dA.any()
    cost, dA = nn.softmax_cross_entropy(np.array([[0.0, -np.inf, 0.0]]), np.array([2]))
    assert cost == pytest.approx(math.log(2))
    assert dA.tolist() == [[0.5, 0, -0.5]]


def test_a_cost_is_a_float_and_labels_of_any_kind_are_cast():
    out = np.ones((2, 2), np.float32)
    for y in (np.eye(2, dtype=int), np.eye(2, dtype=bool), np.eye(2)):
        for loss in ALIKE:
            cost, dA = loss(out, y, y[:, 0])
            assert type(cost) is float
            assert dA.dtype == np.float32
        cost, dA = gaussian_nll((out, out), y, y[:, 0])
        assert type(cost) is float
        assert {d.dtype for d in dA} == {np.dtype(np.float32)}
        cost, dA = triplet(np.ones((2, 3, 1), np.float32), y[:, 0], y[:, 0])
        assert type(cost) is float
        assert dA.dtype == np.float32


ALIKE = [
    *of_errors.values(),
    *of_errors_too.values(),
    *[nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits, binary_focal, hinge, squared_hinge],
    *[kl_divergence, softmax_focal, smoothed, cosine_distance, poisson_nll],
]


def test_a_setting_of_numpy_does_not_widen_float32():
    out, wide = np.ones((2, 2), np.float32), np.float64(0.5)
    for loss in (
        *(partial(nn.huber, delta=wide), partial(quantile, q=wide), partial(binary_focal, gamma=wide)),
        *(partial(softmax_focal, gamma=wide), partial(nn.softmax_cross_entropy, smoothing=wide)),
    ):
        assert loss(out, 0 * out)[1].dtype == np.float32


def test_every_loss_pickles():
    out, y = np.array([[0.5, 0.25]]), np.array([[1.0, 0.0]])
    for loss in ALIKE:
        again = pickle.loads(pickle.dumps(loss))
        assert again(out, y)[0] == loss(out, y)[0]


def test_what_takes_logits_says_so():
    for loss in (kl_divergence, binary_focal, softmax_focal, smoothed, hinge, squared_hinge):
        assert takes_logits(weighted(loss))
    for loss in (log_cosh, high, poisson_nll, gaussian_nll, cosine_distance, triplet):
        assert not takes_logits(weighted(loss))


def test_what_passes_numbers_on_does_not_hide_what_gives_probabilities():
    for behind in (Identity(), nn.Flatten(), Reshape((2, 2)), ()):
        assert gives_probabilities((nn.Tanh(), nn.Sigmoid(), behind, Identity()))
        assert gives_probabilities(((nn.Tanh(), nn.Sigmoid()), behind))
        assert not gives_probabilities((nn.Sigmoid(), nn.Tanh(), behind))
        assert not gives_probabilities((behind,))
        assert gives_probabilities((nn.Sigmoid(), (behind, ((),))))


def test_a_joint_loss_of_logits_is_refused_behind_no_other_branch():
    branches = Parallel((nn.Sigmoid(), nn.Tanh()))
    inner = Parallel((Parallel(((), nn.Sigmoid())),))
    assert squashed_twice("the loss", joint(nn.mse, hinge), (Copy(2), branches)) == ""
    assert "branch 0 of (Copy(n=2)" in squashed_twice("the loss", joint(hinge, nn.mse), (Copy(2), branches))
    assert squashed_twice("the loss", joint(hinge, nn.mse), (Copy(2), branches, Sum())) == ""
    assert "branch 0 of branch 1 of" in squashed_twice("the loss", joint(joint(nn.mse, hinge)), (inner,))


def test_nan_flows_through():
    nothing = np.full((2, 2), np.nan)
    cost, dA = triplet(np.full((2, 3, 1), np.nan), np.ones(2))
    assert math.isnan(cost)
    assert np.isnan(dA).all()
    cost, dA = gaussian_nll((nothing, nothing), np.ones((2, 2)))
    assert math.isnan(cost)
    assert np.isnan(dA).all()
    for loss in ALIKE:
        cost, dA = loss(nothing, np.ones((2, 2)))
        assert math.isnan(cost)
        assert np.isnan(dA).all()


def test_an_error_in_a_rule_is_raised_as_it_is():
    @per_output
    def broken(out, y, weight):
        raise LookupError("in the rule")

    with pytest.raises(LookupError, match="in the rule"):
        broken(np.ones((2, 1)), np.ones((2, 1)), np.ones(2))

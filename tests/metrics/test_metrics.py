"""Metrics against scikit-learn, and `validation`, which applies them to states."""

import math
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn.errors import KindError
from funcnn.losses import weighted
from funcnn.metrics import confusion, confusion_per_class, f1, perplexity, precision, r2, recall, top_k_accuracy
from funcnn.training.scores import Validation
from tests.said import fails

r = np.random.default_rng(0)
x, y = r.standard_normal((30, 2)), r.standard_normal((30, 1))
state = nn.TrainState(nn.mlp([2, 4, 1], seed=0))
needs_sklearn = {"reason": "the metrics to compare with"}
drawn = given(st.integers(0, 2**31), st.integers(1, 40), st.integers(2, 6), st.sampled_from([np.float32, np.float64]))


@drawn
def test_classes_as_scikit_learn_has_them(seed, m, k, dtype):
    metrics = pytest.importorskip("sklearn.metrics", **needs_sklearn)
    random = np.random.default_rng(seed)
    out, classes = random.standard_normal((m, k)).astype(dtype), random.integers(0, k, m)
    said = out.argmax(axis=1)
    assert nn.accuracy(out, classes) == pytest.approx(metrics.accuracy_score(classes, said), rel=1e-15)
    assert np.array_equal(confusion(out, classes), metrics.confusion_matrix(classes, said, labels=range(k)))
    soft = np.eye(k)[classes] * 0.9 + 0.1 / k
    assert nn.accuracy(out, soft) == nn.accuracy(out, classes)
    assert np.array_equal(confusion(out, soft), confusion(out, classes))


@drawn
def test_yes_and_no_as_scikit_learn_has_them(seed, m, k, dtype):
    metrics = pytest.importorskip("sklearn.metrics", **needs_sklearn)
    random = np.random.default_rng(seed)
    out, yes = random.standard_normal((m, k)).astype(dtype), random.integers(0, 2, (m, k))
    probabilities = 1 / (1 + np.exp(-out.astype(float)))
    wanted = metrics.confusion_matrix(yes.ravel(), out.ravel() > 0, labels=[False, True])
    for labels in (yes, yes > 0, yes.astype(float)):
        assert np.array_equal(confusion(out, labels, threshold=0), wanted)
        assert np.array_equal(confusion(probabilities, labels, threshold=0.5), wanted)
        assert nn.accuracy(out, labels, threshold=0) == pytest.approx(wanted.trace() / (m * k), rel=1e-15)


@drawn
def test_the_k_largest_as_scikit_learn_has_them(seed, m, k, dtype):
    metrics = pytest.importorskip("sklearn.metrics", **needs_sklearn)
    random = np.random.default_rng(seed)
    out, classes = random.standard_normal((m, k + 1)).astype(dtype), random.integers(0, k + 1, m)
    for among in range(1, k + 1):  # scikit-learn warns where all classes are among them
        wanted = metrics.top_k_accuracy_score(classes, out, k=among, labels=range(k + 1))
        assert top_k_accuracy(out, classes, among) == pytest.approx(wanted, rel=1e-15)
        assert top_k_accuracy(out, np.eye(k + 1)[classes], among) == top_k_accuracy(out, classes, among)
    assert top_k_accuracy(out, classes, k + 1) == 1


@given(st.integers(0, 2**31), st.integers(1, 20), st.integers(2, 5))
def test_of_equal_outputs_the_first_is_the_answer(seed, m, k):
    random = np.random.default_rng(seed)
    out = random.choice([0.0, 1.0, np.inf, -np.inf], (m, k), p=[0.42, 0.42, 0.08, 0.08])
    classes = random.integers(0, k, m)
    assert top_k_accuracy(out, classes, 1) == nn.accuracy(out, classes)
    shares = [top_k_accuracy(out, classes, among) for among in range(1, k + 1)]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_perplexity():
    assert perplexity(np.zeros((3, 7)), np.array([0, 3, 6])) == pytest.approx(7, rel=1e-14)
    p = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    assert perplexity(np.log(p), np.array([1, 2])) == pytest.approx((0.25 * 0.8) ** -0.5, rel=1e-14)
    assert perplexity(np.array([[0.0, 9000.0]]), np.array([0])) == math.inf
    assert perplexity(np.array([[0.0, 9000.0]]), np.array([1])) == 1
    assert math.isnan(perplexity(np.full((1, 2), np.nan), np.array([1])))
    out, classes, mask = r.standard_normal((4, 5, 3)), r.integers(0, 3, (4, 5)), r.random((4, 5)) > 0.5
    log_p = np.log(np.exp(out) / np.exp(out).sum(axis=2, keepdims=True))
    own = np.take_along_axis(log_p, classes[..., None], axis=2)[..., 0]
    assert perplexity(out[mask], classes[mask]) == pytest.approx(np.exp(-own[mask].mean()), rel=1e-13)
    assert type(perplexity(out, classes)) is float


@drawn
def test_r2_as_scikit_learn_has_it(seed, m, k, dtype):
    metrics = pytest.importorskip("sklearn.metrics", **needs_sklearn)
    random = np.random.default_rng(seed)
    out, wanted = random.standard_normal((m + 1, k)).astype(dtype), random.standard_normal((m + 1, k))
    assert r2(out, wanted) == metrics.r2_score(wanted, out)
    mean = ((wanted - wanted.mean(0)) ** 2).sum(0)
    assert r2(out, wanted) == pytest.approx((1 - ((wanted - out) ** 2).sum(0) / mean).mean(), rel=1e-12)
    assert r2(out[:, 0], wanted[:, 0]) == r2(out[:, :1], wanted[:, :1])
    assert type(r2(out, wanted)) is float
    assert r2(np.stack([out, out], 1), np.stack([wanted, wanted], 1)) == pytest.approx(r2(out, wanted), rel=1e-12)


def test_rows_of_the_counts_are_the_truth():
    out = np.eye(3)[[1, 1, 1, 2]]
    assert confusion(out, np.array([0, 0, 1, 2])).tolist() == [[0, 2, 0], [0, 1, 0], [0, 0, 1]]
    assert confusion(np.array([[1.0], [1.0]]), np.array([[0], [0]]), threshold=0.5).tolist() == [[0, 2], [0, 0]]


def test_on_the_threshold_is_no():
    assert nn.accuracy(np.array([[0.5]]), np.array([[0]]), threshold=0.5) == 1


def test_the_share_of_right_answers_is_nan_if_an_output_is_nan():
    out = np.array([[np.nan, 1.0], [0.0, 1.0], [1.0, np.nan]])
    assert math.isnan(nn.accuracy(out, np.array([0, 1, 0])))
    assert math.isnan(nn.accuracy(out[:, :1], np.array([[0], [0], [1]]), threshold=0.0))
    assert math.isnan(top_k_accuracy(out, np.array([0, 1, 0]), 2))
    assert nn.accuracy(np.array([[np.inf, -np.inf]]), np.array([0])) == 1


def test_r2_of_what_is_not_finite_is_nan():
    pytest.importorskip("sklearn", **needs_sklearn)
    assert math.isnan(r2(np.array([[1.0], [np.nan]]), np.ones((2, 1))))
    assert math.isnan(r2(np.array([[1.0], [np.inf]]), np.ones((2, 1))))


@pytest.mark.parametrize(("loss", "out", "y", "threshold"), [
    (nn.softmax_cross_entropy, np.eye(3), np.array([0, 1, 1]), None),
    (nn.softmax_cross_entropy, np.eye(3), np.eye(3)[[0, 1, 1]], None),
    (nn.binary_cross_entropy_with_logits, np.array([[3.0], [-2.0], [0.3]]), np.array([[1], [0], [0]]), 0),
    (nn.binary_cross_entropy, np.array([[0.9], [0.2], [0.7]]), np.array([[True], [False], [False]]), 0.5),
])  # fmt: skip
def test_labels_are_those_of_the_loss(loss, out, y, threshold):
    assert math.isfinite(loss(out, y)[0])
    assert nn.accuracy(out, y, threshold=threshold) == pytest.approx(2 / 3)
    assert confusion(out, y, threshold=threshold).sum() == 3


def test_jax_arrays():
    jnp = pytest.importorskip("jax.numpy", reason="the same rules on JAX's arrays")
    out, classes = r.standard_normal((9, 3)).astype(np.float32), r.integers(0, 3, 9)
    on = jnp.asarray
    assert nn.accuracy(on(out), on(classes)) == pytest.approx(nn.accuracy(out, classes))
    assert np.array_equal(confusion(on(out), on(classes)), confusion(out, classes))
    assert top_k_accuracy(on(out), on(classes), 2) == pytest.approx(top_k_accuracy(out, classes, 2))
    assert perplexity(on(out), on(classes)) == pytest.approx(perplexity(out, classes), rel=1e-5)
    yes = np.eye(3)[classes]
    assert nn.accuracy(on(out), on(yes), threshold=0) == pytest.approx(nn.accuracy(out, yes, threshold=0))
    pytest.importorskip("sklearn", **needs_sklearn)
    assert r2(on(out), on(yes)) == r2(out, yes)


# validation


def test_of_a_loss_it_is_the_cost():
    assert nn.validation(nn.mse, x, y)(state) == nn.mse(nn.predict(state.params, x), y)[0]
    assert nn.validation(weighted(nn.mse), x, (y, y * y))(state) == nn.mse(nn.predict(state.params, x), y, y * y)[0]


def test_x_and_y_may_be_memory_maps(tmp_path):
    for name, array in (("x", x), ("y", y), ("yes", (y > 0).astype(int))):
        np.save(tmp_path / f"{name}.npy", array)
    maps = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("x", "y", "yes")]
    of_maps = nn.validation(weighted(nn.mse), maps[0], (maps[1], maps[2]))(state)
    assert of_maps == nn.validation(weighted(nn.mse), x, (y, (y > 0).astype(int)))(state)
    metric = partial(nn.accuracy, threshold=0)
    assert nn.validation(metric, maps[0], maps[2])(state) == nn.validation(metric, x, y > 0)(state)


def test_of_a_metric_it_is_what_that_gives():
    yes = y > 0
    wanted = nn.accuracy(nn.predict(state.params, x), yes, threshold=0)
    assert nn.validation(partial(nn.accuracy, threshold=0), x, yes)(state) == wanted
    counts = nn.validation(partial(confusion, threshold=0), x, yes)(state)
    assert counts.sum() == 30


def test_rows_bound_the_memory_and_change_nothing_but_rounding():
    most = []

    @np.vectorize
    def seen(value):
        return value

    def metric(out, y):
        most.append(out.shape)
        return nn.mse(seen(out), y)

    whole, blocks = nn.validation(metric, x, y)(state), nn.validation(metric, x, y, rows=7)(state)
    assert blocks == pytest.approx(whole, rel=1e-12)
    assert most == [(30, 1), (30, 1)]


def test_it_remembers_the_last_network():
    asked = []
    held_out = nn.validation(lambda out, y: asked.append(1) or len(asked), x, y)
    first, second = nn.train(state, nn.batches(x, y, 15, seed=0), nn.value_and_grad(nn.mse), 0.1)
    assert [held_out(now) for now in (first, first, second, second, first)] == [1, 1, 2, 2, 3]
    assert held_out(nn.TrainState(first.params, (), 99)) == 3  # it asks for the network alone
    again = nn.TrainState(pickle.loads(pickle.dumps(first.params)))
    assert held_out(again) == 3


def test_it_pickles_and_prints():
    held_out = nn.validation(nn.mse, x, y, rows=8)
    copy = pickle.loads(pickle.dumps(held_out))
    assert isinstance(copy, Validation)
    assert copy.rows == 8
    assert copy(state) == held_out(state)
    assert repr(nn.validation(nn.accuracy, x, y)).endswith("x=<f64 30x2>, y=<f64 30x1>, rows=None)")


def test_an_error_is_not_remembered():
    calls = []

    def metric(out, y):
        calls.append(1)
        return 1 / (len(calls) - 1)

    held_out = nn.validation(metric, x, y)
    fails(ZeroDivisionError, held_out, state)
    assert held_out(state) == 1


def test_it_takes_tuples_and_what_is_not_an_array():
    net = nn.TrainState(nn.Dense(np.eye(2), None))
    assert nn.validation(lambda out, y: y, x, "anything")(net) == "anything"


def test_r2_of_a_y_that_never_changes():
    pytest.importorskip("sklearn.metrics", **needs_sklearn)
    ones = np.ones((3, 1))
    assert r2(ones, ones) == 1
    assert r2(ones * [[1], [1], [2]], ones) == 0


@pytest.mark.parametrize(
    "metric",
    [
        *[partial(metric, threshold=threshold) for metric in (nn.accuracy, confusion, f1) for threshold in (None, 0.5)],
        *[precision, recall, confusion_per_class, perplexity, r2, partial(top_k_accuracy, k=1)],
    ],
)
def test_complex_outputs_have_no_order(metric):
    if metric is r2:
        pytest.importorskip("sklearn", reason="it computes")
    with pytest.raises(KindError, match=r"^\w+: out must be an array of real floats, not complex128 array$"):
        metric(np.ones((3, 2), complex), np.ones((3, 2)))

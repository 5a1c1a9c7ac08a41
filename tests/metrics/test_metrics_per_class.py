"""Precision, recall, F1 and counts of each class against scikit-learn; metrics and losses of unpadded positions."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn.data import bucketed_batches
from funcnn.errors import KindError
from funcnn.layers import First
from funcnn.losses import masked, normalised, quantile, weighted
from funcnn.metrics import confusion, confusion_per_class, f1, precision, recall, unpadded

drawn = given(st.integers(0, 2**31), st.integers(1, 40), st.integers(2, 6), st.sampled_from([np.float32, np.float64]))
needs_sklearn = {"reason": "the metrics to compare with"}


@drawn
def test_classes_as_scikit_learn_has_them(seed, m, k, dtype):
    metrics = pytest.importorskip("sklearn.metrics", **needs_sklearn)
    random = np.random.default_rng(seed)
    out, classes = random.standard_normal((m, k)).astype(dtype), random.integers(0, k, m)
    given = {"y_true": classes, "y_pred": out.argmax(axis=1), "labels": range(k)}
    options = {**given, "average": None, "zero_division": np.nan}
    assert np.allclose(precision(out, classes), metrics.precision_score(**options), equal_nan=True)
    assert np.allclose(recall(out, classes), metrics.recall_score(**options), equal_nan=True)
    assert np.allclose(f1(out, classes), metrics.f1_score(**options), equal_nan=True)
    assert np.array_equal(confusion_per_class(out, classes), metrics.multilabel_confusion_matrix(**given))
    soft = np.eye(k)[classes] * 0.9 + 0.1 / k
    for metric in (precision, recall, f1, confusion_per_class):
        made = metric(out, classes)
        assert np.array_equal(metric(out, soft), made, equal_nan=True)
        assert np.array_equal(metric(out[:, None], classes[:, None]), made, equal_nan=True)
        assert made.dtype == (int if metric is confusion_per_class else dtype)


@drawn
def test_several_labels_as_scikit_learn_has_them(seed, m, k, dtype):
    metrics = pytest.importorskip("sklearn.metrics", **needs_sklearn)
    random = np.random.default_rng(seed)
    out, yes = random.standard_normal((m, k)).astype(dtype), random.integers(0, 2, (m, k))
    options = {"average": None, "zero_division": np.nan}
    for labels in (yes, yes > 0, yes.astype(float)):
        at_0 = {"threshold": 0}
        wanted = metrics.precision_score(yes, out > 0, **options)
        assert np.allclose(precision(out, labels, **at_0), wanted, equal_nan=True)
        assert np.allclose(recall(out, labels, **at_0), metrics.recall_score(yes, out > 0, **options), equal_nan=True)
        assert np.allclose(f1(out, labels, **at_0), metrics.f1_score(yes, out > 0, **options), equal_nan=True)
        counts = metrics.multilabel_confusion_matrix(yes, out > 0)
        assert np.array_equal(confusion_per_class(out, labels, **at_0), counts)
    assert np.array_equal(counts.sum(axis=0), confusion(out, yes, threshold=0))
    steps = confusion_per_class(out.reshape(m, 1, k), yes.reshape(m, 1, k), threshold=0)
    assert np.array_equal(steps, counts)


def test_float16_has_counts_above_its_own():
    out = np.tile(np.eye(2, dtype=np.float16), (40_000, 1))
    assert precision(out, np.tile([0, 1], 40_000)).tolist() == [1, 1]
    assert precision(out, np.tile([0, 1], 40_000)).dtype == np.float32


def test_arrays_of_jax():
    jnp = pytest.importorskip("jax.numpy", reason="the same rules on JAX's arrays")
    random = np.random.default_rng(0)
    out, classes = random.standard_normal((9, 3)).astype(np.float32), random.integers(0, 3, 9)
    made = f1(jnp.asarray(out), jnp.asarray(classes))
    assert np.allclose(made, f1(out, classes), equal_nan=True)
    assert np.array_equal(normalised(jnp.asarray([True, False])), [2, 0])


# Padded positions.


def padded(seed=0, k=3):
    random = np.random.default_rng(seed)
    mask = np.arange(5) < random.integers(1, 6, (4, 1))
    classes = np.where(mask, random.integers(0, k, (4, 5)), -1)
    return random.standard_normal((4, 5, k)), mask, classes


@given(st.integers(0, 2**31))
def test_normalised_weights_give_the_mean_over_the_mask(seed):
    out, mask, classes = padded(seed)
    cases = (nn.softmax_cross_entropy, classes), (nn.mse, out[::-1]), (partial(quantile, q=0.3), 2 * out[::-1])
    for loss, y in cases:
        cost, (d, nothing) = weighted(masked(loss))((out, mask), (y, normalised(mask)))
        wanted, own = loss(out[mask], y[mask])
        assert cost == pytest.approx(wanted, rel=1e-12)
        assert np.allclose(d[mask], own, rtol=1e-12)
        assert not d[~mask].any()
        assert nothing is None


def test_normalised_weights_of_classes_give_the_weighted_mean():
    random = np.random.default_rng(0)
    out, classes = random.standard_normal((9, 3)), random.integers(0, 3, 9)
    weights = np.array([1.0, 5.0, 0.2])[classes]
    terms = [nn.softmax_cross_entropy(out[i : i + 1], classes[i : i + 1])[0] for i in range(9)]
    cost, _ = nn.softmax_cross_entropy(out, classes, normalised(weights))
    assert cost == pytest.approx(np.average(terms, weights=weights), rel=1e-12)


@given(st.integers(0, 2**31), st.integers(1, 3))
def test_blocks_of_rows_combine_exactly_since_the_weights_travel_with_them(seed, cut):
    """The normalisation is that of the whole batch."""
    out, mask, classes = padded(seed)
    weight, loss = normalised(mask), weighted(masked(nn.softmax_cross_entropy))
    whole, (d, _) = loss((out, mask), (classes, weight))
    blocks = [slice(0, cut), slice(cut, 4)]
    parts = [loss((out[b], mask[b]), (classes[b], weight[b])) for b in blocks]
    shares = [cut / 4, 1 - cut / 4]
    cost = sum([share * cost for share, (cost, _) in zip(shares, parts, strict=True)])
    assert cost == pytest.approx(whole, rel=1e-12)
    together = np.concatenate([share * dA for share, (_, (dA, _)) in zip(shares, parts, strict=True)])
    assert np.allclose(together, d, rtol=1e-12)


def over_the_mask(pair, y):
    """A loss that is normalised by its own batch, as those of some libraries are."""
    out, mask = pair
    cost, own = nn.softmax_cross_entropy(out[mask], y[mask])
    d = np.zeros_like(out)
    d[mask] = own
    return cost, (d, None)


def test_normalised_weights_are_sharded_exactly_and_a_loss_that_normalises_is_refused():
    pytest.importorskip("threadpoolctl", reason="sharding needs it")
    from funcnn.parallel import sharded

    net = (First((nn.Dense.init(3, 3, seed=0),)),)
    x, mask, classes = padded(1)
    function = nn.value_and_grad(weighted(masked(nn.softmax_cross_entropy)), inputs=True)
    y = classes, normalised(mask)
    cost, grads = sharded(function, rows=2)(net, (x, mask), y)
    wanted, whole = function(net, (x, mask), y)
    assert cost == pytest.approx(wanted, rel=1e-14)
    assert cost == pytest.approx(nn.value_and_grad(over_the_mask)(net, (x, mask), classes)[0], rel=1e-14)
    assert np.allclose(grads.params[0].layer[0].W, whole.params[0].layer[0].W, rtol=1e-12)
    assert np.allclose(grads.x[0], whole.x[0], rtol=1e-12)
    with pytest.raises(KindError, match="the loss must be a mean over rows"):
        sharded(nn.value_and_grad(over_the_mask), rows=2)(net, (x, mask), classes)


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float16, np.float32, np.float64])
def test_normalised_weights_have_the_mean_1(dtype):
    weight = np.array([[0, 1, 1], [2, 0, 0]]).astype(dtype)
    made = normalised(weight)
    assert made.mean() == pytest.approx(1)
    assert np.allclose(made * weight.sum(), weight * 6.0)
    assert made.dtype == {np.float16: np.float32, np.float32: np.float32}.get(dtype, np.float64)
    assert normalised(np.ones(70_000, np.float16)).max() == 1


def test_a_run_on_padded_sequences_is_measured_at_its_positions():
    random = np.random.default_rng(0)
    x = [random.normal(size=(t, 2)) for t in random.integers(1, 9, 40)]
    y = [(a[:, 0] > 0).astype(int) for a in x]
    data = bucketed_batches(x, y, 10, lengths=(4, 8), epochs=30, seed=0)
    data = data.map(lambda x, y: (x, (y, normalised(x[1]))))
    everything, labels = bucketed_batches(x, y, 40, lengths=(8,), seed=0)[0]
    share = nn.validation(unpadded(nn.accuracy), everything, labels)
    cost = nn.validation(weighted(masked(nn.softmax_cross_entropy)), everything, (labels, normalised(everything[1])))
    start, loss = nn.TrainState((First((nn.Dense.init(2, 2, seed=0),)),)), weighted(masked(nn.softmax_cross_entropy))
    run = nn.train(start, data, nn.value_and_grad(loss), 1.0)
    run = nn.early_stopping(run, share, patience=1000)  # which knows that an accuracy is better when it is higher
    last, table = nn.history(run, {"accuracy": share, "cost of all": cost}, every=30)
    assert last.best.step <= last.step
    assert table["accuracy"][-1] > 0.95
    assert table["cost of all"][-1] < 0.3

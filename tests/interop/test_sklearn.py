"""The estimators for scikit-learn: its own checks, equal bits whichever way the rows come, and each kind of y."""

import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import mlp
from funcnn.errors import NotFiniteError
from funcnn.files import fingerprint
from funcnn.layers import Concat, Copy, Function, Identity, Parallel
from funcnn.losses import gaussian_nll, hinge, mae, of_logits, poisson_nll, quantile, weighted
from funcnn.optimizers import L2
from funcnn.trees import astype, leaves

sklearn = pytest.importorskip("sklearn", reason="these are its estimators")
from scipy import sparse  # noqa: E402  scikit-learn stands on it
from scipy.stats import rankdata  # noqa: E402  as just said
from sklearn.datasets import load_iris, make_classification, make_multilabel_classification  # noqa: E402  as just said
from sklearn.exceptions import DataConversionWarning, NotFittedError  # noqa: E402  as just said
from sklearn.linear_model import LogisticRegression  # noqa: E402  as just said
from sklearn.model_selection import train_test_split  # noqa: E402  as just said
from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402  as just said
from sklearn.preprocessing import scale  # noqa: E402  as just said
from sklearn.utils.class_weight import compute_class_weight  # noqa: E402  as just said

from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor, rows  # noqa: E402  as just said

random = np.random.default_rng(0)
X = random.standard_normal((47, 3)) * (random.random((47, 3)) < 0.6)
Y = np.stack([X[:, 0] - X[:, 1] ** 2, X.sum(axis=1)], axis=1)
NAMES = np.array(["one", "two", "three"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
WEIGHT = random.random(47)


def squash(x):
    return 1 / (1 + np.exp(-x))


def squash_vjp(x, dA):
    return dA * squash(x) * (1 - squash(x))


CHECKS = """
from functools import partial
from sklearn.utils.estimator_checks import check_estimator
from funcnn import mse
from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor
from funcnn.losses import hinge, joint, quantile, softmax_focal

settings = {"epochs": 30, "lr": 0.03, "random_state": 0}
quantiles = [partial(quantile, q=q) for q in (0.1, 0.5, 0.9)]
of_regression = [None, quantiles[2], joint(*quantiles)]
losses = {NetworkClassifier: [None, hinge, mse, softmax_focal], NetworkRegressor: of_regression}
for estimator in [cls(**settings, loss=loss) for cls in losses for loss in losses[cls]]:
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    print(len(results))
    for result in results:
        name, passed = result["check_name"], result["status"] == "passed"
        if not passed and (hasattr(estimator, "predict_proba") or not name.endswith("_predict_proba")):
            print(name, result["status"], result["exception"])
"""


def test_all_checks_of_scikit_learn_pass_with_each_kind_of_loss_and_none_is_skipped():
    """SCIPY_ARRAY_API makes the check of other arrays run; without pandas, two checks of each are skipped.

    The check of `predict_proba` is not for a classifier without the method, as after a hinge.
    """
    command = [sys.executable, "-W", "error", "-c", CHECKS]
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    counts = [int(line) for line in lines if line.isdigit()]
    assert len(counts) == 7
    assert min(counts[:4]) > 60  # classifiers
    assert min(counts[4:]) > 55
    others = [line for line in lines if not line.isdigit()]
    assert len(others) == (0 if find_spec("pandas") else 14), others
    assert all(["pandas is not installed" in line for line in others])


COMMON = {"sizes": (5,), "lr": 0.01, "batch_size": 10, "epochs": 30, "random_state": 7}
regressor = lambda **settings: NetworkRegressor(**COMMON | settings)
classifier = lambda **settings: NetworkClassifier(**COMMON | settings)


def with_states(n_in, n_out, seed):
    """A network of which every step changes a state"""
    changing = nn.BatchNorm.init(5), nn.Dropout(0.2, seed=seed)
    return (*mlp([n_in, 5, 5], seed=seed), *changing, nn.Dense.init(5, n_out, seed=seed))


SETTINGS = {"network": with_states, "sizes": (100,), "lr": nn.cosine(0.03, 60), "batch_size": 24}
SETTINGS["optimizer"] = nn.Momentum(), nn.Adam()


def fitted(make, x, y, given, **settings):
    return make(**SETTINGS | settings).fit(x, y, **given)


def in_thirty_calls(make, y, given):
    model = make(**SETTINGS)
    classes = {"classes": np.unique(y)} if y.dtype.kind == "U" else {}
    for i in range(30):
        model.partial_fit(X, y, **given, **(classes if i == 0 else {}))
    return model


def table():
    pandas = pytest.importorskip("pandas", reason="it is its table")
    return pandas.DataFrame(X, columns=list("abc"))


class Seven(np.random.RandomState):
    """A generator that draws the seed 7."""

    def randint(self, *given, **named):
        return 7


WAYS = {
    "in two halves": lambda make, y, given: fitted(make, X, y, given, epochs=15, warm_start=True).fit(X, y, **given),
    "in thirty calls": in_thirty_calls,
    "sparse rows": lambda make, y, given: fitted(make, sparse.csc_array(X), y, given),
    "a sparse matrix": lambda make, y, given: fitted(make, sparse.coo_matrix(X), y, given),
    "a table": lambda make, y, given: fitted(make, table(), y, given),
    "other memory": lambda make, y, given: fitted(make, np.asfortranarray(X), y, given),
    "a generator": lambda make, y, given: fitted(make, X, y, given, random_state=Seven()),
}


@pytest.mark.parametrize("weights", [{}, {"sample_weight": WEIGHT}])
@pytest.mark.parametrize(("make", "y"), [(regressor, Y), (classifier, NAMES)])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_train_for_30_epochs_gives_the_same_bits(way, make, y, weights):
    whole, other = fitted(make, X, y, weights), WAYS[way](make, y, weights)
    assert fingerprint(other.state_) == fingerprint(whole.state_)
    assert other.loss_curve_ == whole.loss_curve_
    assert len(whole.loss_curve_) == whole.n_iter_ == other.n_iter_ == 30
    assert whole.state_.step == 60
    x = table() if way == "a table" else sparse.csr_array(X)
    assert np.array_equal(other.predict(x), whole.predict(X))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3)), min_size=1, max_size=5))
def test_epochs_add_up_however_they_are_divided(parts):
    """Among fits with a warm start, dense and sparse, and calls of partial_fit"""
    model, done = regressor(sizes=(2,), batch_size=16, warm_start=True), 0
    for is_fit, epochs in parts:
        x = sparse.csr_array(X) if done % 2 else X
        if is_fit:
            model.set_params(epochs=epochs).fit(x, Y)
        for _ in range(0 if is_fit else epochs):
            model.partial_fit(x, Y)
        done += epochs
    assert model.state_ == regressor(sizes=(2,), batch_size=16, epochs=done).fit(X, Y).state_
    assert model.n_iter_ == done


def test_a_fit_is_a_fold_over_batches():
    net = mlp([3, 5, 2], seed=7)
    data = nn.batches(X, Y, 10, epochs=30, seed=7)
    *_, state = nn.train(nn.TrainState(net, nn.Adam()), data, nn.value_and_grad(nn.mse), 0.01)
    fitted = regressor().fit(X, Y)
    assert fitted.state_ == state
    assert fitted.network_ == state.params
    assert np.array_equal(fitted.predict(X), nn.predict(state.params, X))
    assert fitted.seed_ == 7


def test_weights_of_one_change_no_bit():
    for make, y in ((regressor, Y), (classifier, NAMES)):
        plain, ones = make().fit(X, y), make().fit(X, y, sample_weight=np.ones(47))
        assert plain.state_ == ones.state_


def test_a_weight_of_two_is_a_row_that_comes_twice():
    weight = np.arange(47) % 3
    for make, y in ((regressor, Y), (classifier, NAMES)):
        settings = {"batch_size": 1000, "optimizer": (), "lr": 0.1}
        once = make(**settings).fit(X, y, sample_weight=weight)
        twice = make(**settings).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
        scaled = make(**settings).fit(X, y, sample_weight=weight * 1000.0)
        for a, b, c in zip(*[leaves(fitted.network_) for fitted in (once, twice, scaled)], strict=True):
            assert np.allclose(a, b, rtol=0, atol=1e-12)
            assert np.allclose(a, c, rtol=0, atol=1e-12)


def test_weights_of_classes_are_weights_of_rows():
    balanced = compute_class_weight("balanced", classes=np.unique(NAMES), y=NAMES)
    by_name = dict(zip(np.unique(NAMES), balanced, strict=True))
    rows = np.array([by_name[name] for name in NAMES])
    expected = classifier().fit(X, NAMES, sample_weight=rows).network_
    for weights in ("balanced", by_name, [by_name], ["balanced"]):
        found = classifier(class_weight=weights).fit(X, NAMES).network_
        pairs = zip(leaves(found), leaves(expected), strict=True)
        assert all([np.allclose(a, b, rtol=0, atol=1e-12) for a, b in pairs])
    both = classifier(class_weight={"one": 3.0}).fit(X, NAMES, sample_weight=WEIGHT)  # of others, the weight is 1
    product = WEIGHT * np.where(NAMES == "one", 3.0, 1.0)
    assert both.state_ == classifier().fit(X, NAMES, sample_weight=product).state_


def test_balanced_counts_weights_and_not_rows():
    weight = np.arange(47) % 3
    settings = {"class_weight": "balanced", "batch_size": 1000, "optimizer": (), "lr": 0.1}
    once = classifier(**settings).fit(X, NAMES, sample_weight=weight)
    twice = classifier(**settings).fit(np.repeat(X, weight, axis=0), np.repeat(NAMES, weight))
    assert np.allclose(once.predict_proba(X), twice.predict_proba(X), rtol=0, atol=1e-12)


# Held-out rows.


def test_the_validation_curve_is_the_cost_on_the_rows_held_out():
    fitted = regressor(validation_fraction=0.25, epochs=8).fit(X, Y, sample_weight=WEIGHT)
    kept, apart = train_test_split(np.arange(47), test_size=0.25, random_state=7)
    weight = WEIGHT[kept] * (35 / WEIGHT[kept].sum())
    data = nn.batches(X[kept], (Y[kept], weight), 10, epochs=8, seed=7)
    start = nn.TrainState(mlp([3, 5, 2], seed=7), nn.Adam())
    run = list(nn.train(start, data, nn.value_and_grad(weighted(nn.mse)), 0.01))
    own = WEIGHT[apart] * (12 / WEIGHT[apart].sum())
    costs = [nn.mse(nn.predict(state.params, X[apart]), Y[apart], own)[0] for state in run[3::4]]
    assert fitted.validation_curve_ == costs
    assert fitted.loss_curve_ == [np.mean([s.cost for s in run[i : i + 4]]) for i in range(0, 32, 4)]
    assert fitted.network_ == run[-1].params  # without patience the last network, and not the best


def noise():
    numbers = np.random.default_rng(0)
    return numbers.standard_normal((60, 4)), numbers.standard_normal((60, 1))


def test_with_patience_the_best_network_is_kept():
    x, y = noise()
    settings = {"validation_fraction": 0.3, "epochs": 200, "lr": 0.05, "sizes": (50,)}
    fitted = regressor(**settings, patience=5).fit(x, y[:, 0])
    best = int(np.argmin(fitted.validation_curve_))
    assert fitted.n_iter_ == len(fitted.validation_curve_) == best + 1 + 5 < 200
    again = regressor(**settings | {"epochs": best + 1}).fit(x, y[:, 0])
    assert fitted.network_ == again.network_ != fitted.state_.params
    assert np.array_equal(fitted.predict(x), again.predict(x))


def test_a_warm_start_goes_on_with_the_search_for_the_best():
    x, y = noise()
    settings = {"validation_fraction": 0.3, "lr": 0.003, "patience": 10, "warm_start": True}
    whole = regressor(**settings, epochs=12).fit(x, y)
    halves = regressor(**settings, epochs=6).fit(x, y).fit(x, y)
    assert whole.n_iter_ == 12
    assert fingerprint((halves.state_, halves.network_)) == fingerprint((whole.state_, whole.network_))
    assert halves.validation_curve_ == whole.validation_curve_


def test_a_fit_after_one_that_stopped_early_waits_anew():
    x, y = noise()
    fitted = regressor(validation_fraction=0.3, lr=0.05, patience=2, warm_start=True, epochs=100).fit(x, y)
    stopped, lowest = fitted.n_iter_, min(fitted.validation_curve_)
    assert stopped < 100
    assert fitted.fit(x, y).n_iter_ == stopped + 2 or min(fitted.validation_curve_) < lowest


def test_a_warm_start_takes_other_rows_another_optimizer_and_other_held_out_rows():
    fitted = regressor(warm_start=True, epochs=3, validation_fraction=0.2, patience=50).fit(X, Y)
    steps = fitted.state_.step
    assert steps == 3 * 4
    fitted.set_params(optimizer=nn.Momentum()).fit(X[:21], Y[:21])
    assert fitted.state_.step == steps + 3 * 2
    assert type(fitted.state_.optimizer) is nn.Momentum
    assert fitted.set_params(patience=None, validation_fraction=None).fit(X, Y).n_iter_ == 9
    assert fitted.network_ == fitted.state_.params


def test_classes_are_held_out_in_their_shares():
    x, y = np.arange(40.0)[:, None], np.repeat([0, 1], [36, 4])
    seen = []

    def loss(out, y):
        seen.append(y)
        return nn.softmax_cross_entropy(out, y)

    classifier(validation_fraction=0.25, loss=loss, epochs=1, batch_size=40).fit(x, y)
    assert [labels.sum(axis=0).tolist() for labels in seen] == [[27, 3], [9, 1]]


# Each kind of y.


@pytest.mark.parametrize("y", [NAMES, NAMES.astype(object), X[:, 0] > 0, (X[:, 0] > 0) * 5 - 2, (X[:, 0] > 0) * 1.0])
def test_labels_come_back_as_they_are(y):
    fitted = classifier(epochs=60, sizes=(20,)).fit(X, y)
    assert fitted.classes_.tolist() == sorted(set(y))
    assert fitted.predict(X).dtype == y.dtype
    assert fitted.score(X, y) > 0.9
    p, scores = fitted.predict_proba(X), fitted.decision_function(X)
    assert p.shape == (47, len(fitted.classes_))
    assert np.allclose(p.sum(axis=1), 1)
    assert np.array_equal(fitted.classes_[p.argmax(axis=1)], fitted.predict(X))
    assert scores.shape == ((47,) if len(fitted.classes_) == 2 else (47, 3))


def test_probabilities_are_those_of_a_logistic_regression():
    """A network without hidden layers, trained to the end"""
    x, y = make_classification(200, 4, random_state=0, class_sep=0.3)
    model = NetworkClassifier(sizes=(), lr=0.1, epochs=800, batch_size=1000, optimizer=nn.Momentum(beta=0.9))
    expected = LogisticRegression(C=1e9, tol=1e-12, solver="newton-cholesky").fit(x, y)
    assert np.allclose(model.fit(x, y).predict_proba(x), expected.predict_proba(x), atol=1e-4)
    assert np.allclose(model.decision_function(x), expected.decision_function(x), atol=1e-4)


def test_a_regression_has_the_shape_of_y():
    assert regressor(epochs=1).fit(X, Y[:, 0]).predict(X).shape == (47,)
    assert regressor(epochs=1).fit(X, Y[:, :1]).predict(X).shape == (47, 1)
    assert regressor(epochs=1).fit(X, Y).predict(X).shape == (47, 2)
    flat, column = regressor().fit(X, Y[:, 0]), regressor().fit(X, Y[:, :1])
    assert flat.network_ == column.network_
    assert regressor(epochs=1).fit(X, Y.astype(object)).state_ == regressor(epochs=1).fit(X, Y).state_


@pytest.mark.parametrize("as_given", [np.asarray, np.ndarray.tolist, sparse.csr_array])
def test_labels_that_exclude_nothing(as_given):
    x, y = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    x = scale(x)
    fitted = classifier(epochs=100, lr=0.03).fit(x, as_given(y))
    assert fitted.predict(x).shape == fitted.predict_proba(x).shape == fitted.decision_function(x).shape == (80, 3)
    assert (fitted.predict(x) == y).mean() > 0.85
    assert np.array_equal(fitted.predict_proba(x) > 0.5, fitted.predict(x))
    assert np.array_equal(fitted.decision_function(x) > 0, fitted.predict(x))
    assert fitted.classes_.tolist() == [0, 1, 2]
    scores, p = fitted.decision_function(1e3 * x), fitted.predict_proba(1e3 * x)  # p is 1 for several rows
    assert np.isfinite(scores).all()
    assert np.array_equal(rankdata(scores, axis=0), rankdata(p, axis=0))
    calls = classifier().partial_fit(x, as_given(y), classes=range(3))
    for _ in range(3):
        calls.partial_fit(x, as_given(y))
    assert calls.state_ == classifier(epochs=4).fit(x, y).state_


def test_weights_of_labels():
    x, y = make_multilabel_classification(30, 3, n_classes=2, random_state=0)
    weight = np.where(y[:, 0] == 1, 5.0, 1.0) * np.where(y[:, 1] == 0, 2.0, 1.0)
    by_label = classifier(class_weight=[{1: 5.0}, {0: 2.0}]).fit(x, y)
    assert by_label.state_ == classifier().fit(x, y, sample_weight=weight).state_


def test_several_columns_of_classes():
    y = np.stack([NAMES, np.where(X[:, 2] > 0, "yes", "no")], axis=1)
    fitted = classifier(epochs=100, sizes=(20,)).fit(X, y)
    assert [classes.tolist() for classes in fitted.classes_] == [["one", "three", "two"], ["no", "yes"]]
    assert (fitted.predict(X) == y).mean() > 0.95
    for j, (p, scores) in enumerate(zip(fitted.predict_proba(X), fitted.decision_function(X), strict=True)):
        assert np.allclose(p.sum(axis=1), 1)
        assert np.array_equal(fitted.classes_[j][p.argmax(axis=1)], fitted.predict(X)[:, j])
        assert scores.shape == ((47, 3), (47,))[j]
    calls = classifier()
    for _ in range(4):
        calls.partial_fit(X, y, classes=[np.unique(column) for column in y.T])
    assert calls.state_ == classifier(epochs=4).fit(X, y).state_
    found, which = np.unique(NAMES, return_inverse=True)
    names = compute_class_weight("balanced", classes=found, y=NAMES)[which]
    product = names * np.where(y[:, 1] == "no", 2.0, 1.0)
    alone = classifier(class_weight=["balanced", None]).fit(X, y)
    assert np.allclose(alone.loss_curve_, classifier().fit(X, y, sample_weight=names).loss_curve_)
    by_class = classifier(class_weight=["balanced", {"no": 2.0}]).fit(X, y)
    assert np.allclose(by_class.loss_curve_, classifier().fit(X, y, sample_weight=product).loss_curve_)


def test_a_column_of_its_own_trains_as_it_does_alone():
    """Two columns with a network each, side by side: the cost is the sum of the costs"""
    y = np.stack([NAMES, np.where(X[:, 2] > 0, "yes", "no")], axis=1)
    one, two = mlp([3, 4, 3], seed=0), mlp([3, 4, 2], seed=1)
    fitted = classifier(network=(Copy(2), Parallel((one, two)), Concat()), sizes=(100,)).fit(X, y, sample_weight=WEIGHT)
    for j, net in enumerate((one, two)):
        alone = classifier(network=net, sizes=(100,)).fit(X, y[:, j], sample_weight=WEIGHT)
        trained = fitted.network_[1].layers[j]
        assert all([np.allclose(a, b, atol=1e-9) for a, b in zip(leaves(trained), leaves(alone.network_), strict=True)])


def test_a_column_vector_is_taken_as_a_row_with_a_warning():
    with pytest.warns(DataConversionWarning, match="column-vector"):
        fitted = classifier().fit(X, NAMES[:, None])
    assert fitted.state_ == classifier().fit(X, NAMES).state_
    assert fitted.predict(X).shape == (47,)


# Any network, loss, optimizer and schedule.


def test_one_output_is_enough_for_two_classes():
    y = np.where(X[:, 0] > 0, "yes", "no")
    net = mlp([3, 5, 1], seed=0)
    logits = classifier(network=net, sizes=(100,), epochs=60).fit(X, y)
    p = classifier(network=(*net, nn.Sigmoid()), sizes=(100,), epochs=60, loss=nn.binary_cross_entropy).fit(X, y)
    assert np.allclose(p.predict_proba(X), logits.predict_proba(X), atol=1e-9)
    assert p.predict_proba(X).shape == (47, 2)
    assert np.array_equal(p.predict(X), logits.predict(X))
    assert np.array_equal(p.decision_function(X) > 0, logits.decision_function(X) > 0)
    margin = classifier(network=net, sizes=(100,), epochs=100, loss=hinge).fit(X, y)
    assert margin.score(X, y) > 0.9


def test_a_loss_of_numbers_is_trained_towards_0_and_1_so_the_threshold_is_a_half():
    y = np.where(X[:, 0] > 0, "yes", "no")
    net, settings = mlp([3, 5, 1], seed=0), {"sizes": (100,), "epochs": 100}
    for loss in (nn.mse, mae, partial(nn.huber, delta=0.5)):
        one = classifier(network=net, loss=loss, **settings).fit(X, y)
        assert np.array_equal(one.predict(X) == "yes", nn.predict(one.network_, X)[:, 0] > 0.5)
        assert np.array_equal(one.decision_function(X) > 0, one.predict(X) == "yes")
        assert one.score(X, y) > 0.8
    labels = np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int)
    two = classifier(network=mlp([3, 8, 2], seed=0), loss=nn.mse, **settings).fit(X, labels)
    assert np.array_equal(two.predict(X), nn.predict(two.network_, X) > 0.5)


def test_probabilities_are_compared_with_a_half_also_if_the_network_does_not_declare_them():
    y = np.where(X[:, 0] > 0, "yes", "no")
    half = Function(squash, squash_vjp)  # which says nothing of what it gives
    one = classifier(network=(*mlp([3, 5, 1], seed=0), half), sizes=(100,), loss=nn.binary_cross_entropy, epochs=60)
    p = nn.predict(one.fit(X, y).network_, X)[:, 0]
    assert 0 < (p > 0.5).mean() < 1
    assert np.array_equal(one.predict(X) == "yes", p > 0.5)
    assert np.array_equal(one.predict_proba(X)[:, 1], p)


def test_a_loss_of_ones_own_may_be_declared_to_take_logits():
    y = np.where(X[:, 0] > 0, "yes", "no")
    declared = of_logits(lambda out, y: nn.binary_cross_entropy_with_logits(out, y, None))
    own, given = [
        classifier(network=mlp([3, 1], seed=0), sizes=(100,), loss=loss, epochs=9).fit(X, y)
        for loss in (declared, nn.binary_cross_entropy_with_logits)
    ]
    assert own.network_ == given.network_
    assert np.array_equal(own.predict_proba(X), given.predict_proba(X))


def test_predictions_after_poisson_nll_are_rates():
    counts = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    model = regressor(sizes=(), loss=poisson_nll, batch_size=47, epochs=400, lr=0.05).fit(X, counts)
    assert np.array_equal(model.predict(X), np.exp(nn.predict(model.network_, X)[:, 0]))
    assert np.isclose(model.predict(X).mean(), counts.mean(), rtol=1e-3)  # where the gradient of the bias is 0


def test_a_network_may_end_in_probabilities():
    net = (*mlp([3, 8, 3], seed=0), nn.Softmax())
    fitted = classifier(network=net, sizes=(100,), loss=nn.mse, epochs=100).fit(X, NAMES)
    assert np.array_equal(fitted.predict_proba(X), nn.predict(fitted.network_, X))
    assert fitted.score(X, NAMES) > 0.9
    _, y = make_multilabel_classification(47, 3, n_classes=2, random_state=0)
    net = (*mlp([3, 8, 2], seed=0), nn.Sigmoid())
    two = classifier(network=net, sizes=(100,), loss=nn.binary_cross_entropy).fit(X, y)
    assert np.array_equal(two.predict_proba(X) > 0.5, two.predict(X))
    assert np.array_equal(two.decision_function(X) > 0, two.predict(X))


def test_a_loss_is_given_zeros_and_ones_of_the_shape_of_out():
    default = classifier().fit(X, NAMES)
    for loss in (nn.softmax_cross_entropy, partial(nn.softmax_cross_entropy, smoothing=0.0)):
        given = classifier(loss=loss).fit(X, NAMES)
        assert np.allclose(given.predict_proba(X), default.predict_proba(X), atol=1e-9)
    smooth = classifier(loss=partial(nn.softmax_cross_entropy, smoothing=0.5)).fit(X, NAMES)
    assert smooth.predict_proba(X).max() < 0.8 < default.predict_proba(X).max()


def test_losses_of_a_regression():
    x = np.zeros((400, 1))
    y = np.random.default_rng(0).exponential(size=400)
    for loss, expected in ((nn.mse, y.mean()), (mae, np.median(y)), (partial(quantile, q=0.9), np.quantile(y, 0.9))):
        fitted = NetworkRegressor(sizes=(), loss=loss, lr=nn.cosine(0.1, 600), epochs=600, batch_size=400).fit(x, y)
        assert abs(fitted.predict(x[:1])[0] - expected) < 0.03


def test_the_first_of_two_outputs_is_the_prediction():
    net = (Copy(2), Parallel((mlp([3, 8, 1], seed=0), mlp([3, 8, 1], seed=1))))
    fitted = regressor(network=net, sizes=(100,), loss=gaussian_nll, validation_fraction=0.2).fit(X, Y[:, 0])
    mean, log_variance = nn.predict(fitted.network_, X)
    assert np.array_equal(fitted.predict(X), mean[:, 0])
    assert log_variance.shape == (47, 1)


def test_the_network_sets_the_dtype():
    narrow = X.astype(np.float32)
    assert {a.dtype.name for a in leaves(regressor().fit(narrow, Y).network_)} == {"float32"}
    assert {a.dtype.name for a in leaves(regressor().fit(X, Y).network_)} == {"float64"}
    net = astype(mlp([3, 5, 2], seed=7), np.float32)
    fitted = regressor(network=net, sizes=(100,)).fit(X, Y)
    assert {a.dtype.name for a in leaves(fitted.network_)} == {"float32"}
    assert fitted.state_ == regressor().fit(narrow, Y).state_
    assert fitted.predict(X).dtype == np.float32
    assert regressor().fit(X.astype(np.float16), Y).predict(X).dtype == np.float64


def test_a_network_without_parameters():
    fitted = regressor(network=Identity(), sizes=(100,), epochs=1).fit(X, X)
    assert np.array_equal(fitted.predict(X), X)
    assert not np.shares_memory(fitted.predict(X), X)
    assert X.flags.writeable


def test_predictions_come_in_blocks_of_rows(monkeypatch):
    fitted = classifier().fit(X, NAMES)
    whole = fitted.predict_proba(X)
    monkeypatch.setattr(rows, "ENTRIES", 12)
    assert np.allclose(fitted.predict_proba(X), whole, atol=1e-12)
    assert np.array_equal(fitted.predict_proba(X), fitted.predict_proba(sparse.csr_array(X)))


def test_a_fit_that_fails_changes_nothing():
    fitted = regressor(warm_start=True).fit(X, Y)
    before = fingerprint(fitted.state_), fitted.predict(X).tobytes()
    with pytest.raises(NotFiniteError, match="train: in step"), np.errstate(all="ignore"):
        fitted.set_params(lr=1e300, optimizer=()).fit(X, Y)
    assert (fingerprint(fitted.state_), fitted.predict(X).tobytes()) == before
    assert fitted.set_params(lr=0.01, optimizer=(nn.Adam(),)).fit(X, Y).state_ == regressor(epochs=60).fit(X, Y).state_


def test_without_warm_start_a_fit_begins_anew():
    fitted = regressor().fit(X, Y)
    assert fitted.fit(X, Y).state_ == regressor().fit(X, Y).state_
    assert fitted.partial_fit(X, Y).state_ == regressor(epochs=31).fit(X, Y).state_
    assert fitted.fit(X[:, :2], Y[:, 0]).n_features_in_ == 2


def test_a_first_call_with_few_of_the_classes():
    fitted = classifier().partial_fit(X[:1], NAMES[:1], classes=["two", "one", "three"])
    assert fitted.classes_.tolist() == ["one", "three", "two"]
    fitted.partial_fit(X[1:9], NAMES[1:9], classes=["one", "three", "two"])
    assert fitted.state_.step == 2


def test_random_states():
    one, two = [regressor(random_state=None).fit(X, Y) for _ in range(2)]
    assert one.seed_ != two.seed_
    generator = np.random.RandomState(3)
    model = regressor(random_state=generator)
    assert model.fit(X, Y).seed_ != model.fit(X, Y).seed_
    assert regressor(random_state=np.int64(5)).fit(X, Y).seed_ == 5


def test_what_is_not_fitted_says_so():
    for method in (regressor().predict, classifier().predict_proba, classifier().decision_function):
        with pytest.raises(NotFittedError, match="instance is not fitted yet"):
            method(X)


def layers_of(mlp):
    """The network of an MLPClassifier or MLPRegressor"""
    dense = [nn.Dense(W, b) for W, b in zip(mlp.coefs_, mlp.intercepts_, strict=True)]
    return (dense[0], nn.Tanh(), *dense[1:])


@pytest.mark.parametrize(
    ("theirs", "ours", "y", "factor"),
    [
        (MLPClassifier, NetworkClassifier, NAMES, 1),
        (MLPClassifier, NetworkClassifier, X[:, 0] > 0, 1),
        (MLPRegressor, NetworkRegressor, Y[:, 0], 0.5),  # half the sum of squared errors over the outputs, not the mean
        (MLPRegressor, NetworkRegressor, np.column_stack([Y[:, 0], X[:, 1]]), 1),
        (MLPRegressor, NetworkRegressor, np.column_stack([Y[:, 0], X[:, 1], X[:, 0]]), 1.5),
    ],
)
@pytest.mark.parametrize("rate", ["constant", "invscaling"])
def test_steps_are_those_of_scikit_learns_own_networks(theirs, ours, y, factor, rate):
    """As docs/sklearn.md says of alpha, of rates, of a regression, and of one output for two classes"""
    first = {"classes": np.unique(y)} if theirs is MLPClassifier else {}
    settings = {"hidden_layer_sizes": (4,), "activation": "tanh", "solver": "sgd", "momentum": 0, "batch_size": 47}
    settings |= {"nesterovs_momentum": False, "alpha": 0.5, "learning_rate_init": 0.1, "random_state": 0}
    mlp = theirs(**settings, learning_rate=rate).partial_fit(X, y, **first)
    schedule = (lambda step: 0.1 * factor / (1 + 47 * (step + 1)) ** 0.5) if rate == "invscaling" else 0.1 * factor
    penalty = L2(0.5 / 47 / factor, where="*.W")
    here = ours(network=layers_of(mlp), optimizer=penalty, lr=schedule, epochs=20, random_state=0).fit(X, y)
    for _ in range(20):
        mlp.partial_fit(X, y)
    pairs = zip(leaves(here.network_), leaves(layers_of(mlp)), strict=True)
    assert all([np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs])


def test_real_data():
    x, y = load_iris(return_X_y=True)
    model = NetworkClassifier(sizes=(20,), hidden=nn.Tanh(), lr=0.01, epochs=100, random_state=0)
    assert model.fit(scale(x), y).score(scale(x), y) > 0.96

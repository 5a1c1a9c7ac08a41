"""What the estimators for scikit-learn predict beside labels and numbers: probabilities and intervals."""

from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn import Tanh, cosine, mlp
from funcnn.curvature import ggnvp
from funcnn.layers import Copy, Parallel
from funcnn.losses import gaussian_nll, hinge, joint, mae, quantile, softmax_focal
from funcnn.trees import astype, from_vector, to_vector

sklearn = pytest.importorskip("sklearn", reason="these are its estimators")
from scipy.special import log_expit, log_softmax  # noqa: E402  scikit-learn stands on it
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402  as just said
from sklearn.datasets import load_iris  # noqa: E402  as just said
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier  # noqa: E402  as just said
from sklearn.linear_model import BayesianRidge  # noqa: E402  as just said
from sklearn.naive_bayes import GaussianNB  # noqa: E402  as just said
from sklearn.preprocessing import scale  # noqa: E402  as just said

from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor, intervals  # noqa: E402  as just said

X, Y = load_iris(return_X_y=True)
X = scale(X)
BITS = np.stack([Y > 0, Y == 2], axis=1).astype(int)
COLUMNS = np.stack([Y, Y > 0], axis=1)


def classifier(**settings):
    return NetworkClassifier(**{"sizes": (8,), "lr": 0.02, "epochs": 60, "random_state": 0} | settings)


ENSEMBLES = {
    "stacking": lambda model: StackingClassifier([("net", model), ("bayes", GaussianNB())], GaussianNB(), cv=3),
    "bagging": lambda model: BaggingClassifier(model, 5, random_state=0),
    "calibration": lambda model: CalibratedClassifierCV(model, cv=3),
    "voting": lambda model: VotingClassifier([("net", model), ("bayes", GaussianNB())]),
}


@pytest.mark.parametrize("loss", [hinge, nn.mse, softmax_focal])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_ensembles_take_any_loss(ensemble, loss):
    fitted = ENSEMBLES[ensemble](classifier(loss=loss)).fit(X, Y)
    assert fitted.score(X, Y) > 0.85


def test_there_are_probabilities_where_the_loss_or_the_network_has_them():
    methods = "predict_proba", "predict_log_proba"
    squashed = (*mlp([4, 3], seed=0), nn.Softmax())
    for settings, has in (
        ({}, True),
        ({"loss": softmax_focal}, True),
        ({"loss": nn.mse}, False),
        ({"loss": nn.mse, "network": squashed, "sizes": (100,)}, True),
        ({"loss": hinge}, False),
    ):
        model = classifier(**settings)
        assert [hasattr(model, method) for method in methods] == [has, has]
        assert [hasattr(model.fit(X, Y), method) for method in methods] == [has, has]
        assert model.decision_function(X).shape == (150, 3)
    by_function = classifier(loss=nn.mse, network=lambda n_in, n_out, seed: squashed, sizes=(100,))
    assert not hasattr(by_function, "predict_proba")  # what the function makes is not known
    assert hasattr(by_function.fit(X, Y).set_params(loss=hinge), "predict_proba")  # the last fit counts


@pytest.mark.parametrize("y", [Y, BITS, COLUMNS, Y > 0])
def test_logarithms_of_probabilities_are_those_of_the_logits(y):
    fitted = classifier().fit(X, y)
    p, log_p = fitted.predict_proba(X), fitted.predict_log_proba(X)
    for of_column, log_of_column in zip(*[a if type(a) is list else [a] for a in (p, log_p)], strict=True):
        assert np.allclose(np.exp(log_of_column), of_column, rtol=1e-12)
    out = nn.predict(fitted.network_, 1e6 * X)
    if y is not COLUMNS:
        expected = log_expit(out) if y is BITS else log_softmax(out, axis=1)
        assert np.allclose(fitted.predict_log_proba(1e6 * X), expected, rtol=1e-12)
        assert fitted.predict_proba(1e6 * X).min() < 1e-300  # of which the logarithm is -inf, or far from the right one


def test_logarithms_of_the_probabilities_of_one_output():
    network = mlp([4, 8, 1], seed=0)
    fitted = classifier(network=network, sizes=(100,)).fit(X, Y > 0)
    out = nn.predict(fitted.network_, 1e6 * X)[:, 0]
    assert np.allclose(fitted.predict_log_proba(1e6 * X), np.stack([log_expit(-out), log_expit(out)], axis=1))
    squashed = classifier(network=(*network, nn.Sigmoid()), sizes=(100,), loss=nn.binary_cross_entropy).fit(X, Y > 0)
    assert np.allclose(squashed.predict_log_proba(X), fitted.predict_log_proba(X), rtol=1e-6)
    assert (squashed.predict_log_proba(1e6 * X) == -np.inf).any()  # without a warning


@pytest.mark.parametrize("y", [Y, BITS, COLUMNS, Y > 0])
def test_what_a_classifier_returns_can_be_written_to(y):
    fitted = classifier(epochs=1).fit(X, y)
    made = [getattr(fitted, f"predict{name}")(X) for name in ("", "_proba", "_log_proba")]
    for result in (*made, fitted.decision_function(X)):
        assert all([a.flags.writeable for a in (result if type(result) is list else [result])])


# Intervals: coverage is compared with the binomial distribution of the number of covered rows, at 4 deviations.

PAIR = Copy(2), Parallel((mlp([1, 20, 1], Tanh(), seed=0), mlp([1, 20, 1], Tanh(), seed=1)))
LEVELS = 0.05, 0.5, 0.95
QUANTILES = joint(*[partial(quantile, q=q) for q in LEVELS])
SETTINGS = {"hidden": Tanh(), "sizes": (20,), "lr": cosine(0.02, 3000), "epochs": 100, "random_state": 0}


def waves(m, seed, *, is_even=True):
    """Rows whose noise has one variance, or one that grows with x"""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(m, 1))
    return x, np.sin(4 * x[:, 0]) + (0.3 if is_even else 0.1 + x[:, 0]) * rng.standard_normal(m)


def assert_covers(model, coverage, *, is_even, **given):
    x, y = waves(3000, 1, is_even=is_even)
    lower, upper = model.predict_interval(x, coverage, **given)
    assert lower.shape == upper.shape == (3000,)
    assert lower.flags.writeable
    assert upper.flags.writeable
    inside = (lower <= y) & (y <= upper)
    assert abs(inside.mean() - coverage) < 4 * np.sqrt(coverage * (1 - coverage) / 3000)
    return x, lower, upper


@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.99])
def test_the_interval_of_mse_covers_rows_held_out(coverage):
    rows = waves(1000, 0)
    assert_covers(NetworkRegressor(**SETTINGS).fit(*rows), coverage, is_even=True, trained_on=rows)


def test_the_interval_of_quantiles_covers_rows_held_out():
    model = NetworkRegressor(**SETTINGS, loss=QUANTILES).fit(*waves(6000, 0, is_even=False))
    x, lower, upper = assert_covers(model, 0.9, is_even=False)
    middle = model.predict(x)
    assert ((lower <= middle) & (middle <= upper)).mean() > 0.99
    width = upper - lower
    assert width[x[:, 0] > 0.8].mean() > 2 * width[x[:, 0] < 0.2].mean()


def test_the_interval_of_gaussian_nll_covers_rows_held_out():
    settings = SETTINGS | {"network": PAIR, "loss": gaussian_nll}
    del settings["sizes"], settings["hidden"]
    model = NetworkRegressor(**settings).fit(*waves(6000, 0, is_even=False))
    x, lower, upper = assert_covers(model, 0.8, is_even=False)
    assert np.allclose((lower + upper) / 2, model.predict(x))


def test_the_interval_of_a_line_is_that_of_bayesian_regression():
    """A network without hidden layers is its linear part; scikit-learn maximises the same evidence without a bias."""
    rng = np.random.default_rng(0)
    x = np.c_[rng.standard_normal((40, 3)), np.ones(40)]
    y = x @ [1.0, -2.0, 0.5, 3.0] + rng.standard_normal(40)
    line = nn.Dense(np.zeros((4, 1)), None)
    model = NetworkRegressor(network=line, lr=0.1, epochs=2000, random_state=0).fit(x, y)
    lower, upper = model.predict_interval(x, 0.9, trained_on=(x, y))
    flat = {"alpha_1": 0, "alpha_2": 0, "lambda_1": 0, "lambda_2": 0}
    expected = BayesianRidge(fit_intercept=False, tol=1e-12, max_iter=1000, **flat).fit(x, y)
    _, deviation = expected.predict(x, return_std=True)
    ratio = (upper - lower) / deviation
    assert np.ptp(ratio) < 1e-3 * ratio.mean()
    assert np.isclose(ratio.mean() / 2, 1.688, rtol=0.02)  # Student's quantile for about 36 degrees of freedom


def test_slopes_make_the_gauss_newton_matrix(monkeypatch):
    monkeypatch.setattr(intervals, "ROWS", 7)
    net, (x, y) = mlp([1, 3, 2], Tanh(), seed=0), waves(20, 0)
    J = [np.concatenate([J for _, J, _ in intervals._linear(net, x, column)]) for column in range(2)]
    v = np.arange(to_vector(net).size) - 5.0
    product = ggnvp(nn.mse, bound=False)(net, x, np.stack([y, y], axis=1), from_vector(net, v)).value
    assert np.allclose(to_vector(product), sum([j.T @ (j @ v) for j in J]) / 20)


def test_intervals_of_several_columns_have_the_shape_of_y():
    x, y = waves(200, 0)
    two = np.stack([y, 100 * y + 7], axis=1)
    model = NetworkRegressor(**SETTINGS | {"epochs": 3}, loss=QUANTILES, warm_start=True).fit(x, two)
    lower, upper = model.fit(x, two).predict_interval(x)
    assert lower.shape == upper.shape == model.predict(x).shape == (200, 2)
    assert np.array_equal(model.predict(x), nn.predict(model.network_, x)[:, 2:4])
    others = joint(*[partial(quantile, q=q) for q in (0.4, 0.05, 0.95)])
    assert np.array_equal(model.set_params(loss=others).fit(x, two).predict(x), nn.predict(model.network_, x)[:, :2])
    model.set_params(loss=QUANTILES).fit(x, two)
    assert (lower <= upper).all()
    linear = NetworkRegressor(network=astype(mlp([1, 2], seed=0), np.float32), lr=1.0, epochs=1000).fit(x, two)
    lower, upper = linear.predict_interval(x, trained_on=(x, two))
    assert np.allclose((upper - lower)[:, 1], 100 * (upper - lower)[:, 0], rtol=0.05)


def test_the_interval_of_a_table_with_categories():
    x, y = waves(300, 0)
    table = np.concatenate([x, np.arange(300)[:, None] % 3], axis=1)
    y = y + table[:, 1]
    model = NetworkRegressor(**SETTINGS | {"epochs": 20}, categories=[1]).fit(table, y)
    lower, upper = model.predict_interval(table, trained_on=(table, y))
    assert 0.8 < ((lower <= y) & (y <= upper)).mean() < 1


def test_the_first_of_joint_losses_predicts():
    x, y = waves(100, 0)
    model = NetworkRegressor(**SETTINGS | {"epochs": 3}, loss=joint(mae, nn.mse)).fit(x, y)
    assert np.array_equal(model.predict(x), nn.predict(model.network_, x)[:, 0])


def test_a_network_that_fits_every_row_gives_wide_intervals():
    """All degrees of freedom are used, so the variance of the noise is not known."""
    x, y = waves(10, 0)
    model = NetworkRegressor((200,), lr=0.01, epochs=2000, random_state=0).fit(x, y)
    lower, upper = model.predict_interval(x, trained_on=(x, y))
    assert np.isfinite(lower).all()
    assert (upper > lower).all()
    constant = NetworkRegressor(network=nn.Dense(np.zeros((1, 1)), None), lr=0.0, epochs=1).fit(0 * x, 0 * y)
    assert np.array_equal(constant.predict_interval(0 * x, trained_on=(0 * x, 0 * y)), np.zeros((2, 10)))

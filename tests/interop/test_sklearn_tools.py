"""The estimators inside scikit-learn: records as settings, searches, routing, displays, ensembles, other processes."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

from funcnn import Adam, Dropout, Momentum, Relu, Tanh, cosine, mlp, mse
from funcnn.optimizers import AdamW

sklearn = pytest.importorskip("sklearn", reason="these are its tools")
joblib = pytest.importorskip("joblib", reason="it hashes settings")
from sklearn import config_context  # noqa: E402  scikit-learn may be absent
from sklearn.base import clone  # noqa: E402  as just said
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402  as just said
from sklearn.datasets import load_iris, make_moons  # noqa: E402  as just said
from sklearn.ensemble import BaggingClassifier, StackingRegressor, VotingClassifier  # noqa: E402  as just said
from sklearn.experimental import enable_halving_search_cv  # noqa: E402, F401  which makes the search importable
from sklearn.inspection import DecisionBoundaryDisplay, permutation_importance  # noqa: E402  as just said
from sklearn.linear_model import LinearRegression  # noqa: E402  as just said
from sklearn.metrics import accuracy_score, make_scorer  # noqa: E402  as just said
from sklearn.model_selection import (  # noqa: E402  as just said
    GridSearchCV,
    HalvingGridSearchCV,
    LearningCurveDisplay,
    ParameterGrid,
    ValidationCurveDisplay,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multioutput import ClassifierChain  # noqa: E402  as just said
from sklearn.pipeline import make_pipeline  # noqa: E402  as just said
from sklearn.preprocessing import StandardScaler, scale  # noqa: E402  as just said

from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor  # noqa: E402  as just said

X, Y = make_moons(60, noise=0.1, random_state=0)
NET = mlp([2, 4, 2], seed=3)


def network_of(n_in, n_out, seed):
    return (*mlp([n_in, 6], seed=seed), Tanh(), Dropout(0.1, seed=seed), *mlp([6, n_out], seed=(seed, 1)))


SETTINGS = [
    {},
    {"sizes": (4, 3), "hidden": Tanh(), "optimizer": Momentum(), "lr": cosine(0.1, 90), "loss": mse},
    {"network": NET, "optimizer": (AdamW(), Momentum())},
    {"network": network_of, "class_weight": {0: 2.0}},
]


def classifier(**settings):
    return NetworkClassifier(**{"epochs": 5, "lr": 0.03, "batch_size": 20, "random_state": 0} | settings)


@pytest.mark.parametrize("settings", SETTINGS)
def test_records_are_settings(settings):
    model = classifier(**settings)
    other = clone(model)
    assert other.get_params() == model.get_params()
    assert joblib.hash(other) == joblib.hash(model)
    fitted = model.fit(X, Y)
    for back in (pickle.loads(pickle.dumps(fitted)), other.fit(X, Y)):
        assert back.state_ == fitted.state_
        assert np.array_equal(back.decision_function(X), fitted.decision_function(X))
    assert clone(fitted).__dict__.keys() == classifier().__dict__.keys()
    thawed = pickle.loads(pickle.dumps(classifier(**settings, warm_start=True).fit(X, Y))).fit(X, Y)
    assert thawed.state_ == classifier(**settings | {"epochs": 10}).fit(X, Y).state_


def test_equal_settings_have_equal_hashes():
    """So that joblib.Memory finds what it has computed before"""
    one, two = [mlp([2, 4, 2], seed=3) for _ in range(2)]
    again = pickle.loads(pickle.dumps(one))
    assert joblib.hash(one) == joblib.hash(two) == joblib.hash(again)
    assert joblib.hash(one) != joblib.hash(mlp([2, 4, 2], seed=4))
    assert joblib.hash(Adam()) == joblib.hash(Adam(b1=0.9)) != joblib.hash(Adam(b1=0.8))


def test_an_estimator_shows_its_settings():
    text = repr(classifier(hidden=Tanh(), optimizer=Momentum(beta=0.5), network=None))
    assert text.startswith("NetworkClassifier(batch_size=20, epochs=5, hidden=Tanh(),")
    assert "beta=0.5" in text
    assert repr(NetworkRegressor()) == "NetworkRegressor()"
    assert "Dense(W=" in repr(classifier(network=NET))
    assert "NetworkClassifier" in make_pipeline(StandardScaler(), classifier(network=NET))._repr_html_()


GRID = {
    "hidden": [Relu(), Tanh(), (Relu(), Dropout(0.1, seed=0))],
    "optimizer": [Momentum(), (Momentum(), Momentum())],
    "lr": [0.01, cosine(0.05, 30)],
}


def test_a_grid_of_records():
    search = GridSearchCV(classifier(sizes=(4,)), GRID, cv=2, error_score="raise").fit(X, Y)
    assert len(search.cv_results_["params"]) == len(ParameterGrid(GRID)) == 12
    assert [search.best_params_[name] in GRID[name] for name in GRID] == [True] * 3
    best = search.best_params_
    assert search.best_estimator_.state_ == classifier(sizes=(4,), **best).fit(X, Y).state_
    table = pytest.importorskip("pandas", reason="it groups the results").DataFrame(search.cv_results_)
    assert table.groupby("param_hidden", sort=False).size().tolist() == [4, 4, 4]
    assert table.groupby("param_optimizer", sort=False)["mean_test_score"].mean().size == 2


def test_a_grid_of_networks():
    nets = [NET, mlp([2, 3, 3, 2], seed=1), network_of]
    search = GridSearchCV(classifier(), {"network": nets}, cv=2, error_score="raise").fit(X, Y)
    assert list(search.cv_results_["param_network"]) == nets
    assert search.best_params_["network"] in nets


def test_a_halving_search_doubles_the_epochs():
    search = HalvingGridSearchCV(
        classifier(), {"hidden": GRID["hidden"]}, resource="epochs", min_resources=2, max_resources=8, factor=2, cv=2
    )
    search.fit(X, Y)
    assert search.n_resources_ == [2, 4]
    assert search.best_params_["hidden"] in GRID["hidden"]


def test_a_setting_inside_a_pipeline():
    pipe = make_pipeline(StandardScaler(), classifier())
    search = GridSearchCV(pipe, {"networkclassifier__hidden": [Relu(), Tanh()]}, cv=2, error_score="raise").fit(X, Y)
    assert search.best_estimator_.score(X, Y) > 0.5
    assert pipe.set_params(networkclassifier__optimizer=Momentum())[-1].optimizer == Momentum()


def test_weights_are_routed():
    weight = np.random.default_rng(0).random(60)
    with config_context(enable_metadata_routing=True):
        model = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scores = cross_val_score(model, X, Y, cv=2, params={"sample_weight": weight})
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        search = GridSearchCV(pipe, {"networkclassifier__lr": [0.03]}, cv=2, scoring=scorer, error_score="raise")
        search.fit(X, Y, sample_weight=weight)
    by_hand = classifier().fit(scale(X), Y, sample_weight=weight)
    assert search.best_estimator_[-1].loss_curve_ == by_hand.loss_curve_ != classifier().fit(scale(X), Y).loss_curve_
    assert len(scores) == 2
    with config_context(enable_metadata_routing=True):
        model.set_partial_fit_request(classes=True, sample_weight=True)


@pytest.fixture
def axes():
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="it draws")
    pyplot.switch_backend("Agg")
    figure, axes = pyplot.subplots()
    yield axes
    pyplot.close(figure)


def test_displays(axes):
    model = classifier(epochs=2)
    shown = LearningCurveDisplay.from_estimator(model, X, Y, train_sizes=[0.5, 1.0], cv=2, ax=axes)
    assert shown.test_scores.shape == (2, 2)
    shown = ValidationCurveDisplay.from_estimator(model, X, Y, param_name="epochs", param_range=[1, 3], cv=2, ax=axes)
    assert np.isfinite(shown.test_scores).all()


@pytest.mark.parametrize("method", ["auto", "predict", "predict_proba", "decision_function"])
def test_decision_boundaries(axes, method):
    fitted = classifier(epochs=30).fit(X, Y)
    shown = DecisionBoundaryDisplay.from_estimator(fitted, X, response_method=method, ax=axes, grid_resolution=20)
    assert shown.response.shape == (20, 20)
    iris = load_iris()
    three = classifier(epochs=30).fit(iris.data[:, :2], iris.target)
    shown = DecisionBoundaryDisplay.from_estimator(three, iris.data[:, :2], ax=axes, grid_resolution=20)
    assert set(np.unique(shown.response)) <= {0, 1, 2} or shown.response.shape == (20, 20, 3)


def test_ensembles_and_wrappers():
    model = classifier(epochs=60)
    assert BaggingClassifier(model, 2, random_state=0).fit(X, Y).score(X, Y) > 0.8
    assert CalibratedClassifierCV(model, cv=2).fit(X, Y).predict_proba(X).shape == (60, 2)
    assert VotingClassifier([("a", model), ("b", classifier(sizes=()))], voting="soft").fit(X, Y).score(X, Y) > 0.8
    stack = StackingRegressor([("net", NetworkRegressor(epochs=5)), ("line", LinearRegression())], cv=2)
    assert stack.fit(X, X[:, 0]).predict(X).shape == (60,)
    assert ClassifierChain(model).fit(X, np.stack([Y, 1 - Y], axis=1)).predict(X).shape == (60, 2)
    assert cross_val_predict(model, X, Y, cv=2, method="predict_proba").shape == (60, 2)
    importance = permutation_importance(model.fit(X, Y), X, Y, n_repeats=2, random_state=0)
    assert importance.importances_mean.shape == (2,)


def test_names_of_columns_are_kept():
    table = pytest.importorskip("pandas", reason="it names columns").DataFrame(X, columns=["a", "b"])
    fitted = classifier().fit(table, Y)
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(table[["b", "a"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        fitted.predict(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.predict(table)


SCRIPT = '''
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.datasets import make_moons

import funcnn as nn
from funcnn.interop.sklearn import NetworkClassifier


@nn.record
class Swell(nn.Elementwise):
    """out = x + share x^3"""

    share: float = 0.5

    def value(self, x):
        return x + self.share * x**3

    def slope(self, kept):
        return 1 + 3 * self.share * kept**2


def error(out, y):
    return nn.mse(out, y)


def network(n_in, n_out, seed):
    return (nn.Dense.init(n_in, 4, seed=(seed, 0)), Swell(0.2), nn.Dense.init(4, n_out, seed=(seed, 1)))


if __name__ == "__main__":
    X, y = make_moons(60, noise=0.1, random_state=0)
    model = NetworkClassifier(epochs=4, lr=0.01, random_state=0)
    grid = [{"sizes": [(4,)], "hidden": [Swell(0.1), Swell(0.9)], "loss": [None, error]}, {"network": [network]}]
    one, two = [GridSearchCV(model, grid, n_jobs=n, cv=2, error_score="raise").fit(X, y) for n in (1, 2)]
    assert (one.cv_results_["mean_test_score"] == two.cv_results_["mean_test_score"]).all()
    assert one.best_estimator_.state_ == two.best_estimator_.state_
    assert type(two.best_estimator_.network_[1]) is Swell
    half = HalvingGridSearchCV(model, grid[0], resource="epochs", min_resources=2, max_resources=8, n_jobs=2, cv=2)
    assert half.fit(X, y).best_params_["hidden"] in grid[0]["hidden"]
'''


@pytest.mark.unwatched
def test_a_search_in_two_processes_with_a_layer_of_a_script(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")
    command = [sys.executable, "-W", "error", tmp_path / "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""How a fit of the estimators for scikit-learn ends: at Ctrl-C, by a score of held-out rows, and from a folder."""

import sys
import warnings
from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn.errors import NotFiniteError
from funcnn.files import fingerprint
from funcnn.optimizers import AdamW, ClipNorm
from funcnn.schedules import polynomial

sklearn = pytest.importorskip("sklearn", reason="these are its estimators")
from scipy import sparse  # noqa: E402  scikit-learn stands on it
from sklearn import config_context  # noqa: E402  as just said
from sklearn.base import clone  # noqa: E402  as just said
from sklearn.compose import TransformedTargetRegressor  # noqa: E402  as just said
from sklearn.ensemble import BaggingRegressor  # noqa: E402  as just said
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning, NotFittedError  # noqa: E402  as just said
from sklearn.metrics import accuracy_score, make_scorer  # noqa: E402  as just said
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split  # noqa: E402  as just said
from sklearn.multioutput import RegressorChain  # noqa: E402  as just said
from sklearn.pipeline import make_pipeline  # noqa: E402  as just said
from sklearn.preprocessing import StandardScaler, scale  # noqa: E402  as just said

from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor, course, keeping  # noqa: E402  as just said

random = np.random.default_rng(0)
X = random.standard_normal((40, 3))
Y = X[:, 0] - X[:, 1] ** 2 + random.standard_normal(40)
NAMES = np.array(["one", "two", "three"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
COMMON = {"sizes": (5,), "lr": 0.02, "batch_size": 10, "epochs": 12, "random_state": 7}
HELD_OUT = {"validation_fraction": 0.25, "patience": 6, "scoring": "r2"}
regressor = lambda **settings: NetworkRegressor(**COMMON | settings)
classifier = lambda **settings: NetworkClassifier(**COMMON | settings)


def same(one, other):
    """Two fits are equal, bit for bit."""
    curves = [(fitted.loss_curve_, fitted.validation_curve_) for fitted in (one, other)]
    return fingerprint(one.state_) == fingerprint(other.state_) and curves[0] == curves[1]


@pytest.fixture
def steps(monkeypatch):
    """The steps that fits make; Ctrl-C comes in step `at`, or in the one that follows `after` steps."""

    class Steps(list):
        at, after = None, -1

    made = Steps()

    def run(*given):
        for state in nn.train(*given):
            if state.step == made.at or len(made) == made.after:
                made.at, made.after = None, -1
                raise KeyboardInterrupt
            made.append(state.step)
            yield state

    monkeypatch.setattr(course, "train", run)
    monkeypatch.setattr(keeping, "SHARE", 0)  # each epoch is saved
    return made


# Ctrl-C.


@pytest.mark.parametrize("settings", [{}, HELD_OUT, {"validation_fraction": 0.25}])
def test_ctrl_c_keeps_the_last_whole_epoch_and_a_warm_start_goes_on_from_it(steps, settings):
    whole, model = regressor(**settings).fit(X, Y), regressor(**settings, warm_start=True)
    per_epoch = whole.state_.step // whole.n_iter_
    steps.at = 5 * per_epoch + 2
    with pytest.warns(ConvergenceWarning, match=r"^NetworkRegressor.fit: interrupted after 5 of 12 epochs; the steps"):
        model.fit(X, Y)
    assert same(model, regressor(**settings, epochs=5).fit(X, Y))
    assert same(model.set_params(epochs=7).fit(X, Y), whole)


def test_ctrl_c_in_the_first_epoch_is_raised_since_there_is_nothing_to_keep(steps):
    model = classifier()
    steps.at = 2
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, NAMES)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize(
    ("at", "act"),
    [
        (9, lambda: GridSearchCV(regressor(), {"lr": [0.1, 0.2]}, cv=2).fit(X, Y)),
        (9, lambda: cross_val_score(regressor(), X, Y, cv=2)),
        (9, lambda: BaggingRegressor(regressor(), 2).fit(X, Y)),
        (9, lambda: RegressorChain(regressor()).fit(X, np.stack([Y, Y], axis=1))),  # a loop without joblib
        (
            6,
            lambda: GridSearchCV(make_pipeline(regressor(epochs=2)), {}, cv=2).fit(X, Y),
        ),  # in the last fit, of all rows
    ],
)
def test_ctrl_c_stops_a_search_as_a_whole(steps, at, act):
    steps.at = at
    with pytest.raises(KeyboardInterrupt):
        act()


def test_the_warning_is_at_the_line_of_the_call_and_a_failed_fit_leaves_the_older_one(steps):
    for model, y in ((regressor(), Y), (classifier(), NAMES)):
        steps.at = 9
        with pytest.warns(ConvergenceWarning) as caught:
            model.fit(X, y)
        assert caught[0].filename == __file__
        before, prediction = vars(model).copy(), model.predict(X)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            model.fit(X[:, :2], y[:9])
        with pytest.raises(ValueError, match="X has 2 features"):
            model.partial_fit(X[:, :2], y)
        steps.at = 1
        with pytest.raises(KeyboardInterrupt):
            model.fit(X[:, :2], y)
        assert vars(model) == before
        assert np.array_equal(model.predict(X), prediction)


def test_ctrl_c_in_a_target_that_is_transformed_keeps_the_network(steps):
    steps.at = 9
    with pytest.warns(ConvergenceWarning, match="after 2 of 12 epochs"):
        whole = TransformedTargetRegressor(regressor()).fit(X, Y)
    assert same(whole.regressor_, regressor(epochs=2).fit(X, Y))


def test_ctrl_c_in_a_pipeline_keeps_the_network(steps):
    steps.at = 9
    with pytest.warns(ConvergenceWarning, match="after 2 of 12 epochs"):
        pipe = make_pipeline(StandardScaler(), regressor()).fit(X, Y)
    assert same(pipe[-1], regressor(epochs=2).fit(scale(X), Y))


# A bar.


def test_a_bar_is_drawn_if_verbose(capsys):
    pytest.importorskip("tqdm", reason="it draws the bar")
    assert same(
        regressor(verbose=1, patience=3, validation_fraction=0.25).fit(X, Y),
        regressor(patience=3, validation_fraction=0.25).fit(X, Y),
    )
    assert "cost" in capsys.readouterr().err
    regressor(verbose=0).fit(X, Y)
    assert capsys.readouterr().err == ""


def test_without_tqdm_a_bar_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="which progress needs; write pip install"):
        regressor(verbose=True).fit(X, Y)


# A folder.

WAYS = {
    "labels": lambda **more: classifier(**more).fit(X, NAMES),
    "weights": lambda **more: classifier(**more, class_weight="balanced").fit(X, NAMES, sample_weight=abs(Y)),
    "float32": lambda **more: regressor(**more).fit(X.astype(np.float32), Y),
    "sparse rows": lambda **more: regressor(**more).fit(sparse.csr_array(X), Y),
    "early stopping": lambda **more: regressor(**HELD_OUT, **more).fit(X, Y),
    "rows of one's own": lambda **more: regressor(**more, patience=3).fit(X, Y, X_val=X[:9], y_val=Y[:9]),
    "states": lambda **more: regressor(**more, optimizer=(ClipNorm(1.0), nn.Adam())).fit(X, Y),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fit_that_was_kept_is_made_of_its_file(way, tmp_path, steps):
    fit = WAYS[way]
    plain, kept = fit(), fit(memory=tmp_path)
    steps.clear()
    again = fit(memory=str(tmp_path), verbose=True)
    assert steps == []
    assert same(plain, kept)
    assert same(plain, again)
    assert np.array_equal(again.predict(X), plain.predict(X))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_fit_that_was_interrupted_goes_on_from_its_file(tmp_path, steps):
    for settings in ({}, HELD_OUT):
        model = regressor(**settings, memory=tmp_path / "new" / "folder")
        whole = clone(model).set_params(memory=None).fit(X, Y)
        steps.at = 4 * (per_epoch := whole.state_.step // whole.n_iter_) + 1
        with pytest.warns(ConvergenceWarning, match="after 4 of 12"):
            model.fit(X, Y)
        steps.clear()
        assert same(model.fit(X, Y), whole)
        assert steps == list(range(4 * per_epoch + 1, whole.state_.step + 1))


def test_a_search_that_was_interrupted_computes_what_is_missing(tmp_path, steps):
    grid = {"hidden": [nn.Relu(), nn.Tanh()], "lr__lr": [0.01, 0.03]}
    search = lambda **more: GridSearchCV(regressor(lr=nn.cosine(0.1, 24), **more), grid, cv=2, refit=False)
    whole = search().fit(X, Y).cv_results_
    number = len(steps)
    steps.clear()
    steps.after = 3 * 24 + 14  # three fits and seven epochs of two steps
    with pytest.raises(KeyboardInterrupt):
        search(memory=tmp_path).fit(X, Y)
    resumed = search(memory=tmp_path).fit(X, Y).cv_results_
    assert np.array_equal(resumed["mean_test_score"], whole["mean_test_score"])
    assert len(steps) == number == 8 * 24


def loss(out, y, weight=None):
    return nn.mse(out, y, weight)


def test_the_file_depends_on_all_that_determines_a_fit_and_on_nothing_else(tmp_path):
    fit = lambda X=X, y=Y, weight=None, **settings: (
        regressor(epochs=1, memory=tmp_path).set_params(**settings).fit(X, y, weight)
    )
    count = lambda: len(list(tmp_path.iterdir()))
    alike = (
        {},
        {"verbose": 2},
        {"lr": 0.02},
        {"X": X.copy()},
        {"X": np.asfortranarray(X)},
        {"y": Y.tolist()},
        {"hidden": nn.Relu()},
        {"warm_start": True},
        {"optimizer": nn.Adam()},
        {"lr": nn.cosine(0.3, 9)},
    )
    for settings in alike:
        fit(**settings)
    assert count() == 2  # the last one is of a schedule
    fit(lr=nn.cosine(0.3, 9))
    assert count() == 2
    others = (
        {"lr": 0.03},
        {"lr": nn.cosine(0.3, 8)},
        {"lr": lambda step: 0.3},
        {"lr": lambda step: 0.4},
        {"optimizer": nn.Adam(b1=0.8)},
        {"random_state": 8},
        {"batch_size": 11},
        {"epochs": 2},
        {"hidden": nn.Tanh()},
        {"loss": loss},
        {"loss": partial(loss, weight=None)},
        {"validation_fraction": 0.25},
        {"validation_fraction": 0.25, "scoring": "r2"},
        {"validation_fraction": 0.25, "patience": 1},
        {"validation_fraction": 0.25, "patience": 1, "tol": 0.1},
        {"X": X + 1},
        {"X": X.astype(np.float32)},
        {"y": Y + 1},
        {"weight": abs(Y)},
    )
    for i, settings in enumerate(others, 3):
        fit(**settings)
        assert count() == i, settings


def test_a_fit_whose_end_is_not_finite_is_not_kept(tmp_path):
    model = regressor(lr=1e200, optimizer=(), epochs=1, batch_size=40, memory=tmp_path)
    for _ in range(2):
        with pytest.raises(NotFiniteError), np.errstate(all="ignore"):
            model.fit(X, Y * 1e200)


def test_a_warm_start_and_calls_of_partial_fit_are_kept_too(tmp_path, steps):
    def fits(**more):
        model = regressor(epochs=2, warm_start=True, **more).fit(X, Y).fit(X, Y)
        return model.partial_fit(X, Y)

    plain, kept = fits(), fits(memory=tmp_path)
    steps.clear()
    assert same(fits(memory=tmp_path), kept)
    assert same(plain, kept)
    assert steps == []


# The training cost.


def test_without_rows_held_out_patience_counts_epochs_without_a_lower_training_cost(tmp_path, steps):
    settings = {"lr": 0.05, "patience": 2, "tol": 0.02, "epochs": 300}
    stopped = regressor(**settings).fit(X, Y)
    lowest, waited = np.inf, 0
    for n, cost in enumerate(stopped.loss_curve_, 1):
        waited = 0 if cost < lowest - 0.02 else waited + 1
        lowest = cost if waited == 0 else lowest
        assert (waited == 2) == (n == stopped.n_iter_)
    assert 3 < stopped.n_iter_ < 300
    assert same(stopped, regressor(lr=0.05, epochs=stopped.n_iter_).fit(X, Y))  # the last network is kept
    assert stopped.network_ == stopped.state_.params
    kept = regressor(**settings, memory=tmp_path)
    steps.at = 4 * (stopped.n_iter_ - 1) + 1
    with pytest.warns(ConvergenceWarning, match=f"after {stopped.n_iter_ - 1} of 300"):
        kept.fit(X, Y)
    assert same(kept.fit(X, Y), stopped)
    steps.clear()
    assert same(kept.fit(X, Y), stopped)
    assert steps == []


def test_a_training_cost_whose_state_is_not_finite_does_not_stop_a_fit():
    with pytest.raises(NotFiniteError), np.errstate(all="ignore"):
        regressor(lr=1e300, optimizer=(), batch_size=40, patience=1).fit(X, Y)


# Rows of validation, scorers and the least improvement.


def test_rows_of_validation_of_ones_own():
    kept, apart = train_test_split(np.arange(40), test_size=0.25, random_state=7)
    settings = {"patience": 4, "epochs": 60, "lr": 0.1}
    own = regressor(**settings).fit(X[kept], Y[kept], X_val=X[apart], y_val=Y[apart])
    assert same(own, regressor(**settings, validation_fraction=0.25).fit(X, Y))
    assert own.n_iter_ == int(np.argmin(own.validation_curve_)) + 1 + 4 < 60
    curve = regressor().fit(X[kept], Y[kept], X_val=X[apart], y_val=Y[apart].tolist()).validation_curve_
    assert len(curve) == 12
    names = classifier().fit(X, NAMES, X_val=X[:9], y_val=NAMES[:9])
    assert np.isclose(
        names.validation_curve_[-1],
        -np.log(names.predict_proba(X[:9])[np.arange(9), np.searchsorted(names.classes_, NAMES[:9])]).mean(),
    )


@pytest.mark.parametrize("scoring", ["accuracy", make_scorer(accuracy_score), lambda model, X, y: model.score(X, y)])
def test_a_scorer_decides_when_to_stop_and_which_network_is_kept(scoring):
    settings = {"scoring": scoring, "lr": 0.05}
    stopped = classifier(**settings, patience=3, epochs=100).fit(X[:25], NAMES[:25], X_val=X[25:], y_val=NAMES[25:])
    curve = stopped.validation_curve_
    best = int(np.argmax(curve))
    assert stopped.n_iter_ == len(curve) == best + 1 + 3 < 100
    assert stopped.score(X[25:], NAMES[25:]) == curve[best]
    plain = [classifier(lr=0.05, epochs=n).fit(X[:25], NAMES[:25]) for n in (1, 2)]
    assert curve[:2] == [model.score(X[25:], NAMES[25:]) for model in plain]
    assert stopped.network_ == classifier(lr=0.05, epochs=best + 1).fit(X[:25], NAMES[:25]).network_


def test_a_scorer_is_given_rows_as_the_fit_was():
    seen = []

    def scoring(model, X, y):
        seen.append((type(X).__name__, list(y), model.predict(X).shape))
        return 0.0

    pandas = pytest.importorskip("pandas", reason="it is its table")
    frame = pandas.DataFrame(X, columns=list("abc"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(scoring=scoring, epochs=1).fit(
            frame[9:], NAMES[9:].tolist(), X_val=frame[:9], y_val=NAMES[:9].tolist()
        )
        classifier(scoring=scoring, epochs=1, validation_fraction=0.25).fit(frame, NAMES.tolist())
    assert seen[0] == ("DataFrame", NAMES[:9].tolist(), (9,))
    assert (seen[1][0], len(seen[1][1])) == ("DataFrame", 10)


def test_improvements_of_at_most_tol_do_not_count():
    settings = {"validation_fraction": 0.25, "patience": 3, "epochs": 100}
    exact, coarse = regressor(**settings).fit(X, Y), regressor(**settings, tol=0.1).fit(X, Y)
    lowest, waited = np.inf, 0
    for n, cost in enumerate(coarse.validation_curve_, 1):
        waited = 0 if cost < lowest - 0.1 else waited + 1
        lowest = cost if waited == 0 else lowest
        assert (waited == 3) == (n == coarse.n_iter_)
    assert coarse.n_iter_ < exact.n_iter_


def test_scores_are_taken_after_whole_epochs_of_each_fit(tmp_path):
    """Earlier fits may have had epochs of other lengths"""
    for memory in (None, tmp_path, tmp_path):
        model = regressor(lr=0.0, validation_fraction=0.25, patience=1, epochs=1, warm_start=True, memory=memory)
        assert model.fit(X, Y).state_.step == 3
        model.set_params(epochs=5).fit(X[:27], Y[:27])  # of two steps an epoch
        assert (model.state_.step, model.state_.waited, model.n_iter_) == (5, 1, 2)
        assert len(model.loss_curve_) == len(model.validation_curve_) == 2
    model = regressor(warm_start=True).partial_fit(X[:10], Y[:10])  # a step
    model.set_params(validation_fraction=0.25, patience=12).fit(X, Y)
    assert (model.state_.step, len(model.validation_curve_)) == (1 + 12 * 3, 12)
    assert (model.state_.best.step - 1) % 3 == 0


def test_rows_of_validation_are_routed_through_a_pipeline():
    with config_context(enable_metadata_routing=True):
        model = regressor(patience=3, epochs=60).set_fit_request(X_val=True, y_val=True)
        pipe = make_pipeline(StandardScaler(), model, transform_input=["X_val"])
        pipe.fit(X[:30], Y[:30], X_val=X[30:], y_val=Y[30:])
        search = GridSearchCV(pipe, {"networkregressor__lr": [0.1]}, cv=2, error_score="raise", refit=False)
        search.fit(X[:30], Y[:30], X_val=X[30:], y_val=Y[30:])
    scaler = StandardScaler().fit(X[:30])
    by_hand = regressor(patience=3, epochs=60)
    by_hand.fit(scaler.transform(X[:30]), Y[:30], X_val=scaler.transform(X[30:]), y_val=Y[30:])
    assert same(pipe[-1], by_hand)


@pytest.mark.parametrize("scoring", ["r2", lambda model, X, y, sample_weight=None: model.score(X, y, sample_weight)])
def test_a_scorer_is_given_the_weights_of_the_rows_held_out(scoring):
    settings = {"validation_fraction": 0.25, "scoring": scoring, "epochs": 1}
    weight = abs(Y)
    fitted = regressor(**settings).fit(X, Y, sample_weight=weight)
    apart = train_test_split(np.arange(40), test_size=0.25, random_state=7)[1]
    assert fitted.validation_curve_ == [fitted.score(X[apart], Y[apart], weight[apart])]
    assert fitted.validation_curve_ != [fitted.score(X[apart], Y[apart])]
    alone = regressor(**settings | {"scoring": lambda model, X, y: model.score(X, y)}).fit(X, Y, sample_weight=weight)
    assert alone.validation_curve_ == [fitted.score(X[apart], Y[apart])]


def test_scores_that_are_all_nan_are_said():
    settings = {"validation_fraction": 0.25, "scoring": lambda model, X, y: np.nan, "patience": 2}
    with pytest.warns(RuntimeWarning, match="^NetworkRegressor.fit: the last network is kept, since all scores of"):
        fitted = regressor(**settings).fit(X, Y)
    assert (fitted.n_iter_, fitted.network_) == (2, fitted.state_.params)
    fitted.set_params(warm_start=True, scoring="r2", epochs=3).fit(X, Y)
    assert fitted.network_ == fitted.state_.best.params


# Words of searches.


def test_words_name_settings_inside_of_settings():
    model = classifier(
        optimizer=(ClipNorm(1.0), AdamW()),
        lr=nn.one_cycle(0.1, 48),
        hidden=(nn.Relu(), nn.Dropout(0.1, seed=0)),
        loss=partial(nn.softmax_cross_entropy, smoothing=0.1),
    )
    words = model.get_params()
    assert words["optimizer__1__decay"] == words["optimizer__1"].decay == 0.01
    assert (words["lr__up"], words["hidden__1__rate"], words["loss__smoothing"]) == (0.45, 0.1, 0.1)
    assert not [word for word in words if "memory__" in word or word.endswith(("__t", "__seed"))]
    changes = {"optimizer__1__decay": 0.2, "lr__start": 0.03, "hidden__1__rate": 0.3, "loss__smoothing": 0.2}
    other = clone(model).set_params(**changes)
    assert {word: other.get_params()[word] for word in changes} == changes
    assert (other.optimizer, other.lr) == ((ClipNorm(1.0), AdamW(decay=0.2)), nn.one_cycle(0.1, 48, start=0.03))
    assert model.get_params() == words  # the values are replaced, not changed
    ramp = regressor(lr=nn.warm_up(nn.cosine(0.1, 9), 3)).set_params(lr__schedule__lr=0.3, lr__steps=4)
    assert ramp.lr == nn.warm_up(nn.cosine(0.3, 9), 4)


def test_a_tuple_of_one_optimizer_has_its_words():
    assert NetworkClassifier().set_params(optimizer__b1=0.5).optimizer == (nn.Adam(b1=0.5),)
    assert NetworkClassifier().set_params(optimizer__0__b1=0.5).optimizer == (nn.Adam(b1=0.5),)
    assert NetworkClassifier().get_params()["optimizer__b1"] == 0.9


def test_a_search_by_words_has_readable_results():
    grid = {"lr": [nn.cosine(0.01, 50)], "lr__steps": [48], "optimizer__decay": [0.0, 0.1]}
    search = GridSearchCV(regressor(optimizer=AdamW()), grid, cv=2, error_score="raise").fit(X, Y)
    best = search.best_estimator_
    assert best.lr == nn.cosine(0.01, 48)
    assert best.optimizer == AdamW(decay=search.best_params_["optimizer__decay"])
    assert same(best, regressor(lr=nn.cosine(0.01, 48), optimizer=best.optimizer).fit(X, Y))
    assert repr(search.best_params_).startswith("{'lr': cosine(0.01, 50), 'lr__steps': 48, 'optimizer__decay': 0.")
    assert "lr=cosine(0.01, 48)" in repr(best)
    pipe = make_pipeline(StandardScaler(), regressor()).set_params(networkregressor__optimizer__b1=0.5)
    assert pipe[-1].optimizer == (nn.Adam(b1=0.5),)


def test_shallow_words_come_first():
    ramp = regressor(lr=nn.warm_up(nn.cosine(0.1, 9), 3))
    ramp.set_params(lr__schedule__steps=4, lr__schedule=polynomial(0.2, 8))
    assert ramp.lr == nn.warm_up(polynomial(0.2, 4), 3)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_value_that_a_setting_refuses_is_an_error_of_the_fit():
    grid = {"optimizer__b1": [0.9, 2.0]}
    with pytest.warns(FitFailedWarning, match="b1=2.0 must be valid; Adam: b1 must be in"):
        search = GridSearchCV(regressor(), grid, cv=2).fit(X, Y)
    assert search.best_params_ == {"optimizer__b1": 0.9}
    model = regressor().set_params(optimizer__b1=2.0, optimizer__b2=0.5)
    with pytest.raises(ValueError, match=r"^NetworkRegressor.fit: optimizer__b1=2.0 and optimizer__b2=0.5 must"):
        clone(model).fit(X, Y)
    assert model.set_params(optimizer__b1=0.8).optimizer == (nn.Adam(b1=0.8, b2=0.5),)


def test_a_subclass_may_have_fewer_settings():
    class Small(NetworkRegressor):
        def __init__(self, epochs=3):
            super().__init__(epochs=epochs)

    assert Small().get_params() == {"epochs": 3}
    assert clone(Small(2)).fit(X, Y).n_iter_ == 2

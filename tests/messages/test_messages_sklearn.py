"""What the estimators for scikit-learn say of bad settings and bad data, word for word."""

from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import pytest

import funcnn as nn
from funcnn import binary_cross_entropy_with_logits, cosine, mlp, mse, summary
from funcnn.errors import KindError, NotFiniteError, RangeError
from funcnn.layers import Function
from funcnn.losses import cosine_distance, hinge, joint, mae, poisson_nll, quantile
from funcnn.optimizers import AdamW, ClipNorm
from tests.kinds.wrong import WRONG
from tests.says import assert_says, each_row, file_error, kind_error, range_error, shape_error

sklearn = pytest.importorskip("sklearn", reason="these are its estimators")
from scipy import sparse  # noqa: E402  scikit-learn stands on it
from sklearn.metrics import accuracy_score  # noqa: E402  as just said

from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor  # noqa: E402  which need scikit-learn

X = np.linspace(-1, 1, 24).reshape(12, 2)
NAMES = np.array(["cat", "dog", "owl"] * 4)
Y = X[:, 0] + 1
BITS = np.stack([X[:, 0] > 0, X[:, 1] > 0.5], axis=1).astype(int)
COLUMNS = np.stack([NAMES, NAMES], axis=1)
NAN = np.where(np.arange(24).reshape(12, 2) == 3, np.nan, X)


def fit(x=X, y=NAMES, sample_weight=None, **settings):
    """A fit of a classifier, to be done later"""
    return lambda: NetworkClassifier(**{"epochs": 1} | settings).fit(x, y, sample_weight=sample_weight)


def bent(x):
    return np.tanh(x)


def bent_back(x, dA):
    return dA * (1 - np.tanh(x) ** 2)


MIXED = np.array([[1.5, "Ulm"], [2, "Bonn"]] * 6, object)


def regress(x=X, y=Y, sample_weight=None, **settings):
    return lambda: NetworkRegressor(**{"epochs": 1} | settings).fit(x, y, sample_weight=sample_weight)


def partial_fit(x=X, y=NAMES, classes=("cat", "dog", "owl"), **settings):
    return lambda: NetworkClassifier(**settings).partial_fit(x, y, classes=classes)


def interval(loss, **given):
    return NetworkRegressor(loss=loss, epochs=1).fit(X, Y).predict_interval(X, **given)


def again(first, then):
    """A warm start with another loss"""
    return NetworkRegressor(loss=first, epochs=1, warm_start=True).fit(X, Y).set_params(loss=then).fit(X, Y)


def quantiles(*levels):
    return joint(*[partial(quantile, q=q) for q in levels])


def then(x=X, y=NAMES, first=NAMES, classes=None, later=None, **settings):
    """A partial_fit after a fit of `first`, with some settings changed between them"""
    model = NetworkClassifier(**{"epochs": 1, "warm_start": True} | settings).fit(X, first)
    model.set_params(**later or {})
    return lambda: model.partial_fit(x, y, classes=classes)


def warm(x=X, y=NAMES, first=NAMES, later=None, **settings):
    model = NetworkClassifier(**{"epochs": 1, "warm_start": True} | settings).fit(X, first)
    model.set_params(**later or {})
    return lambda: model.fit(x, y)


def reason(loss, method, then=lambda model: model):
    """An act that raises the cause of the AttributeError, for an estimator that has no such method"""

    def act():
        with pytest.raises(AttributeError, match=f"^This 'NetworkClassifier' has no attribute '{method}'$") as caught:
            getattr(then(NetworkClassifier(loss=loss, epochs=1)), method)
        raise caught.value.__cause__

    return act


def held_out(X_val=X, y_val=NAMES, **settings):
    return lambda: NetworkClassifier(epochs=1, **settings).fit(X, NAMES, X_val=X_val, y_val=y_val)


def words(**changes):
    """Settings inside of others, changed by their words"""
    model = NetworkClassifier(optimizer=(ClipNorm(1.0), AdamW()), lr=cosine(0.1, 50))
    return lambda: model.set_params(**changes)


def locked(lock, step):
    return 0.1


@nn.record
class Locked(nn.Momentum):
    """A class that holds what has no hash"""

    lock = Lock()


def unweighted(out, y):
    return mse(out, y)


class Module:
    """Called as modules of torch are."""

    def __call__(self, *args):
        raise TypeError

    def state_dict(self):
        """The arrays of the module."""


A = "NetworkClassifier.fit: "
W = "NetworkClassifier.set_params: "
SCORING = "scoring must be None, one of sklearn.metrics.get_scorer_names(), or a function (estimator, X, y)"
HERE = Path(__file__).parent
P = "NetworkClassifier.partial_fit: "
R = "NetworkRegressor.fit: "
DENSE = (
    "NetworkRegressor: X must be a frame of pandas or polars, or a dense array (m, n), since categories is set, not "
)
BOUNDARY = (
    "loss must be a loss of logits, probabilities, or numbers such as mse, since the network has one output for two "
    "classes"
)
INTERVAL = "NetworkRegressor.predict_interval: "
UNITS = "loss must be a loss whose outputs are predictions of y"
ONE = mlp([2, 1], seed=0)
OF_CLASSES = 'class_weight must be None, "balanced", a dict, or a list of these'

ROWS = [
    # The network.
    kind_error(fit(sizes=100)) >> A + "sizes must be a tuple of whole numbers, such as (100,), not int; write (100,)",
    kind_error(fit(sizes="100")) >> A + "sizes must be a tuple of whole numbers, such as (100,), not str",
    shape_error(fit(network=mlp([3, 3], seed=0)))
    >> A + "network must take rows of 2 features; Dense: x must be (m, ..., 3), not (1, 2)",
    shape_error(fit(network=mlp([2, 2], seed=0)))
    >> A + "network must give 3 outputs for each row; for one row it gives (1, 2)",
    shape_error(fit(y=NAMES == "cat", network=mlp([2, 3], seed=0)))
    >> A + "network must give 2 or 1 outputs for each row; for one row it gives (1, 3)",
    shape_error(regress(network=lambda n_in, n_out, seed: nn.Dense(np.ones((2, 3)), None)))
    >> R + "network must give 1 output for each row; for one row it gives (1, 3)",
    kind_error(fit(network=nn.TrainState(mlp([2, 3], seed=0))))
    >> A + "network must be a layer or a tuple of layers, not TrainState; write state.params",
    kind_error(fit(network=lambda n_in, n_out: mlp([n_in, n_out], seed=0)))
    >> A + "network must be a network or a function (n_in, n_out, seed), not a function (n_in, n_out)",
    kind_error(fit(network=lambda n_in, n_out, seed: None))
    >> A + "network(n_in, n_out, seed) must be a layer or a tuple of layers, not None",
    kind_error(fit(network=mlp([2, 3], seed=0), sizes=(4,)))
    >> A + "sizes must not be given with network, which has its own layers",
    kind_error(fit(network=mlp([2, 3], seed=0), hidden=nn.Sigmoid()))
    >> A + "hidden must not be given with network, which has its own layers",
    # Training.
    kind_error(lambda: summary(NetworkClassifier(epochs=1).fit(X, NAMES)))
    >> "summary: params must be a layer or a tuple of layers, not NetworkClassifier; write params.network_",
    kind_error(fit(network=Module()))
    >> A
    + "network must be a layer or a tuple of layers, not Module; for a module of torch write from_torch(network, x)",
    *[
        kind_error(reason(loss, "predict_proba"), reason(loss, "predict_proba", lambda model: model.fit(X, NAMES)))
        >> "NetworkClassifier.predict_proba: loss must be a cross-entropy, whose outputs are logits, not "
        f"{loss.__name__}"
        for loss in (mse, hinge, cosine_distance)
    ],
    kind_error(reason(unweighted, "predict_log_proba"))
    >> "NetworkClassifier.predict_log_proba: loss must be a cross-entropy, whose outputs are logits, not unweighted; "
    "if it takes logits, write of_logits(loss)",
    *[
        kind_error(fit(y=NAMES == "cat", network=ONE, loss=loss)) >> f"{A}{BOUNDARY}, not {loss.__name__}; {remedy}"
        for loss, remedy in (
            (poisson_nll, "give the network 2 outputs"),
            (cosine_distance, "give the network 2 outputs"),
            (unweighted, "if it takes logits, write of_logits(loss)"),
        )
    ],
    kind_error(fit(y=BITS, loss=poisson_nll)) >> f"{A}{BOUNDARY}, not poisson_nll",
    kind_error(regress(y=BITS[:, 0], loss=binary_cross_entropy_with_logits))
    >> f"{R}{UNITS}, not binary_cross_entropy_with_logits, which takes logits; "
    "for y in [0, 1] write binary_cross_entropy, and a network that ends in Sigmoid()",
    kind_error(regress(y=BITS[:, 0], loss=hinge)) >> f"{R}{UNITS}, not hinge, which takes logits",
    kind_error(fit(loss=unweighted, sample_weight=np.ones(12)))
    >> A + "loss must be a function (out, y, weight), as rows have weights, not unweighted(out, y)",
    kind_error(fit(network=(*mlp([2, 7, 3], seed=0), nn.Softmax())))
    >> A
    + "the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 2x7>, b=<f64 7>), Relu(), "
    "Dense(W=<f64 7x3>, b=<f64 [0. 0. 0.]>), Softmax())",
    kind_error(fit(y=BITS, network=(nn.Dense(np.eye(2), None), nn.Sigmoid()), loss=binary_cross_entropy_with_logits))
    >> A
    + "the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), "
    "Sigmoid())",
    range_error(regress(lr=-0.1)) >> R + "lr must be finite and not negative, not -0.1",
    range_error(fit(batch_size=0)) >> A + "batch_size must be at least 1, not 0",
    range_error(fit(validation_fraction=1.0))
    >> A + "validation_fraction must be above 0 and below 1, or None, not 1.0",
    range_error(fit(scoring="accuracy"))
    >> A + "validation_fraction or X_val must be given with scoring, which scores held-out rows",
    range_error(fit(scoring="acuracy", validation_fraction=0.5)) >> A + f"{SCORING}, not 'acuracy'",
    kind_error(fit(scoring=accuracy_score, validation_fraction=0.5))
    >> A
    + f"{SCORING}, not accuracy_score(y_true, y_pred, normalize, sample_weight); write make_scorer(accuracy_score)",
    kind_error(fit(scoring=lambda model, X: 0.0, validation_fraction=0.5))
    >> A + f"{SCORING}, not a function (model, X)",
    kind_error(fit(scoring=lambda model, X, y: "good", validation_fraction=0.5))
    >> A + "scoring(estimator, X, y) must be a number, not str",
    range_error(fit(tol=0.1)) >> A + "patience must be given with tol, the least improvement that counts",
    range_error(fit(tol=-0.1)) >> A + "tol must be finite and not negative, not -0.1",
    range_error(fit(verbose=-1)) >> A + "verbose must be at least 0, not -1",
    range_error(fit(memory="folder"))
    >> A + "random_state must be given with memory, since a seed that is drawn is new",
    kind_error(fit(memory=3, random_state=0)) >> A + "memory must be a string or a Path, not int",
    kind_error(fit(memory=HERE, random_state=0, hidden=Function(bent, bent_back)))
    >> A
    + "memory must be None for a network or optimizer that no file takes; save: "
    "value.params[1].f must be a record, a tuple, a dict, an array, a real number, a string or None, not function; "
    "write a record with rules in place of the function",
    file_error(fit(memory=__file__, random_state=0)) >> A + f"the folder {__file__} cannot be created: File exists",
    kind_error(fit(memory=HERE, random_state=0, lr=partial(locked, Lock())))
    >> A
    + "lr must read only values that another run can compare; args.0 is a value of the class lock, which has no hash",
    kind_error(fit(memory=HERE, random_state=0, optimizer=Locked()))
    >> A
    + "network must read only values that another run can compare; "
    "optimizer.class.lock is a value of the class lock, which has no hash",
    range_error(fit(random_state=2**31)) >> A + "random_state must be in [0, 2**31), not 2147483648",
    kind_error(fit(random_state=np.random.default_rng(0)))
    >> A + "random_state must be an int, a RandomState or None, not Generator",
    # Labels and numbers.
    kind_error(fit(y=np.array(["a", 1, "b"] * 4, object)), fit(y=np.stack([NAMES, X[:, 0] > 0], axis=1, dtype=object)))
    >> A + "y must hold labels of one kind, such as int or str, not of several",
    range_error(fit(y=np.full(12, "cat")), fit(sample_weight=NAMES == "cat"))
    >> A + "y must have at least 2 classes with weights above 0; it has 1 class",
    kind_error(regress(y=NAMES)) >> R + "y must hold numbers, not str array",
    kind_error(regress(y=np.array(["1.5", {}] * 6))) >> R + "y must hold numbers, not dict",
    kind_error(partial_fit(classes=None))
    >> P + "classes must be given in the first call, since y may not have all of them",
    range_error(partial_fit(classes=["cat"])) >> P + "classes must hold at least 2 classes, not 1",
    kind_error(partial_fit(classes="cat")) >> P + "classes must be a list of labels, not 'cat'",
    range_error(partial_fit(classes=["cat", "dog"])) >> P + "y must have the classes ['cat', 'dog']; it has 'owl'",
    range_error(then(y=np.arange(12))) >> P + "y must have the classes ['cat', 'dog', 'owl']; it has 0",
    range_error(then(y=np.arange(12) + 2, first=np.arange(12)))
    >> P + "y must have the classes [0, 1, 2, 3, 4, 5, ...]; it has 12",
    range_error(warm(y=np.array(["ox", "cat"] * 6)))
    >> A + "y must have the classes ['cat', 'dog', 'owl']; it has 'ox'",
    range_error(then(classes=["cat", "dog"]), then(y=COLUMNS, first=COLUMNS, classes=[["cat", "dog", "owl"]]))
    >> P + "classes must be those of the first fit, or None",
    kind_error(partial_fit(y=COLUMNS, classes=[["cat", "dog", "owl"]]))
    >> P + "classes must be a list of 2 lists of labels, one for each column, not [['cat', 'dog', 'owl']]",
    kind_error(partial_fit(y=BITS, classes=[0, 1, 2]))
    >> P + "classes must be a list of 2 lists of labels, one for each column, not [0, 1, 2]",
    range_error(then(y=COLUMNS, first=COLUMNS, classes=7)) >> P + "classes must be those of the first fit, or None",
    range_error(partial_fit(y=COLUMNS, classes=None))
    >> P + "y must hold zeros and ones, since it has one column for each label",
    shape_error(then(y=COLUMNS)) >> P + "y must be one class for each row, as in the first fit; y: (12, 2)",
    shape_error(then(first=COLUMNS)) >> P + "y must have 2 columns, as in the first fit; y: (12,)",
    shape_error(then(first=BITS)) >> P + "y must have 2 labels for each row, as in the first fit; y: (12,)",
    shape_error(lambda: NetworkRegressor().partial_fit(X, Y).partial_fit(X, X))
    >> "NetworkRegressor.partial_fit: y must have 1 column, as in the first fit; it has 2",
    range_error(warm(later={"sizes": (3,)}))
    >> A + "network, sizes, hidden and categories must be as in the first fit, which goes on",
    # Weights.
    range_error(fit(sample_weight=-np.ones(12))) >> A + "sample_weight must not be negative; it has -1.0",
    range_error(regress(sample_weight=np.zeros(12))) >> R + "sample_weight must have a weight above 0; all are zero",
    shape_error(fit(sample_weight=np.ones(11))) >> A + "sample_weight must have the shape (12,), not (11,)",
    range_error(regress(sample_weight=np.eye(12)[2], validation_fraction=0.5, random_state=0))
    >> R
    + "sample_weight must be above 0 for some of the rows to train on; leave out rows of weight 0, or change "
    "validation_fraction",
    range_error(regress(sample_weight=np.eye(12)[1], validation_fraction=0.5, random_state=0))
    >> R
    + "sample_weight must be above 0 for some of the rows held out for validation; leave out rows of weight 0, or "
    "change validation_fraction",
    kind_error(fit(class_weight="even")) >> A + f"{OF_CLASSES}, not 'even'",
    kind_error(fit(class_weight=2.0)) >> A + f"{OF_CLASSES}, not float",
    kind_error(fit(class_weight=[1.0, 2.0, 1.0]))
    >> A + 'class_weight must be None, "balanced" or a dict from classes to weights, as y has one column, not list',
    range_error(fit(y=COLUMNS, class_weight=["balanced"] * 3))
    >> A + "class_weight must have 2 entries, one for each column; it has 3",
    range_error(fit(class_weight={"ox": 2.0}))
    >> A + "class_weight must have classes of y as its keys; 'ox' is not one",
    kind_error(fit(class_weight={"cat": "heavy"})) >> A + "class_weight['cat'] must be a number, not str",
    range_error(fit(class_weight={"cat": -1}))
    >> A + "class_weight must be finite and not negative; that of 'cat' is -1.0",
    range_error(fit(class_weight={"cat": 0, "dog": 0, "owl": 0}))
    >> A + "class_weight must leave a row with a weight above 0",
    range_error(partial_fit(class_weight="balanced"))
    >> P + 'class_weight must not be "balanced", as the rows to come are not known',
    range_error(partial_fit(y=COLUMNS, classes=[["cat", "dog", "owl"]] * 2, class_weight=[None, "balanced"]))
    >> P + 'class_weight must not be "balanced", as the rows to come are not known',
    shape_error(fit(sample_weight=2.0)) >> A + "sample_weight must have the shape (12,), not ()",
    # Intervals.
    *[
        range_error(lambda first=first, then=then: again(first, then))
        >> R + "loss must join as many losses as in the first fit, which goes on"
        for first, then in (
            (quantiles(0.1, 0.9), None),
            (None, quantiles(0.1, 0.9)),
            (quantiles(0.5), quantiles(0.1, 0.9)),
        )
    ],
    range_error(lambda: interval(quantiles(0.05, 0.95), coverage=1))
    >> INTERVAL + "coverage must be above 0 and below 1, not 1",
    range_error(lambda: interval(quantiles(0.05, 0.5, 0.95), coverage=0.8))
    >> INTERVAL + "loss must have the quantiles 0.1 and 0.9 for the coverage 0.8; it has 0.05, 0.5, 0.95",
    kind_error(lambda: interval(None)) >> INTERVAL + "trained_on must be the pair (X, y) of the fit for mse, not None",
    kind_error(lambda: interval(mse, trained_on=X))
    >> INTERVAL + "trained_on must be the pair (X, y) of the fit for mse, not <f64 12x2>",
    kind_error(lambda: interval(poisson_nll, trained_on=(X, Y)))
    >> INTERVAL + "trained_on must be None for poisson_nll, not (<f64 12x2>, <f64 12>)",
    *[
        kind_error(lambda loss=loss: interval(loss))
        >> f"{INTERVAL}loss must be mse, gaussian_nll, or joint losses partial(quantile, q=q), such as for 0.05 and "
        f"0.95, not {name}"
        for loss, name in (
            (poisson_nll, "poisson_nll"),
            (joint(mse, mae), "joint"),
            (partial(quantile, q=0.9), "quantile"),
        )
    ],
    # Words of searches.
    range_error(words(optimizer__decay=0.1)) >> f"{W}optimizer has no setting 'decay'; it has 0, 1",
    range_error(words(optimizer__1__rate=0.1))
    >> f"{W}optimizer__1 has no setting 'rate'; it has b1, b2, eps, decay, where",
    range_error(words(lr__start=0.1)) >> f"{W}lr has no setting 'start'; it has lr, steps, final",
    range_error(words(lr__lr__steps=3)) >> f"{W}lr__lr has no setting 'steps'; it is 0.1",
    range_error(words(sizes__0=3)) >> f"{W}sizes has no setting '0'; it is (100,)",
    range_error(words(network__0=3)) >> f"{W}network has no setting '0'; it is None",
    range_error(lambda: words(lr__steps=0)().fit(X, NAMES))
    >> A + "lr__steps=0 must be valid; cosine: steps must be at least 1, not 0",
    range_error(lambda: words(optimizer__1__b1=2.0, optimizer__1__b2=0.5)().fit(X, NAMES))
    >> A
    + "optimizer__1__b1=2.0 and optimizer__1__b2=0.5 must be valid; "
    "AdamW: b1 must be in [0, 1), not 2.0",
    # Categories.
    range_error(regress(categories=["town"]))
    >> "NetworkRegressor: categories must be columns of X; 'town' is not one; X is an array, so write numbers of "
    "columns, up to 1",
    kind_error(regress(MIXED))
    >> "NetworkRegressor: X must hold numbers in column 1; for categories write categories=[1]",
    kind_error(regress(MIXED, categories=[0]))
    >> "NetworkRegressor: X must hold numbers in column 1, which is not one of categories",
    kind_error(regress(categories="auto"))
    >> 'NetworkRegressor: categories must be numbers of columns of an array X, as in [0, 2], not "auto"',
    kind_error(regress(categories="town"))
    >> R + "categories must be None, \"auto\" or a list of columns of X, not 'town'",
    kind_error(regress(X[0], categories=[0])) >> DENSE + "<f64 [-1.    -0.913]>",
    kind_error(regress(sparse.csr_array(X), categories=[0])) >> DENSE + "csr_array",
    # Rows held out.
    kind_error(held_out(y_val=None)) >> A + "y_val must be given with X_val",
    kind_error(held_out(X_val=None)) >> A + "X_val must be given with y_val",
    range_error(held_out(validation_fraction=0.5))
    >> A + "validation_fraction must be None with X_val, whose rows are held out already",
    range_error(held_out(y_val=np.array(["ox", "cat"] * 6)))
    >> A + "y must have the classes ['cat', 'dog', 'owl']; it has 'ox'"
    >> ["in X_val and y_val"],
    range_error(partial_fit(scoring="accuracy")) >> P + "scoring must be None, as partial_fit holds out no rows",
    range_error(partial_fit(validation_fraction=0.5))
    >> P + "validation_fraction must be None, as partial_fit holds out no rows",
]


def given(frame, **settings):
    """A fit with a frame of pandas, which need not be there for the other rows."""
    pandas = pytest.importorskip("pandas", reason="its frame is given")
    return regress(pandas.DataFrame(frame), **settings)


def in_polars(frame, **settings):
    return regress(pytest.importorskip("polars", reason="its frame is given").DataFrame(frame), **settings)


TOWNS, DAYS, LISTS = ["Ulm", "Bonn"] * 6, np.arange(12).astype("M8[D]").astype("M8[ms]"), [["Ulm"]] * 12
OF_TABLES = [
    ("numbers in column 'town'; for categories write categories=\"auto\"", {"town": TOWNS}, {}),
    ("numbers in column 'town', which is not one of categories", {"town": TOWNS, "age": Y}, {"categories": ["age"]}),
    (
        "numbers in column 'day', which is not one of categories; write their parts as columns of numbers, such as the "
        "weekday",
        {"day": DAYS, "age": Y},
        {"categories": "auto"},
    ),
]


@pytest.mark.parametrize("make", [given, in_polars])
@pytest.mark.parametrize("row", OF_TABLES, ids=lambda row: row[0][:20])
def test_a_frame_whose_columns_are_not_numbers(row, make):
    sentence, frame, settings = row
    with pytest.raises(KindError, match=f"^NetworkRegressor: X must hold {sentence}$"):
        make(frame, **settings)()


def test_a_column_of_lists_holds_no_categories():
    with pytest.raises(KindError, match=r"^NetworkRegressor: X must hold texts or numbers in column 'a'; unhashable"):
        given({"a": LISTS}, categories="auto")()


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, X, NAMES, Y, BITS, COLUMNS)


def test_a_run_that_diverges_says_in_which_step():
    with pytest.raises(NotFiniteError, match=r"^train: in step \d the cost is (inf|nan); "), np.errstate(all="ignore"):
        regress(lr=1e200, optimizer=(), epochs=9)()


def test_rows_that_cannot_be_split_have_the_reason_of_scikit_learn():
    with pytest.raises(RangeError, match=f"^{A}validation_fraction must fit the rows; The .*class"):
        fit(X[:4], NAMES[:4], validation_fraction=0.25)()


OF_SKLEARN = {
    "a NaN": (fit(NAN), "Input X contains NaN"),
    "a NaN in y": (regress(y=NAN[:, 1]), "Input y contains NaN"),
    "one row of features": (fit(X[0]), "Expected 2D array, got 1D array instead"),
    "images": (fit(np.ones((12, 2, 2))), "Found array with dim 3"),
    "no rows": (fit(X[:0], NAMES[:0]), "Found array with 0 sample"),
    "no features": (fit(X[:, :0]), "0 feature"),
    "fewer labels": (fit(y=NAMES[:11]), "inconsistent numbers of samples"),
    "no y": (fit(y=None), "requires y to be passed, but the target y is None"),
    "complex numbers": (fit(X * 1j), "Complex data not supported"),
    "numbers as classes": (fit(y=Y), "Unknown label type: continuous"),
    "a NaN weight": (fit(sample_weight=NAN[:, 1]), "Input sample_weight contains NaN"),
    "other features": (then(np.ones((12, 3))), "X has 3 features, but NetworkClassifier is expecting 2 features"),
}


@pytest.mark.parametrize("row", OF_SKLEARN)
def test_what_scikit_learn_refuses_it_says_in_its_own_words(row):
    act, sentence = OF_SKLEARN[row]
    with pytest.raises(ValueError, match=sentence):
        act()


VALUES = {word: make() for word, make in WRONG.items() if word not in {"None", "True"}}
VALUES |= {"-1": -1, "array": np.ones((2, 2)), "lambda": lambda: None}
TAKEN = {"sizes": {"[]"}, "class_weight": {"{}"}, "memory": {"text"}} | {key: {"1.5", "0-d"} for key in ("lr", "tol")}
TAKEN["categories"] = {"[]"}


@pytest.mark.parametrize("setting", NetworkClassifier().get_params(deep=False))
def test_every_setting_refuses_what_it_does_not_take(setting, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a memory may be
    for name, value in VALUES.items():
        settings = {"epochs": 1, "validation_fraction": 0.5, "patience": 1, "random_state": 0, setting: value}
        if name in TAKEN.get(setting, ()):
            NetworkClassifier(**settings).fit(X, NAMES)
            continue
        with pytest.raises((KindError, RangeError), match=rf"^NetworkClassifier.fit: {setting}\b"):
            NetworkClassifier(**settings).fit(X, NAMES)

"""What the estimators for scikit-learn say of bad settings and bad data, word for word."""

from functools import partial

import numpy as np
import pytest

from funcnn import (
    Adam,
    Dense,
    Relu,
    Sigmoid,
    Softmax,
    TrainState,
    accuracy,
    binary_cross_entropy_with_logits,
    mlp,
    mse,
    summary,
)
from funcnn.errors import KindError, NotFiniteError, RangeError, ShapeError
from funcnn.losses import cosine_distance, hinge, poisson_nll
from tests.says import assert_says

sklearn = pytest.importorskip("sklearn", reason="these are its estimators")
from sklearn.metrics import accuracy_score  # noqa: E402  as it is optional

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


def regress(x=X, y=Y, sample_weight=None, **settings):
    return lambda: NetworkRegressor(**{"epochs": 1} | settings).fit(x, y, sample_weight=sample_weight)


def partial_fit(x=X, y=NAMES, classes=("cat", "dog", "owl"), **settings):
    return lambda: NetworkClassifier(**settings).partial_fit(x, y, classes=classes)


def then(x=X, y=NAMES, first=NAMES, classes=None, later=None, **settings):
    """A partial_fit after a fit of `first`, with some settings changed between them"""
    model = NetworkClassifier(**{"epochs": 1, "warm_start": True} | settings).fit(X, first)
    model.set_params(**later or {})
    return lambda: model.partial_fit(x, y, classes=classes)


def warm(x=X, y=NAMES, first=NAMES, later=None, **settings):
    model = NetworkClassifier(**{"epochs": 1, "warm_start": True} | settings).fit(X, first)
    model.set_params(**later or {})
    return lambda: model.fit(x, y)


def unweighted(out, y):
    return mse(out, y)


class Module:
    """Called as modules of torch are."""

    def __call__(self, *args):
        raise TypeError

    def state_dict(self):
        """The arrays of the module."""


A = "NetworkClassifier.fit: "
P = "NetworkClassifier.partial_fit: "
R = "NetworkRegressor.fit: "
BOUNDARY = (
    "loss must be a loss of logits, of probabilities, or of numbers such as mse, as one output decides between two "
    "classes"
)
UNITS = "loss must be a loss of outputs in the units of y, which are the predictions"
ONE = mlp([2, 1], seed=0)
LAYER = "must be a layer, such as Relu(), or a tuple of layers"
OF_CLASSES = 'class_weight must be None, "balanced", a dict, or a list of these'

ROWS = {
    # The network.
    "one size": (
        fit(sizes=100),
        KindError,
        A + "sizes must be a tuple of whole numbers, such as (100,), not int; write (100,)",
    ),
    "sizes in a text": (
        fit(sizes="100"),
        KindError,
        A + "sizes must be a tuple of whole numbers, such as (100,), not str",
    ),
    "half a unit": (fit(sizes=(10.5,)), KindError, A + "sizes[0] must be a whole number, not float"),
    "no units": (fit(sizes=(3, 0)), RangeError, A + "sizes must be at least 1; sizes[0]: 3, sizes[1]: 0"),
    "a class as hidden": (fit(hidden=Relu), KindError, A + f"hidden {LAYER}, not the class Relu"),
    "the name of an activation": (fit(hidden="relu"), KindError, A + f"hidden {LAYER}, not str"),
    "a list of layers": (fit(hidden=[Relu()]), KindError, A + f"hidden {LAYER}, not list; write tuple(hidden)"),
    "a network of other features": (
        fit(network=mlp([3, 3], seed=0)),
        ShapeError,
        A + "network must take rows of 2 features; Dense: x must be (m, ..., 3), not (1, 2)",
    ),
    "a network of other classes": (
        fit(network=mlp([2, 2], seed=0)),
        ShapeError,
        A + "network must give 3 outputs for each row; for one row it gives (1, 2)",
    ),
    "three outputs for two classes": (
        fit(y=NAMES == "cat", network=mlp([2, 3], seed=0)),
        ShapeError,
        A + "network must give 2 or 1 outputs for each row; for one row it gives (1, 3)",
    ),
    "a network that gives no rows": (
        regress(network=lambda n_in, n_out, seed: Dense(np.ones((2, 3)), None)),
        ShapeError,
        R + "network must give 1 output for each row; for one row it gives (1, 3)",
    ),
    "a list as the network": (
        fit(network=list(mlp([2, 3], seed=0))),
        KindError,
        A + "network must be a layer or a tuple of layers, not list; write tuple(network)",
    ),
    "a class as the network": (
        fit(network=Dense),
        KindError,
        A + "network must be a network or a function (n_in, n_out, seed), not the class Dense",
    ),
    "a state as the network": (
        fit(network=TrainState(mlp([2, 3], seed=0))),
        KindError,
        A + "network must be a layer or a tuple of layers, not TrainState; write state.params",
    ),
    "a function of two numbers": (
        fit(network=lambda n_in, n_out: mlp([n_in, n_out], seed=0)),
        KindError,
        A + "network must be a network or a function (n_in, n_out, seed), not a function (n_in, n_out)",
    ),
    "a function that makes no network": (
        fit(network=lambda n_in, n_out, seed: None),
        KindError,
        A + "network(n_in, n_out, seed) must be a layer or a tuple of layers, not None",
    ),
    "a network and sizes": (
        fit(network=mlp([2, 3], seed=0), sizes=(4,)),
        KindError,
        A + "sizes must not be given with network, which has its own layers",
    ),
    "a network and hidden": (
        fit(network=mlp([2, 3], seed=0), hidden=Sigmoid()),
        KindError,
        A + "hidden must not be given with network, which has its own layers",
    ),
    # Training.
    "a name as the loss": (fit(loss="log"), KindError, A + "loss must be a function (out, y), not str"),
    "a loss of one argument": (
        fit(loss=lambda out: out),
        KindError,
        A + "loss must be a function (out, y), not a function (out)",
    ),
    "a metric as the loss": (
        fit(loss=accuracy),
        KindError,
        "value_and_grad: the loss must return (cost, dA), dA being the gradient of cost, not float",
    ),
    "a metric of scikit-learn as a loss": (
        fit(loss=accuracy_score),
        KindError,
        A + "loss must be a function (out, y), not accuracy_score(y_true, y_pred, normalize, sample_weight)",
    ),
    "an estimator for a network": (
        lambda: summary(NetworkClassifier(epochs=1).fit(X, NAMES)),
        KindError,
        "summary: params must be a layer or a tuple of layers, not NetworkClassifier; write params.network_",
    ),
    "a module of torch": (
        fit(network=Module()),
        KindError,
        A + "network must be a layer or a tuple of layers, not Module",
    ),
    **{
        f"probabilities after {loss.__name__}": (
            lambda loss=loss: NetworkClassifier(loss=loss, epochs=1).fit(X, NAMES).predict_proba(X),
            KindError,
            "NetworkClassifier.predict_proba: loss must be a cross-entropy, whose outputs are logits, "
            f"not {loss.__name__}",
        )
        for loss in (mse, hinge, cosine_distance)
    },
    "probabilities after a loss of one's own": (
        lambda: NetworkClassifier(loss=unweighted, epochs=1).fit(X, NAMES).predict_proba(X),
        KindError,
        "NetworkClassifier.predict_proba: loss must be a cross-entropy, whose outputs are logits, not unweighted; "
        "if it takes logits, write of_logits(loss)",
    ),
    **{
        f"one output and {loss.__name__}": (
            fit(y=NAMES == "cat", network=ONE, loss=loss),
            KindError,
            f"{A}{BOUNDARY}, not {loss.__name__}; {remedy}",
        )
        for loss, remedy in (
            (poisson_nll, "give the network 2 outputs"),
            (cosine_distance, "give the network 2 outputs"),
            (unweighted, "if it takes logits, write of_logits(loss)"),
        )
    },
    "labels and a loss of rates": (
        fit(y=BITS, loss=poisson_nll),
        KindError,
        f"{A}{BOUNDARY}, not poisson_nll",
    ),
    "one output and another loss at a later epoch": (
        then(y=NAMES == "cat", first=NAMES == "cat", network=ONE, later={"loss": partial(poisson_nll)}),
        KindError,
        f"NetworkClassifier.partial_fit: {BOUNDARY}, not poisson_nll; give the network 2 outputs",
    ),
    "a regression of logits": (
        regress(y=BITS[:, 0], loss=binary_cross_entropy_with_logits),
        KindError,
        f"{R}{UNITS}, not binary_cross_entropy_with_logits, which takes logits; for y in [0, 1] write "
        "binary_cross_entropy, and a network that ends in Sigmoid()",
    ),
    "a regression of margins": (
        regress(y=BITS[:, 0], loss=hinge),
        KindError,
        f"{R}{UNITS}, not hinge, which takes logits",
    ),
    "a loss without weights": (
        fit(loss=unweighted, sample_weight=np.ones(12)),
        KindError,
        A + "loss must be a function (out, y, weight), as rows have weights, not unweighted(out, y)",
    ),
    "probabilities for a loss of logits": (
        fit(network=(*mlp([2, 7, 3], seed=0), Softmax())),
        KindError,
        A + "the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 2x7>, b=<f64 7>), Relu(), "
        "Dense(W=<f64 7x3>, b=<f64 [0. 0. 0.]>), Softmax())",
    ),
    "probabilities for logits of labels": (
        fit(y=BITS, network=(Dense(np.eye(2), None), Sigmoid()), loss=binary_cross_entropy_with_logits),
        KindError,
        A + "the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 0.] [0. 1.]]>, b=None), "
        "Sigmoid())",
    ),
    "the name of an optimizer": (
        fit(optimizer="adam"),
        KindError,
        A + "optimizer must be an optimizer, such as Adam(), or a tuple of them, not str",
    ),
    "the class of an optimizer": (
        fit(optimizer=Adam),
        KindError,
        A + "optimizer must be an optimizer, such as Adam(), or a tuple of them, not the class Adam",
    ),
    "no optimizer": (
        fit(optimizer=None),
        KindError,
        A + "optimizer must be an optimizer, such as Adam(), or a tuple of them, not None; write () for none",
    ),
    "the name of a schedule": (fit(lr="adaptive"), KindError, A + "lr must be a number, not str"),
    "a negative rate": (regress(lr=-0.1), RangeError, R + "lr must be finite and not negative, not -0.1"),
    "the size of a batch by its name": (
        fit(batch_size="auto"),
        KindError,
        A + "batch_size must be a whole number, not str",
    ),
    "empty batches": (fit(batch_size=0), RangeError, A + "batch_size must be at least 1, not 0"),
    "no epochs": (fit(epochs=0), RangeError, A + "epochs must be at least 1, not 0"),
    "half an epoch": (fit(epochs=0.5), KindError, A + "epochs must be a whole number, not float"),
    "all rows held out": (
        fit(validation_fraction=1.0),
        RangeError,
        A + "validation_fraction must be above 0 and below 1, or None, not 1.0",
    ),
    "a flag for the rows held out": (
        fit(validation_fraction=True),
        KindError,
        A + "validation_fraction must be a number, not bool",
    ),
    "patience for nothing": (
        fit(patience=3),
        RangeError,
        A + "validation_fraction must be given with patience, which counts scores of held-out rows",
    ),
    "patience of zero": (
        fit(patience=0, validation_fraction=0.5),
        RangeError,
        A + "patience must be at least 1, not 0",
    ),
    "a warm start by its name": (fit(warm_start="yes"), KindError, A + "warm_start must be True or False, not str"),
    "a large seed": (
        fit(random_state=2**31),
        RangeError,
        A + "random_state must be in [0, 2**31), not 2147483648",
    ),
    "a new generator": (
        fit(random_state=np.random.default_rng(0)),
        KindError,
        A + "random_state must be an int, a RandomState or None, not Generator",
    ),
    "a run that goes to infinity": (
        regress(lr=1e200, optimizer=(), epochs=9),
        NotFiniteError,
        None,
    ),
    # Labels and numbers.
    "labels of two kinds": (
        fit(y=np.array(["a", 1, "b"] * 4, object)),
        KindError,
        A + "y must hold labels of one kind, such as int or str, not of several",
    ),
    "columns of two kinds": (
        fit(y=np.stack([NAMES, X[:, 0] > 0], axis=1, dtype=object)),
        KindError,
        A + "y must hold labels of one kind, such as int or str, not of several",
    ),
    "one class": (
        fit(y=np.full(12, "cat")),
        RangeError,
        A + "y must have at least 2 classes with weights above 0; it has 1 class",
    ),
    "one class with weights": (
        fit(sample_weight=NAMES == "cat"),
        RangeError,
        A + "y must have at least 2 classes with weights above 0; it has 1 class",
    ),
    "names as numbers": (regress(y=NAMES), KindError, R + "y must hold numbers, not <U3 array"),
    "objects as numbers": (
        regress(y=np.array([{}] * 12)),
        KindError,
        R + "y must hold numbers; float() argument must be a string or a real number, not 'dict'",
    ),
    "no classes in the first call": (
        partial_fit(classes=None),
        KindError,
        P + "classes must be given in the first call, since y may not have all of them",
    ),
    "one class in the first call": (partial_fit(classes=["cat"]), RangeError, P + "classes must be at least 2, got 1"),
    "classes of two kinds": (
        partial_fit(classes=np.array(["cat", 1], object)),
        KindError,
        P + "classes must hold labels of one kind, such as int or str, not of several",
    ),
    "classes in a text": (partial_fit(classes="cat"), KindError, P + "classes must be a list of labels, not 'cat'"),
    "a label that is not in classes": (
        partial_fit(classes=["cat", "dog"]),
        RangeError,
        P + "y must have the classes ['cat', 'dog']; it has 'owl'",
    ),
    "a label unseen in fit": (
        then(y=np.array(["ox"] * 12)),
        RangeError,
        P + "y must have the classes ['cat', 'dog', 'owl']; it has 'ox'",
    ),
    "a number among names": (
        then(y=np.arange(12)),
        RangeError,
        P + "y must have the classes ['cat', 'dog', 'owl']; it has 0",
    ),
    "many classes": (
        then(y=np.arange(12) + 2, first=np.arange(12)),
        RangeError,
        P + "y must have the classes [0, 1, 2, 3, 4, 5, ...]; it has 12",
    ),
    "a label unseen before a warm start": (
        warm(y=np.array(["ox", "cat"] * 6)),
        RangeError,
        A + "y must have the classes ['cat', 'dog', 'owl']; it has 'ox'",
    ),
    "other classes in a later call": (
        then(classes=["cat", "dog"]),
        RangeError,
        P + "classes must be those of the first fit, or None",
    ),
    "fewer columns of classes in a later call": (
        then(y=COLUMNS, first=COLUMNS, classes=[["cat", "dog", "owl"]]),
        RangeError,
        P + "classes must be those of the first fit, or None",
    ),
    "classes of fewer columns": (
        partial_fit(y=COLUMNS, classes=[["cat", "dog", "owl"]]),
        KindError,
        P + "classes must be a list of 2 lists of labels, one for each column, not [['cat', 'dog', 'owl']]",
    ),
    "a number for the classes of columns": (
        partial_fit(y=COLUMNS, classes=7),
        KindError,
        P + "classes must be a list of 2 lists of labels, one for each column, not 7",
    ),
    "more classes than labels": (
        partial_fit(y=BITS, classes=[0, 1, 2]),
        KindError,
        P + "classes must be a list of 2 lists of labels, one for each column, not [0, 1, 2]",
    ),
    "a number for the classes of a column": (
        partial_fit(y=COLUMNS, classes=[["cat", "dog"], 7]),
        KindError,
        P + "classes must be a list of labels, not 7",
    ),
    "a number as classes in a later call": (
        then(y=COLUMNS, first=COLUMNS, classes=7),
        RangeError,
        P + "classes must be those of the first fit, or None",
    ),
    "columns of names without classes": (
        partial_fit(y=COLUMNS, classes=None),
        RangeError,
        P + "y must hold zeros and ones, since it has one column for each label",
    ),
    "columns after classes": (
        then(y=COLUMNS),
        ShapeError,
        P + "y must be one class for each row, as in the first fit; y: (12, 2)",
    ),
    "classes after columns": (
        then(first=COLUMNS),
        ShapeError,
        P + "y must have 2 columns, as in the first fit; y: (12,)",
    ),
    "classes after labels": (
        then(first=BITS),
        ShapeError,
        P + "y must have 2 labels for each row, as in the first fit; y: (12,)",
    ),
    "two columns of numbers after one": (
        lambda: NetworkRegressor().partial_fit(X, Y).partial_fit(X, X),
        ShapeError,
        "NetworkRegressor.partial_fit: y must have 1 column, as in the first fit; it has 2",
    ),
    "another size after a fit": (
        warm(later={"sizes": (3,)}),
        RangeError,
        A + "network, sizes and hidden must be as in the first fit, which goes on",
    ),
    # Weights.
    "negative weights": (
        fit(sample_weight=-np.ones(12)),
        RangeError,
        A + "sample_weight must not be negative; it has -1.0",
    ),
    "weights of zero": (
        regress(sample_weight=np.zeros(12)),
        RangeError,
        R + "sample_weight must have a weight above 0; all are zero",
    ),
    "fewer weights": (
        fit(sample_weight=np.ones(11)),
        ShapeError,
        A + "sample_weight must have the shape (12,), not (11,)",
    ),
    "weights in a column": (
        fit(sample_weight=np.ones((12, 1))),
        ShapeError,
        A + "sample_weight must have the shape (12,), not (12, 1)",
    ),
    "a weight of one row, held out or not": (
        regress(sample_weight=np.eye(12)[0], validation_fraction=0.5),
        RangeError,
        R + "sample_weight must have a weight above 0 among the rows held out and the others",
    ),
    "the name of weights": (fit(class_weight="even"), KindError, A + f"{OF_CLASSES}, not 'even'"),
    "a number as weights": (fit(class_weight=2.0), KindError, A + f"{OF_CLASSES}, not float"),
    "a name in a list": (fit(class_weight=["even"]), KindError, A + f"{OF_CLASSES}, not 'even'"),
    "weights of two columns": (
        fit(class_weight=[1.0, 2.0, 1.0]),
        KindError,
        A + 'class_weight must be None, "balanced" or a dict from classes to weights, as y has one column, not list',
    ),
    "weights of three columns": (
        fit(y=COLUMNS, class_weight=["balanced"] * 3),
        RangeError,
        A + "class_weight must have 2 entries, one for each column; it has 3",
    ),
    "a weight of a strange class": (
        fit(class_weight={"ox": 2.0}),
        RangeError,
        A + "class_weight must have classes of y as its keys; 'ox' is not one",
    ),
    "a weight of a class in a text": (
        fit(class_weight={"cat": "heavy"}),
        KindError,
        A + "class_weight['cat'] must be a number, not str",
    ),
    "a negative weight of a class": (
        fit(class_weight={"cat": -1}),
        RangeError,
        A + "class_weight must be finite and not negative; that of 'cat' is -1.0",
    ),
    "no weight for any class": (
        fit(class_weight={"cat": 0, "dog": 0, "owl": 0}),
        RangeError,
        A + "class_weight must leave a row with a weight above 0",
    ),
    "balance of rows to come": (
        partial_fit(class_weight="balanced"),
        RangeError,
        P + 'class_weight must not be "balanced", as the rows to come are not known',
    ),
    "balance of the rows to come in a column": (
        partial_fit(y=COLUMNS, classes=[["cat", "dog", "owl"]] * 2, class_weight=[None, "balanced"]),
        RangeError,
        P + 'class_weight must not be "balanced", as the rows to come are not known',
    ),
    "a name of weights in a call": (partial_fit(class_weight="even"), KindError, P + f"{OF_CLASSES}, not 'even'"),
    "one number as weights": (
        fit(sample_weight=2.0),
        ShapeError,
        A + "sample_weight must have the shape (12,), not ()",
    ),
    "weights in words": (
        fit(sample_weight=["heavy"] * 12),
        KindError,
        A + "sample_weight must hold numbers, not <U5 array",
    ),
    # Rows held out.
    "too few rows to hold out": (
        fit(X[:4], NAMES[:4], validation_fraction=0.25),
        RangeError,
        None,
    ),
    "rows held out of a call": (
        partial_fit(validation_fraction=0.5),
        RangeError,
        P + "validation_fraction must be None, as partial_fit holds out no rows",
    ),
}


@pytest.mark.parametrize("row", [name for name, row in ROWS.items() if row[2]])
def test_it_says(row):
    assert_says(ROWS[row], X, NAMES, Y, BITS, COLUMNS)


def test_a_run_that_diverges_says_in_which_step():
    act, kind, _ = ROWS["a run that goes to infinity"]
    with pytest.raises(kind, match=r"^train: in step \d the cost is (inf|nan); "), np.errstate(all="ignore"):
        act()


def test_rows_that_cannot_be_split_have_the_reason_of_scikit_learn():
    act, kind, _ = ROWS["too few rows to hold out"]
    with pytest.raises(kind, match=f"^{A}validation_fraction must fit the rows; The .*class"):
        act()


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


WRONG = {
    "text": "text",
    "1.5": 1.5,
    "[]": [],
    "{}": {},
    "object()": object(),
    "class": Relu,
    "0-d": np.array(1.5),
    "nan": float("nan"),
    "-1": -1,
    "1j": 1j,
    "array": np.ones((2, 2)),
    "generator": (number for number in [1.5]),
    "lambda": lambda: None,
}
TAKEN = {
    "sizes": {"[]"},
    "lr": {"1.5", "0-d"},
    "class_weight": {"{}"},
}


@pytest.mark.parametrize("setting", NetworkClassifier().get_params())
def test_every_setting_refuses_what_it_does_not_take(setting):
    for name, value in WRONG.items():
        settings = {"epochs": 1, "validation_fraction": 0.5, "patience": 1, setting: value}
        if name in TAKEN.get(setting, ()):
            NetworkClassifier(**settings).fit(X, NAMES)
            continue
        with pytest.raises((KindError, RangeError), match=rf"^NetworkClassifier.fit: {setting}\b"):
            NetworkClassifier(**settings).fit(X, NAMES)

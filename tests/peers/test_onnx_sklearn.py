"""`to_onnx` of the estimators for scikit-learn, and of pipelines that end in one, in onnxruntime."""

from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn import mlp
from funcnn.losses import gaussian_nll, hinge, joint, poisson_nll, quantile
from tests.onnx_models import run
from tests.says import assert_says, each_row, kind_error, shape_error

pytest.importorskip("spox", reason="the models are written with it")
pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("sklearn", reason="these are its estimators")
# After these lines: without the libraries there is nothing to import.
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

from funcnn.interop.onnx import to_onnx
from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor
from funcnn.interop.sklearn.graph import STEPS

X, Y = load_iris(return_X_y=True)
X[:, 0] += 100  # beside which the deviation is small
NAMES = np.array(["one", "two", "three"])[Y]
GAPS = np.where(np.arange(600).reshape(150, 4) % 7 == 3, np.nan, X)
SETTINGS = {"sizes": (6,), "lr": 0.02, "epochs": 20, "random_state": 0}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def outputs(model, x):
    """The outputs of onnxruntime by name, of a model whose example has one row"""
    made = to_onnx(model, x[:1])
    assert [given.name for given in made.graph.input] == ["X"]
    assert [out.type.tensor_type.shape.dim[0].dim_param for out in made.graph.output] == ["m"] * len(made.graph.output)
    return dict(zip([out.name for out in made.graph.output], run(made, x), strict=True))


def classified(model, x):
    """Checked to be equal to the outputs of onnxruntime, whose names are the result"""
    made = outputs(model, x)
    assert np.array_equal(made["label"], model.predict(x))
    assert made["label"].dtype.kind == model.predict(x).dtype.kind or made["label"].dtype == object  # texts
    if hasattr(model, "predict_proba"):
        p = model.predict_proba(x)
        for found, expected in zip(list(made.values())[1:], p if type(p) is list else [p], strict=True):
            assert found.shape == expected.shape
            assert np.allclose(found, expected, atol=1e-5 if x.dtype == np.float32 else 1e-12)
    return list(made)


@DTYPES
@pytest.mark.parametrize(
    ("y", "names"),
    [
        (Y, ["probabilities"]),
        (NAMES, ["probabilities"]),
        (Y > 0, ["probabilities"]),
        (np.stack([Y > 0, Y == 2], axis=1).astype(int), ["probabilities"]),
        (np.stack([Y, Y + 5], axis=1), ["probabilities_0", "probabilities_1"]),
        (np.stack([NAMES, np.where(Y > 0, "yes", "no")], axis=1), ["probabilities_0", "probabilities_1"]),
    ],
)
def test_a_classifier_gives_labels_and_probabilities(y, names, dtype):
    x = X.astype(dtype)
    pipe = make_pipeline(StandardScaler(), NetworkClassifier(**SETTINGS)).fit(x, y)
    assert classified(pipe, x) == ["label", *names]
    without = make_pipeline(StandardScaler(), NetworkClassifier(**SETTINGS, loss=hinge)).fit(x, y)
    assert classified(without, x) == ["label"]


def test_one_output_for_two_classes():
    net, settings = mlp([4, 6, 1], seed=0), SETTINGS | {"sizes": (100,)}
    for network, loss in ((net, None), ((*net, nn.Sigmoid()), nn.binary_cross_entropy), (net, nn.mse)):
        model = NetworkClassifier(**settings, network=network, loss=loss).fit(X - X.mean(axis=0), NAMES == "one")
        assert 0 < model.predict(X - X.mean(axis=0)).mean() < 1
        classified(model, X - X.mean(axis=0))


QUANTILES = joint(*[partial(quantile, q=q) for q in (0.1, 0.5, 0.9)])


@DTYPES
@pytest.mark.parametrize("y", [X[:, 1], X[:, 1:3]])
@pytest.mark.parametrize("loss", [None, poisson_nll, QUANTILES])
def test_a_regressor_gives_a_column_for_each_column_of_y(loss, y, dtype):
    x = X.astype(dtype)
    pipe = make_pipeline(RobustScaler(), NetworkRegressor(**SETTINGS, loss=loss)).fit(x, y)
    made = outputs(pipe, x)
    assert list(made) == ["variable"]
    assert made["variable"].shape == (150, y.size // 150)
    assert np.allclose(made["variable"].reshape(y.shape), pipe.predict(x), atol=1e-5)


def test_the_first_of_two_outputs_is_written():
    pair = nn.layers.Copy(2), nn.layers.Parallel((mlp([4, 1], seed=0), mlp([4, 1], seed=1)))
    settings = SETTINGS | {"sizes": (100,)}
    pipe = make_pipeline(MinMaxScaler(), NetworkRegressor(**settings, network=pair, loss=gaussian_nll)).fit(X, Y)
    assert np.allclose(outputs(pipe, X)["variable"][:, 0], pipe.predict(X), atol=1e-12)


BEFORE = {
    "scaler without a mean": (StandardScaler(with_mean=False),),
    "scaler without a deviation": (StandardScaler(with_std=False),),
    "robust scaler of nothing": (RobustScaler(with_centering=False, with_scaling=False),),
    "largest": (MaxAbsScaler(),),
    "range": (MinMaxScaler((-1, 1)),),
    "clipped range": (MinMaxScaler(clip=True),),
    "components": (StandardScaler(), PCA(2)),
    "white components": (PCA(3, whiten=True),),
    "gaps": (SimpleImputer(), StandardScaler()),
    "gaps that are a number": (SimpleImputer(missing_values=0.2, strategy="median"), StandardScaler()),
    "a pipeline": (make_pipeline(SimpleImputer(), make_pipeline(PCA(3))), MinMaxScaler()),
    "nothing": ("passthrough", None, FunctionTransformer(), StandardScaler()),
}


@DTYPES
@pytest.mark.parametrize("steps", BEFORE)
def test_steps_before_the_estimator(steps, dtype):
    x = (GAPS if steps == "gaps" else X).astype(dtype)
    pipe = make_pipeline(*BEFORE[steps], NetworkClassifier(**SETTINGS)).fit(x, NAMES)
    other = x + (0 if steps.startswith("gaps") else np.linspace(-2, 2, 150).astype(dtype)[:, None])  # beyond the range
    assert classified(pipe, other) == ["label", "probabilities"]


def test_a_pipeline_that_ends_in_a_pipeline():
    inner = make_pipeline(MaxAbsScaler(), NetworkClassifier(**SETTINGS))
    pipe = make_pipeline(StandardScaler(), inner).fit(X, NAMES)
    assert classified(pipe, X) == ["label", "probabilities"]


def test_every_step_is_tried_and_is_on_the_page():
    tried = {type(step) for steps in BEFORE.values() for step in steps} | {RobustScaler, StandardScaler, MinMaxScaler}
    assert tried >= STEPS.keys()


def test_an_example_may_be_a_table_or_whole_numbers():
    pandas = pytest.importorskip("pandas", reason="it is its table")
    table = pandas.DataFrame(X, columns=list("abcd"))
    pipe = make_pipeline(StandardScaler(), NetworkClassifier(**SETTINGS)).fit(table, Y)
    [_, p] = run(to_onnx(pipe, table), X)
    assert np.allclose(p, pipe.predict_proba(table))
    whole = X.astype(int)
    model = make_pipeline(StandardScaler(), NetworkRegressor(**SETTINGS)).fit(whole, Y)
    [out] = run(to_onnx(model, whole), whole)
    assert np.allclose(out[:, 0], model.predict(whole))


def fitted(*steps, x=X):
    return make_pipeline(*steps, NetworkRegressor(epochs=1)).fit(x, Y)


ENDS = "to_onnx: params must be a NetworkClassifier, a NetworkRegressor, or a pipeline that ends in one, not "
ROWS = [
    kind_error(lambda: to_onnx(LinearRegression().fit(X, Y), X), lambda: to_onnx(
        make_pipeline(StandardScaler(), LinearRegression()).fit(X, Y), X)) >> ENDS + "LinearRegression",
    kind_error(lambda: to_onnx(NetworkRegressor, X))
    >> "to_onnx: params must be a layer or a tuple of layers, not the class NetworkRegressor",
    kind_error(lambda: to_onnx(fitted(OneHotEncoder()), X))
    >> "to_onnx: step 'onehotencoder' of the pipeline must be one of FunctionTransformer, MaxAbsScaler, MinMaxScaler, "
    "PCA, RobustScaler, SimpleImputer, StandardScaler, not OneHotEncoder",
    kind_error(lambda: to_onnx(fitted(FunctionTransformer(np.tanh)), X))
    >> "to_onnx: FunctionTransformer must have func=None, not ufunc",
    kind_error(lambda: to_onnx(fitted(SimpleImputer(add_indicator=True), x=GAPS), X))
    >> "to_onnx: SimpleImputer must keep the columns, with add_indicator=False and no empty column",
    kind_error(lambda: to_onnx(fitted(), np.zeros(40)))
    >> "to_onnx: x must be an array (m, n_in) of numbers, not <f64 40>",
    kind_error(lambda: to_onnx(fitted(), NAMES[:, None]))
    >> "to_onnx: x must be an array (m, n_in) of numbers, not <str 150x1>",
    kind_error(lambda: to_onnx(NetworkRegressor(categories=[1], epochs=1).fit(X, Y), X))
    >> "to_onnx: params must be fitted without categories; "
    "write to_onnx(model.network_, model.encoder_.transform(X))",
    kind_error(lambda: to_onnx(fitted(), X, free={1: "t"}))
    >> "to_onnx: free must be None for Pipeline, since x is (m, n_in), not {1: 't'}",
    shape_error(lambda: to_onnx(fitted(), X[:, 1:])) >> "to_onnx: x must have 4 features, as in fit, not 3",
]  # fmt: skip


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, X, Y)


def test_a_model_that_is_not_fitted_is_refused_by_scikit_learn():
    for model in (NetworkRegressor(), make_pipeline(StandardScaler(), NetworkRegressor())):
        with pytest.raises(ValueError, match="is not fitted yet"):
            to_onnx(model, X)

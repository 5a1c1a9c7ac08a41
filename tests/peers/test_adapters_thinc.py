"""Models of thinc in the checker: correct ones pass, and each mistake is found."""

import numpy as np
import pytest
from hypothesis import given

from funcnn.testing import check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.verdict import NoDerivative, NotDeterministic, NotPure, WrongGradient
from tests.counts import at_most, to_fail
from tests.said import fails, says
from tests.says import assert_says, each_row, kind_error, range_error

api = pytest.importorskip("thinc.api", reason="this is the bridge to it")
from funcnn.testing.thinc import pair, parameters_of  # noqa: E402  it needs thinc

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
W, B = np.array([[0.5, 1.0, -1.0], [2.0, 0.25, 0.75]]), np.array([0.5, -1.0])


def dense(callback):
    """A layer X W' + b, whose callback is `callback(model, X, W, dY)`."""

    def forward(model, X, is_train):
        W, b = model.get_param("W"), model.get_param("b")
        return X @ W.T + b, lambda dY: callback(model, X, W, dY)

    return api.Model("dense", forward, params={"W": W.astype("f4"), "b": B.astype("f4")})


def right(model, X, W, dY):
    model.inc_grad("W", dY.T @ X)
    model.inc_grad("b", dY.sum(axis=0))
    return dY @ W


def forgets_a_row(model, X, W, dY):
    model.inc_grad("W", dY.T @ X)
    model.inc_grad("b", dY[0])
    return dY @ W


def sets_the_gradient(model, X, W, dY):
    model.set_grad("W", dY.T @ X)
    model.inc_grad("b", dY.sum(axis=0))
    return dY @ W


def reads_an_attribute(model, X, W, dY):
    return right(model, model.attrs["X"], W, dY)


def writes_into_the_cotangent(model, X, W, dY):
    dY *= 1.5
    return right(model, X, W, dY / 1.5)


def gives_no_gradient_of_b(model, X, W, dY):
    model.inc_grad("W", dY.T @ X)
    return dY @ W


def keeps_x_in_the_model():
    def forward(model, X, is_train):
        model.attrs["X"] = X
        W, b = model.get_param("W"), model.get_param("b")
        return X @ W.T + b, lambda dY: reads_an_attribute(model, X, W, dY)

    return api.Model("dense", forward, params={"W": W, "b": B})


@at_most(10)
@given(fst.tensors("k n", "k", "m n"))
def test_a_right_layer_passes(args):
    W, b, X = (a.clip(-3, 3) for a in args)
    assert check_vjp(*pair(dense(right)), ({"dense.W": W, "dense.b": b}, X)).verdict == "pass"


@pytest.mark.parametrize(
    ("callback", "error"),
    [
        (forgets_a_row, WrongGradient),
        (sets_the_gradient, NotPure),
        (writes_into_the_cotangent, NotPure),
        (gives_no_gradient_of_b, NoDerivative),
        (lambda model, X, W, dY: right(model, X, W, dY) * 1.001, WrongGradient),
    ],
    ids=["row", "set", "cotangent", "missing", "factor"],
)
def test_each_mistake_is_found(callback, error):
    model = dense(callback)

    @to_fail
    @given(fst.tensors("m 3", most=3))
    def check(args):
        check_vjp(*pair(model), (parameters_of(model), args[0].clip(-3, 3)))

    fails(error, check)


def test_values_that_a_model_keeps_are_found():
    model = keeps_x_in_the_model()
    says(NotPure, "after the model was called with other arguments", check_vjp, *pair(model), (parameters_of(model), X))


def test_some_parameters_or_none():
    model = dense(forgets_a_row)
    assert check_vjp(*pair(model), ({"dense.W": W}, X)).decided == ('params["dense.W"]', "X")
    assert check_vjp(*pair(model), ({}, X)).decided == ("X",)
    with pytest.raises(WrongGradient, match=r'dense: dparams\["dense.b"\], 2 of 2 entries wrong'):
        check_vjp(*pair(model), ({"dense.b": B}, X))


def test_a_layer_that_writes_to_its_input_is_found():
    def forward(model, X, is_train):
        X *= 1.0 + (X > 0)
        return X, lambda dY: dY

    says(NotPure, "f writes to its arguments", check_vjp, *pair(api.Model("writes", forward)), ({}, X))


def test_layers_of_thinc():
    model = api.chain(api.Swish(3, 3), api.Linear(2, 3), api.Linear(2, 2)).initialize()
    names = [f"{layer}.{key}" for layer in ("swish", "linear", "linear 2") for key in "Wb"]
    assert [*parameters_of(model)] == names
    report = check_vjp(*pair(model), (parameters_of(model), X))
    assert report.decided == (*[f'params["{name}"]' for name in names], "X")


def test_lists_and_whole_numbers():
    sums = api.chain(api.list2ragged(), api.reduce_sum())
    assert check_vjp(*pair(sums), ({}, [X, X[:1]]), layouts=False).decided == ("X[0]", "X[1]")
    embedding = api.Embed(2, 4).initialize()
    ids = np.array([3, 1, 1])
    check_vjp(*pair(embedding), (parameters_of(embedding), ids))
    assert pair(embedding)[1]((parameters_of(embedding), ids), np.ones((3, 2)))[1] is None


def test_a_random_mask_is_not_deterministic():
    with pytest.raises(NotDeterministic):
        check_vjp(*pair(api.Dropout(0.5)), ({}, np.ones((8, 8))))  # two masks of six numbers may be equal


def test_your_model_stays_as_it_is_and_works_in_the_dtype_of_its_input():
    model = api.chain(api.LayerNorm(3), api.Swish(2, 3)).initialize()
    before = parameters_of(model)
    f, vjp = pair(model)
    for dtype in (np.float32, np.float64):
        params = {name: a.astype(dtype) for name, a in before.items()}
        out = f(params, X.astype(dtype))
        dparams, dX = vjp((params, X.astype(dtype)), out)
        assert {out.dtype, dX.dtype, *[g.dtype for g in dparams.values()]} == {np.dtype(dtype)}
    after = parameters_of(model)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert not any(node.has_grad(key) for node in model.walk() for key in node.param_names)


def test_a_model_may_refuse_other_arguments():
    def forward(model, given, is_train):
        if given.sum() != X.sum():
            raise ValueError("not these")
        return given * 2, lambda dY: dY * 2

    np.testing.assert_array_equal(pair(api.Model("picky", forward))[1](({}, X), X)[1], 2 * X)


def made_of(result):
    return api.Model("other", lambda model, X, is_train: (result, None))


ROWS = [
    range_error(lambda: pair(api.Linear(2, 3)))
    >> "pair: model must be initialized, but linear.W is not; call model.initialize()",
    kind_error(lambda: pair(dense(right))[0](X, X))
    >> "pair: params must be a dict of parameters by name, not float64 array",
    range_error(lambda: pair(dense(right))[0]({"W": W}, X))
    >> "pair: params must name parameters of the model (dense.W, dense.b), not 'W'",
    range_error(lambda: pair(made_of(X))[0]({"W": W}, X))
    >> "pair: params must be empty, since the model has no parameters; it has 'W'",
    kind_error(lambda: pair(made_of("x"))[0]({}, X)) >> "pair: model must return arrays, not str",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)

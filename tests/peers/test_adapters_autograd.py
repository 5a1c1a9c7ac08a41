"""Primitives and functions of HIPS autograd in the checker: correct ones pass, and each mistake is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn.testing import GradientError, check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.verdict import NoDerivative, NotPure, WrongDtype, WrongGradient, WrongShape
from tests.counts import at_most, to_fail

anp = pytest.importorskip("autograd.numpy", reason="this is the bridge to it")
extend = pytest.importorskip("autograd.extend", reason="its primitives are under test")
from funcnn.testing.autograd import pair  # noqa: E402  it needs autograd

few = at_most(25)
X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])


def primitive(function, *rules):
    """A function and, for each argument, the rule `rule(out, *args)` that gives its vjp."""
    made = extend.primitive(function)
    extend.defvjp(made, *rules)
    return made


swish = lambda x: x / (1 + np.exp(-np.clip(x, -700, 700)))


def slope(x):
    s = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
    return s + x * s * (1 - s)


dense = lambda x, W, b: x @ W + b

SWISH = primitive(swish, lambda out, x: lambda g: g * slope(x))
dx, dW, db = (
    lambda out, x, W, b: lambda g: g @ W.T,
    lambda out, x, W, b: lambda g: x.T @ g,
    lambda out, x, W, b: lambda g: g.sum(axis=0),
)


def writes_into_the_cotangent(out, x):
    def rule(g):
        g *= slope(x)
        return g

    return rule


def remembers_its_last_input():
    last = []

    def forward(x):
        last[:] = [x]
        return swish(x)

    return primitive(forward, lambda out, x: lambda g: g * slope(last[0]))


def refuses_other_arguments(x):
    if x.sum() != X.sum():
        raise ValueError("not these")
    return x * 1.0


WRONG = {
    "formula": (primitive(swish, lambda out, x: lambda g: g * slope(x) * (1 + 1e-7)), WrongGradient),
    "cotangent": (primitive(swish, writes_into_the_cotangent), NotPure),
    "memory": (remembers_its_last_input(), NotPure),
    "shape": (primitive(swish, lambda out, x: lambda g: (g * slope(x)).sum(axis=0)), WrongShape),
    "dtype": (primitive(swish, lambda out, x: lambda g: (g * slope(x)).astype("f4")), WrongDtype),
}


@few
@given(fst.tensors("m n"))
def test_a_right_primitive_passes(args):
    assert check_vjp(*pair(SWISH), args).verdict == "pass"


@pytest.mark.parametrize(("function", "error"), WRONG.values(), ids=WRONG)
def test_each_mistake_is_found(function, error):
    @to_fail
    @given(fst.tensors("m n"))
    def check(args):
        check_vjp(*pair(function), args)

    with pytest.raises(error):
        check()


@few
@given(fst.tensors("m k", "k n", "n"))
def test_a_right_primitive_of_several_arguments_passes(args):
    check_vjp(*pair(primitive(dense, dx, dW, db)), [a.clip(-3, 3) for a in args])


@pytest.mark.parametrize(
    ("rules", "leaf"),
    [([dx, dW, lambda *_: lambda g: g[0]], "b"), ([dx, lambda out, x, W, b: lambda g: x.T @ g / len(x), db], "W")],
    ids=["b", "W"],
)
def test_the_argument_whose_rule_is_wrong_is_named(rules, leaf):
    @to_fail
    @given(fst.tensors("m k", "k n", "n"))
    def check(args):
        check_vjp(*pair(primitive(dense, *rules)), [a.clip(-3, 3) for a in args])

    with pytest.raises(GradientError, match=rf"\bd{leaf}\b"):
        check()


@few
@given(fst.tensors("m n"), st.data())
def test_a_plain_function_passes_and_whole_numbers_have_no_gradient(args, data):
    ids = np.array(data.draw(st.lists(st.integers(0, len(args[0]) - 1), min_size=1, max_size=5)))
    f, vjp = pair(lambda E, ids: anp.tanh(E[ids]) * 2)
    check_vjp(f, vjp, (*args, ids))
    assert vjp((np.ones_like(args[0]), ids), f(args[0], ids))[1] is None


def test_values_and_gradients_are_those_of_autograd_in_the_dtype_that_is_given():
    for dtype in (np.float64, np.float32):
        x = X.astype(dtype)
        f, vjp = pair(anp.sin)
        np.testing.assert_array_equal(f(x), np.sin(x), strict=True)
        np.testing.assert_array_equal(vjp((x,), x)[0], x * np.cos(x), strict=True)


def test_one_number_is_an_array_too():
    check_vjp(*pair(lambda x: anp.sum(x**2)), [X])
    check_vjp(*pair(anp.exp), [np.array(0.5)])


def test_an_argument_that_plays_no_part_has_a_gradient_of_zeros():
    _, dy = pair(lambda x, y: x * 2)[1]((X, X[0]), X)
    np.testing.assert_array_equal(dy, np.zeros(3), strict=True)


def test_a_function_may_refuse_other_arguments():
    np.testing.assert_array_equal(pair(refuses_other_arguments)[1]((X,), X)[0], X)


def test_trees_of_arguments():
    f = lambda params, x: anp.tanh(anp.dot(x, params["layers"][0])) + params["b"]
    args = ({"layers": [X.T.copy()], "b": X[0, :2]}, X)
    assert check_vjp(*pair(f), args).decided == ('params["layers"][0]', 'params["b"]', "x")


def test_a_function_without_rule_is_named():
    with pytest.raises(NoDerivative, match=r"autograd has no derivative of this function: VJP of .* not defined"):
        check_vjp(*pair(extend.primitive(swish)), [X])

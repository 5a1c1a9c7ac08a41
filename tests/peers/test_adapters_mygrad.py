"""Functions and operations of MyGrad in the checker: correct ones pass, and each mistake is found."""

import numpy as np
import pytest
from hypothesis import given

from funcnn.errors import KindError
from funcnn.testing import check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.verdict import NoDerivative, NotPure, Raised, WrongGradient
from tests.counts import at_most, to_fail
from tests.said import says

mygrad = pytest.importorskip("mygrad", reason="this is the bridge to it")
from mygrad.operation_base import Operation  # noqa: E402  it needs mygrad

from funcnn.testing.mygrad import pair  # noqa: E402  it needs mygrad

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])


def applied(backward, forward=np.sin):
    """A function by an operation whose backward is `backward(x, dA)`."""

    class Mine(Operation):
        def __call__(self, x):
            self.variables = (x,)
            return forward(x.data)

        def backward_var(self, grad, index, **kwargs):
            return backward(self.variables[index].data, grad)

    return lambda x: mygrad.execute_op(Mine, x)


right = lambda x, dA: dA * np.cos(x)


def keeps_its_last_argument():
    last = []

    def forward(x):
        last[:] = [x]
        return np.sin(x)

    return applied(lambda x, dA: dA * np.cos(last[0]), forward)


def writes_to_the_cotangent(x, dA):
    dA *= np.cos(x)
    return dA


@at_most(10)
@given(fst.tensors("m n"))
def test_a_right_operation_passes(args):
    assert check_vjp(*pair(applied(right)), args).verdict == "pass"
    check_vjp(*pair(mygrad.sin), args)


@at_most(10)
@given(fst.tensors("m k", "k n"))
def test_a_plain_function_of_several_arguments_passes(args):
    check_vjp(*pair(lambda x, W: mygrad.log(mygrad.exp(x @ W).sum(axis=1))), [a.clip(-3, 3) for a in args])


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (applied(lambda x, dA: right(x, dA) * (1 + 1e-7)), WrongGradient),
        (applied(lambda x, dA: right(x, dA)[..., :1] + 0 * x), WrongGradient),
        (keeps_its_last_argument(), NotPure),
        (applied(lambda x, dA: dA[5]), Raised),
        (lambda x: mygrad.tensor(x.data), NoDerivative),
        (lambda x: np.sin(x.data), NoDerivative),
        (np.floor, NoDerivative),
    ],
    ids=["formula", "broadcast", "memory", "raises", "detached", "array", "numpy"],
)
def test_each_mistake_is_found(function, error):
    @to_fail
    @given(fst.tensors("m n", least=2))
    def check(args):
        check_vjp(*pair(function), args)

    with pytest.raises(error):
        check()


def test_other_errors_of_a_function_come_out_as_they_are():
    def picky(x):
        if not x.constant:
            raise ValueError("not for me")
        return x

    says(Raised, "vjp raised ValueError where f did not: not for me", check_vjp, *pair(picky), [X])


def test_whole_numbers_are_constants_and_trees_are_taken():
    f = lambda params, ids: mygrad.tanh(params["E"][ids.data]) * params["scale"]
    args = ({"E": X, "scale": X[0]}, np.array([1, 1, 0]))
    assert check_vjp(*pair(f), args).decided == ('params["E"]', 'params["scale"]')


def test_an_argument_that_plays_no_part_has_a_gradient_of_zeros():
    _, dy = pair(lambda x, y: x * 2)[1]((X, X[0]), X)
    np.testing.assert_array_equal(dy, np.zeros(3), strict=True)


def test_values_and_gradients_are_those_of_mygrad_in_the_dtype_that_is_given():
    for dtype in (np.float64, np.float32):
        x = X.astype(dtype)
        f, vjp = pair(mygrad.sin)
        np.testing.assert_array_equal(f(x), np.sin(x), strict=True)
        np.testing.assert_array_equal(vjp((x,), x)[0], x * np.cos(x), strict=True)
        assert x.flags.writeable


def test_a_function_may_refuse_other_arguments():
    def picky(x):
        if x.data.sum() != X.sum():
            raise ValueError("not these")
        return x * 1.0

    np.testing.assert_array_equal(pair(picky)[1]((X,), X)[0], X)


def test_what_is_refused():
    says(KindError, "pair: function must be a function, not the class ndarray", pair, np.ndarray)
    says(KindError, "pair: function must return a tensor, not tuple", pair(lambda x: (x, x))[0], X)

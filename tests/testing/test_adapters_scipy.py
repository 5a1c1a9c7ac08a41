"""Functions for scipy.optimize in the checker: a correct jac passes, and each mistake is found."""

import numpy as np
import pytest
from hypothesis import given

from funcnn.errors import KindError
from funcnn.testing import GradientError, check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.scipy import pair
from funcnn.testing.verdict import NotPure, Raised, WrongGradient, WrongShape
from tests.counts import at_most, to_fail

few = at_most(25)
T = np.linspace(0, 1, 5)
within_3 = fst.tensors("n", least=2).map(lambda args: [args[0].clip(-3, 3)])

quartic = lambda x: float(((x - 1) ** 4).sum()) + x[0] * x[-1]


def d_quartic(x):
    gradient = 4 * (x - 1) ** 3
    gradient[0] += x[-1]
    gradient[-1] += x[0]
    return gradient


def decay(x):
    """Five residuals of two unknowns."""
    return x[0] * np.exp(-x[1] * T) - 0.5


def d_decay(x):
    e = np.exp(-x[1] * T)
    return np.stack([e, -x[0] * T * e], axis=1)


forgets_the_last = lambda x: np.append(d_quartic(x)[:-1], 4 * (x[-1] - 1) ** 3)


def writes_to_x(x):
    x -= 1
    return 4 * x**3


@few
@given(within_3)
def test_a_right_gradient_passes(args):
    assert check_vjp(*pair(quartic, d_quartic), args).verdict == "pass"
    check_vjp(*pair(lambda x: (quartic(x), d_quartic(x)), jac=True), args)
    check_vjp(*pair(lambda x: float(x @ x), lambda x: [2 * a for a in x.tolist()]), args)  # a list will do


@few
@given(fst.tensors("2").map(lambda args: [args[0].clip(-3, 3)]))
def test_a_right_jacobian_passes(args):
    check_vjp(*pair(decay, d_decay), args)
    check_vjp(*pair(decay, lambda x: d_decay(x).tolist()), args)


@pytest.mark.parametrize(
    ("fun", "jac", "error"),
    [
        (quartic, forgets_the_last, WrongGradient),
        (quartic, lambda x: d_quartic(x)[:, None], WrongShape),
        (quartic, lambda x: d_quartic(x).astype("f4"), WrongGradient),
        (quartic, writes_to_x, NotPure),
        (lambda x: (quartic(x), forgets_the_last(x)), True, WrongGradient),
        (lambda x: x**2, np.diag, WrongGradient),
        (lambda x: np.cumsum(x)[1:], lambda x: np.tri(len(x))[1:].T, (Raised, WrongGradient)),
    ],
    ids=["entry", "shape", "float32", "writes", "jac=True", "factor", "transposed"],
)
def test_each_mistake_is_found(fun, jac, error):
    @to_fail
    @given(within_3)
    def check(args):
        check_vjp(*pair(fun, jac), args)

    with pytest.raises(error):
        check()


def test_residuals_by_a_jacobian_with_one_wrong_sign():
    with pytest.raises(GradientError, match=r"\bdx\b"):
        check_vjp(*pair(decay, lambda x: d_decay(x) * [1, -1]), [np.array([2.0, 0.5])])


@few
@given(within_3)
def test_functions_of_scipy(args):
    optimize = pytest.importorskip("scipy.optimize", reason="its test functions come with derivatives")
    check_vjp(*pair(optimize.rosen, optimize.rosen_der), args)
    check_vjp(*pair(optimize.rosen_der, optimize.rosen_hess), args)


@pytest.mark.parametrize("wrap", ["csr_array", "linalg.aslinearoperator"])
def test_a_jacobian_may_be_sparse_or_an_operator(wrap):
    sparse = pytest.importorskip("scipy.sparse", reason="it makes them")
    linalg = pytest.importorskip("scipy.sparse.linalg", reason="it makes them")
    wrapped = {"csr_array": sparse.csr_array, "linalg.aslinearoperator": linalg.aslinearoperator}[wrap]
    check_vjp(*pair(decay, lambda x: wrapped(d_decay(x))), [np.array([2.0, 0.5])])
    with pytest.raises(GradientError, match=r"\bdx\b"):
        check_vjp(*pair(decay, lambda x: wrapped(2 * d_decay(x))), [np.array([2.0, 0.5])])


def test_float32_is_computed_in_float64():
    seen = []
    f, vjp = pair(lambda x: seen.append(x.dtype) or quartic(x), lambda x: seen.append(x.dtype) or d_quartic(x))
    x = np.array([0.5, 2.0], np.float32)
    (gradient,) = vjp((x,), f(x))
    assert (f(x).dtype, gradient.dtype) == (np.float32, np.float32)
    assert set(seen) == {np.dtype("f8")}


@pytest.mark.parametrize("jac", ["2-point", None, False])
def test_a_jac_that_scipy_would_make_itself_is_refused(jac):
    with pytest.raises(KindError, match="jac must be a function or True"):
        pair(quartic, jac)

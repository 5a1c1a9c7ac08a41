"""Slips in the form of a derivative, whose message says what to write; and messages that show how much is wrong."""

import re

import numpy as np
import pytest

from funcnn.errors import KindError
from funcnn.testing import check_gradient, check_hessian, check_jvp, check_loss, check_vjp
from funcnn.testing.numbers import change, told_apart
from funcnn.testing.verdict import (
    BrokenPromise,
    GradientError,
    NotDeterministic,
    NotLinear,
    NotPure,
    NotSymmetric,
    NotTransposed,
    Raised,
    WrongForFloat32,
    WrongForLayout,
    WrongGradient,
    WrongShape,
)


def csr_array(a):
    return pytest.importorskip("scipy.sparse").csr_array(a)


X, Y = np.array([1.0, 2.0, 3.0]), np.array([2.0, -1.0, 0.5])
SQUARE = np.array([[1.0, 2.0], [3.0, 4.0]])

times = lambda x, y: x * y * y
power = lambda x, *, n: x**n

# A check whose derivative is called otherwise, its error, and the call that the message ends with.
SLIPS = {
    "arguments one by one": (
        lambda: check_vjp(times, lambda x, y, dA: [dA * y * y, 2 * dA * x * y], (X, Y)),
        KindError,
        r"check_vjp: vjp must be a function \(args, dA\), not a function \(x, y, dA\); "
        r"write lambda args, dA: vjp\(\*args, dA\)",
    ),
    "dA first": (
        lambda: check_vjp(times, lambda dA, x, y: [dA * y * y, 2 * dA * x * y], (X, Y)),
        KindError,
        r"\(dA, x, y\); write lambda args, dA: vjp\(dA, \*args\)",
    ),
    "one by one, and wrong": (
        lambda: check_vjp(times, lambda x, y, dA: [dA * y * y, dA * x * y], (X, Y)),
        KindError,
        r"not a function \(x, y, dA\)",
    ),
    "keywords": (
        lambda: check_vjp(power, lambda x, dA, n: [n * x ** (n - 1) * dA], (X,), kwargs={"n": 2}),
        Raised,
        r"write lambda args, dA, \*\*kwargs: vjp\(\*args, dA, \*\*kwargs\)",
    ),
    "keywords that vjp does not take": (
        lambda: check_vjp(power, lambda args, dA: [2 * args[0] * dA], (X,), kwargs={"n": 2}),
        KindError,
        r"vjp must be a function \(args, dA, n\), not a function \(args, dA\)",
    ),
    "the only argument": (
        lambda: check_vjp(np.sin, lambda x, dA: [dA * np.cos(x)], (X,)),
        WrongShape,
        r"must have the shape of x, \(3,\); it is \(1, 3\); write lambda args, dA: vjp\(\*args, dA\)",
    ),
    "the only argument, and an exception": (
        lambda: check_vjp(np.sum, lambda x, dA: [dA * np.ones(x.shape, x.dtype)], (X,)),
        Raised,
        r"attribute 'shape'; write lambda args, dA: vjp\(\*args, dA\)",
    ),
    "the only argument, and a bare gradient": (
        lambda: check_vjp(np.sin, lambda x, dA: dA * np.cos(x), (X,)),
        WrongShape,
        r"it gave float64 array; write lambda args, dA: \[vjp\(\*args, dA\)\]",
    ),
    "a bare gradient": (
        lambda: check_vjp(np.sin, lambda args, dA: dA * np.cos(args[0]), (X,)),
        WrongShape,
        r"it gave float64 array; write lambda args, dA: \[vjp\(args, dA\)\]",
    ),
    "a jvp, one by one": (
        lambda: check_jvp(times, lambda x, y, dx, dy: dx * y * y + 2 * dy * x * y, (X, Y)),
        KindError,
        r"check_jvp: jvp must be a function \(args, tangents\), not a function \(x, y, dx, dy\); "
        r"write lambda args, tangents: jvp\(\*args, \*tangents\)",
    ),
    "a jvp of the only argument": (
        lambda: check_jvp(np.sin, lambda x, dx: dx[:] * np.cos(x), (X,)),
        GradientError,
        r"write lambda args, tangents: jvp\(\*args, \*tangents\)",
    ),
    "a sparse gradient": (
        lambda: check_vjp(np.positive, lambda args, dA: [csr_array(dA)], (SQUARE,)),
        WrongShape,
        r"the gradient of x must be an array, not csr_array; write \.toarray\(\)\n",
    ),
    "a sparse grad": (
        lambda: check_gradient(lambda x: x @ x, lambda x: csr_array(2 * x), X),
        WrongShape,
        r"the gradient of x must be an array, not csr_array; write \.toarray\(\)\n",
    ),
    "rows of different lengths": (
        lambda: check_vjp(np.positive, lambda args, dA: [[[1.0], [2.0, 3.0]]], (SQUARE,)),
        WrongShape,
        r"the gradient of x must be an array, not list\n",
    ),
}


@pytest.mark.parametrize("what", SLIPS)
def test_a_slip_is_answered_with_the_call(what):
    check, kind, message = SLIPS[what]
    with pytest.raises(kind, match=message) as caught:
        check()
    assert ("write" in str(caught.value)) == ("write" in message)


@pytest.mark.parametrize(
    ("f", "vjp"),
    [
        (np.sin, lambda args, dA: 1 / 0),
        (np.sin, lambda args, dA: [dA * np.sin(args[0]).sum() * np.ones((2, 3))]),
        (lambda x: 0 * x, lambda args, dA: 0 * dA),  # a slope of 0 tells no call from another
        (lambda x: x if (x == X).all() else 1 / 0, lambda args, dA: 0 * dA),  # and none is known
    ],
    ids=["an exception", "a shape", "no slope", "no value"],
)
def test_no_call_is_proposed_that_may_be_wrong(f, vjp):
    with pytest.raises(GradientError) as caught:
        check_vjp(f, vjp, (X,))
    assert "write" not in str(caught.value)


def test_a_function_in_c_has_no_signature_and_is_called():
    with pytest.raises(GradientError):
        check_vjp(np.sin, max, (X,))


# Both numbers of a message differ in it.

DRIFT = iter(range(10**6))
NEARLY = 1 + 3e-12
ALIKE = {
    "NotLinear, of a jvp": (
        lambda: check_jvp(np.sin, lambda args, v: np.cos(args[0]) * v[0] * (1 + 1e-5 * abs(v[0])), (X,)),
        NotLinear,
        "the tangent[0] is {}, but must be {}\n",
    ),
    "NotLinear, of a jvp of a sum": (
        lambda: check_jvp(np.sum, lambda args, v: np.cbrt(v[0].sum() ** 3 + 1e-4 * v[0][0] ** 3), (X,)),
        NotLinear,
        "the tangent[0] is {}, but must be {}\n",
    ),
    "NotTransposed": (
        lambda: check_jvp(
            np.exp, lambda args, v: np.exp(args[0]) * v[0], (X,), vjp=lambda args, u: [np.exp(args[0]) * u * NEARLY]
        ),
        NotTransposed,
        "<u, J v> is {}, but <J' u, v> is {}\n",
    ),
    "NotSymmetric": (
        lambda: check_hessian(
            lambda x: SQUARE.T @ SQUARE @ x, lambda x: SQUARE.T @ SQUARE * [[1, NEARLY], [1, 1]], X[:2]
        ),
        NotSymmetric,
        "H[1, 0] is {}, but H[0, 1] is {}\n",
    ),
    "a cost": (
        lambda: check_loss(
            lambda out, y: (
                (out - y).sum() / len(out) * (1 + 1e-11 * len(out)),
                np.full_like(out, (1 + 1e-11 * len(out)) / len(out)),
            ),
            SQUARE,
            0 * SQUARE,
        ),
        BrokenPromise,
        "the cost is {}, but the weighted sum of blocks of rows is {};",
    ),
    "float32": (
        lambda: check_vjp(
            np.positive, lambda args, dA: [dA if dA.dtype == float else dA * np.float32(1.001)], (np.ones((3, 4)),)
        ),
        WrongForFloat32,
        " is {} in float32, but {} in float64\n",
    ),
    "WrongGradient": (
        lambda: check_vjp(np.positive, lambda args, dA: [dA * (1 + 4e-11)], (X,)),
        WrongGradient,
        "analytic {}, numeric {} +-",
    ),
    "another result": (
        lambda: check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0]) * (1 + 1e-13 * next(DRIFT))], (X,)),
        NotDeterministic,
        "vjp gives another result when it is called again: the gradient of x[2] was {}, and is {}\n",
    ),
    "another value": (
        lambda: check_vjp(lambda x: x + 1e-13 * next(DRIFT), lambda args, dA: [dA], (X,)),
        NotDeterministic,
        "f gives another result when it is called again: out[0] was {}, and is {}\n",
    ),
}


@pytest.mark.parametrize("what", ALIKE)
def test_numbers_that_differ_are_told_apart(what):
    check, kind, message = ALIKE[what]
    with pytest.raises(kind) as caught:
        check()
    found = re.search(re.escape(message).replace(r"\{\}", r"(-?\d[\d.e-]*)"), str(caught.value))
    assert found, str(caught.value)
    assert found[1] != found[2]


def test_a_change_names_the_entry_that_changed_most():
    assert change("x", [[1.0, 2.0], [3.0, np.nan]], [[1.0, 2.5], [3.1, np.nan]]) == "x[0, 1] was 2, and is 2.5"
    assert change("x", [1.0, 2.0], [5.0, np.nan]) == "x[1] was 2, and is nan"
    assert change("x", 1.0, 2.0) == "x was 1, and is 2"
    assert change("x", [1.0], [1.0, 2.0]) == "the shape of x was (1,), and is (2,)"
    assert told_apart(-0.0, 0.0) == ["0", "0"]
    assert told_apart(float("nan"), float("nan")) == ["nan", "nan"]


def forced(a):
    """Writes to an array past its seal."""
    a.flags.writeable = True
    a += 1
    a.flags.writeable = False


def test_a_change_of_an_argument_or_of_an_earlier_result_has_numbers():
    with pytest.raises(NotPure, match=r"f or vjp changes its arguments: x\[0\] was 1, and is \d"):
        check_vjp(np.positive, lambda args, dA: forced(args[0]) or [dA], (X,))


@pytest.mark.parametrize("what", ["reversed", "strided"])
def test_a_layout_of_a_vector_has_its_name(what):
    def vjp(args, dA):
        (x,) = args
        other = x.strides[0] < 0 if what == "reversed" else x.strides[0] > x.itemsize
        return [(2 - other) * x * dA]

    with pytest.raises(WrongForLayout, match=f"another result for {what} arguments"):
        check_vjp(np.square, vjp, (X,))

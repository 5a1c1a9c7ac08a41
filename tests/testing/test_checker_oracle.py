"""An oracle of many digits tells whether the function or its gradient is wrong."""

import re

import numpy as np
import pytest

from funcnn.testing import GradientError, NotFinite, WrongTogether, check_vjp

mpmath = pytest.importorskip("mpmath", reason="the oracle computes with it")

X = np.array([0.5, 2.0, 3.25])


def slopes(slope):
    return lambda args, dA: [dA * slope(args[0])]


def said(f, vjp, args=(X,), error=GradientError, **options):
    with pytest.raises(error) as caught:
        check_vjp(f, vjp, args, **options)
    return str(caught.value)


def inverse_squares(x):
    """The trigamma function, whose asymptotic series ends too early."""
    shifted, total = x.copy(), np.zeros_like(x)
    for _ in range(6):
        total += 1 / shifted**2
        shifted += 1
    return total + 1 / shifted + 1 / (2 * shifted**2) + 1 / (6 * shifted**3) - 1 / (30 * shifted**5)


def polygamma_2(x):
    return np.array([float(mpmath.polygamma(2, number)) for number in x.flat], x.dtype).reshape(x.shape)


trigamma = lambda x: mpmath.polygamma(1, x)


def test_a_forward_with_too_few_digits_is_wrong_and_its_exact_derivative_is_not():
    text = said(inverse_squares, slopes(polygamma_2), oracle=trigamma)
    assert "\n    forward differs from the oracle, backward agrees: slope -" in text
    assert re.search(r"1[4-7] digits of analytic agree, \d of numeric\n", text)
    value, right = map(float, re.search(r"f gives (\S+), the oracle (\S+): \d digits agree", text).groups())
    assert value in inverse_squares(X)
    assert right in [float(trigamma(x)) for x in X]


def test_a_wrong_backward_is_wrong():
    text = said(np.exp, slopes(lambda x: np.exp(x) * (1 + 1e-6)), oracle=mpmath.exp)
    assert (
        "backward differs from the oracle, forward agrees: slope 1.6487212707001281, 6 digits of analytic agree" in text
    )
    assert "f gives" not in text


def test_both_may_be_wrong():
    text = said(lambda x: np.exp(x) * 1.0001, slopes(lambda x: 2 * np.exp(x)), oracle=mpmath.exp)
    assert "forward and backward differ from the oracle: slope" in text
    assert "f gives 1.64888" in text


def test_an_oracle_of_several_arguments_takes_constants_and_broadcasts():
    power = lambda x, n, *, scale: scale * x**n

    def vjp(args, dA, *, scale):
        x, n = args
        return [(dA * n * scale * x**n).sum(axis=0), None]

    args = X, np.array([[2], [3]])
    text = said(power, vjp, args, kwargs={"scale": 2.0}, oracle=lambda x, n, *, scale: scale * x**n)
    assert "backward differs from the oracle, forward agrees" in text


def test_several_entries_together_have_a_slope_of_the_oracle_too():
    to_both = lambda args, dA: [dA * (args[0] >= args[1]), dA * (args[1] >= args[0])]
    text = said(np.maximum, to_both, (X, X), WrongTogether, oracle=lambda a, b: max(a, b))  # noqa: PLW0108  of a ufunc
    assert "backward differs from the oracle, forward agrees" in text


def test_a_gradient_of_nan_agrees_in_no_digit():
    text = said(np.exp, slopes(lambda x: np.exp(x) + np.where(x > 1, np.nan, 0)), error=NotFinite, oracle=mpmath.exp)
    assert "backward differs from the oracle, forward agrees" in text
    assert "0 digits of analytic agree" in text


@pytest.mark.parametrize(
    "oracle",
    [lambda x: mpmath.sqrt(x - X[0]), lambda x: mpmath.floor(2 * x), lambda x: 1 / (x - 0.5) if x > 0.5 else x],
)
def test_at_an_edge_the_oracle_has_no_slope(oracle):
    text = said(lambda x: x + 0, slopes(lambda x: 2 + 0 * x), [X[:1]], oracle=oracle)
    assert "\n    the oracle has no slope at these arguments\n" in text


def test_a_check_that_passes_does_not_change():
    assert str(check_vjp(np.sin, slopes(np.cos), [X], oracle=mpmath.sin)) == str(check_vjp(np.sin, slopes(np.cos), [X]))


def test_a_float32_argument_is_exact():
    text = said(np.exp, slopes(lambda x: 2 * np.exp(x)), [np.float32(X)], oracle=mpmath.exp)
    assert "backward differs from the oracle, forward agrees: slope 1.6487212707001281" in text

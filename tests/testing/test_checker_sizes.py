"""Arguments near the smallest and the largest numbers, where steps of 1 and errors relative to 1 fit no function."""

import numpy as np
import pytest

from funcnn.testing import Inconclusive, check_vjp
from funcnn.testing.verdict import GradientError, NotFinite, WrongGradient, WrongTogether

TINY = np.array([1e-200, -3e-201])


def vjp(slope):
    return lambda args, dA: [dA * slope(args[0])]


def test_a_message_has_the_units_of_the_caller():
    with pytest.raises(WrongGradient, match=r"1 of 1 entries wrong, first x\[0\]\n    analytic 1e\+100") as error:
        check_vjp(np.sqrt, vjp(lambda x: 1 / np.sqrt(x)), [TINY[:1]])
    assert "numeric 5e+99 +- " in str(error.value)
    assert "x = np.array([1e-200])" in str(error.value)
    assert "analytic = 2 x numeric" in str(error.value)


def test_a_report_has_the_units_of_the_caller():
    report = check_vjp(np.sin, vjp(np.cos), [TINY])
    assert 1e-17 < report.bound < 1e-7
    large = check_vjp(np.square, vjp(lambda x: 2 * x), [np.array([1e100])])
    assert large.bound == pytest.approx(2e100 * large.sees)


def test_a_tie_that_is_counted_twice_is_found():
    with pytest.raises(WrongTogether, match=r"along np.array\(\[1.*e-200"):
        check_vjp(np.max, vjp(lambda x: (x == x.max()).astype(x.dtype)), [np.full(2, 1e-200)])


def test_each_argument_is_decided_in_some_units():
    f = lambda x, y: np.exp(x) + y
    assert check_vjp(f, lambda args, dA: [dA * np.exp(args[0]), dA], [TINY, TINY]).decided == ("x", "y")


def test_a_gradient_of_the_wrong_size_by_far_is_printed_as_it_is():
    with pytest.raises(WrongGradient, match=r"analytic 1e\+180, numeric 1e-200"):
        check_vjp(
            lambda x, y: x * y, lambda args, dA: [dA * args[1], dA * args[1]], [np.array([1e-200]), np.array([1e180])]
        )


def test_a_gradient_of_nan_is_found():
    with pytest.raises(NotFinite, match=r"the slope of f is 0\.6"):
        check_vjp(
            np.hypot,
            lambda args, dA: [dA * a / np.sqrt(args[0] ** 2 + args[1] ** 2) for a in args],
            [np.array([3e-200]), np.array([4e-200])],
        )


@pytest.mark.parametrize(
    ("f", "slope", "x"),
    [
        (np.cbrt, lambda x: 1 / np.cbrt(x) / np.cbrt(x) / 3, [3e-251]),
        (lambda x: 1 / x, lambda x: -1 / x / x, [1e-170]),  # an infinite slope
        (lambda x: x / (1 + x * x), lambda x: (1 - x * x) / (1 + x * x) ** 2, [3e152]),  # 0, since a square overflows
        (lambda x: x**-1.5, lambda x: -1.5 * x**-2.5, [1e125, 1e60]),  # denormal
        (lambda x: np.sqrt(x * x), np.sign, [1e-160]),  # the square is denormal
        (np.square, lambda x: 2 * x, [5e-324]),
        (np.sin, np.cos, [1.25e21, 3e40]),  # the numbers beside have other values
        (lambda x: x + np.sin(x), lambda x: 1 + np.cos(x), [1.25e21]),
        (lambda x: (x + 1e9) - 1e9, np.ones_like, [1.5e-8, 5e-9]),
        (lambda x: (x + 1e12) - 1e12, np.ones_like, [-2e-9, 1e-9]),
        (lambda x: x.sum() + 1e12 - 1e12, np.ones_like, [2e-9, 1e-9, 1e-9]),
        (lambda x: np.log(1 + x * x), lambda x: 2 * x / (1 + x * x), [3e-9, -4e-8]),  # small beside 1
    ],
)
def test_what_numbers_cannot_hold_is_no_mistake(f, slope, x):
    with np.errstate(all="ignore"):
        try:
            check_vjp(f, vjp(slope), [np.array(x)])
        except Inconclusive:
            pass
        except GradientError as error:
            pytest.fail(str(error))

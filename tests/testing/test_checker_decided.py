"""What a pass decided: entries by name, whose slope is above its bound or of an output that is flat along them."""

from functools import cache

import numpy as np
import pytest

from funcnn.losses import triplet, weighted
from funcnn.testing import GradientError, Inconclusive, WrongGradient, check_loss, check_vjp
from tests.counts import FULL, in_full
from tests.said import fails
from tests.unseen import CASES

EVERY = 1 if FULL else 6

squares = lambda x: (x * x).sum()
squares_vjp = lambda args, dA: [2 * dA * args[0]]


def zeroed(vjp, k=-1):
    """The vjp with one entry of its gradient replaced by 0."""

    def wrong(args, dA):
        gradient = np.array(vjp(args, dA)[0])
        gradient.flat[k] = 0
        return [gradient]

    return wrong


def slopes(slope):
    return lambda args, dA: [dA * slope(args[0])]


BESIDE_LARGER = [[1, 1e-7], [100, 1e-5], [1e4, 1e-3], [1e6, 1], [1, 1e-12], [1e3, 1e-9], [1e6, 1e-6], [1e8, 1e-3]]


@pytest.mark.parametrize("x", BESIDE_LARGER, ids=str)
def test_a_small_entry_beside_larger_ones_is_decided(x):
    report = check_vjp(squares, squares_vjp, [np.array(x, float)])
    assert "every entry" in str(report)
    assert not report.unresolved
    assert report.sees < 1
    with pytest.raises(WrongGradient, match=r"1 of 2 entries wrong, first x\[1\]"):
        check_vjp(squares, zeroed(squares_vjp), [np.array(x, float)])


SMALL = {
    "1 - cos x": (lambda x: (1 - np.cos(x)).sum(), slopes(np.sin)),
    "log1p(x^2)": (lambda x: np.log1p(x * x).sum(), slopes(lambda x: 2 * x / (1 + x * x))),
    "sqrt(1 + x^2)": (lambda x: np.sqrt(1 + x * x).sum(), slopes(lambda x: x / np.sqrt(1 + x * x))),
    "cosh": (lambda x: np.cosh(x).sum(), slopes(np.sinh)),
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("x", [[1, 1e-7], [0.3, 1e-10], [1e-8]], ids=str)
def test_a_slope_in_proportion_to_a_small_entry_is_decided(name, x):
    f, vjp = SMALL[name]
    assert not check_vjp(f, vjp, [np.array(x)]).unresolved
    fails(WrongGradient, check_vjp, f, zeroed(vjp), [np.array(x)])


def of_reals(f):
    """The function without a complex step, which would decide an entry that differences do not see."""
    return lambda x: f(np.real(x))


polynomial = lambda x: (x * x + x**3).sum()

polynomial_vjp = slopes(lambda x: 2 * x + 3 * x * x)


def test_an_entry_whose_slope_rounding_hides_is_named():
    x = np.array([1.0, 1e-15])
    report = check_vjp(of_reals(polynomial), zeroed(polynomial_vjp), [x])
    assert list(report.unresolved) == ["x[1]"]
    assert report.unresolved["x[1]"] > 2e-15
    assert report.sees >= 1 > report.resolved
    assert str(report).startswith("pass: 1 of 2 entries of x and 4 directions")
    assert "; not decided: x[1] (bound " in str(report)


def test_only_the_first_entries_that_are_not_decided_are_named():
    x = np.array([1.0, 1e-15, -1e-15, 2e-15, -2e-15, 3e-15])
    report = check_vjp(of_reals(polynomial), polynomial_vjp, [x])
    assert len(report.unresolved) == 5
    assert "x[3]" in str(report)
    assert str(report).endswith(" and 2 more")


@pytest.mark.parametrize(
    ("f", "vjp", "x", "why"),
    [
        (lambda x: 1 + polynomial(np.real(x)), polynomial_vjp, [1e-15, -1e-15], "the values of f are too rough"),
        (
            lambda x: 1 + np.real(x) ** 3,
            slopes(lambda x: 3 * x * x),
            [1e-9],
            "every slope of f is smaller than the bound",
        ),
    ],
)
def test_a_pass_that_decided_nothing_is_inconclusive(f, vjp, x, why):
    with pytest.raises(Inconclusive, match=why):
        check_vjp(f, vjp, [np.array(x)])


FLAT = {
    "a dead relu": (lambda x: np.maximum(x, 0), slopes(lambda x: x > 0), [-0.05, -1e-7, -3.0, 2.0]),
    "a padded entry": (lambda x: (x * [1, 1, 0]).sum(), slopes(lambda x: np.array([1.0, 1, 0])), [1e6, 2.0, 3.0]),
    "an even function at 0": (squares, squares_vjp, [1.0, 0.0]),
    "a saturated sigmoid": (np.tanh, slopes(lambda x: 1 / np.cosh(x) ** 2), [0.5, 60.0]),
    "beside the edge of a domain": (np.log, slopes(lambda x: 1 / x), [1e-9, 1e-5, 2.0]),
}


@pytest.mark.parametrize("name", FLAT)
def test_a_slope_of_0_is_decided_where_f_is_flat(name):
    f, vjp, x = FLAT[name]
    report = check_vjp(f, lambda args, dA: [np.asarray(g, args[0].dtype) for g in vjp(args, dA)], [np.array(x)])
    assert not report.unresolved
    assert report.sees < 1


def test_a_function_that_is_flat_everywhere_says_so():
    report = check_vjp(lambda x: np.maximum(x, 0), slopes(lambda x: (x > 0).astype(x.dtype)), [np.array([-1.0, -2.0])])
    assert report.sees == np.inf
    assert 0 < report.bound < 1e-8
    assert "; every slope is 0 within " in str(report)


def test_faint_entries_of_a_large_array_are_named():
    x = np.linspace(0.5, 2, 200)
    x[[7, 150]] = 1e-15, -1e-15
    report = check_vjp(of_reals(lambda x: 1 + x * x + x**3), polynomial_vjp, [x])
    assert sorted(report.unresolved) == ["x[150]", "x[7]"]
    assert "198 of 200 entries of x" in str(report)


LINEAR = {
    "3 x": (lambda x: 3 * x, lambda args, dA: [3 * dA]),
    "sum": (np.sum, lambda args, dA: [dA + 0 * args[0]]),
    "mean": (np.mean, lambda args, dA: [dA / args[0].size + 0 * args[0]]),
    "abs": (abs, lambda args, dA: [dA * np.sign(args[0])]),
    "hypot": (
        lambda x: np.hypot(x[0], x[1]),
        lambda args, dA: [dA * (args[0] / np.hypot(args[0][0], args[0][1]) * np.array([1, 1, 0], args[0].dtype))],
    ),
}


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize(
    ("size", "factor"),
    [(1e13, 1.5), (1e14, -1.0), (1e16, 1.5), (1e18, 1 + 1e-6), (1e20, -1.0), (1e40, 1.5), (1e200, -1.0), (1e300, 1.5)],
)
def test_linear_functions_are_decided_at_any_magnitude(name, size, factor):
    f, vjp = LINEAR[name]
    x = np.array([1.5, -2.25, 3.1]) * size
    report = check_vjp(f, vjp, [x])
    assert report.sees < 1
    fails(WrongGradient, check_vjp, f, lambda args, dA: [g * g.dtype.type(factor) for g in vjp(args, dA)], [x])


def test_the_reason_speaks_of_rounding_where_rounding_may_explain_a_difference():
    """Sin and its slope change by all of their size from one number to the next."""
    with pytest.raises(Inconclusive, match="its rounding error at these arguments may be as large"):
        check_vjp(np.sin, slopes(np.cos), [np.array([1e22, -3e22])])


@pytest.mark.parametrize("large", [1e16, 1e20])
@pytest.mark.parametrize("small", [0.5, 1e-6])
def test_a_term_that_is_lost_beside_a_large_value_is_named(large, small):
    """Tanh is visible only over steps over which it saturates."""
    vjp = lambda args, dA: [dA * np.array([1, 1 / np.cosh(args[0][1]) ** 2], args[0].dtype)]
    report = check_vjp(of_reals(lambda x: x[0] + np.tanh(x[1])), vjp, [np.array([large, small])])
    assert list(report.unresolved) == ["x[1]"]


@cache
def verdict(k):
    """What a check says of the wrong gradient of a case: the report, or the error."""
    case = CASES[k]
    try:
        return check_vjp(case.f, case.wrong, case.args)
    except (GradientError, Inconclusive) as error:
        return error


@pytest.mark.parametrize("k", range(0, len(CASES), EVERY), ids=[case.name for case in CASES[::EVERY]])
def test_a_mistake_that_was_written_unseen_is_found_or_named(k):
    said = verdict(k)
    assert isinstance(said, GradientError | Inconclusive) or said.unresolved or said.undecided


@in_full
def test_nearly_all_of_them_are_found():
    found = [k for k in range(len(CASES)) if isinstance(verdict(k), GradientError)]
    assert len(found) >= len(CASES) - 2  # "log sigmoid, right tail" and "coulomb energy" are named


@pytest.mark.parametrize("case", CASES[::EVERY], ids=lambda case: case.name)
def test_the_right_twin_of_a_mistake_is_spared(case):
    assert check_vjp(case.f, case.right, case.args).verdict == "pass"


LARGE = np.linspace(0.3, 1.2, 200)
LARGE[1] = 1e-5
BENT_AT_0 = {
    "x |x|": (lambda x: 1e6 * x * abs(x), lambda x: 2e6 * abs(x)),
    "squared relu": (lambda x: np.maximum(x, 0) ** 2, lambda x: 2 * np.maximum(x, 0)),
    "1 - cos x": (lambda x: 1 - np.cos(x), np.sin),
}


@pytest.mark.parametrize("name", BENT_AT_0)
@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0])
def test_a_small_entry_of_a_large_array_is_decided(name, factor):
    """A complex step of a function that is not analytic settles nothing."""
    f, slope = BENT_AT_0[name]
    weight = np.ones(200)
    assert check_vjp(f, lambda args, dA: [dA * slope(args[0])], [LARGE]).verdict == "pass"
    weight[1] = factor
    fails(WrongGradient, check_vjp, f, lambda args, dA: [dA * slope(args[0]) * weight.astype(dA.dtype)], [LARGE])


def test_a_dead_side_that_is_narrower_than_a_step_is_no_mistake():
    """Over long steps the hinge of a triplet looks like a parabola; over shorter ones it is flat, as dA says."""
    out = np.array(
        [
            [[-1.321048632913019e-10], [6.404226504432821e-10], [1.0490011715303971e-10]],
            [[-5.35669373161111e-10], [3.6159505490948475e-10], [1.3040000451301374e-09]],
            [[9.470809631292422e-10], [-7.037352358069926e-10], [-1.2654214710460525e-09]],
        ]
    )
    assert check_loss(weighted(triplet), out, (np.zeros(3), np.full(3, 0.5))).verdict == "pass"

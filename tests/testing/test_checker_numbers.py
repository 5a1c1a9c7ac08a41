"""Right, wrong, or cannot tell: the verdicts of the checker, and the estimates that they rest on."""

import math

import numpy as np
import pytest

from funcnn.testing import Inconclusive, check_vjp
from funcnn.testing.comparison import tried
from funcnn.testing.comparison.comparison import compare
from funcnn.testing.differentiation.constants import BOUND, COARSER_STEPS, FINER_STEPS, FIRST_STEPS
from funcnn.testing.differentiation.richardson import difference_quotients, extrapolate
from funcnn.testing.differentiation.rounding import estimate_noise
from funcnn.testing.differentiation.vector_function import Direction, step_scales
from funcnn.testing.verdict import GradientError, WrongGradient
from tests.said import says

PAIR = np.array([0.3, 1.7])


def slopes(slope):
    """The vjp of an elementwise function, in the dtype of dA."""
    return lambda args, dA: [(dA * slope(args[0])).astype(dA.dtype)]


# What cannot be told.

STEEP = "f jumps, or its slopes grow without bound, at these arguments: draw other arguments"
UNDECIDED = {
    "a jump": (np.floor, slopes(np.zeros_like), 2.0, STEEP),
    "a jump, and wrong": (np.floor, slopes(np.ones_like), 2.0, STEEP),
    "a root at 0": (np.sqrt, slopes(lambda x: 0.5 / np.sqrt(x)), 0.0, STEEP),
    "a root of a magnitude at 0": (lambda x: np.sqrt(abs(x)), slopes(lambda x: 0.5 / np.sqrt(x)), 0.0, STEEP),
    "an edge": (
        lambda x: x**1.5 if x >= 0 else 1 / 0,
        slopes(lambda x: 1.5 * np.sqrt(x)),
        0.0,
        "f is not defined on both sides of these arguments: draw arguments inside the domain of f",
    ),
    "noise": (
        lambda x: np.round(1e3 * np.sin(1e9 * x)),
        slopes(np.ones_like),
        PAIR,
        "the slopes of f at different steps contradict each other",
    ),
    "float32 inside": (
        lambda x: np.sin(np.float32(x)).astype(x.dtype),
        slopes(np.cos),
        PAIR,
        "the values of f are too rough: a relative error of .* and the resolution is 1e-07: compute in float64",
    ),
    "a root of no slope, and wrong": (np.cbrt, slopes(np.zeros_like), 0.0, "could not be found"),
    "a root of no slope": (np.cbrt, slopes(lambda x: 1 / (3 * np.cbrt(x) ** 2)), 0.0, STEEP),
}


@pytest.mark.parametrize("what", UNDECIDED)
def test_it_is_inconclusive(what):
    f, vjp, x, message = UNDECIDED[what]
    says(Inconclusive, message, check_vjp, f, vjp, [x])


# Noise, and how sharp a check is.


def test_float32_inside_can_be_judged_at_a_coarser_resolution():
    f = lambda x: np.sin(np.float32(x)).astype(x.dtype)
    report = check_vjp(f, slopes(np.cos), [PAIR], resolution=1e-2)
    assert 1e-5 < report.sees <= 1e-2
    says(WrongGradient, r"analytic = 1\.1 x", check_vjp, f, slopes(lambda x: 1.1 * np.cos(x)), [PAIR], resolution=1e-2)


FEW_DIGITS = {
    "sin": (np.sin, lambda args, dA: [dA * np.cos(args[0])], [PAIR]),
    "tanh": (np.tanh, lambda args, dA: [dA * (1 - np.tanh(args[0]) ** 2)], [PAIR]),
    "dense": (
        lambda x, W: x @ W,
        lambda args, dA: [dA @ args[1].T, args[0].T @ dA],
        [PAIR[None], np.array([[0.5, 2.0], [1.0, -1.0]])],
    ),
}


@pytest.mark.parametrize("name", FEW_DIGITS)
def test_one_part_in_ten_million_is_seen(name):
    f, vjp, args = FEW_DIGITS[name]
    assert check_vjp(f, vjp, args).sees < 1e-8
    with pytest.raises(WrongGradient, match="right to a relative error of 1e-07"):
        check_vjp(f, lambda args, dA: [g * g.dtype.type(1 + 1e-7) for g in vjp(args, dA)], args)


def test_a_complex_step_sees_what_differences_do_not(monkeypatch):
    f, vjp = lambda x: 1e11 + np.sin(x), slopes(np.cos)
    report = check_vjp(f, vjp, [PAIR])
    assert (report.inconclusive, report.sees) == (0, pytest.approx(1e-7))
    real = lambda measurement, probe, slopes: compare(measurement, [probe], slopes).of(0)
    monkeypatch.setattr(tried, "compare_complex", real)
    with pytest.raises(Inconclusive):
        check_vjp(f, vjp, [PAIR])


REAL_ONLY = {
    "raises": lambda x: 1e13 + np.maximum(0, math.sin(x)),
    "returns reals": lambda x: 1e13 + np.sin(np.real(x)),
    "returns another shape": lambda x: 1e13 + np.sin(x) if np.isrealobj(x) else np.sin(x)[None],
}


@pytest.mark.parametrize("f", REAL_ONLY.values(), ids=REAL_ONLY)
def test_a_function_of_real_numbers_has_no_such_step(f):
    says(Inconclusive, "the values of f are too rough", check_vjp, f, slopes(np.cos), [0.3])


SINGULAR_AT_0 = [  # functions that bend on the scale of x itself, and their slopes
    (np.log, lambda x: 1 / x),
    (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    (lambda x: x**0.1, lambda x: 0.1 * x**-0.9),
    (lambda x: 1 / x, lambda x: -1 / x**2),
    (lambda x: x * np.log(x), lambda x: np.log(x) + 1),
]


@pytest.mark.parametrize("small", [3e-8, 4e-7, 1e-6, 6e-4])
@pytest.mark.parametrize(("f", "slope"), SINGULAR_AT_0)
def test_a_small_entry_beside_larger_ones_is_decided(f, slope, small):
    x = np.array([small, 0.3, 4.0])
    assert check_vjp(f, slopes(slope), [x]).undecided == ()
    for factor in (-1, 0.5, 1 + 1e-5):
        with pytest.raises(GradientError):
            check_vjp(f, slopes(lambda x, factor=factor: slope(x) * np.where(x < 1e-2, factor, 1)), [x])


# The estimates.


@pytest.mark.parametrize(("x", "most"), [(0.0, 1e-12), (0.1, 1e-11), (1.0, 1e-10), (30.0, 1e-9), (1e4, 1e-4)])
def test_the_error_bound_of_a_slope_holds_and_is_small(x, most):
    x = np.array([x])
    noise = estimate_noise(np.sin, x, np.random.default_rng(0))
    way = Direction(np.array([0]), step_scales(x))
    steps = (*COARSER_STEPS, *FIRST_STEPS, *FINER_STEPS)
    found = extrapolate(difference_quotients(np.sin, x, [way], steps), noise)
    assert abs(found.slope[0, 0] - step_scales(x)[0] * np.cos(x[0])) <= BOUND * found.error[0, 0]
    assert found.error[0, 0] < most
    assert not found.kink.any()


@pytest.mark.parametrize(
    ("f", "least", "most"),
    [
        (np.sin, 1e-17, 2e-15),
        (lambda x: np.sin(x).astype(np.float32).astype(float), 1e-9, 1e-6),
        (lambda x: (x + 1e9) - 1e9, 1e-8, 1e-6),
        (lambda x: np.sin(x) + 1e-9 * np.sin(1e13 * x), 1e-10, 1e-7),
    ],
)
def test_the_noise_of_a_function_is_measured(f, least, most):
    noise = estimate_noise(f, PAIR, np.random.default_rng(0))
    assert (least <= noise.least).all()
    assert (noise.least <= most).all()

"""What a check takes: any number of arrays and numbers, any function of them, and what it says of the rest."""

import math
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funcnn.errors import KindError
from funcnn.testing import GradientError, Inconclusive, check_vjp
from funcnn.testing.verdict import Aliased, NotDeterministic, NotPure, Raised, WrongDtype, WrongGradient
from tests.said import says

X = np.array([[1.0, -2.0]])
ids = np.array([0, 1, 1], np.int64)

double = lambda x: 2 * x
double_vjp = lambda args, dA: [2 * dA]
rows = lambda ids, x: x[ids]


def rows_vjp(args, dA):
    dx = np.zeros_like(args[1])
    np.add.at(dx, args[0], dA)
    return [None, dx]


def test_the_exception_of_a_vjp_is_the_cause_and_one_of_f_comes_out_as_it_is():
    with pytest.raises(Raised) as caught:
        check_vjp(double, lambda args, dA: {}["lost"], [X])
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        check_vjp(math.log, lambda args, dA: [dA / args[0]], [-1.0])


def test_whole_numbers_have_no_gradient():
    table = np.arange(2.0)
    assert check_vjp(rows, rows_vjp, [ids, table]).decided == ("x",)
    check_vjp(rows, lambda args, dA: [np.zeros(3, int), rows_vjp(args, dA)[1]], [ids, table])
    with pytest.raises(WrongDtype, match="gradient of ids, which is int64, must be None, not <f64"):
        check_vjp(rows, lambda args, dA: [dA, rows_vjp(args, dA)[1]], [ids, table])
    says(KindError, "no argument holds floats", check_vjp, lambda ids: table[ids], lambda args, dA: [None], [ids])


def test_an_alias_is_an_error_where_it_is_asked_for():
    vjp = lambda args, dA: [dA]

    def lends_x(args, dA):
        return [args[0] if (dA == 1).all() or (args[0] == 1).all() else dA * args[0]]

    assert check_vjp(np.positive, vjp, [X]).verdict == "pass"
    with pytest.raises(Aliased, match=r"shares memory with dA: writing to one changes both"):
        check_vjp(np.positive, vjp, [X], aliasing=False)
    half = (lambda x: x * x / 2, lends_x)
    check_vjp(*half, [X])
    says(Aliased, "shares memory with x", check_vjp, *half, [X], aliasing=False)
    check_vjp(double, lambda args, dA: [2 * dA], [X], aliasing=False)


def test_a_little_noise_passes_where_it_is_tolerated():
    rng = np.random.default_rng(0)
    f = lambda x: np.sin(x) * (1 + 1e-12 * rng.standard_normal())

    def vjp(args, dA):
        return [dA * np.cos(args[0]) * dA.dtype.type(1 + 1e-12 * rng.standard_normal())]

    with pytest.raises(NotDeterministic):
        check_vjp(f, vjp, [X])
    check_vjp(f, vjp, [X], nondeterministic=1e-10, resolution=1e-4)
    with pytest.raises(GradientError):
        check_vjp(f, lambda args, dA: [1.01 * g for g in vjp(args, dA)], [X], nondeterministic=1e-10, resolution=1e-4)


def test_it_works_without_pytest_and_hypothesis_is_only_for_tests():
    source = """
import sys
sys.modules["pytest"] = None
import funcnn
assert "hypothesis" not in sys.modules
import funcnn.testing
import numpy as np
from funcnn.testing import check_vjp
print(check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [np.ones(3)]).verdict)
try:
    check_vjp(np.sin, lambda args, dA: [dA * np.sin(args[0])], [np.ones(3)])
except AssertionError as error:
    print(type(error).__name__, "hypothesis" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pass", "WrongGradient", "True"]


def test_what_is_not_finite_is_inconclusive():
    for f in (np.log, lambda x: x / 0 * 0):
        with pytest.raises(Inconclusive, match="f is not finite at these arguments"), np.errstate(all="ignore"):
            check_vjp(f, lambda args, dA: [dA / args[0]], [X])


def test_numbers_and_arrays_of_no_axes_are_welcome():
    report = check_vjp(lambda x: float(x) ** 2, lambda args, dA: [2 * float(args[0]) * float(dA)], [3.0])
    assert (report.verdict, report.leaf, report.probed) == ("pass", "x", "every entry of x")
    check_vjp(lambda x, y: x * y, lambda args, dA: [dA * args[1], dA * args[0]], [np.array(2.0), np.float64(3)])
    check_vjp(lambda x: (x * x).sum(), lambda args, dA: [2 * dA * args[0]], [X])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_floats_of_any_size_are_welcome(dtype):
    assert check_vjp(double, double_vjp, [X.astype(dtype)]).decided == ("x",)
    with pytest.raises(GradientError, match="analytic = 3 x numeric"):
        check_vjp(lambda x: x * 1, lambda args, dA: [3 * dA], [X.astype(dtype)])


def test_a_function_that_refuses_float32_or_returns_float64_from_it_is_spared():
    def refuses(x):
        if x.dtype != np.float64:
            raise TypeError("float64, please")
        return 2 * x

    check_vjp(refuses, double_vjp, [X])
    check_vjp(lambda x: 2.0 * x.astype(np.float64), lambda args, dA: [(2 * dA).astype(args[0].dtype)], [X])


def test_a_function_that_writes_to_float32_only_is_caught():
    def f(x):
        return np.multiply(x, 2, out=x if x.dtype == np.float32 else None)

    says(NotPure, "f writes to its arguments", check_vjp, f, double_vjp, [X])


def test_what_is_too_large_for_float32_is_not_tried_in_it():
    check_vjp(double, double_vjp, [1e100 * X])
    check_vjp(lambda x: 1e20 * (1e20 * x), lambda args, dA: [1e20 * (1e20 * dA)], [X])
    check_vjp(lambda x: 1e29 * x, lambda args, dA: [dA.dtype.type(1e29) * dA], [1e3 * X])


def test_where_float32_has_no_digit_of_the_value_the_gradient_is_not_compared():
    def f(x):
        return x + 1e9 - 1e9 if x.dtype == np.float64 else x + np.float32(1e9) - np.float32(1e9)

    check_vjp(f, lambda args, dA: [dA * 1], [0.25 * X])


def test_what_is_empty_has_nothing_to_prove():
    assert check_vjp(np.sin, lambda args, dA: [dA], [np.zeros((0, 2))]).probed == "nothing"
    report = check_vjp(lambda x: np.ones(1) + x.sum(), lambda args, dA: [dA.sum() + 0 * args[0]], [np.zeros(0)])
    assert str(report) == "pass: nothing: 0 probes, 0 at kinks, 0 inconclusive"


def test_a_step_out_of_the_domain_is_no_error():
    def arctanh(x):
        if abs(x).max() >= 1:
            raise ValueError("outside")
        return np.arctanh(x)

    check_vjp(arctanh, lambda args, dA: [dA / (1 - args[0] ** 2)], [np.array([0.5, 0.9])])
    check_vjp(math.log, lambda args, dA: [dA / args[0]], [1e-3])
    with pytest.raises(GradientError, match="analytic = 2 x numeric"):
        check_vjp(math.log, lambda args, dA: [2 * dA / args[0]], [1e-3])


def test_an_output_of_another_shape_at_a_step_is_where_f_is_not_defined():
    def positive(x):
        return x[x > 0.999] if x.dtype == np.float64 else x

    check_vjp(positive, lambda args, dA: [dA * 1], [np.array([1.0, 2.0])])


def test_large_arrays_are_probed_in_part():
    centred = lambda x: x - x.mean()
    centred_vjp = lambda _, dA: [dA - dA.mean()]
    x = np.linspace(-1, 1, 200)
    assert check_vjp(centred, centred_vjp, [x]).probed == "32 of 200 entries of x and 20 directions"
    with pytest.raises(WrongGradient, match="32 of 200 entries wrong"):
        check_vjp(centred, lambda args, dA: [2 * centred_vjp(args, dA)[0]], [x])


def scaled(x, scale=2.0):
    return scale * x


@pytest.mark.parametrize(
    ("f", "head"),
    [
        (scaled, "scaled: dx, 1 of 1 entries wrong, first x"),
        (lambda y: 2 * y, "f: dy, 1 of 1 entries wrong, first y"),
        (lambda *args: 2 * args[0], "f: dargs[0], 1 of 1 entries wrong, first args[0]"),
        (partial(scaled, scale=3.0), "f: dx, 1 of 1 entries wrong, first x"),
        (math.log, "log: dargs[0], 1 of 1 entries wrong, first args[0]"),  # which has no signature to read
    ],
)
def test_names_come_from_the_signature(f, head):
    with pytest.raises(WrongGradient) as caught:
        check_vjp(f, lambda args, dA: [9 * dA], [1.5])
    assert str(caught.value).splitlines()[0] == head


def test_the_inconclusive_rejects_within_given_unless_it_is_an_error():
    rough = lambda x: np.round(1e3 * np.sin(1e9 * x))
    tried = []

    def drawn(**option):
        @settings(max_examples=5, database=None, suppress_health_check=list(HealthCheck))
        @given(st.just(X))
        def test(x):
            tried.append(x)
            check_vjp(rough, lambda args, dA: [dA], [x], **option)

        return test

    with pytest.raises(Exception, match=r"(?i)unable to satisfy|unsatisfiable"):
        drawn()()
    assert tried
    with pytest.raises(Inconclusive):
        drawn(inconclusive="error")()
    with pytest.raises(Inconclusive):
        check_vjp(rough, lambda args, dA: [dA], [X])


def test_a_tensor_that_requires_a_gradient_has_no_remedy():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("it requires a gradient")

    with pytest.raises(KindError) as caught:
        check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [Tensor()])
    assert "; write" not in str(caught.value)

"""A failure in words: where, both numbers, what the wrong entries share, and arguments that can be pasted."""

import re

import numpy as np
import pytest

import funcnn as nn
from funcnn import Array, Dense, Grads, backward, forward, gradient, record
from funcnn.testing import Report, check_layer, check_loss, check_vjp
from funcnn.testing.numbers import as_source
from funcnn.testing.verdict import GradientError, WrongGradient

rng = np.random.default_rng(1)
X, SQUARE = rng.standard_normal((3, 5)), rng.standard_normal((3, 3))
SIGNED = np.array([1.5, -0.5, 0.0, 2.0, -3.0])

double = lambda x: 2 * x


def square(x):
    return x * x


def said(f, vjp, *args):
    """The lines of the error."""
    with pytest.raises(GradientError) as caught:
        check_vjp(f, vjp, args)
    return str(caught.value).splitlines()


sine_vjp = lambda args, dA: [dA * np.cos(args[0])]


def wrong_where(mask):
    """A vjp of x^2 that is too large at the entries that `mask` selects."""
    return lambda args, dA: [2 * args[0] * dA + mask(args[0]) * dA * dA.dtype.type(3)]


# What was done to the backward pass of which function, where, and the hints that follow.
HINTS = {
    "twice": (double, lambda args, dA: [4 * dA], X, ["every wrong entry: analytic = 2 x numeric"]),
    "three halves": (double, lambda args, dA: [3 * dA], X, ["every wrong entry: analytic = 1.5 x numeric"]),
    "minus": (double, lambda args, dA: [-2 * dA], X, ["every wrong entry: analytic = -1 x numeric"]),
    "over the rows": (
        square,
        lambda args, dA: [2 * args[0] * dA / len(dA)],
        X,
        ["every wrong entry: analytic = 0.333333 x numeric, which is 1/n, where n = 3 is a size of an array"],
    ),
    "times the columns, and minus": (
        square,
        lambda args, dA: [-2 * dA.shape[1] * args[0] * dA],
        X,
        ["every wrong entry: analytic = -5 x numeric, which is -n, where n = 5 is a size of an array"],
    ),
    "over all": (
        square,
        lambda args, dA: [2 * args[0] * dA / dA.size],
        X,
        ["every wrong entry: analytic = 0.0666667 x numeric, which is 1/n, where n = 15 is a size of an array"],
    ),
    "one number": (double, lambda args, dA: [4 * dA], np.array([1.0]), ["analytic = 2 x numeric"]),
    "zero": (square, lambda args, dA: [0 * dA], X, ["every wrong entry: analytic is 0"]),
    "float32 inside": (
        np.sin,
        lambda args, dA: [np.float32(dA * np.cos(args[0])).astype(dA.dtype)],
        X,
        ["every wrong entry: analytic has no more digits than float32 holds"],
    ),
    "few digits": (
        lambda x: x * np.pi,
        lambda args, dA: [dA * dA.dtype.type(3.14159)],
        X,
        ["every wrong entry: right to a relative error of 8e-07"],
    ),
    "a constant of few digits in a sum": (
        lambda x: x * np.pi + np.sin(x),
        lambda args, dA: [dA * (dA.dtype.type(3.14159) + np.cos(args[0]))],
        X,
        [r"every wrong entry: right to \de-0\d of the largest entry; does f iterate until .*\? tolerance=1e-5"],
    ),
    "an offset": (
        lambda x: np.sum(x * x),
        lambda args, dA: [(2 * args[0] + 3) * dA],
        X,
        [r"every wrong entry: analytic = numeric [+-] \d.*"],
    ),
    "transposed": (
        lambda x: np.sum(x**3),
        lambda args, dA: [3 * args[0].T ** 2 * dA],
        SQUARE,
        ["analytic is numeric transposed"],
    ),
    "reversed": (
        lambda x: np.sum(x**3),
        lambda args, dA: [3 * args[0][:, ::-1] ** 2 * dA],
        X,
        ["analytic is numeric reversed along axis 1"],
    ),
    "rolled": (
        lambda x: np.sum(x**3),
        lambda args, dA: [3 * np.roll(args[0], 2) ** 2 * dA],
        X,
        ["analytic holds the numeric entries in another order"],
    ),
    "at 0": (square, wrong_where(lambda x: x == 0), SIGNED, ["wrong exactly where x is 0"]),
    "below 0": (square, wrong_where(lambda x: x < 0), SIGNED, ["wrong exactly where x is negative"]),
    "above 0": (square, wrong_where(lambda x: x > 0), SIGNED, ["wrong exactly where x is positive"]),
    "in no order": (square, wrong_where(lambda x: x > 1.6), SIGNED, []),
}


@pytest.mark.parametrize("what", HINTS)
def test_it_says_what_the_wrong_entries_share(what):
    f, vjp, x, hints = HINTS[what]
    lines = said(f, vjp, x)
    told = [line.strip() for line in lines[2:] if not line.startswith(("    x = ", "    dA = "))]
    for hint in hints:
        assert any(line == hint or re.fullmatch(hint, line) for line in told)
    assert len([line for line in told if not line.startswith("analytic = ")]) <= len(hints)  # and nothing else


def test_the_head_counts_and_the_numbers_are_those_of_the_first_wrong_entry():
    head, numbers, *_ = said(lambda a, b: a * b, lambda args, dA: [dA * args[1] + 0 * dA, 3 * dA * args[0]], X, X + 1)
    assert head == "f: db, 15 of 15 entries wrong, first b[0, 0]"
    analytic, numeric, bound, apart = map(
        float, re.fullmatch(r"    analytic (.*), numeric (.*) \+- (.*): (.*) bounds apart", numbers).groups()
    )
    assert analytic == pytest.approx(3 * numeric)
    assert apart == pytest.approx(abs(analytic - numeric) / bound, rel=0.6)
    head, *_ = said(lambda a, b: a * b, lambda args, dA: [2 * dA * args[1], 3 * dA * args[0]], X, X + 1)
    assert head == "f: da, 15 of 15 entries wrong, first a[0, 0] (also wrong: db)"


def test_an_entry_is_named_by_its_place():
    vjp = wrong_where(lambda x: x == 2)
    assert said(square, vjp, np.array([[1.0, 3.0], [4.0, 2.0]]))[0] == "square: dx, 1 of 4 entries wrong, first x[1, 1]"
    assert said(square, vjp, np.array(2.0))[0] == "square: dx, 1 of 1 entries wrong, first x"


def test_an_output_too_rough_to_weigh_does_not_hide_the_others():
    f = lambda x: np.append(x, x.sum() + 1e15 - 1e15)
    vjp = lambda args, dA: [2 * dA[:-1] + dA[-1]]
    lines = said(f, vjp, np.array([1.0, 3.0]))
    assert lines[0] == "f: dx, 2 of 2 entries wrong, first x[0]"
    assert lines[2].startswith("    x = ")  # a factor is not named, since it is unknown for the last output
    assert lines[-1] == "    dA = np.array([1.0, 0.0, 0.0])"


def test_a_narrow_miss_is_told_in_bounds():
    just_seen = 1 + 2 * check_vjp(np.sin, sine_vjp, [1.0]).sees
    numbers = said(np.sin, lambda args, dA: [just_seen * g for g in sine_vjp(args, dA)], 1.0)[1]
    assert float(re.search(r": (.*) bounds apart", numbers)[1]) < 100


@pytest.mark.parametrize("x", [SIGNED, X, np.array(0.5), np.array([[1e-300, -0.0]]), np.float32([0.1, 7])])
def test_what_is_pasted_gives_the_arguments_again(x):
    lines = said(np.positive, lambda args, dA: [3 * dA], x)
    scope = {"np": np}
    exec("\n".join(line.strip() for line in lines if line.startswith(("    x", "    dA"))), scope)
    assert np.array_equal(scope["x"], x)
    assert scope["x"].dtype == np.float64  # in which the numbers were compared
    assert scope["dA"].shape == x.shape
    with pytest.raises(GradientError):
        check_vjp(np.positive, lambda args, dA: [3 * dA], [scope["x"]])


def test_a_layer_and_a_loss_are_pasted_too():
    @record
    class Doubled:
        W: Array
        rate: float = 0.5

    forward.register(Doubled)(lambda params, x: (x @ params.W, x))
    backward.register(Doubled)(lambda p, x, dA: Grads(gradient(p, W=2 * x.T @ dA), dA @ p.W.T))
    with pytest.raises(WrongGradient) as caught:
        check_layer((Doubled(SQUARE), Dense(SQUARE, None)), X[:, :3])
    source = "\n".join(
        line.strip() for line in str(caught.value).splitlines() if re.match(r"    (params|x|dA) = ", line)
    )
    scope = {"np": np, "Doubled": Doubled, "Dense": Dense}
    exec(source, scope)
    assert scope["params"] == (Doubled(SQUARE), Dense(SQUARE, None))
    assert np.array_equal(scope["x"], X[:, :3])
    assert scope["dA"].shape == X[:, :3].shape

    def half_right(out, y):
        return nn.mse(out, y)[0], out

    with pytest.raises(
        WrongGradient, match=r"^half_right: dout, .*\n(.*\n)*    out = np.array\(.*\n    y = np.array\("
    ):
        check_loss(half_right, X, X + 1)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (np.ones(2), "np.array([1.0, 1.0])"),
        (np.ones(2, np.float32), "np.array([1.0, 1.0], np.float32)"),
        (np.arange(2), "np.array([0, 1])"),
        (np.array([True]), "np.array([True])"),
        (np.zeros((0, 3)), "np.zeros((0, 3))"),
        (np.zeros((11, 10)), "...  # float64 of shape (11, 10)"),
        ((np.array(1.0),), "(np.array(1.0),)"),
        ((1, "a"), "(1, 'a')"),
        ((), "()"),
        (nn.layers.LeakyRelu(0.5), "LeakyRelu(alpha=0.5)"),
        (Dense(np.ones((1, 1)), None), "Dense(W=np.array([[1.0]]), b=None)"),
    ],
)
def test_values_are_written_as_source(value, source):
    assert as_source(value) == source


@pytest.mark.parametrize("value", [np.array([1.0, np.inf, np.nan]), np.array([-np.inf])])
def test_what_is_not_finite_is_written_as_source_too(value):
    assert np.array_equal(eval(as_source(value), {"np": np}), value, equal_nan=True)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32", "float64"])
def test_the_source_of_an_array_has_its_dtype(dtype):
    assert eval(as_source(np.ones(2, dtype)), {"np": np}).dtype == dtype


def test_a_report_says_what_was_seen():
    report = check_vjp(lambda a, b: a * b, lambda args, dA: [dA * args[1], dA * args[0]], [X**2, X**2])
    assert isinstance(report, Report)
    assert (report.verdict, report.decided, report.undecided, report.kinks) == ("pass", ("a", "b"), (), 0)
    assert report.inconclusive == 0
    assert 0 < report.sees < 1e-7
    assert 0 < report.bound < 1e-7
    assert re.fullmatch(r"[ab]\[\d, \d\]", report.leaf)
    assert report.probed == "every entry of a and 4 directions, every entry of b and 4 directions"
    assert report.probes == (15 + 4 + 15 + 4 + 4) * 16
    counts = f"{report.probes} probes, 0 at kinks, 0 inconclusive"
    sees = f"an error of {report.sees:.0e} would have been found, least sensitive at {report.leaf}"
    assert str(report) == f"pass: {report.probed}: {counts}; {sees}"


@pytest.mark.parametrize("power", [0.5, 1.5])  # steep at 0, and with nothing to the left of it
def test_a_report_names_what_was_never_decided(power):
    report = check_vjp(lambda a, b: np.sin(a) + b**power, lambda args, dA: [dA * np.cos(args[0]), 9 * dA], [1.0, 0.0])
    assert (report.decided, report.undecided) == (("a",), ("b",))
    assert report.inconclusive > 0
    assert str(report).endswith("; nothing was decided of b")


def test_slopes_of_0_decide_nothing_beside_those_that_are_open():
    jumps, smooth = np.array([0.5, 1.5, 2.5]), np.array([1.0, 2.0, 3.0])
    report = check_vjp(lambda a, b: a + np.round(b), lambda args, dA: [dA, 9 * dA], [smooth, jumps])
    assert (report.decided, report.undecided) == (("a",), ("b",))  # b[0] has no influence on out[1]
    flat = check_vjp(lambda a, b: a + np.round(b), lambda args, dA: [dA, 0 * dA], [smooth, smooth])
    assert (flat.decided, flat.undecided) == (("a", "b"), ())


@pytest.mark.parametrize("x", [[0.0, 1.0, 2.0], [1.0, 0.0, 2.0], [0.0, 0.0, 2.0], [0.0]])
def test_a_numeric_value_of_0_gives_no_factor_and_no_offset(x):
    lines = said(lambda x: np.sum(x * x), lambda args, dA: [2 * np.cos(args[0]) * dA], np.array(x))
    assert not [line for line in lines if "analytic =" in line]


def test_an_offset_is_named_where_all_numeric_values_are_0():
    lines = said(lambda x: np.sum(x * x), lambda args, dA: [(2 * args[0] - 3) * dA], np.zeros(3))
    assert lines[2] == "    every wrong entry: analytic = numeric - 3"


def test_a_claim_about_wrong_entries_names_their_argument_if_others_are_wrong_too():
    lines = said(lambda a, b: (a * b).sum(), lambda args, dA: [2 * dA * args[1], 3 * dA * args[0]], X[0], X[1])
    assert lines[2] == "    every wrong entry of da: analytic = 2 x numeric"


def test_of_a_large_argument_a_lower_bound_is_counted_and_no_order_is_named():
    lines = said(lambda x: np.sum(x**3), lambda args, dA: [3 * np.roll(args[0], 1) ** 2 * dA], np.linspace(1, 2, 120))
    assert lines[0] == "f: dx, at least 32 of 120 entries wrong, first x[0]"
    assert lines[2].startswith("    x = ")


def test_a_mistake_of_one_output_is_no_factor():
    """For the sum of all outputs, with random weights, another factor holds."""
    lines = said(lambda x: x * np.ones(3), lambda args, dA: [(dA[1:].sum() + 2 * dA[:1].sum()).reshape(1)], np.ones(1))
    assert not [line for line in lines if "analytic = " in line]

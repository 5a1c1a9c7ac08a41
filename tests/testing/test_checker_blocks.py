"""Functions whose Jacobian is block-diagonal: all entries of a large argument are compared, and together."""

import re

import numpy as np
import pytest

from funcnn.testing import Inconclusive, check_vjp
from funcnn.testing.verdict import GradientError, NotFinite, WrongAtKink, WrongGradient
from tests.said import says

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((2, 300))
ROWS = rng.standard_normal((60, 5))
TINY = np.where(np.arange(300) % 3 == 0, 1e-9, abs(X) + 1)
TIES = np.where(np.arange(300) % 50 == 0, 0.0, X)

tanh_vjp = lambda args, dA: [dA * (1 - np.tanh(args[0]) ** 2)]
product_vjp = lambda args, dA: [dA * args[1], dA * args[0]]
relu = lambda x: np.maximum(x, 0)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_vjp(args, dA):
    s = softmax(args[0])
    return [s * (dA - (dA * s).sum(axis=-1, keepdims=True))]


def with_first(x):
    """Elementwise but for one entry, which all outputs depend on."""
    return np.tanh(x) + x.dtype.type(1e-3) * x[0]


def with_first_vjp(args, dA):
    [g] = tanh_vjp(args, dA)
    g[0] += g.dtype.type(1e-3) * dA.sum()
    return [g]


def with_one(x):
    """Elementwise but for one output, which depends on another entry as well."""
    return np.tanh(x) + x.dtype.type(1e-3) * x[7] * (np.arange(x.size) == 5)


with_many = lambda x: np.tanh(x) + x.dtype.type(1e-3) * np.roll(x, 1)


of_rows = lambda x, y: x * y[:, None]
of_rows_vjp = lambda args, dA: [dA * args[1][:, None], (dA * args[0]).sum(axis=1)]


def changed(vjp, where, by=1.001, of=0):
    """A vjp whose gradient of argument `of` is multiplied at some entries."""

    def wrong(args, dA):
        gradients = vjp(args, dA)
        factor = np.ones(gradients[of].size, gradients[of].dtype)
        factor[where] = by
        gradients[of] = gradients[of] * factor.reshape(gradients[of].shape)
        return gradients

    return wrong


def with_a_neighbour(args, dA):
    [g] = tanh_vjp(args, dA)
    g[5] += g.dtype.type(1e-3) * dA[7]
    return [g]


RIGHT = {
    "elementwise": (np.tanh, tanh_vjp, [X]),
    "elementwise in float32": (np.tanh, tanh_vjp, [X.astype(np.float32)]),
    "two arguments": (np.multiply, product_vjp, [X, Y]),
    "rows": (softmax, softmax_vjp, [ROWS]),
    "blocks of two sizes": (of_rows, of_rows_vjp, [rng.standard_normal((150, 2)), rng.standard_normal(150)]),
    "entries beside an edge": (np.log, lambda args, dA: [dA / args[0]], [TINY]),
    "one entry that all outputs depend on": (with_first, with_first_vjp, [X]),
}


@pytest.mark.parametrize(("f", "vjp", "args"), RIGHT.values(), ids=RIGHT)
def test_every_entry_is_compared(f, vjp, args):
    report = check_vjp(f, vjp, args)
    assert report.probed.count("every entry of ") == len(args)
    assert report.inconclusive == 0
    assert report.sees <= 1e-6


@pytest.mark.parametrize(
    ("f", "vjp", "args", "where"),
    [
        (np.tanh, changed(tanh_vjp, 123), [X], "dx, at least 1 of 300 entries wrong, first x[123]"),
        (np.tanh, changed(tanh_vjp, slice(None), 2), [X], "every wrong entry: analytic = 2 x numeric"),
        (np.tanh, changed(tanh_vjp, X > 1.5), [X], "every wrong entry: analytic = 1.001 x numeric"),
        (np.multiply, changed(product_vjp, 17, of=1), [X, Y], "dy, at least 1 of 300 entries wrong, first y[17]"),
        (softmax, changed(softmax_vjp, 123), [ROWS], "dx, at least 1 of 300 entries wrong, first x[24, 3]"),
        (with_first, tanh_vjp, [X], "dx, at least 1 of 300 entries wrong, first x[0]"),
        (with_one, tanh_vjp, [X], "dx, at least 1 of 300 entries wrong, first x[7]"),
        (np.tanh, with_a_neighbour, [X], "dx, at least 1 of 300 entries wrong, first x[5]"),
        (with_many, tanh_vjp, [X], " of 300 entries wrong"),
    ],
)
def test_one_wrong_entry_is_found(f, vjp, args, where):
    def of_one(x):
        return f(x)

    def of_two(x, y):
        return f(x, y)

    says(WrongGradient, re.escape(where), check_vjp, of_one if len(args) == 1 else of_two, vjp, args)


def test_a_wrong_slope_at_kinks_is_found():
    with pytest.raises(WrongAtKink, match="of 300 entries wrong"):
        check_vjp(relu, lambda args, dA: [dA * ((args[0] > 0) + 2 * (args[0] == 0)).astype(dA.dtype)], [TIES])


def test_one_nan_is_found():
    says(NotFinite, "at least 1 of 300 entries wrong", check_vjp, np.tanh, changed(tanh_vjp, 123, np.nan), [X])


def test_a_small_argument_beside_large_ones_is_compared_as_well():
    scaled = lambda x, a: x * a

    def scaled_vjp(args, dA):
        return [dA * args[1], np.asarray((dA * args[0]).sum()) * dA.dtype.type(1.001)]

    says(WrongGradient, "da, 1 of 1 entries wrong", check_vjp, scaled, scaled_vjp, [X, np.array(2.0)])
    with pytest.raises(WrongGradient, match=r"dx, at least 1 of 300 entries wrong, first x\[123\] \(also wrong: da\)"):
        check_vjp(scaled, changed(scaled_vjp, 123), [X, np.array(2.0)])


def test_steps_decide_nothing():
    with pytest.raises(Inconclusive):
        check_vjp(np.floor, lambda _, dA: [0 * dA], [np.round(X)], inconclusive="error")


def test_all_entries_cost_fewer_calls_than_some_of_a_function_without_blocks():
    calls = []

    def count(f, vjp):
        calls.clear()
        check_vjp(lambda x: calls.append(1) or f(x), vjp, [X])
        return len(calls)

    assert 3 * count(np.tanh, tanh_vjp) < count(lambda x: x - x.mean(), lambda _, dA: [dA - dA.mean()])


def test_a_wrong_gradient_costs_at_most_five_right_ones():
    calls = []

    def count(vjp):
        calls.clear()
        try:
            check_vjp(lambda x: calls.append(1) or np.tanh(x), vjp, [X])
        except GradientError:
            return len(calls)
        return len(calls)

    assert count(changed(tanh_vjp, slice(None), 2)) <= 5 * count(tanh_vjp)

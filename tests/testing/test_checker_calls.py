"""How often a check calls f: a gradient that is wrong costs at most three times as much as the right one."""

import numpy as np
import pytest

from funcnn import Conv2d, Dense
from funcnn.layers import LSTM
from funcnn.testing import check_vjp
from funcnn.testing.differentiation.vector_function import VectorFunction
from funcnn.testing.networks.layer import LayerFunction
from funcnn.testing.verdict import GradientError

rng = np.random.default_rng(0)
LAYERS = {
    "Dense": (Dense.init(3, 4, seed=0), rng.standard_normal((5, 3))),
    "LSTM": (LSTM.init(2, 2, seed=0), rng.standard_normal((2, 2, 2))),
    "Conv2d": (
        Conv2d.init(2, 2, 2, seed=0),
        rng.standard_normal((2, 4, 3, 2)),
    ),  # some entries of x are not moved alone
}
WRONG = {
    "twice": lambda g: 2 * g,
    "a thousandth too large": lambda g: g * g.dtype.type(1.001),
    "a millionth too large": lambda g: g * g.dtype.type(1.000001),
    "near the resolution": lambda g: g * g.dtype.type(1 + 3e-7),
    "zero": np.zeros_like,
    "one entry": lambda g: g * (1 + (np.arange(g.size) == 0)).reshape(g.shape).astype(g.dtype),
}


@pytest.fixture
def calls(monkeypatch):
    """The number of calls of f in a check, and whether it failed."""
    made, value = [], VectorFunction.value

    def counted(self, x):
        made.append(1)
        return value(self, x)

    monkeypatch.setattr(VectorFunction, "value", counted)

    def count(f, vjp, args):
        made.clear()
        try:
            check_vjp(f, vjp, args)
        except GradientError:
            return len(made), True
        return len(made), False

    return count


@pytest.mark.parametrize("what", [*LAYERS, "sin"])
def test_a_check_that_fails_costs_at_most_four_that_pass(what, calls):
    if what == "sin":
        f, vjp, args = np.sin, lambda args, dA: [dA * np.cos(args[0])], (rng.standard_normal(4),)
    else:
        claim = LayerFunction(*LAYERS[what]).claimed("check_layer", {})[0]
        f, vjp, args = claim.f, claim.vjp, claim.args
    passing, failed = calls(f, vjp, args)
    assert not failed
    for change in WRONG.values():
        failing, failed = calls(f, lambda args, dA, change=change: [*map(change, vjp(args, dA))], args)
        assert failed
        assert failing <= 4 * passing


@pytest.mark.parametrize("change", ["twice", "zero", "a thousandth too large"])
@pytest.mark.parametrize(
    ("f", "vjp", "x"),
    [
        (lambda x: np.maximum(x, 0), lambda args, dA: [dA * (args[0] > 0)], [0.0, 0.0, 1.0, -1.0]),
        (np.log, lambda args, dA: [dA / args[0]], [1e-9, 1e-5, 2.0]),
        (lambda x: x**1.5, lambda args, dA: [dA * 1.5 * args[0] ** 0.5], [1e-8, 0.5]),
    ],
    ids=["kinks", "the edge of a domain", "a slope that vanishes at the edge"],
)
def test_so_does_one_at_a_kink_and_at_an_edge(f, vjp, x, change, calls):
    passing, failed = calls(f, vjp, (np.array(x),))
    assert not failed
    failing, failed = calls(f, lambda args, dA: [WRONG[change](g) for g in vjp(args, dA)], (np.array(x),))
    assert failed
    assert failing <= 4 * passing


def largest_vjp(args, dA):
    return [dA * (np.arange(args[0].size) == args[0].argmax()).astype(dA.dtype)]


@pytest.mark.parametrize(
    ("f", "vjp", "change", "x"),
    [
        (np.sin, lambda args, dA: [dA * np.cos(args[0])], np.float32, [0.125]),
        (np.sin, lambda args, dA: [dA * np.cos(args[0])], np.float32, [0.125] * 5),
        (np.sin, lambda args, dA: [dA * np.cos(args[0])], lambda g: g * g.dtype.type(1 + 1e-6), [0.125] * 5),
        (np.log, lambda args, dA: [dA / args[0]], lambda g: g * g.dtype.type(1 + 1e-6), [1.9e280]),
        (np.log, lambda args, dA: [dA / args[0]], lambda g: g * g.dtype.type(1 + 1e-6), [1.9e-200]),
        (np.max, largest_vjp, lambda g: g + g.sum() * (g == 0), [0.5] * 3),
        (np.max, largest_vjp, lambda g: 2 * g, [0.5] * 3),
    ],
    ids=["float32", "float32 of equal numbers", "equal numbers", "huge", "tiny", "ties, all of them", "ties, twice"],
)
def test_so_does_one_that_is_hard_to_tell_from_rounding_and_from_ties(f, vjp, change, x):
    made = []

    def calls_of_both(change):
        made.clear()
        counted = lambda x: made.append(1) or f(x)
        try:
            check_vjp(counted, lambda args, dA: made.append(1) or [change(g) for g in vjp(args, dA)], (np.array(x),))
        except GradientError:
            return len(made), True
        return len(made), False

    passing, failed = calls_of_both(np.asarray)
    assert not failed
    failing, failed = calls_of_both(change)
    assert failed
    assert failing <= 4 * passing


def test_many_kinks_of_a_large_array_cost_a_few_times_what_none_cost(calls):
    x = rng.standard_normal(2000)
    with_zeros, other = np.where(np.arange(x.size) % 20 == 0, 0, x), np.where(np.arange(x.size) % 20 == 0, x, x[::-1])
    smooth, failed = calls(np.tanh, lambda args, dA: [dA * (1 - np.tanh(args[0]) ** 2)], (x,))
    assert not failed
    for f, vjp, args in (
        (lambda x: np.maximum(x, 0), lambda args, dA: [dA * (args[0] > 0)], (with_zeros,)),
        (np.abs, lambda args, dA: [dA * np.sign(args[0])], (with_zeros,)),
        (np.maximum, lambda args, dA: [dA * (args[0] > args[1]), dA * (args[0] <= args[1])], (x, other)),
    ):
        kinks, failed = calls(f, vjp, args)
        assert not failed
        assert kinks <= 5 * smooth

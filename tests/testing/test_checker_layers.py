"""Options of `check_layer` and `check_loss`, for layers and losses of one's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funcnn import Array, Dense, Grads, backward, forward, gradient, mse, record
from funcnn.generation import positionwise, step
from funcnn.testing import (
    BrokenPromise,
    Inconclusive,
    WrongForLayout,
    WrongGradient,
    WrongTogether,
    check_layer,
    check_loss,
    every_layer,
)
from funcnn.trees import replace
from tests.said import fails, says

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a probe may be nan
x = np.array([[0.5, 2.0, 0.25], [1.0, 3.0, 0.125]])


def layer(value, back, step_rule=None):
    """A layer without parameters, from `value(x)` and `back(x, dA)`."""

    @record
    class Mine:
        pass

    forward.register(Mine)(lambda params, x: (value(x), x))
    backward.register(Mine)(lambda params, x, dA: Grads(gradient(params), back(x, dA)))
    if step_rule is not None:
        step.register(Mine)(step_rule)
    return Mine()


# Domains.


def inside(holds, f):
    """F, which fails outside a set; a complex step does not leave it."""

    def checked(x, *rest):
        assert np.iscomplexobj(x) or holds(x)
        return f(x, *rest)

    return checked


is_positive = lambda x: (x > 0).all()

DOMAINS = {
    "an interval": {"x": (1e-3, None)},
    "a predicate of every entry": lambda params, x: x > 1e-3,
    "a predicate": lambda params, x: params.__class__.__name__ == "Mine" and bool((x > 1e-3).all()),
}


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_a_layer_is_called_inside_its_domain(domain):
    log = inside(is_positive, np.log)
    right = layer(log, inside(is_positive, lambda x, dA: dA / x))
    assert check_layer(right, x, domain=domain).inconclusive == 0
    fails(WrongGradient, check_layer, layer(log, inside(is_positive, lambda x, dA: 2 * dA / x)), x, domain=domain)
    says(Inconclusive, "outside domain", check_layer, right, x - 0.125, domain=domain)


def test_a_layer_is_not_called_outside_its_domain_with_x_plus_1_or_in_float32():
    within = lambda x: ((x >= 0) & (x <= 0.3)).all()
    square = layer(inside(within, lambda x: x * x), inside(within, lambda x, dA: 2 * x * dA))
    edge = np.array([[0.1, 0.3]])  # float32 rounds 0.3 upwards
    assert check_layer(square, edge, domain={"x": (0, 0.3)}).verdict == "pass"


def test_a_positionwise_layer_is_not_called_outside_its_domain_with_repeated_positions():
    increases = lambda x: (np.diff(x, axis=1) > 0).all()
    sine = layer(inside(increases, np.sin), lambda x, dA: dA * np.cos(x), positionwise)
    places = np.array([[[0.25], [0.5], [1.0]]])
    assert check_layer(sine, places, domain=lambda params, x: increases(x)).verdict == "pass"


def test_numbers_that_exact_arithmetic_draws_lie_in_the_domain():
    cube = layer(lambda x: x * x * x, lambda x, dA: 3 * x * x * dA)
    assert check_layer(cube, x, exact=True).probes == 3
    assert check_layer(cube, x, exact=True, domain={"x": (None, 100)}).probes == 2


# Structures.


@record
class Symmetric:
    """X times a matrix, of which forward reads one triangle."""

    C: Array


@forward.register(Symmetric)
def symmetric_forward(params, x):
    lower = np.tril(params.C)
    whole = lower + np.tril(params.C, -1).T
    return x @ whole, (x, whole)


@backward.register(Symmetric)
def symmetric_backward(params, cache, dA):
    x, whole = cache
    dC = x.T @ dA
    return Grads(gradient(params, C=(dC + dC.T) / 2), dA @ whole)


C = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 1.0]])


@pytest.mark.parametrize(
    ("params", "name"), [(Symmetric(C), "params.C"), ((Dense(C.T, None), Symmetric(C)), "params.1.C")]
)
def test_a_parameter_moves_within_its_structure(params, name):
    says(WrongGradient, f'{name} is always symmetric, write structure={{"{name}": "symm', check_layer, params, x)
    assert name in check_layer(params, x, structure={name: "symmetric"}).decided
    with pytest.raises(WrongGradient, match=f'# structure of {name}: "lower triangular"; its gradient is compared on'):
        check_layer(replace(params, name[7:], np.tril(C)), x, structure={name: "lower triangular"})


# Kinks, tolerances, and parts that are left out.


def test_ties_are_a_matter_of_taste():
    ties = np.array([[3.0, 1.0, 3.0]])
    most = lambda x: x.max(axis=1, keepdims=True)
    every_tie = layer(most, lambda x, dA: dA * (x == most(x)))
    fails(WrongTogether, check_layer, every_tie, ties)
    assert check_layer(every_tie, ties, at_kinks="hull").kinks > 0
    twice = layer(np.abs, lambda x, dA: dA * np.where(x == 0, 2, np.sign(x)))
    fails(WrongGradient, check_layer, twice, np.array([[0.0, 1.0]]), at_kinks="hull")
    assert check_layer(twice, np.array([[0.0, 1.0]]), at_kinks="skip").verdict == "pass"


def test_a_small_error_of_a_layer_is_reported():
    rough = layer(np.sin, lambda x, dA: dA * np.cos(x) * dA.dtype.type(1 + 1e-6))
    fails(WrongGradient, check_layer, rough, x, tolerance=1e-7)
    assert check_layer(rough, x, tolerance=1e-5).tolerated == {"x": pytest.approx(1e-6, rel=1e-2)}


WIDE = layer(lambda x: np.sin(x.astype(np.float64)), lambda x, dA: dA * np.cos(x.astype(np.float64)))
KEPT = []
STALE = layer(lambda x: KEPT.append(x) or np.sin(x), lambda x, dA: dA * np.cos(KEPT[-1]))
RAVELLED = layer(np.sin, lambda x, dA: dA * np.cos(x) * (1 if dA.flags.c_contiguous else 2))
PARTS = {"float32": (WIDE, BrokenPromise), "purity": (STALE, WrongGradient), "layouts": (RAVELLED, WrongForLayout)}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_check_can_be_left_out(part):
    params, error = PARTS[part]
    fails(error, check_layer, params, x)
    assert check_layer(params, x, **{part: False}).verdict == "pass"


# Losses.


def log_loss(value=np.log, slope=1.0):
    """-mean(y log out), for positive out."""

    def loss(out, y):
        y = y.astype(out.dtype)
        return -(y * value(out)).mean(), -slope * y / out / y.size

    return loss


y = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.5]])


@pytest.mark.parametrize("domain", [{"out": (1e-3, None)}, lambda out, y: out > 1e-3])
def test_a_loss_is_called_inside_its_domain(domain):
    log = inside(is_positive, np.log)
    assert check_loss(log_loss(log), x, y, domain=domain).verdict == "pass"
    fails(WrongGradient, check_loss, log_loss(log, 2.0), x, y, domain=domain)


def test_a_loss_is_not_called_outside_its_domain_in_float32():
    within = lambda out: ((out > 0) & (out <= 0.3)).all()
    log = log_loss(inside(within, np.log))
    assert check_loss(log, np.array([[0.1], [0.3]]), np.ones((2, 1)), domain={"out": (1e-3, 0.3)}).verdict == "pass"


def test_the_gradient_of_a_loss_of_probabilities_counts_along_them():
    def along(out, y):
        """The squared error, whose dA is off by a constant in each row."""
        cost, dA = mse(out, y)
        return cost, dA + 1 / dA.dtype.type(len(out))

    p = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    fails(WrongGradient, check_loss, along, p, y)
    assert check_loss(along, p, y, structure={"out": "simplex"}).verdict == "pass"


def test_a_loss_may_be_off_and_compute_in_float64():
    def wide(out, y):
        out = np.asarray(out, np.float64) if not np.iscomplexobj(out) else out
        cost, dA = mse(out, y)
        return cost, dA * (1 + 1e-6)

    says(BrokenPromise, "float32", check_loss, wide, x, y, tolerance=1e-5)
    assert check_loss(wide, x, y, tolerance=1e-5, float32=False).tolerated["out"] == pytest.approx(1e-6, rel=1e-2)


# All layers of a package, and options that a check does not have.


def test_every_layer_passes_its_options_on(monkeypatch):
    monkeypatch.setattr("funcnn.testing.networks.completeness.layers_of", lambda *_: [type(WIDE)])
    monkeypatch.setattr("funcnn.testing.networks.completeness.cases", lambda _: st.just((WIDE, x)))

    @settings(database=None, max_examples=1)
    @given(st.data())
    def run(test, data):
        test.hypothesis.inner_test(type(WIDE), data)

    for given_options in ({}, {"float32": False}):
        test = every_layer("mine", **given_options)
        if given_options:
            run(test)
        else:
            fails(BrokenPromise, run, test)

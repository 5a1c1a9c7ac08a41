"""Right gradients of functions with coarse rounding are spared, and wrong ones of them are found where they can be."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from funcnn.losses import kl_divergence, weighted
from funcnn.testing import GradientError, Inconclusive, check_loss, check_vjp
from tests.counts import FULL
from tests.nasty.staircases import SMALL, STAIRCASES
from tests.said import fails

QUIET = settings(
    phases=[Phase.generate],
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=20 if FULL else 4,
    suppress_health_check=list(HealthCheck),
)


def verdicts(f, vjp, arguments):
    """The verdict on each of many examples."""
    cases, found = [], []

    @QUIET
    @given(arguments)
    def draw(args):
        cases.append(args)

    draw()
    for args in cases:
        try:
            found.append(check_vjp(f, vjp, args).verdict)
        except Inconclusive:
            found.append("inconclusive")
        except GradientError:
            found.append("fail")
    return found


def test_there_are_more_than_ten():
    assert len(STAIRCASES) > 10


@pytest.mark.parametrize("nasty", STAIRCASES, ids=lambda nasty: nasty.name)
def test_a_right_gradient_is_spared(nasty):
    with np.errstate(all="ignore"):
        assert "fail" not in verdicts(*nasty.pair, nasty.arguments)


@pytest.mark.parametrize("factor", [2.0, 0.5, -2.0])
def test_a_wrong_gradient_of_arccos_near_1_is_found(factor):
    wrong = lambda args, dA: [args[0].dtype.type(factor) * dA]
    found = verdicts(lambda x: np.arccos(np.cos(x)), wrong, SMALL)
    assert found.count("fail") > len(found) / 2


def test_a_dead_function_is_no_staircase():
    """The kink beside it closes up."""
    fails(GradientError, check_vjp, lambda x: np.maximum(x, 0), lambda args, dA: [dA], [np.array([-1e-4, -1e-5])])


def test_one_jump_is_no_staircase():
    f = lambda x: np.where(x > 1.5e-7, x + 1e-9, x)
    fails(GradientError, check_vjp, f, lambda args, dA: [2 * dA], [np.array([1e-7])])


def test_steps_of_the_size_of_the_values_are_no_rounding():
    fails(GradientError, check_vjp, np.round, lambda args, dA: [dA], [np.array([0.01])])


@pytest.mark.parametrize("f", [np.round, np.floor, np.ceil, np.trunc], ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [[800.0], [-1.0, 0.5, 800.0], [0.3, 800.0, -800.0]])
def test_whole_numbers_of_large_arguments_have_the_gradient_0(f, x):
    """Long steps show the slope 1, and at 800 each of these functions jumps or is constant."""
    with pytest.raises(Inconclusive, match="constant over short steps and changes over long ones"):
        check_vjp(f, lambda args, dA: [0 * dA], [np.array(x)])
    fails(GradientError, check_vjp, f, lambda args, dA: [2 * dA], [np.array(x)])


@pytest.mark.parametrize("f", [np.round, np.floor, np.ceil, np.trunc], ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [[0.001, 800.0], [-1e-5, 1e-7, 1288.4, 0.01], [1e-9, 10000.0]])
def test_whole_numbers_beside_large_arguments_are_not_accused(f, x):
    """A step is a part of the largest argument, so an edge is near the small ones."""
    with pytest.raises(Inconclusive):
        check_vjp(f, lambda args, dA: [0 * dA], [np.array(x)])


@pytest.mark.parametrize("f", [np.round, np.floor, np.ceil, np.trunc], ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [[724021.479, -1943.97, 2316886.715], [-81580.255, 174206.814], [1e6, 0.3]])
def test_whole_numbers_of_arguments_of_which_all_steps_cross_stairs_are_not_accused(f, x):
    with pytest.raises(Inconclusive):
        check_vjp(f, lambda args, dA: [0 * dA], [np.array(x)])
    fails(GradientError, check_vjp, f, lambda args, dA: [2 * dA], [np.array(x)])


@pytest.mark.parametrize("f", [lambda x: 2.0**30 * x, lambda x: 1e6 * x**2, lambda x: 1e6 * x + 1e12], ids=range(3))
def test_a_lost_gradient_of_a_function_that_changes_by_whole_numbers_is_found(f):
    fails(GradientError, check_vjp, f, lambda args, dA: [0 * dA], [np.array([1.0, 2.0])])


@pytest.mark.parametrize("x", [[0.3], [0.3, 800.0]])
def test_a_lost_gradient_of_a_function_in_float32_is_found(x):
    f = lambda x: np.sin(x).astype(np.float32).astype(float)
    fails(GradientError, check_vjp, f, lambda args, dA: [0 * dA], [np.array(x)], tolerance=1e-4)


def test_a_stair_may_be_wider_than_an_entry():
    """The logarithm of 1 + 1e-13 is rounded to a digit of 1, and two terms of 1e-14 cancel to nothing."""
    out = np.array([[[-800.0, -0.8084483710997828]], [[0.540726486161716, 1.0]], [[-30.0, -0.0001]]])
    y = [[[2.1002462085467412e-13, 0.99999999999979]], [[0.3871581807151016, 0.6128418192848984]]]
    y = np.array([*y, [[9.358558777925858e-14, 0.9999999999999064]]])
    assert check_loss(weighted(kl_divergence), out, (y, np.full(3, 0.5))).verdict == "pass"

"""Hints of a failure hold at other arguments too, not only at those to which hypothesis has shrunk."""

import numpy as np
import pytest

from funcnn.testing import check_vjp
from funcnn.testing.verdict import GradientError, WrongGradient

EQUAL = np.full((2, 2), 0.125)  # hypothesis shrinks to such an array
SIGNED = np.array([1.5, -0.5, 0.25, 2.0, -3.0])
LOWER = np.array([[1.0, 0.0], [2.0, 1.0]])


def hints(f, vjp, *args):
    """The lines of the error between the numbers and the arguments."""
    with pytest.raises(GradientError) as caught:
        check_vjp(f, vjp, args)
    lines = str(caught.value).splitlines()
    shown = next((i for i, line in enumerate(lines) if line.startswith(("    x = ", "    A = "))), None)
    assert shown, lines
    return [line.strip() for line in lines[2:shown]]


square = lambda x: x * x
cubes = lambda x: np.sum(x**3)
product = lambda A, B: np.sum(A * B)
mean = lambda x: np.mean(x * x)

# A function, a wrong vjp, and arguments at which a relation holds that does not hold elsewhere.
COINCIDENCES = {
    "a factor of one entry": (cubes, lambda args, dA: [2 * args[0] * dA], np.array([0.125])),
    "a factor of equal entries": (cubes, lambda args, dA: [2 * args[0] * dA], EQUAL),
    "a factor of several outputs": (square, lambda args, dA: [args[0] ** 2 * dA], EQUAL),
    "zeros": (np.sin, lambda args, dA: [np.sin(args[0]) * dA], 0 * EQUAL),
    "an offset": (lambda x: np.sum(x * x), lambda args, dA: [2 * np.cos(args[0]) * dA], 0 * EQUAL),
    "few digits": (np.exp, lambda args, dA: [dA * (1 + args[0]) * 1.0001], 0 * EQUAL),
    "digits of float32": (np.exp, lambda args, dA: [dA * (1 + args[0]) * (1 + 2.0**-20)], 0 * EQUAL),
    "a reversed array": (cubes, lambda args, dA: [3 * dA * args[0] ** np.log2(4 / args[0])], np.array([1.0, 2.0])),
    "a transposed matrix": (
        lambda A, B: np.sum(A * B),
        lambda args, dA: [dA * np.where(args[1] == 0, 2, args[1] * (args[1] != 2)), dA * args[0]],
        *(EQUAL, LOWER),
    ),
    "a sign, where 0 is right": (square, lambda args, dA: [3 * args[0] * abs(args[0]) * dA], np.array([0.0, 1.0])),
    "a sign, where -1 is right": (
        square,
        lambda args, dA: [(args[0] ** 2 + 3 * args[0]) * dA],
        np.array([-1.0, 1.0, 0.5, 2]),
    ),
    "a size of 2": (square, lambda args, dA: [args[0] * dA], EQUAL),
    "a size of 3": (lambda x: x**3, lambda args, dA: [args[0] ** 2 * dA], np.ones((3, 2))),
    "a symmetric matrix": (product, lambda args, dA: [dA * args[1].T, dA * args[0]], 0 * EQUAL, LOWER),
    "a symmetric gradient": (product, lambda args, dA: [dA * (args[1] + args[1].T) / 2, dA * args[0]], *(EQUAL, LOWER)),
}


def settled(x, tolerance=1e-6):
    y, last = np.tanh(x), 0 * x
    while abs(y - last).max() > tolerance:
        y, last = np.tanh(y / 2 + x), y
    return y


def settled_vjp(args, dA):
    slope = 1 - settled(args[0], 1e-14) ** 2
    return [dA * slope / (1 - slope / 2)]


def test_an_f_that_iterates_until_a_tolerance_is_asked_for_it():
    x = np.array([0.2, 0.9])
    with pytest.raises(WrongGradient, match=r"right to 6e-06 of the largest entry; does f iterate .* tolerance=1e-4\n"):
        check_vjp(settled, settled_vjp, [x], float32=False)
    assert check_vjp(settled, settled_vjp, [x], float32=False, tolerance=1e-4).tolerated["x"] < 1e-5
    assert check_vjp(lambda x: settled(x, 1e-14), settled_vjp, [x], float32=False).tolerated == {}


def test_a_tolerance_holds_where_a_slope_is_0_too():
    """As of a solver whose steps depend on all of its equations."""
    coupled = lambda x: x + 3e-7 * x[::-1]
    x, vjp = np.array([1.0, 2.0]), lambda args, dA: [dA]
    assert hints(coupled, vjp, x) == [
        "every wrong entry: right to 3e-07 of the largest entry; does f iterate until a tolerance? tolerance=1e-6"
    ]
    assert check_vjp(coupled, vjp, [x], tolerance=1e-6).tolerated["x"] == pytest.approx(3e-7)
    with pytest.raises(WrongGradient):
        check_vjp(coupled, vjp, [x], tolerance=1e-7)


def test_a_constant_of_few_digits_is_no_tolerance():
    x = np.array([1.0, 2.0, -3.0])
    assert hints(lambda x: np.pi * x, lambda args, dA: [dA * dA.dtype.type(3.14159)], x) == [
        "every wrong entry: right to a relative error of 8e-07"
    ]


@pytest.mark.parametrize("where", ["f", "vjp"])
def test_there_is_no_hint_where_f_is_defined_at_no_other_arguments(where):
    x = np.array([1.0, 2.0])

    def only_near(y):
        if abs(y - x).max() > 1e-3 and (y != y[0]).any():
            raise ValueError
        return y

    f = (lambda x: only_near(x) ** 2) if where == "f" else np.square
    vjp = lambda args, dA: [4 * dA * (args[0] if where == "f" else only_near(args[0]))]
    assert hints(f, vjp, x) == []


def test_an_argument_of_one_sign_keeps_it():
    """A function may be meant for it alone."""
    wrong = lambda args, dA: [4 * dA * abs(args[0])]
    assert hints(square, wrong, np.array([2.0, 3.0])) == ["every wrong entry: analytic = 2 x numeric"]
    assert hints(square, wrong, np.array([-2.0, -3.0])) == ["every wrong entry: analytic = -2 x numeric"]
    assert hints(square, wrong, np.array([-2.0, 3.0])) == []


def test_there_is_no_hint_where_vjp_fails_for_some_cotangents_of_other_arguments():
    x = np.array([1.0, 2.0])

    def vjp(args, dA):
        if abs(args[0] - x).max() > 1e-3 and (dA == 0).any() and (args[0] != args[0][0]).any():
            raise ValueError
        return [4 * dA * args[0]]

    assert hints(np.square, vjp, x) == []


def test_a_factor_that_depends_on_the_arguments_is_a_letter():
    x = np.array([1.0, -2.0, 0.5])
    length = lambda x: np.sqrt((x * x).sum())
    assert hints(length, lambda args, dA: [dA * args[0]], x) == [
        f"every wrong entry: analytic = c x numeric, where c depends on the arguments; here it is {length(x):.6g}"
    ]
    assert hints(length, lambda args, dA: [dA * (args[0] / length(args[0]) + args[0].sum())], x) == [
        "every wrong entry: analytic = numeric + c, where c depends on the arguments; here it is -0.5"
    ]


@pytest.mark.parametrize("what", COINCIDENCES)
def test_a_relation_that_is_a_coincidence_is_no_hint(what):
    told = [hint for hint in hints(*COINCIDENCES[what]) if "size" in what or "symmetric" in what or hint]
    for word in ("size", "triangle", "symmetric", "where", "float32"):
        assert not [hint for hint in told if word in hint]
    if what == "a symmetric matrix":
        assert told == ["analytic is numeric transposed"]
    elif "a size" in what:
        assert len(told) == 1  # the factor itself
    else:
        assert told == []

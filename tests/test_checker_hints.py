"""Hints of a failure hold at other arguments too, not only at those to which hypothesis has shrunk."""

import numpy as np
import pytest

from funcnn.testing import check_vjp
from funcnn.testing.verdict import GradientError

EQUAL = np.full((2, 2), 0.125)  # hypothesis shrinks to such an array
SIGNED = np.array([1.5, -0.5, 0.25, 2.0, -3.0])
LOWER = np.array([[1.0, 0.0], [2.0, 1.0]])


def hints(f, vjp, *args):
    """The lines of the error between the numbers and the arguments."""
    with pytest.raises(GradientError) as caught:
        check_vjp(f, vjp, args)
    lines = str(caught.value).splitlines()
    shown = next(i for i, line in enumerate(lines) if line.startswith(("    x = ", "    A = ")))
    return [line.strip() for line in lines[2:shown]]


def square(x):
    return x * x


def cubes(x):
    return np.sum(x**3)


def product(A, B):
    return np.sum(A * B)


def mean(x):
    return np.mean(x * x)


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
    "a symmetric gradient": (
        product,
        lambda args, dA: [dA * (args[1] + args[1].T) / 2, dA * args[0]],
        *(EQUAL, LOWER),
    ),
}


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

"""What the checker says of a function or a vjp before it looks at a number: shapes, purity, linearity, layouts."""

import numpy as np
import pytest

from funcnn.testing import GradientError, check_vjp
from funcnn.testing.verdict import (
    NotDeterministic,
    NotLinear,
    NotPure,
    Raised,
    WrongDtype,
    WrongForFloat32,
    WrongForLayout,
    WrongShape,
)

X = np.array([[1.0, -2.0]])
WIDE = np.arange(6.0).reshape(2, 3) / 8

double = lambda x: 2 * x
square = lambda x: x * x


def forced(a):
    """Writes to what it must not, past the seal."""
    a.flags.writeable = True
    a += 1


def fresh_counter():
    calls = []
    return lambda: calls.append(0) or len(calls)


def drifting_f():
    count = fresh_counter()
    return lambda x: x + count(), lambda args, dA: [dA]


def drifting_vjp():
    count = fresh_counter()
    return double, lambda args, dA: [dA * count()]


def one_buffer():
    buffer = np.zeros_like(X)
    return double, lambda args, dA: [np.multiply(dA, 2, out=buffer)]


def changing_old_outputs():
    held = []

    def f(x):
        for old in held:
            forced(old)
        held.append(2 * x)
        return held[-1]

    return f, lambda args, dA: [2 * dA]


def changing_outputs_in_vjp():
    held = []
    return lambda x: held.append(2 * x) or held[-1], lambda args, dA: held[-1].fill(0) or [2 * dA]


def remembering(key, where="f"):
    """x * x, whose x is looked up by a key that several share."""
    memory = {}

    def f(x):
        if where == "f":
            memory[key(x)] = x
        return x * x

    def vjp(args, dA):
        seen = memory.get(key(args[0]), args[0])
        if where == "vjp":
            memory[key(args[0])] = args[0]
        return [2 * dA * seen.astype(dA.dtype)]

    return f, vjp


WRONG = {
    (WrongShape, "argument, 1 in all, .* it gave 0"): {"too few gradients": lambda: (double, lambda args, dA: [])},
    (WrongShape, "argument, 1 in all, .* it gave 2"): {"too many": lambda: (double, lambda args, dA: [dA, dA])},
    (WrongShape, "tuple or a list; it gave float64 array"): {"no sequence": lambda: (double, lambda args, dA: 2 * dA)},
    (WrongShape, "in a tuple or a list; it gave None"): {"nothing": lambda: (double, lambda args, dA: None)},
    (WrongShape, r"gradient of x must have the shape of x, \(1, 2\); it is \(2,\)"): {
        "a wrong shape": lambda: (double, lambda args, dA: [2 * dA[0]])
    },
    (WrongShape, r"gradient of x must have the shape of x, \(1, 2\); it is None"): {
        "None for floats": lambda: (double, lambda args, dA: [None])
    },
    (WrongDtype, "gradient of x must be float64, as x is, not float32"): {
        "a narrow dtype": lambda: (double, lambda args, dA: [(2 * dA).astype(np.float32)])
    },
    (WrongDtype, "gradient of x must be float64, as x is, not complex128"): {
        "complex numbers": lambda: (double, lambda args, dA: [2 * dA + 0j])
    },
    (NotDeterministic, "f gives another result when it is called again"): {"an f of another result": drifting_f},
    (NotDeterministic, "vjp gives another result when it is called again"): {"a vjp of another result": drifting_vjp},
    (NotPure, "f writes to its arguments, which are read-only"): {
        "an f that writes": lambda: (lambda x: np.multiply(x, 2, out=x), lambda args, dA: [2 * dA])
    },
    (NotPure, "vjp writes to its arguments, which are read-only"): {
        "a vjp that writes to dA": lambda: (double, lambda args, dA: [np.multiply(dA, 2, out=dA)])
    },
    (NotPure, "f or vjp changes its arguments"): {
        "a vjp that writes past the seal": lambda: (double, lambda args, dA: forced(args[0]) or [2 * dA])
    },
    (NotPure, "vjp changes what f returned before"): {"a vjp that changes the output": changing_outputs_in_vjp},
    (NotPure, "f changes an earlier result when it is called again"): {
        "an f that changes old outputs": changing_old_outputs
    },
    (NotPure, "vjp changes a gradient that it returned before"): {"one buffer for all gradients": one_buffer},
    (NotPure, "vjp gives another result after f was called with other arguments"): {
        "a memory by shape": lambda: remembering(np.shape),
        "a memory by sum": lambda: remembering(np.sum),
    },
    (NotPure, "vjp gives another result after it was called with other arguments"): {
        "a memory of the vjp": lambda: remembering(np.shape, "vjp")
    },
    (Raised, "vjp raised ZeroDivisionError where f did not: division by zero"): {
        "a vjp that raises": lambda: (double, lambda args, dA: 1 / 0)
    },
    (NotLinear, "dA is not .* times vjp of dA"): {
        "a clipped dA": lambda: (double, lambda args, dA: [2 * np.clip(dA, -2, 2)])
    },
    (NotLinear, "-1 dA is not -1 times"): {
        "the size of dA": lambda: (double, lambda args, dA: [2 * abs(dA)]),
        "a guided relu": lambda: (double, lambda args, dA: [2 * np.maximum(dA, 0)]),
    },
    (NotLinear, r"zero.*: the gradient of x\[\d, \d\] is -?[\d.]+, but must be 0"): {
        "weight decay": lambda: (double, lambda args, dA: [2 * dA + args[0]])
    },
    (NotLinear, "of a sum of cotangents is not the sum of vjp of each"): {
        "a dA of one sign, sized by its sum": lambda: (
            double,
            lambda args, dA: [abs(dA).sum() * np.sign(dA.sum()) * np.ones_like(dA)],
        )
    },
    (WrongForLayout, "for a Fortran-ordered dA of the same entries"): {
        "the memory order of dA": lambda: (double, lambda args, dA: [2 * dA.ravel("K").reshape(dA.shape)])
    },
    (WrongForLayout, "for Fortran-ordered arguments of the same entries"): {
        "the memory order of x": lambda: (square, lambda args, dA: [2 * dA * args[0].ravel("K").reshape(dA.shape)])
    },
    (WrongDtype, "gradient of x must be float32, as x is, not float64"): {
        "a gradient of float64 whatever the dtype": lambda: (double, lambda args, dA: [dA * np.full(dA.shape, 2.0)])
    },
    (WrongForFloat32, r"gradient of x\[0, \d\] is .* in float32, but .* in float64"): {
        "another branch for float32": lambda: (double, lambda args, dA: [2 * dA if dA.dtype == np.float64 else 3 * dA])
    },
}


BY_NAME = {name: (make, *said) for said, made in WRONG.items() for name, make in made.items()}


@pytest.mark.parametrize("what", BY_NAME)
def test_it_is_refused(what):
    make, kind, message = BY_NAME[what]
    with pytest.raises(kind, match=message):
        check_vjp(*make(), [WIDE if "order" in what else X])


@pytest.mark.parametrize("gradient", [2 + 0j, "2", None, [2.0, 2.0]])
def test_the_gradient_of_a_number_is_a_number(gradient):
    with pytest.raises(GradientError, match="the gradient of x must "):
        check_vjp(double, lambda args, dA: [gradient * dA if isinstance(gradient, complex) else gradient], [1.0])


def test_an_error_of_determinism_names_the_argument():
    count = fresh_counter()
    with pytest.raises(NotDeterministic, match=r"again: the gradient of b\[0, \d\] was -?[\d.]+, and is -?[\d.]+\n"):
        check_vjp(lambda a, b: a * b, lambda args, dA: [dA * args[1], dA * count()], [X, X])

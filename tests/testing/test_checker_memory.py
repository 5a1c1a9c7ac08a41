"""Memory that vjp writes to where it may, and memory that gradients share."""

import numpy as np
import pytest

from funcnn.testing import Aliased, NotPure, check_jvp, check_loss, check_vjp
from tests.said import says

X = np.array([[1.0, -2.0, 3.0], [0.5, 2.0, -1.0]])


def relu(x):
    return np.maximum(x, 0)


def to_dA(args, dA):
    dA = np.require(dA, requirements="W")  # a copy of a read-only array, and dA itself if it is writeable
    dA[args[0] < 0] = 0
    return [dA.copy()]


def to_x(args, dA):
    (x,) = args
    if x.flags.writeable:
        x[x < 0] = 0
    return [dA * (x > 0)]


def to_x_in_f(x):
    x = np.require(x, requirements="W")
    x[x < 0] = 0
    return x.copy()


relu_vjp = lambda args, dA: [dA * (args[0] > 0)]


@pytest.mark.parametrize(
    ("f", "vjp", "message"),
    [
        (relu, to_dA, "relu: vjp writes to dA if dA is writeable"),
        (relu, to_x, "relu: f or vjp writes to x if x is writeable"),
        (to_x_in_f, relu_vjp, "to_x_in_f: f or vjp writes to x if x is writeable"),
    ],
)
def test_writes_that_read_only_arrays_hide_are_found(f, vjp, message):
    says(NotPure, message, check_vjp, f, vjp, [X])
    assert check_vjp(f, vjp, [X], purity=False).verdict == "pass"


def test_a_jvp_and_a_loss_may_not_write_either():
    def jvp(args, tangents):
        (t,) = tangents
        t = np.require(t, requirements="W")
        t[args[0] < 0] = 0
        return t.copy()

    says(NotPure, "relu: jvp writes to its tangents if they are writeable", check_jvp, relu, jvp, [X])

    def loss(out, y):
        out = np.require(out, requirements="W")
        out -= y
        return (out * out).mean(), 2 * out / out.size

    says(NotPure, "loss: f or vjp writes to out if out is writeable", check_loss, loss, X, np.ones_like(X))

    def writes_to_y(out, y):
        y[y < 0] = 0
        return ((out - y) ** 2).mean(), 2 * (out - y) / out.size

    y = X.copy()
    says(NotPure, "writes_to_y: f writes to its arguments, which are read-only", check_loss, writes_to_y, X, y)
    assert (y == X).all()


half_square = lambda x: x * x / 2


def memo():
    made = {}

    def vjp(args, dA):
        key = args[0].tobytes(), dA.tobytes(), dA.dtype
        if key not in made:
            made[key] = [dA * args[0]]
        return made[key]

    return vjp


both_ways = lambda dA: [dA, dA.T]

SHARED = {
    "the gradient of x shares memory with x": {
        "x for a dA of ones": (half_square, lambda args, dA: [args[0] if (dA == 1).all() else dA * args[0]], [X])
    },
    "the gradient of x shares memory with dA": {
        "dA for an x of ones": (half_square, lambda args, dA: [dA if (args[0] == 1).all() else dA * args[0]], [X]),
        "dA of zeros": (half_square, lambda args, dA: [dA if (dA == 0).all() else dA * args[0]], [X]),
    },
    "the gradient of x1 shares memory with the gradient of x2": {
        "one array twice": (np.add, lambda args, dA: [1 * dA] * 2, [X, X + 1])
    },
    r"the gradient of d\[\"a\"\] shares memory with the gradient of d\[\"b\"\]": {
        "one array in two leaves": (
            lambda d: d["a"] + d["b"],
            lambda args, dA: [dict.fromkeys("ab", 1 * dA)],
            [{"a": X, "b": X + 1}],
        )
    },
    "the gradient of x shares memory with the gradient of y": {
        "a view of another gradient": (
            lambda x, y: x + y.T,
            lambda args, dA: both_ways(1 * dA),
            [np.ones((3, 3)), X[:1] * X[:1].T],
        )
    },
    "the gradient of x shares memory with the gradient of x of an earlier call": {
        "one array in two calls": (half_square, memo(), [X])
    },
}


BY_NAME = {name: (*case, message) for message, cases in SHARED.items() for name, case in cases.items()}


@pytest.mark.parametrize("name", BY_NAME)
def test_gradients_that_share_memory_are_found_if_asked(name):
    f, vjp, args, message = BY_NAME[name]
    assert check_vjp(f, vjp, args).verdict == "pass"
    says(Aliased, message, check_vjp, f, vjp, args, aliasing=False)


def test_own_memory_passes():
    square = lambda args, dA: [2 * dA * args[0].conj()]
    assert check_vjp(half_square, lambda args, dA: [dA * args[0]], [X], aliasing=False).verdict == "pass"
    assert check_vjp(np.square, square, [X + 1j], convention="torch", aliasing=False).verdict == "pass"
    logs = lambda args, dA: [dA / args[0] if (args[0] > 0).all() else {}["outside"]]
    assert check_vjp(np.log, logs, [abs(X)], aliasing=False).verdict == "pass"
    assert check_vjp(np.log, logs, [abs(X) + 2], aliasing=False, domain={"x": (2, None)}).verdict == "pass"
    table = lambda ids, rows: rows[ids]

    def table_vjp(args, dA):
        ids, rows = args
        drows = np.zeros_like(rows)
        np.add.at(drows, ids, dA)
        return [None, drows]

    assert check_vjp(table, table_vjp, [np.array([0, 1]), X], aliasing=False).verdict == "pass"

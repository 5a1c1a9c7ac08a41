"""Unit 3, a dense layer. Write the functions, and run after each: python -m funcnn.teach check exercises/unit3.py

x has one example in each row. A function that ends in _vjp gets the arguments of the forward function as a tuple, and
dA, which has the shape of its output. It returns a list or a tuple with one gradient for each argument.
"""

import numpy as np

from funcnn import Array, Dense, Grads, backward, forward, gradient, mse, record, sgd
from funcnn.teach import diagnose, diagnose_answer, diagnose_layer, exercise, expect
from funcnn.teach.comparing import first
from funcnn.teach.course.unit3 import HAND, QUADRATIC, outputs_of
from funcnn.testing import check_layer, check_vjp

NEXT = "unit 4: read the page 4_training, then write exercises/unit4.py"


def numbers(random, *shape):
    """Different numbers with one decimal, without 0, in an array that cannot be changed."""
    made = np.array((random.permutation(40)[: np.prod(shape, dtype=int)].reshape(shape) - 19.5) / 5)
    made.flags.writeable = False
    return made


def tutored(*shapes):
    """Arrays of these shapes without zeros and equal numbers, which hide a mistake."""
    random = np.random.default_rng(0)
    return tuple([random.uniform(0.5, 2.0, shape) for shape in shapes])


def by_hand():
    """dW, db and dx as lists, from a pencil, for the numbers in test_by_hand: (dW, db, dx)."""
    return [[0, 7], [2, 1]], [1, 4], [[2, -2], [3, 4]]


@exercise(
    "Compute three gradients with a pencil",
    page="'Its gradients' in 3_dense",
    hint="dW[0][0] = 2 * (-1) + 1 * 2. Each entry of dW adds over the examples, each entry of dx over the outputs.",
    tutor=lambda: diagnose_answer(by_hand, HAND),
)
def test_by_hand(seed=0):  # the numbers of the pencil are the same for every seed
    x = np.array([[2.0, 0.0], [1.0, 1.0]])
    layer = Dense(W=np.array([[1.0, 1.0], [2.0, 0.0]]), b=np.array([0.0, 0.0]))
    dA = np.array([[-1.0, 3.0], [2.0, 1.0]])
    dW, db, dx = by_hand()
    grads = backward(layer, forward(layer, x)[1], dA)
    for name, found, right in [("dW", dW, grads.params.W), ("db", db, grads.params.b), ("dx", dx, grads.x)]:
        assert np.shape(found) == right.shape, f"{name} must have the shape {right.shape}, not {np.shape(found)}"
        wrong = [f"{name}{place}" for place in np.argwhere(np.array(found) != right).tolist()]
        assert not wrong, f"{', '.join(wrong)}: not right"


def dense(x, W, b):
    """x: (m, n), W: (n, k), b: (k,)"""
    return x @ W + b


def dense_vjp(args, dA):
    """The gradients of x, W and b. dA has the shape (m, k)."""
    x, W, _ = args
    return dA @ W.T, x.T @ dA, dA.sum(axis=0)


@exercise(
    "Write the backward pass of a dense layer",
    page="'Its gradients' in 3_dense",
    hint="A matrix product adds over the last index of its left factor and the first index of its right factor.",
    tutor=lambda: diagnose(dense, dense_vjp, tutored((4, 3), (3, 3), (3,))),
)
def test_dense_vjp(seed=0):
    random = np.random.default_rng(seed)
    for m, n, k in [(2, 2, 3), (3, 2, 2), (1, 3, 1), (4, 1, 2), (2, 2, 2)]:
        args = numbers(random, m, n), numbers(random, n, k), numbers(random, k)
        check_vjp(dense, dense_vjp, args, float32=False)


def shifted(x, c):
    """Each row of x plus a number of its own. x: (m, n), c: (m, 1)"""
    return x + c


def shifted_vjp(args, dA):
    """The gradients of x and c."""
    return dA, dA.sum(axis=1, keepdims=True)


@exercise(
    "Add a number to each row",
    page="'Its gradients' in 3_dense",
    hint="c[i] is copied to each column of row i. Its gradient has the shape (m, 1).",
    tutor=lambda: diagnose(shifted, shifted_vjp, tutored((4, 3), (4, 1))),
)
def test_shifted_vjp(seed=0):
    random = np.random.default_rng(seed)
    for m, n in [(2, 3), (3, 1), (1, 2), (3, 3)]:
        check_vjp(shifted, shifted_vjp, (numbers(random, m, n), numbers(random, m, 1)), float32=False)


@record
class Quadratic:
    """out = x W + x^2 V, with x: (m, n), x^2 number by number, and W, V: (n, k)

    Its rules may call those of layers of funcnn.
    """

    W: Array
    V: Array


@forward.register(Quadratic)
def quadratic_forward(params, x):
    """The output, and the cache that backward needs."""
    return x @ params.W + x**2 @ params.V, x


@backward.register(Quadratic)
def quadratic_backward(params, cache, dA):
    """Grads(gradient(params, W=..., V=...), dx)"""
    x = cache
    dx = dA @ params.W.T + 2 * x * (dA @ params.V.T)
    return Grads(gradient(params, W=x.T @ dA, V=(x**2).T @ dA), dx)


@exercise(
    "Write a layer of your own",
    page="'A layer of your own' in 3_dense",
    hint="Call q = x^2. Then out = x W + q V is two dense layers side by side, and dq is multiplied by 2 x. "
    "In a message, f is your forward rule and vjp your backward rule.",
    tutor=lambda: first(
        diagnose_answer(outputs_of(Quadratic), QUADRATIC),
        diagnose_layer(Quadratic(*tutored((3, 3), (3, 3))), *tutored((4, 3))),
    ),
)
def test_quadratic(seed=0):
    random = np.random.default_rng(seed)
    for m, n, k in [(1, 1, 1), (2, 2, 2), (3, 2, 1), (2, 3, 2)]:
        params, x = Quadratic(numbers(random, n, k), numbers(random, n, k)), numbers(random, m, n)
        out, cache = forward(params, x)
        right = x @ params.W + x**2 @ params.V
        expect(
            f"out of W = {params.W.tolist()}, V = {params.V.tolist()}, x = {x.tolist()}", out, right, tolerance=1e-12
        )
        before = backward(params, cache, right)
        forward(params, x + 1)
        assert backward(params, cache, right) == before, "backward must use its cache alone, not the last forward"
        check_layer(params, x, float32=False)
    x, (W, V) = np.linspace(-1, 1, 9)[:, None], numbers(random, 2)
    params, y = Quadratic(np.zeros((1, 1)), np.zeros((1, 1))), W * x + V * x**2
    for _ in range(200):
        out, cache = forward(params, x)
        _, dA = mse(out, y)
        params = sgd(params, backward(params, cache, dA), 0.5)
    expect("(W, V) after training", [params.W.item(), params.V.item()], [W, V], tolerance=1e-6)


def without_bias(x, W):
    """x: (m, n), W: (n, k)"""
    return x @ W


def without_bias_vjp(args, dA):
    """The gradients of x and W. One is wrong: run the check, read its message, repair the function."""
    x, W = args
    return dA @ W.T, x.T @ dA


@exercise(
    "Find the mistake in dx",
    page="'Its gradients' in 3_dense",
    hint="For which W is the wrong dx right? Try the sum with indices: does it run along a row or a column of W?",
    mistake=True,
    tutor=lambda: diagnose(without_bias, without_bias_vjp, tutored((4, 3), (3, 3))),
)
def test_without_bias_vjp(seed=0):
    random = np.random.default_rng(seed)
    first = np.array([[1.0, 2.0]]), np.array([[1.0, 3.0], [0.0, 2.0]])
    for args in [first, *[(numbers(random, m, n), numbers(random, n, k)) for m, n, k in [(2, 2, 2), (2, 3, 1)]]]:
        check_vjp(without_bias, without_bias_vjp, args, float32=False)

"""Unit 4, what makes training work. Write the functions, and run: python -m funcnn.teach check exercises/unit4.py"""

import numpy as np

from funcnn import Dense, Relu, predict
from funcnn.teach import diagnose, exercise, expect
from funcnn.testing import check_vjp

NEXT = "unit 5: read the page 5_softmax, then write exercises/unit5.py"
POINTS = np.array([[-2.0, 0.0, 0.5], [1.0, 3.0, -0.25]])


def leaky_relu(x):
    """x where it is positive, and a tenth of x elsewhere."""
    return np.where(x > 0, x, 0.1 * x)


def leaky_relu_vjp(args, dA):
    """A list with the gradient of x. args is (x,)."""
    raise NotImplementedError


@exercise(
    "Write the backward pass of the leaky Relu",
    page="'Activations' in 2_chain_rule",
    hint="Its slope is 1 or 0.1. np.where(condition, a, b) chooses number by number.",
    tutor=lambda: diagnose(leaky_relu, leaky_relu_vjp, [np.array([[-2.0, -1.0, 0.5], [1.0, 3.0, -0.25]])]),
)
def test_leaky_relu_vjp():
    check_vjp(leaky_relu, leaky_relu_vjp, [POINTS], float32=False)


def distance():
    """The weights of the network Dense, Relu, Dense whose output is |x1 - x2|, as arrays: (W1, b1, W2, b2).

    W1: (2, 2), b1: (2,), W2: (2, 1), b2: (1,)
    """
    raise NotImplementedError


@exercise(
    "Choose the weights of a network for a given function",
    page="'What an activation is for' in 4_training",
    hint="|t| = max(t, 0) + max(-t, 0). Let one unit compute t = x1 - x2 and the other unit -t.",
)
def test_distance():
    W1, b1, W2, b2 = distance()
    x = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 2.0], [-1.0, 0.5], [0.0, -4.0]])
    out = predict((Dense(W1, b1), Relu(), Dense(W2, b2)), x)
    expect("out = |x1 - x2|", out, [[2], [2], [0], [1.5], [4]])


def first_weights(random, n):
    """An array (n, n) of weights from random.normal, with which the mean square stays the same in Relu layers."""
    raise NotImplementedError


@exercise(
    "Draw initial weights for twenty layers",
    page="'First weights' in 4_training",
    hint="random.normal(0, s, (n, n)) draws numbers with the standard deviation s. The variance is s squared.",
)
def test_first_weights():
    for n in (50, 200):
        random = np.random.default_rng(n)
        x = random.normal(size=(200, n))
        for _ in range(20):
            W = first_weights(random, n)
            assert np.shape(W) == (n, n), f"the weights must have the shape {(n, n)}, not {np.shape(W)}"
            x = np.maximum(x @ W, 0)
        size = float(np.sqrt((x**2).mean()))
        assert 0.2 < size < 5, f"the root mean square after 20 layers of {n} units must be near 1, not {size:.3g}"


def largest_rate(x):
    """The rate above which the cost grows: x has a number for each example, out = w x, cost = mean of (out - y)^2."""
    raise NotImplementedError


@exercise(
    "Compute the largest learning rate of a line",
    page="'The learning rate' in 4_training",
    hint="The second derivative of (w x - y)^2 with respect to w is 2 x^2. The cost is a mean over the examples.",
)
def test_largest_rate():
    x = np.array([1.0, -2.0, 3.0])
    assert np.shape(largest_rate(x)) == (), f"the rate must be one number, not the shape {np.shape(largest_rate(x))}"
    for factor, falls in [(0.99, True), (1.01, False)]:
        w = 1.0
        with np.errstate(all="ignore"):  # of a rate that is too large
            for _ in range(1000):
                w = w - factor * largest_rate(x) * 2 * (w * x * x).mean()  # y = 0, so the best w is 0
        text = (
            f"with {factor} times your rate w must go to {'0' if falls else 'infinity'}; it is {w:.3g} after 1000 steps"
        )
        assert (abs(w) < 1) == falls, text


def softplus(x):
    """log(1 + e^x), a Relu with a round corner."""
    return np.logaddexp(x, 0)


def softplus_vjp(args, dA):
    """A list with the gradient of x for softplus. It is wrong: run the check, read its message, repair the function."""
    (x,) = args
    out = softplus(x)
    return [dA / (1 + np.exp(-out))]


@exercise(
    "Find the mistake in the backward pass of softplus",
    page="'Activations' in 2_chain_rule",
    hint="The slope is the sigmoid, 1 / (1 + e^-x). At which number does the function take it?",
    mistake=True,
    tutor=lambda: diagnose(softplus, softplus_vjp, [np.array([[-2.0, -1.0, 0.5], [1.0, 3.0, -0.25]])]),
)
def test_softplus_vjp():
    check_vjp(softplus, softplus_vjp, [POINTS], float32=False)

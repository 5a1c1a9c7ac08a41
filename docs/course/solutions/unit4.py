"""Unit 4, what makes training work. Write the functions, and run: python -m funcnn.teach check exercises/unit4.py"""

import numpy as np

from funcnn import Dense, Relu, predict
from funcnn.teach import diagnose, diagnose_answer, exercise, expect
from funcnn.teach.course.unit4 import DISTANCE, RATE, WEIGHTS, out_of, spread_of
from funcnn.testing import check_vjp

NEXT = "unit 5: read the page 5_softmax, then write exercises/unit5.py"
POINTS = np.array([[-2.0, -1.0, 0.5], [1.0, 3.0, -0.25]])  # without 0, where leaky_relu has no slope


def numbers(random, *shape):
    """Different numbers with one decimal, without 0, in an array that cannot be changed."""
    made = np.array((random.permutation(40)[: np.prod(shape, dtype=int)].reshape(shape) - 19.5) / 5)
    made.flags.writeable = False
    return made


def leaky_relu(x):
    """x where it is positive, and a tenth of x elsewhere."""
    return np.where(x > 0, x, 0.1 * x)


def leaky_relu_vjp(args, dA):
    """A list with the gradient of x. args is (x,)."""
    (x,) = args
    return [dA * np.where(x > 0, 1, 0.1)]


@exercise(
    "Write the backward pass of the leaky Relu",
    page="'Activations' in 2_chain_rule",
    hint="Its slope is 1 or 0.1. np.where(condition, a, b) chooses number by number.",
    tutor=lambda: diagnose(leaky_relu, leaky_relu_vjp, [np.array([[-2.0, -1.0, 0.5], [1.0, 3.0, -0.25]])]),
)
def test_leaky_relu_vjp(seed=0):
    random = np.random.default_rng(seed)
    for x in [POINTS, numbers(random, 3), numbers(random, 4, 1)]:
        check_vjp(leaky_relu, leaky_relu_vjp, [x], float32=False)


def distance():
    """The weights of the network Dense, Relu, Dense whose output is |x1 - x2|: (W1, b1, W2, b2), as arrays or lists.

    W1: (2, 2), b1: (2,), W2: (2, 1), b2: (1,)
    """
    return np.array([[1.0, -1.0], [-1.0, 1.0]]), np.zeros(2), np.ones((2, 1)), np.zeros(1)


@exercise(
    "Choose the weights of a network for a given function",
    page="'What an activation is for' in 4_training",
    hint="|t| = max(t, 0) + max(-t, 0). Let one unit compute t = x1 - x2 and the other unit -t.",
    tutor=lambda: diagnose_answer(out_of(distance), DISTANCE),
)
def test_distance(seed=0):
    W1, b1, W2, b2 = [np.array(part, float) for part in distance()]
    for name, part, shape in [("W1", W1, (2, 2)), ("b1", b1, (2,)), ("W2", W2, (2, 1)), ("b2", b2, (1,))]:
        assert part.shape == shape, f"{name} must have the shape {shape}, not {part.shape}"
    x = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 2.0], [-1.0, 0.5], [0.0, -4.0]])
    x = np.concatenate([x, numbers(np.random.default_rng(seed), 9, 2), [[1e9, -1e9], [-1e9, 1e9]]])
    for row, out in zip(x.tolist(), predict((Dense(W1, b1), Relu(), Dense(W2, b2)), x), strict=True):
        expect(f"the output for x = {row}", out, [abs(row[0] - row[1])])


def first_weights(random, n):
    """An array (n, n) of weights drawn from random, with which the mean square stays the same in Relu layers."""
    return random.normal(0, np.sqrt(2 / n), (n, n))


@exercise(
    "Draw initial weights for twenty layers",
    page="'First weights' in 4_training",
    hint="random.normal(0, s, (n, n)) draws numbers with the standard deviation s. The variance is s squared.",
    tutor=lambda: diagnose_answer(spread_of(first_weights), WEIGHTS),
)
def test_first_weights(seed=0):
    for n in (100, 200):
        random, layers = np.random.default_rng([seed, n]), []
        x = random.normal(size=(200, n))
        for _ in range(20):
            W = np.array(first_weights(random, n), float)
            assert W.shape == (n, n), f"the weights must have the shape {(n, n)}, not {W.shape}"
            x = np.maximum(x @ W, 0)
            layers.append(W)
        assert not np.array_equal(W, layers[0]), "two layers have the same weights; draw them from random"
        size = float(np.sqrt((x**2).mean()))
        assert 0.1 < size < 10, f"the root mean square after 20 layers of {n} units must be near 1, not {size:.3g}"
        ratio = W.var() * n / 2
        assert 0.9 < ratio < 1.1, f"the variance of the weights must be near 2 / n, not {ratio:.3g} times as large"
        assert abs(W.mean()) < 6 * W.std() / n, f"the mean of the weights must be near 0, not {W.mean():.3g}"
        rank = np.linalg.matrix_rank(W)
        assert rank > n / 2, f"each unit needs weights of its own; of {n} units only {rank} have independent weights"
        random = np.random.default_rng([seed, n])
        random.normal(size=(200, n))
        again = first_weights(random, n)
        assert np.array_equal(again, layers[0]), "the same seed must give the same weights; draw them from random"


def largest_rate(x):
    """The rate above which the cost grows: x has a number for each example, out = w x, cost = mean of (out - y)^2."""
    return 1 / (x**2).mean()


@exercise(
    "Compute the largest learning rate of a line",
    page="'The learning rate' in 4_training",
    hint="The second derivative of (w x - y)^2 with respect to w is 2 x^2. The cost is a mean over the examples.",
    tutor=lambda: diagnose_answer(largest_rate, RATE),
)
def test_largest_rate(seed=0):
    random = np.random.default_rng(seed)
    for x in [np.array([1.0, -2.0, 3.0]), numbers(random, 1), numbers(random, 5)]:
        x.flags.writeable = False
        rate = largest_rate(x)
        assert np.shape(rate) == (), f"the rate must be one number, not the shape {np.shape(rate)}"
        for factor, change in [(0.9999, "fall"), (1.0001, "grow")]:
            w = 1.0
            for _ in range(10):
                w = w - factor * rate * 2 * (w * x * x).mean()  # y = 0, so the best w is 0
            found = f"with {factor} times your rate it goes from 1 to {abs(w):.5g} in 10 steps"
            assert (abs(w) < 1) == (change == "fall"), f"x = {x.tolist()}: |w| must {change}, and {found}"


def softplus(x):
    """log(1 + e^x), a Relu with a round corner."""
    return np.logaddexp(x, 0)


def softplus_vjp(args, dA):
    """A list with the gradient of x for softplus. It is wrong: run the check, read its message, repair the function."""
    (x,) = args
    return [dA / (1 + np.exp(-x))]


@exercise(
    "Find the mistake in the backward pass of softplus",
    page="'Activations' in 2_chain_rule",
    hint="The slope is the sigmoid, 1 / (1 + e^-x). At which number does the function take it?",
    mistake=True,
    tutor=lambda: diagnose(softplus, softplus_vjp, [np.array([[-2.0, -1.0, 0.5], [1.0, 3.0, -0.25]])]),
)
def test_softplus_vjp(seed=0):
    random = np.random.default_rng(seed)
    for x in [POINTS, numbers(random, 3), numbers(random, 4, 1)]:
        check_vjp(softplus, softplus_vjp, [x], float32=False)

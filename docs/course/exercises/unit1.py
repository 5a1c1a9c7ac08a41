"""Unit 1, a line. Write the functions, and run after each: python -m funcnn.teach check exercises/unit1.py

x, y, out and dA are arrays with one number for each example. W and b are single numbers. With float32=False a check
uses float64 alone. A test has the numbers of the page, and others that it draws from its seed. In all units your
functions may use NumPy and funcnn.
"""

import numpy as np

from funcnn import Dense, backward, forward, mse, sgd
from funcnn.teach import diagnose, diagnose_answer, exercise, expect
from funcnn.teach.course.unit1 import FIT, LINE, SQUARES
from funcnn.testing import check_vjp

NEXT = "unit 2: read the page 2_chain_rule, then write exercises/unit2.py"
X, Y = np.array([1.0, 3.0]), np.array([3.0, 7.0])  # the two examples of the page


def numbers(random, *shape):
    """Different numbers with one decimal, without 0, in an array that cannot be changed."""
    made = np.array((random.permutation(40)[: np.prod(shape, dtype=int)].reshape(shape) - 19.5) / 5)
    made.flags.writeable = False
    return made


def line(x, W, b):
    """The output of each example, as an array."""
    raise NotImplementedError


@exercise(
    "Compute the outputs of a line",
    page="'The network and its cost' in 1_line",
    hint="out = W x + b",
    tutor=lambda: diagnose_answer(line, LINE),
)
def test_line(seed=0):
    expect("line([1, 3], 1, 0)", line(X, 1.0, 0.0), [1, 3])
    expect("line([1, 3], 2.4, 0.6)", line(X, 2.4, 0.6), [3, 7.8])
    random = np.random.default_rng(seed)
    for m in (1, 4):
        x, (W, b) = numbers(random, m), numbers(random, 2)
        out = line(x, W, b)
        assert isinstance(out, np.ndarray), f"the outputs must be in an array, not in a {type(out).__name__}"
        assert out.dtype == x.dtype, f"the outputs must have the dtype of x, {x.dtype}, not {out.dtype}"
        expect(f"line({x.tolist()}, {W}, {b})", out, [W * one + b for one in x], tolerance=1e-12)


def squares(out, y):
    """The cost, which is the mean of the squared errors, and its gradient with respect to out: (cost, dA).

    The cost is one number, dA an array with one number for each example.
    """
    raise NotImplementedError


@exercise(
    "Compute the cost and its gradient",
    page="'The gradient by hand' in 1_line",
    hint="Each error is in one term of the mean, e * e / m. The derivative of that term is 2 * e / m.",
    tutor=lambda: diagnose_answer(squares, SQUARES),
)
def test_squares(seed=0):
    cost, dA = squares(np.array([1.0, 3.0]), Y)
    expect("the cost of the outputs 1 and 3", cost, 10)
    expect("dA of the outputs 1 and 3", dA, [-2, -4])
    assert isinstance(dA, np.ndarray), f"dA must be an array, not a {type(dA).__name__}"
    expect("the cost of the errors 1, 2 and 4", squares(np.array([1.0, 2.0, 4.0]), np.zeros(3))[0], 7)
    random = np.random.default_rng(seed)
    for m in (1, 3, 4):
        out, y = numbers(random, m), numbers(random, m)
        cost = sum([(a - b) ** 2 for a, b in zip(out, y, strict=True)]) / m
        expect(f"the cost of out = {out.tolist()} and y = {y.tolist()}", squares(out, y)[0], cost, tolerance=1e-12)

        def cost_of(out, y=y):
            return squares(out, y)[0]

        def cost_vjp(args, dA, y=y):
            return [dA * squares(args[0], y)[1]]

        check_vjp(cost_of, cost_vjp, [out], float32=False)


def line_vjp(args, dA):
    """The gradients of x, W and b, in this order. args is (x, W, b), and dA has one number for each output."""
    raise NotImplementedError


@exercise(
    "Compute the gradients of x, W and b",
    page="'The gradient by hand' in 1_line",
    hint="dx has a number for each example. dW and db are single numbers: sums over the examples.",
    tutor=lambda: diagnose(line, line_vjp, (np.array([-1.0, 0.5, 2.0, 1.3]), np.array(1.5), np.array(-0.5))),
)
def test_line_vjp(seed=0):
    random = np.random.default_rng(seed)
    for m in (1, 2, 5):
        check_vjp(line, line_vjp, (numbers(random, m), numbers(random), numbers(random)), float32=False)


def fit(x, y, W, b, lr, steps):
    """W and b after this number of steps: (W, b). Use your three functions."""
    raise NotImplementedError


@exercise(
    "Train the line",
    page="'The step' in 1_line",
    hint="In each step: out, then cost and dA, then the gradients, then W - lr * dW and b - lr * db.",
    tutor=lambda: diagnose_answer(fit, FIT),
)
def test_fit(seed=0):
    expect("(W, b) after one step of 0.1", fit(X, Y, 1.0, 0.0, 0.1, 1), [2.4, 0.6])
    random = np.random.default_rng(seed)
    for m, steps in [(3, 0), (2, 1), (4, 3), (7, 300)]:
        x, y, (W, b), lr = numbers(random, m), numbers(random, m), numbers(random, 2), random.integers(1, 6) / 100
        params = Dense(np.array([[W]]), np.array([b]))
        for _ in range(steps):
            out, cache = forward(params, x[:, None])
            _, dA = mse(out, y[:, None])
            params = sgd(params, backward(params, cache, dA), lr)
        theirs = [params.W.item(), params.b.item()]
        expect(f"(W, b) after {steps} steps of {lr}", fit(x, y, W, b, lr, steps), theirs, tolerance=1e-9)


def through_zero(x, W):
    """A line without a bias. Its outputs are right."""
    return W * x


def through_zero_vjp(args, dA):
    """The gradients of x and W for through_zero. One is wrong: run the check, read its message, repair the function."""
    x, W = args
    return W * dA, (x * dA).mean()


@exercise(
    "Find the mistake in a gradient",
    page="'A test of a gradient' in 1_line",
    hint="Which factor is between 'analytic' and 'numeric', for 3 examples and for 2? Where does it come from?",
    mistake=True,
    tutor=lambda: diagnose(through_zero, through_zero_vjp, (np.array([0.5, 1.25, 2.0, 0.7, 1.6]), np.array(1.5))),
)
def test_through_zero_vjp(seed=0):
    random = np.random.default_rng(seed)
    for m in (3, 2, 5, 1):
        check_vjp(through_zero, through_zero_vjp, (numbers(random, m), numbers(random)), float32=False)

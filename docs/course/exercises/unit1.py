"""Unit 1, a line. Write the functions, and run after each: python -m funcnn.teach check exercises/unit1.py

x, y, out and dA are arrays with one number for each example. W and b are single numbers. With float32=False a check
uses float64 alone.
"""

import numpy as np

from funcnn import Dense, backward, forward, mse, sgd
from funcnn.teach import diagnose, exercise, expect
from funcnn.testing import check_vjp

NEXT = "unit 2: read the page 2_chain_rule, then write exercises/unit2.py"
X, Y = np.array([1.0, 3.0]), np.array([3.0, 7.0])  # the two examples of the page


def line(x, W, b):
    """The output of each example."""
    raise NotImplementedError


@exercise("Compute the outputs of a line", page="'The network and its cost' in 1_line", hint="out = W x + b")
def test_line():
    expect("line([1, 3], 1, 0)", line(X, 1.0, 0.0), [1, 3])
    expect("line([1, 3], 2.4, 0.6)", line(X, 2.4, 0.6), [3, 7.8])


def squares(out, y):
    """The cost, which is the mean of the squared errors, and its gradient with respect to out: (cost, dA)."""
    raise NotImplementedError


@exercise(
    "Compute the cost and its gradient",
    page="'The gradient by hand' in 1_line",
    hint="Each error is in one term of the mean, e * e / m. The derivative of that term is 2 * e / m.",
)
def test_squares():
    cost, dA = squares(np.array([1.0, 3.0]), Y)
    expect("the cost of the outputs 1 and 3", cost, 10)
    expect("dA of the outputs 1 and 3", dA, [-2, -4])
    expect("the cost of the errors 1, 2 and 4", squares(np.array([1.0, 2.0, 4.0]), np.zeros(3))[0], 7)

    def cost_of(out):
        return squares(out, np.zeros(3))[0]

    def cost_vjp(args, dA):
        return [dA * squares(args[0], np.zeros(3))[1]]

    check_vjp(cost_of, cost_vjp, [np.array([1.0, -2.0, 0.5])], float32=False)


def line_vjp(args, dA):
    """The gradients of x, W and b, in this order. args is (x, W, b), and dA has one number for each output."""
    raise NotImplementedError


@exercise(
    "Compute the gradients of x, W and b",
    page="'The gradient by hand' in 1_line",
    hint="dx has a number for each example. dW and db are single numbers: sums over the examples.",
    tutor=lambda: diagnose(line, line_vjp, (np.array([-1.0, 0.5, 2.0]), np.array(1.5), np.array(-0.5))),
)
def test_line_vjp():
    for m in (1, 2, 5):
        check_vjp(line, line_vjp, (np.linspace(-1.0, 2.0, m), np.array(1.5), np.array(-0.5)), float32=False)


def fit(x, y, W, b, lr, steps):
    """W and b after this number of steps: (W, b). Use your three functions."""
    raise NotImplementedError


@exercise(
    "Train the line",
    page="'The step' in 1_line",
    hint="In each step: out, then cost and dA, then the gradients, then W - lr * dW and b - lr * db.",
)
def test_fit():
    expect("(W, b) after one step of 0.1", fit(X, Y, 1.0, 0.0, 0.1, 1), [2.4, 0.6])
    x = np.arange(-2.0, 5.0)
    params = Dense(np.array([[0.5]]), np.array([0.0]))
    for _ in range(300):
        out, cache = forward(params, x[:, None])
        _, dA = mse(out, 2 * x[:, None] + 1)
        params = sgd(params, backward(params, cache, dA), 0.01)
    theirs = [params.W.item(), params.b.item()]
    expect("(W, b) after 300 steps of 0.01", fit(x, 2 * x + 1, 0.5, 0.0, 0.01, 300), theirs)


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
    tutor=lambda: diagnose(through_zero, through_zero_vjp, (np.array([0.5, 1.25, 2.0]), np.array(1.5))),
)
def test_through_zero_vjp():
    for m in (3, 2):
        check_vjp(through_zero, through_zero_vjp, (np.linspace(0.5, 2.0, m), np.array(1.5)), float32=False)

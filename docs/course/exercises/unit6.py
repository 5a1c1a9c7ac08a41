"""Unit 6, a layer of your choice. Write the functions, and run: python -m funcnn.teach check exercises/unit6.py

A function that ends in _vjp gets the arguments of the forward function as a tuple, and dA, which has the shape of its
output. It returns a list or a tuple with one gradient for each argument.
"""

import numpy as np

from funcnn import Array, Grads, backward, forward, gradient, mse, parameters, record, sgd
from funcnn.teach import diagnose, diagnose_layer, exercise
from funcnn.testing import check_layer, check_vjp

RANDOM = np.random.default_rng(0)
EPS = 1e-5
NEXT = "a layer of your own idea: the page your_own_layer shows how it is written and tested"


def numbers(*shape):
    """An array of this shape, of numbers with one decimal."""
    return RANDOM.normal(size=shape).round(1)


def convolution(x, W):
    """out[i] = sum of x[i + k] W[k] over k. x: (n,), W: (k,), out: (n - k + 1,)"""
    return np.correlate(x, W, "valid")


def convolution_vjp(args, dA):
    """The gradients of x and W."""
    raise NotImplementedError


@exercise(
    "Write the backward pass of a convolution",
    page="'A: Convolution' in 6_layer",
    hint="dW[k] is the sum of x[k : k + len(dA)] * dA. For dx, add W[k] * dA to dx[k : k + len(dA)] for each k.",
    tutor=lambda: diagnose(convolution, convolution_vjp, (numbers(5), numbers(3))),
)
def test_convolution_vjp():
    for n, k in [(5, 3), (3, 3), (4, 1)]:
        check_vjp(convolution, convolution_vjp, (numbers(n), numbers(k)), float32=False)


def batch_norm(x):
    """Each column of x with the mean 0 and the variance 1. x: (m, n)"""
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPS)


def batch_norm_vjp(args, dA):
    """A list with the gradient of x. args is (x,)."""
    raise NotImplementedError


@exercise(
    "Write the backward pass of batch norm",
    page="'B: Batch norm' in 6_layer",
    hint="Compute out and s first. Each of the two sums over the examples is a mean with axis=0.",
    tutor=lambda: diagnose(batch_norm, batch_norm_vjp, [numbers(4, 2)]),
)
def test_batch_norm_vjp():
    for m, n in [(4, 2), (3, 1)]:
        check_vjp(batch_norm, batch_norm_vjp, [numbers(m, n)], float32=False)


def lstm_step(i, f, o, g, c0):
    """The output h and the cell c of one step: (h, c). All arrays have the same shape."""
    c = f * c0 + i * g
    return o * np.tanh(c), c


def lstm_step_vjp(args, dA):
    """The gradients of i, f, o, g and c0. dA is (dh, dc), where dc comes from the next step."""
    raise NotImplementedError


@exercise(
    "Write the backward pass of a step of an LSTM",
    page="'C: LSTM' in 6_layer",
    hint="First dc: what comes from h, plus what comes from the next step. All but do have the factor dc.",
    tutor=lambda: diagnose(lstm_step, lstm_step_vjp, tuple(numbers(5, 3))),
)
def test_lstm_step_vjp():
    check_vjp(lstm_step, lstm_step_vjp, tuple(numbers(5, 3)), float32=False)


@record
class Mine:
    """The layer that you chose, with its fields; 'Exercises' in 6_layer says what it is for A, B and C.

    The field W is the one of A, a convolution of each row: out[:, i] = sum of x[:, i + k] W[k] over k.
    """

    W: Array


@forward.register(Mine)
def mine_forward(params, x):
    """The output, and the cache that backward needs. x has an example in each row."""
    raise NotImplementedError


@backward.register(Mine)
def mine_backward(params, cache, dA):
    """Grads(gradient(params, ...), dx)"""
    raise NotImplementedError


def example():
    """A layer of your class, and an input for it: (layer, x)"""
    raise NotImplementedError


@exercise(
    "Make a layer of the one that you chose",
    page="'One method' in 6_layer",
    hint="The sums of exercise 1, 2 or 3, for rows of x. A parameter that all rows use adds over the rows. "
    "In a message, f is your forward rule and vjp your backward rule.",
    tutor=lambda: diagnose_layer(*example()),
)
def test_mine():
    layer, x = example()
    assert isinstance(layer, Mine), f"the layer must be one of your class Mine, not {type(layer).__name__}"
    assert parameters(layer), "your layer has no parameter, so it cannot train"
    check_layer(layer, x, float32=False)
    check_layer(layer, np.concatenate([x, x[::-1] + 1]), float32=False)
    costs = []
    for _ in range(20):
        out, cache = forward(layer, x)
        cost, dA = mse(out, np.zeros_like(out))
        layer = sgd(layer, backward(layer, cache, dA), 0.01)
        costs.append(cost)
    assert costs[-1] < costs[0], f"the cost must fall in 20 steps, not go from {costs[0]:.3g} to {costs[-1]:.3g}"


def blur(x, W):
    """A convolution with a kernel of any size. It is right."""
    return np.correlate(x, W, "valid")


def blur_vjp(args, dA):
    """The gradients of x and W. One is wrong: run the check, read its message, repair the function."""
    x, W = args
    return np.correlate(dA, W, "full"), np.correlate(x, dA, "valid")


@exercise(
    "Find the mistake in a convolution",
    page="'A: Convolution' in 6_layer",
    hint="np.convolve(a, b) reverses b, np.correlate(a, b) does not. Which of the two does the sum for dx need?",
    mistake=True,
    tutor=lambda: diagnose(blur, blur_vjp, (numbers(5), numbers(3))),
)
def test_blur_vjp():
    check_vjp(blur, blur_vjp, (np.array([1.0, 2.0, 0.0, 3.0]), np.array([1.0, -1.0, 0.5])), float32=False)

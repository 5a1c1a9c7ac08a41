"""Unit 6, a layer of your choice. Write the functions, and run: python -m funcnn.teach check exercises/unit6.py

A function that ends in _vjp gets the arguments of the forward function as a tuple, and dA, which has the shape of its
output. It returns a list or a tuple with one gradient for each argument.
"""

import numpy as np

from funcnn import Array, Grads, backward, evolve, forward, gradient, mse, parameters, record, sgd
from funcnn.teach import diagnose, diagnose_layer, exercise, expect
from funcnn.testing import check_layer, check_vjp

RANDOM = np.random.default_rng(0)
EPS = 1e-5
NEXT = "a layer of your own idea: the page your_own_layer shows how it is written and tested"


def numbers(*shape, random=RANDOM):
    """Different numbers with one decimal, without 0, in an array that cannot be changed."""
    made = np.array((random.permutation(40)[: np.prod(shape, dtype=int)].reshape(shape) - 19.5) / 5)
    made.flags.writeable = False
    return made


def tutored(*shapes):
    """Arrays of these shapes without zeros and equal numbers, which hide a mistake."""
    random = np.random.default_rng(0)
    return tuple([random.uniform(-1.0, 1.0, shape) for shape in shapes])


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
    tutor=lambda: diagnose(convolution, convolution_vjp, tutored((6,), (3,))),
)
def test_convolution_vjp(seed=0):
    random = np.random.default_rng(seed)
    for n, k in [(5, 3), (3, 3), (4, 1), (7, 2)]:
        args = numbers(n, random=random), numbers(k, random=random)
        check_vjp(convolution, convolution_vjp, args, float32=False)


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
    tutor=lambda: diagnose(batch_norm, batch_norm_vjp, tutored((5, 3))),
)
def test_batch_norm_vjp(seed=0):
    random = np.random.default_rng(seed)
    for m, n in [(4, 2), (3, 1), (3, 3)]:
        check_vjp(batch_norm, batch_norm_vjp, [numbers(m, n, random=random)], float32=False)
    small = numbers(4, 2, random=random) / 100  # where EPS counts
    check_vjp(batch_norm, batch_norm_vjp, [small], float32=False)


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
    tutor=lambda: diagnose(lstm_step, lstm_step_vjp, tutored(*[(3,)] * 5)),
)
def test_lstm_step_vjp(seed=0):
    random = np.random.default_rng(seed)
    for shape in [(3,), (2, 2), (1, 4)]:
        check_vjp(lstm_step, lstm_step_vjp, tuple(numbers(5, *shape, random=random) / 2), float32=False)


@record
class Mine:
    """The layer that you chose, with its fields; 'Exercises' in 6_layer says what it is for A, B and C.

    The field W is the one of A, a convolution of each row: out[:, i] = sum of x[:, i + k] W[k] over k. The class
    must be your own, for A, B or C; its rules may call those of layers of funcnn.
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


CHOICES = {  # for the fields of A, B and C: their shapes, and the shape of x
    ("W",): [({"W": (1,)}, (2, 4)), ({"W": (3,)}, (3, 5))],
    ("bias", "gain"): [({"bias": (1,), "gain": (1,)}, (3, 1)), ({"bias": (3,), "gain": (3,)}, (4, 3))],
    ("U", "W", "b"): [
        ({"U": (2, 2), "W": (1, 2), "b": (2,)}, (3, 2, 1)),
        ({"U": (1, 1), "W": (3, 1), "b": (1,)}, (1, 4, 3)),
    ],
}


def right_output(layer, x):
    """The output that the layer must have, from the page."""
    if hasattr(layer, "gain"):
        return layer.gain * batch_norm(x) + layer.bias
    if hasattr(layer, "U"):
        states = [np.zeros((len(x), len(layer.U)))]
        for t in range(x.shape[1]):
            states.append(np.tanh(x[:, t] @ layer.W + layer.b + states[-1] @ layer.U))
        return np.stack(states[1:], axis=1)
    return np.array([convolution(row, layer.W) for row in x])


@exercise(
    "Make a layer of the one that you chose",
    page="'One method' in 6_layer",
    hint="The sums of exercise 1, 2 or 3, for rows of x. A parameter that all rows use adds over the rows. "
    "In a message, f is your forward rule and vjp your backward rule.",
    tutor=lambda: diagnose_layer(*example()),
)
def test_mine(seed=0):
    random = np.random.default_rng(seed)
    layer, x = example()
    assert isinstance(layer, Mine), f"the layer must be one of your class Mine, not {type(layer).__name__}"
    theirs = [one.__name__ for one in Mine.__mro__ if one.__module__.startswith("funcnn.")]
    assert set(theirs) <= {"Recurrent"}, f"write the two rules yourself: Mine must not be a {theirs[0]} of funcnn"
    names = tuple(sorted(parameters(layer)))
    assert names, "your layer has no parameter, so it cannot train"
    assert names in CHOICES, f"the parameters must be W, or gain and bias, or W, U and b, not {' and '.join(names)}"
    for shapes, shape in CHOICES[names]:
        other = evolve(layer, **{name: numbers(*shapes[name], random=random) for name in names})
        given = numbers(*shape, random=random)
        expect(f"the output of {other} for x = {given.tolist()}", forward(other, given)[0], right_output(other, given))
        check_layer(other, given, float32=False)
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
    tutor=lambda: diagnose(blur, blur_vjp, tutored((6,), (3,))),
)
def test_blur_vjp(seed=0):
    random = np.random.default_rng(seed)
    first = np.array([1.0, 2.0, 0.0, 3.0]), np.array([1.0, -1.0, 0.5])
    for args in [first, *[(numbers(n, random=random), numbers(k, random=random)) for n, k in [(5, 2), (3, 3), (4, 1)]]]:
        check_vjp(blur, blur_vjp, args, float32=False)

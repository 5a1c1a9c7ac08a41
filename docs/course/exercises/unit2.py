"""Unit 2, the chain rule. Write the functions, and run after each: python -m funcnn.teach check exercises/unit2.py

A function that ends in _vjp gets the arguments of the forward function as a tuple, and dA, which has the shape of its
output. It returns a list or a tuple with one gradient for each argument.
"""

import numpy as np

from funcnn.teach import diagnose, diagnose_answer, exercise
from funcnn.teach.course.unit2 import CHAIN
from funcnn.testing import check_vjp

NEXT = "unit 3: read the page 3_dense, then write exercises/unit3.py"
POINTS = np.array([[-2.0, 0.0, 0.5], [1.0, 3.0, -0.25]])
SHAPES = [(), (3,), (2, 3), (4, 1)]
TUTORED = np.array([[-1.5, 0.7, 0.5], [1.0, 2.0, -0.25]])  # without zeros, which hide a mistake


def numbers(random, *shape):
    """Different numbers with one decimal, without 0, in an array that cannot be changed."""
    made = np.array((random.permutation(40)[: np.prod(shape, dtype=int)].reshape(shape) - 19.5) / 5)
    made.flags.writeable = False
    return made


def product(u, v):
    """Number by number, as NumPy multiplies two arrays of the same shape."""
    return u * v


def product_vjp(args, dA):
    """The gradients of u and v. args is (u, v)."""
    raise NotImplementedError


@exercise(
    "Write the backward pass of a product",
    page="'Backward' in 2_chain_rule",
    hint="The slope of u * v with respect to u is v. Multiply it by dA. If dA is 0, each gradient must be 0.",
    tutor=lambda: diagnose(product, product_vjp, (TUTORED, TUTORED[::-1] + 1)),
)
def test_product_vjp(seed=0):
    check_vjp(product, product_vjp, (POINTS, POINTS[::-1] + 1), float32=False)
    random = np.random.default_rng(seed)
    for shape in SHAPES:
        check_vjp(product, product_vjp, (numbers(random, *shape), numbers(random, *shape)), float32=False)


def sigmoid(x):
    """1 / (1 + e^-x), number by number."""
    return 1 / (1 + np.exp(-x))


def sigmoid_vjp(args, dA):
    """A list with the gradient of x. args is (x,)."""
    raise NotImplementedError


@exercise(
    "Write the backward pass of the sigmoid",
    page="'Activations' in 2_chain_rule",
    hint="Compute a = sigmoid(x) first. The slope is a * (1 - a).",
    tutor=lambda: diagnose(sigmoid, sigmoid_vjp, [TUTORED]),
)
def test_sigmoid_vjp(seed=0):
    random = np.random.default_rng(seed)
    for x in [POINTS, *[numbers(random, *shape) for shape in SHAPES]]:
        check_vjp(sigmoid, sigmoid_vjp, [x], float32=False)


def gated(x):
    """x sigmoid(x): x is used twice. This activation is called Silu."""
    return x * sigmoid(x)


def gated_vjp(args, dA):
    """A list with the gradient of x. args is (x,). Use product_vjp and sigmoid_vjp."""
    raise NotImplementedError


@exercise(
    "Add the gradients of two paths",
    page="'Two paths are added' in 2_chain_rule",
    hint="product_vjp gives a gradient for each factor. One factor is x, the other goes on through sigmoid_vjp.",
    tutor=lambda: diagnose(gated, gated_vjp, [TUTORED]),
)
def test_gated_vjp(seed=0):
    random = np.random.default_rng(seed)
    for x in [POINTS, *[numbers(random, *shape) for shape in SHAPES]]:
        check_vjp(gated, gated_vjp, [x], float32=False)


def forward_chain(functions, x):
    """The output of the last function, and a tuple with the input of each function."""
    inputs = []
    for function in functions:
        inputs.append(x)
        x = function(x)
    return x, tuple(inputs)


def backward_chain(vjps, inputs, dA):
    """The gradient of the input of the first function, as an array. vjps has the backward pass of each function.

    Each is called as vjp((input,), dA) and returns a list with one array, as sigmoid_vjp does. vjps and inputs are
    tuples.
    """
    raise NotImplementedError


@exercise(
    "Walk backward through a chain",
    page="'The chain of a network' in 2_chain_rule",
    hint="Begin with the last function. Its gradient is the dA of the function before it.",
    tutor=lambda: diagnose_answer(backward_chain, CHAIN),
)
def test_backward_chain(seed=0):
    gates = [
        (np.sin, lambda args, dA: [dA * np.cos(args[0])]),
        # x[i, j] is in out[i, j] and all to its right
        (lambda x: np.cumsum(x, axis=1), lambda _, dA: [np.cumsum(dA[:, ::-1], axis=1)[:, ::-1]]),
        (np.square, lambda args, dA: [dA * 2 * args[0]]),
        (sigmoid, lambda args, dA: [dA * np.exp(-args[0]) / (1 + np.exp(-args[0])) ** 2]),
        (np.arctan, lambda args, dA: [dA / (1 + args[0] ** 2)]),
    ]
    random = np.random.default_rng(seed)
    for order in [(0, 1, 2, 3), (1,), random.permutation(5), random.permutation(5)[:2]]:
        functions, vjps = tuple([gates[i][0] for i in order]), tuple([gates[i][1] for i in order])

        def chain(x, functions=functions):
            return forward_chain(functions, x)[0]

        def chain_vjp(args, dA, functions=functions, vjps=vjps):
            return [backward_chain(vjps, forward_chain(functions, args[0])[1], dA)]

        check_vjp(chain, chain_vjp, [POINTS], float32=False)


def tanh_vjp(args, dA):
    """A list with the gradient of x for np.tanh. It is wrong: run the check, read its message, repair the function."""
    (x,) = args
    return [dA * (1 - x**2)]


@exercise(
    "Find the mistake in the backward pass of tanh",
    page="'Activations' in 2_chain_rule",
    hint="At x = -2 'analytic' is -3, which is 1 - 4. The formula of the slope is right; which number must be squared?",
    mistake=True,
    tutor=lambda: diagnose(np.tanh, tanh_vjp, [TUTORED]),
)
def test_tanh_vjp(seed=0):
    random = np.random.default_rng(seed)
    for x in [POINTS, *[numbers(random, *shape) for shape in SHAPES]]:
        check_vjp(np.tanh, tanh_vjp, [x], float32=False)

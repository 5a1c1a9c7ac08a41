"""Mistakes in the slopes of activations, and in gates."""

import numpy as np

from tests.blind.base import cases, draw
from tests.classics import sigmoid

hard_tanh = lambda x: np.clip(x, -1, 1)


def hard_tanh_vjp(args, dA, bug):
    (x,) = args
    inside = np.abs(x) < 1
    if bug == "reversed":
        inside = ~inside
    if bug == "through":
        return [dA.copy()]
    return [dA * inside]


softsign = lambda x: x / (1 + np.abs(x))


def softsign_vjp(args, dA, bug):
    (x,) = args
    if bug == "out":
        return [dA / (1 + np.abs(softsign(x))) ** 2]
    if bug == "square":
        return [dA / (1 + np.abs(x))]
    return [dA / (1 + np.abs(x)) ** 2]


SCALE, ALPHA = 1.0507, 1.6733  # of selu

selu = lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0)))


def selu_vjp(args, dA, bug):
    (x,) = args
    d = dA * np.where(x > 0, 1, ALPHA * np.exp(np.minimum(x, 0))) * SCALE
    return [d / SCALE if bug == "scale" else d]


def mish_slope(x):
    t = np.tanh(np.log1p(np.exp(x)))
    return t + x * (1 - t**2) * sigmoid(x)


mish = lambda x: x * np.tanh(np.log1p(np.exp(x)))


def mish_vjp(args, dA, bug):
    (x,) = args
    return [dA * mish_slope(mish(x) if bug == "out" else x)]


def tanh(x):
    return np.tanh(x)


def tanh_vjp(args, dA, bug):
    (x,) = args
    t = np.tanh(x)
    if bug == "x":
        return [dA * (1 - x**2)]
    if bug == "sign":
        return [dA * (t**2 - 1)]
    return [dA * (1 - t**2)]


prelu = lambda x, a: np.where(x > 0, x, a * x)


def prelu_vjp(args, dA, bug):
    x, a = args
    da = (dA * np.where(x > 0, 0, x)).sum(axis=0)
    if bug == "all":
        da = (dA * x).sum(axis=0)
    if bug == "reversed":
        da = (dA * np.where(x > 0, x, 0)).sum(axis=0)
    return [np.where(x > 0, dA, a * dA), da]


cube = lambda x: x**3


def cube_vjp(args, dA, bug):
    (x,) = args
    return [dA * 3 * x if bug == "power" else dA * 3 * x**2]


def logarithm(x):
    return np.log(x)


def logarithm_vjp(args, dA, bug):
    (x,) = args
    return [dA / np.log(x) if bug == "out" else dA / x]


def exponential(x):
    return np.exp(x)


def exponential_vjp(args, dA, bug):
    (x,) = args
    return [dA * x if bug == "x" else dA * np.exp(x)]


glu = lambda X, A, B: (X @ A) * sigmoid(X @ B)


def glu_vjp(args, dA, bug):
    X, A, B = args
    a, s = X @ A, sigmoid(X @ B)
    da, db = dA * s, dA * a * s * (1 - s)
    if bug == "slope":
        db = dA * a
    if bug == "exchanged":
        da, db = dA * a, dA * s * s * (1 - s)
    return [da @ A.T + db @ B.T, X.T @ da, X.T @ db]


ACTIVATIONS = [
    *cases(hard_tanh, hard_tanh_vjp)(
        # mask negated
        ("hard tanh, gradient outside", "reversed", draw(16, (4, 4)), {"branch reversed"}),
        # mask forgotten
        ("hard tanh, dA passed on", "through", draw(17, (3, 5)), {"slope missing"}),
    ),
    *cases(softsign, softsign_vjp)(
        # at the output
        ("softsign, 1 / (1 + |out|)^2", "out", draw(18, (3, 4)), {"slope at out"}),
        # wrong formula: no name
        ("softsign, square forgotten", "square", draw(19, (3, 4)), {"lost path"}),
    ),
    *cases(selu, selu_vjp)(
        # a constant factor 1.0507
        ("selu, scale forgotten", "scale", draw(20, (4, 3)), {"factor"})
    ),
    *cases(mish, mish_vjp)(
        # slope(out) for slope(x)
        ("mish, slope of the output", "out", draw(21, (3, 4)), {"slope at out"})
    ),
    *cases(tanh, tanh_vjp)(
        # formula of out, given x
        ("tanh, 1 - x^2", "x", draw(22, (4, 4)), {"slope at x"}),
        # opposite sign
        ("tanh, out^2 - 1", "sign", draw(23, (3, 5)), {"sign"}),
    ),
    *cases(prelu, prelu_vjp)(
        # da without its mask: entries are counted that do not depend on a: no name
        ("prelu, mask forgotten in da", "all", draw(24, (4, 3), (3,)), {"wrong gradient"}),
        # da over the positive entries: the branches exchanged
        ("prelu, da over x > 0", "reversed", draw(25, (5, 3), (3,)), {"branch reversed"}),
    ),
    *cases(cube, cube_vjp)(
        # wrong power: no name
        ("x^3, 3x", "power", draw(26, (3, 4)), set())
    ),
    *cases(logarithm, logarithm_vjp)(
        # 1/out for 1/x
        ("log, 1 / log x", "out", [np.abs(draw(27, (2, 5))[0]) + 1.5], {"slope at out"})
    ),
    *cases(exponential, exponential_vjp)(
        # the slope is out itself; x was given to that formula
        ("exp, dA times x", "x", draw(28, (3, 4)), {"slope at x"})
    ),
    *cases(glu, glu_vjp)(
        # the slope of the gate's sigmoid is forgotten
        ("GLU, slope of the gate forgotten", "slope", draw(29, (4, 3), (3, 2), (3, 2)), {"slope missing"}),
        # the two factors of the product rule are exchanged: no name
        ("GLU, factors exchanged", "exchanged", draw(30, (3, 4), (4, 3), (4, 3)), set()),
    ),
]

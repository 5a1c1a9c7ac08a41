"""Functions at points with entries of very different magnitudes; most mistakes concern the small entries."""

import numpy as np

from .base import at, case, softmax

X = np.array([[3.0, 1e-4], [-1.0, 2e-4], [0.5, -1e-4]])
Y = np.array([1.0, 0.3, -0.2])

_ridge = lambda w, lam: np.sum((X @ w - Y) ** 2) + lam * np.sum(w**2)


def _ridge_vjp(sign):
    return lambda dA, w, lam: [dA * (2 * X.T @ (X @ w - Y) + sign * 2 * lam * w), dA * np.sum(w**2)]


def _normalise_vjp(dA, x, part):
    r = np.sqrt(np.sum(x**2))
    return [dA / r - part * x * np.sum(dA * x) / r**3]


def _cumprod_vjp(dA, x):
    return [[np.sum([dA[j] * np.prod(np.delete(x[: j + 1], i)) for j in range(i, x.size)]) for i in range(x.size)]]


CASES = [
    case("sum of squares, small entry masked: Entries below a tolerance are regarded as exact zeros.")(
        at(lambda x: np.sum(x**2), [1.0, 1e-7]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1e-5, 0, 2 * x)],
        right=lambda dA, x: [dA * 2 * x],
    ),
    case(
        "sum of squares, sign of the small entry: "
        "The slope is written with |x|, which is right for positive entries only."
    )(
        at(lambda x: np.sum(x**2), [2.0, 0.5, -3e-8]),
        wrong=lambda dA, x: [dA * 2 * np.abs(x)],
        right=lambda dA, x: [dA * 2 * x],
    ),
    case("clipped gradient of small weights: Gradient clipping is left inside the backward pass.")(
        at(lambda w, x: np.sum(w * x), [1e-6, -2e-6, 5e-7], [100.0, 3.0, -40.0]),
        wrong=lambda dA, w, x: [np.clip(dA * x, -1, 1), dA * w],
        right=lambda dA, w, x: [dA * x, dA * w],
    ),
    case("ridge, sign of the penalty: The penalty is added to the cost but subtracted from the gradient.")(
        at(_ridge, [0.4, 50.0], [1e-5]), wrong=_ridge_vjp(-1), right=_ridge_vjp(1)
    ),
    case("ridge, penalty forgotten: The penalty is tiny in the cost, so it is left out of the gradient.")(
        at(_ridge, [0.3, 20.0], [1e-6]), wrong=_ridge_vjp(0), right=_ridge_vjp(1)
    ),
    case(
        "1 - cos, small branch: "
        "The small branch 1 - x²/2 of cos is differentiated, and the minus of 1 - cos is forgotten."
    )(
        at(lambda x: 1 - np.cos(x), [2.5, 0.3, 1e-7]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1e-3, -x, np.sin(x))],
        right=lambda dA, x: [dA * np.sin(x)],
    ),
    case("sum of versines: Small angles are regarded as equilibrium, so their force is 0.")(
        at(lambda x: np.sum(2 * np.sin(x / 2) ** 2), [2.5, -1.0, 4e-8]),
        wrong=lambda dA, x: [dA * np.sin(np.round(x, 6))],
        right=lambda dA, x: [dA * np.sin(x)],
    ),
    case("log1p of a square: The shortcut x for small x is the slope of x²/2, not of x².")(
        at(lambda x: np.log1p(x**2), [30.0, 1e-6, -4e-9]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1e-4, x, 2 * x / (1 + x**2))],
        right=lambda dA, x: [dA * 2 * x / (1 + x**2)],
    ),
    case("sqrt(1 + x²), summed: The small branch 1 + x²/2 is differentiated to 2 x.")(
        at(lambda x: np.sum(np.sqrt(1 + x**2)), [300.0, 2.0, 1e-6]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1e-3, 2 * x, x / np.sqrt(1 + x**2))],
        right=lambda dA, x: [dA * x / np.sqrt(1 + x**2)],
    ),
    case("product of three magnitudes: The gradient of the last factor uses one of the other two factors only.")(
        at(lambda x: x[0] * x[1] * x[2], [1e4, 1e-3, 1e-9]),
        wrong=lambda dA, x: [dA * [x[1] * x[2], x[0] * x[2], x[0]]],
        right=lambda dA, x: [dA * [x[1] * x[2], x[0] * x[2], x[0] * x[1]]],
    ),
    case("hypot of a long and a short side: The short side is dropped since hypot equals the long side to rounding.")(
        at(np.hypot, [1e4], [1e-6]),
        wrong=lambda dA, x, y: [dA * x / np.hypot(x, y), 0 * dA],
        right=lambda dA, x, y: [dA * x / np.hypot(x, y), dA * y / np.hypot(x, y)],
    ),
    case("logsumexp, pruned: Classes with a probability below 1e-6 are pruned in the backward pass.")(
        at(lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))), [17.0, 16.0, 1e-6]),
        wrong=lambda dA, x: [dA * np.where(softmax(x) < 1e-6, 0, softmax(x))],
        right=lambda dA, x: [dA * softmax(x)],
    ),
    case("share of a small part: The total is regarded as a constant in the gradient of the large part.")(
        at(lambda x, y: x / (x + y), [1e-9, 3e-8], [1.0, 2.0]),
        wrong=lambda dA, x, y: [dA * y / (x + y) ** 2, 0 * y],
        right=lambda dA, x, y: [dA * y / (x + y) ** 2, -dA * x / (x + y) ** 2],
    ),
    case(
        "sqrt, epsilon in the backward pass only: An epsilon against division by 0 is added in the backward pass only."
    )(
        at(np.sqrt, [4.0, 0.1, 1e-10]),
        wrong=lambda dA, x: [dA * 0.5 / (np.sqrt(x) + 1e-6)],
        right=lambda dA, x: [dA * 0.5 / np.sqrt(x)],
    ),
    case("log of small probabilities: The backward pass clips the probabilities, the forward pass does not.")(
        at(np.log, [0.9, 0.1, 1e-8]), wrong=lambda dA, x: [dA / np.maximum(x, 1e-7)], right=lambda dA, x: [dA / x]
    ),
    case("reciprocal: The sign of the slope is taken from x, as if the slope were odd.")(
        at(lambda x: 1 / x, [1e3, 20.0, -1e-6]),
        wrong=lambda dA, x: [-dA * np.sign(x) / x**2],
        right=lambda dA, x: [-dA / x**2],
    ),
    case("polynomial with coefficients of many magnitudes: The exponent of the last coefficient is off by 1.")(
        at(lambda c, x: c[0] + c[1] * x + c[2] * x**2, [1e4, 1.0, 1e-8], [0.5, -2.0, 3.0]),
        wrong=lambda dA, c, x: [[np.sum(dA), np.sum(dA * x), np.sum(dA * x)], dA * (c[1] + 2 * c[2] * x)],
        right=lambda dA, c, x: [[np.sum(dA), np.sum(dA * x), np.sum(dA * x**2)], dA * (c[1] + 2 * c[2] * x)],
    ),
    case("energy of stiff springs: The stretch is so small that its force is rounded to 0.")(
        at(lambda k, x: k * x**2 / 2, [1e6, 2e5], [1e-6, -3e-5]),
        wrong=lambda dA, k, x: [dA * x**2 / 2, dA * k * np.round(x, 5)],
        right=lambda dA, k, x: [dA * x**2 / 2, dA * k * x],
    ),
    case("bell curve near its top: The top is flat to rounding, so the slope is set to 0 there.")(
        at(lambda x: np.exp(-(x**2) / 2), [1.5, 0.4, 1e-7]),
        wrong=lambda dA, x: [dA * np.where(np.exp(-(x**2) / 2) > 1 - 1e-12, 0, -x * np.exp(-(x**2) / 2))],
        right=lambda dA, x: [-dA * x * np.exp(-(x**2) / 2)],
    ),
]

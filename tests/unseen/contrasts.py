"""Sums, ratios and powers in which small entries have small or large slopes."""

import numpy as np

from .base import at, case, sigmoid


def _weighted_mean_vjp(dA, x, w, keep):
    total = np.sum(w)
    return [dA * w / total, dA * np.where(w > keep, x - np.sum(w * x) / total, 0) / total]


_line = lambda a, b, x: np.sum((a + b * x - 2.0) ** 2)


def _line_vjp(dA, a, b, x, slope):
    r = 2 * dA * (a + b * x - 2.0)
    return [np.sum(r), np.sum(r * x), r * slope]


_decay = lambda a, k: np.sum(a * np.exp(-k * 2.0))

CASES = [
    case(
        "weighted mean with a tiny weight: "
        "Rows with a tiny weight are skipped in the backward pass, but their weight has a large slope."
    )(
        at(lambda x, w: np.sum(w * x) / np.sum(w), [2.0, 500.0, -1.0], [1.0, 1e-7, 0.5]),
        wrong=lambda dA, x, w: _weighted_mean_vjp(dA, x, w, 1e-6),
        right=lambda dA, x, w: _weighted_mean_vjp(dA, x, w, 0),
    ),
    case(
        "logistic unit with unscaled features: "
        "The gradient of the weights uses scaled features, the forward pass uses raw features."
    )(
        at(lambda w, x: sigmoid(np.sum(w * x, keepdims=True)), [1e-6, 20.0], [4e5, 3e-3]),
        wrong=lambda dA, w, x: [
            dA * x / np.max(x) * sigmoid(w @ x) * sigmoid(-w @ x),
            dA * w * sigmoid(w @ x) * sigmoid(-w @ x),
        ],
        right=lambda dA, w, x: [dA * x * sigmoid(w @ x) * sigmoid(-w @ x), dA * w * sigmoid(w @ x) * sigmoid(-w @ x)],
    ),
    case(
        "length of a long vector: "
        "The length equals its largest entry to a few digits, so only this entry receives a gradient."
    )(
        at(lambda x: np.sqrt(np.sum(x**2)), [3.0, -1e4, 1e-3]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) == np.max(np.abs(x)), x, 0) / np.sqrt(np.sum(x**2))],
        right=lambda dA, x: [dA * x / np.sqrt(np.sum(x**2))],
    ),
    case("entropy with a rare event: The derivative of log p, 1/p times p, has the wrong sign.")(
        at(lambda p: -np.sum(p * np.log(p)), [0.7, 0.3, 2e-8]),
        wrong=lambda dA, p: [dA * (1 - np.log(p))],
        right=lambda dA, p: [-dA * (1 + np.log(p))],
    ),
    case("log odds of rare events: The factor p is left out of the denominator p (1 - p).")(
        at(lambda p: np.log(p) - np.log1p(-p), [0.3, 0.9, 1e-9]),
        wrong=lambda dA, p: [dA / (1 - p)],
        right=lambda dA, p: [dA / (p * (1 - p))],
    ),
    case(
        "smoothed absolute values, learned smoothing: "
        "The factor 1/2 of the root is forgotten in the gradient of the smoothing."
    )(
        at(lambda w, d: np.sum(np.sqrt(w**2 + d)), [2.0, -1e-4, 3e-5], [1e-8]),
        wrong=lambda dA, w, d: [dA * w / np.sqrt(w**2 + d), np.sum(dA / np.sqrt(w**2 + d))],
        right=lambda dA, w, d: [dA * w / np.sqrt(w**2 + d), np.sum(dA * 0.5 / np.sqrt(w**2 + d))],
    ),
    case(
        "kinetic energy from momenta: The mass stands in the denominator, but its gradient has the sign of a numerator."
    )(
        at(lambda p, m: np.sum(p**2 / (2 * m)), [300.0, 1e-4], [1e5, 1e-6]),
        wrong=lambda dA, p, m: [dA * p / m, dA * p**2 / (2 * m**2)],
        right=lambda dA, p, m: [dA * p / m, -dA * p**2 / (2 * m**2)],
    ),
    case("fast and slow reaction: The reverse reaction is slow, so it is left out of the gradient.")(
        at(lambda k, c: k[0] * c[0] - k[1] * c[1], [1e3, 1e-5], [2e-3, 40.0]),
        wrong=lambda dA, k, c: [dA * [c[0], 0.0], dA * [k[0], 0.0]],
        right=lambda dA, k, c: [dA * [c[0], -c[1]], dA * [k[0], -k[1]]],
    ),
    case(
        "decay with a weak component: The gradient of the rate is multiplied by the amplitude of the first component."
    )(
        at(_decay, [50.0, 2e-6], [0.7, 0.01]),
        wrong=lambda dA, a, k: [dA * np.exp(-2 * k), -dA * 2 * a[0] * np.exp(-2 * k)],
        right=lambda dA, a, k: [dA * np.exp(-2 * k), -dA * 2 * a * np.exp(-2 * k)],
    ),
    case("gate on a small signal: The gradient of the gate is 1 - s instead of s (1 - s).")(
        at(lambda x, z: x * sigmoid(z), [1e-9, -2e-7], [1.0, -3.0]),
        wrong=lambda dA, x, z: [dA * sigmoid(z), dA * x * sigmoid(-z)],
        right=lambda dA, x, z: [dA * sigmoid(z), dA * x * sigmoid(z) * sigmoid(-z)],
    ),
    case("small amplitude squared times a large stiffness: The exponent 2 is not brought down as a factor.")(
        at(lambda x, y: np.sum(x**2 * y), [1e-6, -4e-5], [1e4, 30.0]),
        wrong=lambda dA, x, y: [dA * x * y, dA * x**2],
        right=lambda dA, x, y: [dA * 2 * x * y, dA * x**2],
    ),
    case("square of a sum with cancellation: The square of the sum is confused with the sum of squares.")(
        at(lambda x: np.sum(x) ** 2, [1e6, 0.03125, -1e6]),
        wrong=lambda dA, x: [dA * 2 * x],
        right=lambda dA, x: [dA * 2 * np.sum(x) * np.ones(3)],
    ),
    case("power 3/2 of magnitudes: The sign of negative entries is forgotten.")(
        at(lambda x: np.abs(x) ** 1.5, [100.0, -1e-6, 2.0]),
        wrong=lambda dA, x: [dA * 1.5 * np.sqrt(np.abs(x))],
        right=lambda dA, x: [dA * 1.5 * np.sign(x) * np.sqrt(np.abs(x))],
    ),
    case("cube root: The exponent 1/3 - 1 is computed as -1/3.")(
        at(lambda x: x ** (1 / 3), [8.0, 0.2, 1e-9]),
        wrong=lambda dA, x: [dA / 3 * x ** (-1 / 3)],
        right=lambda dA, x: [dA / 3 * x ** (1 / 3 - 1)],
    ),
    case("inverse hyperbolic sine: For small x the value x is returned instead of the slope 1.")(
        at(lambda x: np.sign(x) * np.log1p(np.abs(x) + x**2 / (1 + np.sqrt(1 + x**2))), [1e3, -2.0, 1e-7]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1e-4, x, 1 / np.sqrt(1 + x**2))],
        right=lambda dA, x: [dA / np.sqrt(1 + x**2)],
    ),
    case("line with a small slope: The gradient of the inputs has the factor b twice.")(
        at(_line, [0.5], [1e-5], [2e4, 3e3, -1e5]),
        wrong=lambda dA, a, b, x: _line_vjp(dA, a, b, x, b**2),
        right=lambda dA, a, b, x: _line_vjp(dA, a, b, x, b),
    ),
    case(
        "projection of a slightly tilted rod: "
        "The small angle changes the length only in second order, so its gradient is regarded as 0."
    )(
        at(lambda r, q: r * np.cos(q), [2e3, 50.0], [1e-5, -3e-6]),
        wrong=lambda dA, r, q: [dA * np.cos(q), 0 * dA],
        right=lambda dA, r, q: [dA * np.cos(q), -dA * r * np.sin(q)],
    ),
]

"""Functions of several terms or arguments whose magnitudes differ by 1e7 or more."""

import numpy as np

from .base import at, case, softmax

CASES = [
    case("rosenbrock: The inner derivative of y - x² is forgotten.")(
        at(lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, [1e-7, 2e-6], [1.0, 3.0]),
        wrong=lambda dA, x, y: [dA * -2 * (1 - x), dA * 200 * (y - x**2)],
        right=lambda dA, x, y: [dA * (-2 * (1 - x) - 400 * x * (y - x**2)), dA * 200 * (y - x**2)],
    ),
    case("arctan2 of a small angle: The sign of the gradient of x is forgotten.")(
        at(np.arctan2, [1e-8, 2e-5], [1e3, -40.0]),
        wrong=lambda dA, y, x: [dA * x / (x**2 + y**2), dA * y / (x**2 + y**2)],
        right=lambda dA, y, x: [dA * x / (x**2 + y**2), -dA * y / (x**2 + y**2)],
    ),
    case("tanh of a small weight times an input: The gradients of the weight and of the input are exchanged.")(
        at(lambda w, x: np.tanh(w * x), [1e-8, 2e-8], [3.0, -5.0]),
        wrong=lambda dA, w, x: [dA * w / np.cosh(w * x) ** 2, dA * x / np.cosh(w * x) ** 2],
        right=lambda dA, w, x: [dA * x / np.cosh(w * x) ** 2, dA * w / np.cosh(w * x) ** 2],
    ),
    case("linear plus quadratic: The quadratic term is left out of the gradient of small entries.")(
        at(lambda x: np.sum(x) + np.sum(x**2) / 2, [1e5, 3e-3, -2e-4]),
        wrong=lambda dA, x: [dA * (1 + np.where(np.abs(x) < 0.01, 0, x))],
        right=lambda dA, x: [dA * (1 + x)],
    ),
    case("cumulative sum of squares: The cumulative sum of dA runs forward instead of backward.")(
        at(lambda x: np.cumsum(x**2), [1e-5, 1e3, 2.0, 1e-3]),
        wrong=lambda dA, x: [2 * x * np.cumsum(dA)],
        right=lambda dA, x: [2 * x * np.cumsum(dA[::-1])[::-1]],
    ),
    case("cubes: Entries below 1e-4 are masked out as noise.")(
        at(lambda x: x**3, [100.0, -2.0, 1e-6]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1e-4, 0, 3 * x**2)],
        right=lambda dA, x: [dA * 3 * x**2],
    ),
    case(
        "softmax with a rare class: "
        "The rare class keeps its diagonal term only, so its coupling to dA of the other classes is lost."
    )(
        at(softmax, [16.0, 15.0, 1e-6]),
        wrong=lambda dA, x: [softmax(x) * np.where(softmax(x) < 1e-5, dA, dA - np.sum(dA * softmax(x)))],
        right=lambda dA, x: [softmax(x) * (dA - np.sum(dA * softmax(x)))],
    ),
    case("huber with an outlier: The quadratic part is written as x² without the factor 1/2 in the backward pass.")(
        at(lambda x: np.sum(np.where(np.abs(x) < 1, x**2 / 2, np.abs(x) - 0.5)), [5e3, -7.0, 2e-5, -1e-6]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1, 2 * x, np.sign(x))],
        right=lambda dA, x: [dA * np.clip(x, -1, 1)],
    ),
    case(
        "weighted squares with a tiny weight: "
        "Gradients of entries with a tiny weight are divided by the weight, as in a preconditioned step."
    )(
        at(lambda x, w: np.sum(w * x**2), [2.0, -30.0, 0.5], [1.0, 1e-6, 3.0]),
        wrong=lambda dA, x, w: [dA * np.where(w < 1e-3, 2 * x, 2 * w * x), dA * x**2],
        right=lambda dA, x, w: [dA * 2 * w * x, dA * x**2],
    ),
    case("ratio of sums: The small entry is left out of the denominator in the backward pass.")(
        at(lambda x, y: np.sum(x) / np.sum(y), [3.0, 1e-5], [2.0, 1e-7]),
        wrong=lambda dA, x, y: [
            dA * np.ones(2) / np.sum(y),
            -dA * np.where(y < 1e-6, 0, 1) * np.sum(x) / np.sum(y) ** 2,
        ],
        right=lambda dA, x, y: [dA * np.ones(2) / np.sum(y), -dA * np.ones(2) * np.sum(x) / np.sum(y) ** 2],
    ),
    case("x log x of rare events: The gradient of rare events uses log x without the 1.")(
        at(lambda x: x * np.log(x), [40.0, 0.3, 1e-8]),
        wrong=lambda dA, x: [dA * np.where(x < 1e-6, np.log(x), np.log(x) + 1)],
        right=lambda dA, x: [dA * (np.log(x) + 1)],
    ),
    case("squared difference of squares: The square of the small entry is dropped together with its gradient.")(
        at(lambda x: (x[0] ** 2 - x[1] ** 2) ** 2, [2.0, 1e-7]),
        wrong=lambda dA, x: [dA * [4 * x[0] * (x[0] ** 2 - x[1] ** 2), 0.0]],
        right=lambda dA, x: [dA * (x[0] ** 2 - x[1] ** 2) * [4 * x[0], -4 * x[1]]],
    ),
    case("power with a small exponent: The gradient of the exponent uses log10 instead of the natural logarithm.")(
        at(lambda x, p: x**p, [50.0, 0.2], [1e-7, 3e-6]),
        wrong=lambda dA, x, p: [dA * p * x ** (p - 1), dA * x**p * np.log10(x)],
        right=lambda dA, x, p: [dA * p * x ** (p - 1), dA * x**p * np.log(x)],
    ),
    case("regularised inverse: The regulariser is regarded as a constant.")(
        at(lambda x, e: x / (x**2 + e), [2.0, 2e-4, -3e-5], [1e-8]),
        wrong=lambda dA, x, e: [dA * (e - x**2) / (x**2 + e) ** 2, 0.0],
        right=lambda dA, x, e: [dA * (e - x**2) / (x**2 + e) ** 2, -np.sum(dA * x / (x**2 + e) ** 2)],
    ),
    case("smooth absolute value: The width of the smoothing is left out of the slope.")(
        at(lambda x: np.sqrt(x**2 + 1e-12), [3.0, -1e-2, 2e-7]),
        wrong=lambda dA, x: [dA * np.sign(x)],
        right=lambda dA, x: [dA * x / np.sqrt(x**2 + 1e-12)],
    ),
    case("dot product of opposite magnitudes: Two neighbouring entries of the gradient are swapped.")(
        at(lambda x, y: np.sum(x * y), [1e6, 1e-6, 3.0], [1e-6, 1e6, 0.2]),
        wrong=lambda dA, x, y: [dA * y[[1, 0, 2]], dA * x],
        right=lambda dA, x, y: [dA * y, dA * x],
    ),
    case("torsion with a harmonic restraint: The weight of the restraint is forgotten in the backward pass.")(
        at(lambda x, s: np.sum(np.cos(x)) + 5 * np.sum(s**2), [1.0, 2.5], [1e-8, 3e-4]),
        wrong=lambda dA, x, s: [-dA * np.sin(x), dA * 2 * s],
        right=lambda dA, x, s: [-dA * np.sin(x), dA * 10 * s],
    ),
]

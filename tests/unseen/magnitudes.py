"""Functions at points whose entries are all huge, or all tiny."""

import numpy as np

from .base import at, case

A = np.array([[2.0, -1.0, 0.5], [0.3, 1.0, 4.0], [1.0, 0.2, -3.0]])

HUGE = [
    case("mean of huge entries: The mean is divided by n - 1 in the backward pass.")(
        at(np.mean, [1e15, -3e14, 2e15, 5e13]),
        wrong=lambda dA, x: [dA * np.ones(4) / 3],
        right=lambda dA, x: [dA * np.ones(4) / 4],
    ),
    case("sum of huge entries: The loop of the backward pass stops one entry too early.")(
        at(np.sum, [2e12, 7e16, -4e13]),
        wrong=lambda dA, x: [dA * [1.0, 1.0, 0.0]],
        right=lambda dA, x: [dA * np.ones(3)],
    ),
    case("abs of huge entries: The sign of negative entries is forgotten.")(
        at(np.abs, [1e17, -2e16, 3e17]), wrong=lambda dA, x: [dA], right=lambda dA, x: [dA * np.sign(x)]
    ),
    case("hypot of huge sides: The gradient of x is copied to y.")(
        at(np.hypot, [3e15, 1e16], [4e15, -2e16]),
        wrong=lambda dA, x, y: [dA * x / np.hypot(x, y), dA * x / np.hypot(x, y)],
        right=lambda dA, x, y: [dA * x / np.hypot(x, y), dA * y / np.hypot(x, y)],
    ),
    case("product of huge factors: The gradients of the two factors are swapped.")(
        at(lambda x, y: x * y, [1e14, -2e13], [3e12, 5e15]),
        wrong=lambda dA, x, y: [dA * x, dA * y],
        right=lambda dA, x, y: [dA * y, dA * x],
    ),
    case("linear map of huge inputs: The matrix is not transposed in the backward pass.")(
        at(lambda x: A @ x, [1e13, -4e12, 2e14]), wrong=lambda dA, x: [A @ dA], right=lambda dA, x: [A.T @ dA]
    ),
    case("leaky relu of huge inputs: The slope 0.1 of negative inputs is replaced by the slope 0 of relu.")(
        at(lambda x: np.where(x > 0, x, 0.1 * x), [1e18, -6e17, -2e18]),
        wrong=lambda dA, x: [dA * np.where(x > 0, 1.0, 0.0)],
        right=lambda dA, x: [dA * np.where(x > 0, 1.0, 0.1)],
    ),
    case("differences of huge neighbours: The minus of the left neighbour is forgotten.")(
        at(np.diff, [1e14, 3e14, -2e14]),
        wrong=lambda dA, x: [[dA[0], dA[0] + dA[1], dA[1]]],
        right=lambda dA, x: [[-dA[0], dA[0] - dA[1], dA[1]]],
    ),
    case("sqrt of huge entries: The factor 1/2 is forgotten.")(
        at(np.sqrt, [4e16, 1e13, 9e20]),
        wrong=lambda dA, x: [dA / np.sqrt(x)],
        right=lambda dA, x: [dA * 0.5 / np.sqrt(x)],
    ),
    case("quotient of huge entries: The minus of the gradient of the denominator is forgotten.")(
        at(lambda x, y: x / y, [6e15, -2e14], [3e14, 5e12]),
        wrong=lambda dA, x, y: [dA / y, dA * x / y**2],
        right=lambda dA, x, y: [dA / y, -dA * x / y**2],
    ),
]

TINY = [
    case("squares of tiny entries: The factor 2 is forgotten.")(
        at(lambda x: x**2, [1e-5, -3e-7, 2e-6]), wrong=lambda dA, x: [dA * x], right=lambda dA, x: [dA * 2 * x]
    ),
    case("energy of tiny displacements: The coupling term appears in one of its two gradients only.")(
        at(lambda x: x[0] ** 2 + x[0] * x[1] + 2 * x[1] ** 2, [3e-6, -2e-7]),
        wrong=lambda dA, x: [dA * [2 * x[0] + x[1], 4 * x[1]]],
        right=lambda dA, x: [dA * [2 * x[0] + x[1], x[0] + 4 * x[1]]],
    ),
    case("norm of a tiny vector: An epsilon of 1e-6 is added to the norm in the backward pass only.")(
        at(lambda x: np.sqrt(np.sum(x**2)), [3e-6, -4e-6, 1e-7]),
        wrong=lambda dA, x: [dA * x / (np.sqrt(np.sum(x**2)) + 1e-6)],
        right=lambda dA, x: [dA * x / np.sqrt(np.sum(x**2))],
    ),
    case("log ratio of tiny probabilities: The sign of the gradient of the denominator is forgotten.")(
        at(lambda p, q: np.log(p / q), [2e-8, 1e-5], [5e-7, 4e-6]),
        wrong=lambda dA, p, q: [dA / p, dA / q],
        right=lambda dA, p, q: [dA / p, -dA / q],
    ),
    case("sine of tiny angles, squared: The chain rule's cos x is kept, but the factor 2 sin x is replaced by sin x.")(
        at(lambda x: np.sin(x) ** 2, [2e-8, 5e-5, -1e-6]),
        wrong=lambda dA, x: [dA * np.sin(x) * np.cos(x)],
        right=lambda dA, x: [dA * 2 * np.sin(x) * np.cos(x)],
    ),
    case("share of tiny counts: The total is regarded as a constant.")(
        at(lambda x: x / np.sum(x), [1e-7, 4e-6, 3e-8]),
        wrong=lambda dA, x: [dA / np.sum(x)],
        right=lambda dA, x: [(dA - np.sum(dA * x) / np.sum(x)) / np.sum(x)],
    ),
    case("exp of tiny entries, minus 1: The slope is taken from the output, which is exp(x) - 1, not exp(x).")(
        at(np.expm1, [1e-4, -2e-8, 3e-6]), wrong=lambda dA, x: [dA * np.expm1(x)], right=lambda dA, x: [dA * np.exp(x)]
    ),
]

CASES = HUGE + TINY

"""Linear systems, recurrences and geometry with quantities of very different magnitudes."""

import numpy as np

from .base import at, case


def _solve(a, b):
    """Cramer's rule for [[a0, a1], [a2, a3]] x = b."""
    det = a[0] * a[3] - a[1] * a[2]
    return np.stack([(a[3] * b[0] - a[1] * b[1]) / det, (a[0] * b[1] - a[2] * b[0]) / det])


def _solve_vjp(dA, a, b, stale):
    x, det = _solve(a, b), a[0] * a[3] - a[1] * a[2]
    z = [(a[3] * dA[0] - a[2] * dA[1]) / det, (a[0] * dA[1] - a[1] * dA[0]) / det]
    direct = np.array([dA[1] * b[1], -dA[0] * b[1], -dA[1] * b[0], dA[0] * b[0]]) / det
    exact = [-z[0] * x[0], -z[0] * x[1], -z[1] * x[0], -z[1] * x[1]]
    return [direct if stale else exact, z]


def _epidemic(s, i, beta):
    for _ in range(2):
        new = beta * s * i
        s, i = s - new, 0.9 * i + new
    return np.concatenate([s, i])


def _epidemic_vjp(dA, s, i, beta, sign):
    path = [(s, i)]
    for _ in range(2):
        new = beta * s * i
        s, i = s - new, 0.9 * i + new
        path.append((s, i))
    ds, di, db = dA[:1], dA[1:], 0.0
    for s, i in path[1::-1]:
        dn = di + sign * ds
        ds, di, db = ds + dn * beta * i, 0.9 * di + dn * beta * s, db + dn * s * i
    return [ds, di, db]


def _dissociation(c, k):
    """The positive root of x² + k x - k c = 0, without cancellation."""
    return 2 * k * c / (k + np.sqrt(k**2 + 4 * k * c))


def _dissociation_vjp(dA, c, k, inner):
    x = _dissociation(c, k)
    return [dA * k / (2 * x + k), np.sum(dA * (c - inner * x) / (2 * x + k))]


_distance = lambda p, q: np.sqrt(np.sum((p - q) ** 2))
_likelihood = lambda x, v: np.sum(x**2 / v + np.log(v)) / 2
_square_error = lambda w, x: (w.reshape(2, 2) @ x) ** 2


def _square_error_vjp(dA, w, x, read):
    g = 2 * dA * (w.reshape(2, 2) @ x)
    return [np.outer(g, read(x)), w.reshape(2, 2).T @ g]


CASES = [
    case("badly scaled linear system: The determinant in Cramer's rule is regarded as a constant.")(
        at(_solve, [1e4, 2.0, 3e-5, 1e-4], [1e3, 1e-2]),
        wrong=lambda dA, a, b: _solve_vjp(dA, a, b, stale=True),
        right=lambda dA, a, b: _solve_vjp(dA, a, b, stale=False),
    ),
    case("log determinant of a badly scaled matrix: The inverse is not transposed in the off-diagonal entries.")(
        at(lambda a: np.log(a[0] * a[3] - a[1] * a[2]), [1e5, 40.0, -2e-3, 1e-6]),
        wrong=lambda dA, a: [dA * np.array([a[3], -a[1], -a[2], a[0]]) / (a[0] * a[3] - a[1] * a[2])],
        right=lambda dA, a: [dA * np.array([a[3], -a[2], -a[1], a[0]]) / (a[0] * a[3] - a[1] * a[2])],
    ),
    case("compound interest: The exponent is not lowered by 1.")(
        at(lambda b, r: b * (1 + r) ** 12, [1e6, 2e5], [1e-3, 2e-4]),
        wrong=lambda dA, b, r: [dA * (1 + r) ** 12, dA * 12 * b * (1 + r) ** 12],
        right=lambda dA, b, r: [dA * (1 + r) ** 12, dA * 12 * b * (1 + r) ** 11],
    ),
    case(
        "epidemic in two steps: "
        "New infections leave the susceptible group, but the minus is forgotten in the backward pass."
    )(
        at(_epidemic, [1e6], [10.0], [3e-7]),
        wrong=lambda dA, s, i, beta: _epidemic_vjp(dA, s, i, beta, 1),
        right=lambda dA, s, i, beta: _epidemic_vjp(dA, s, i, beta, -1),
    ),
    case(
        "dissociation of a weak acid: "
        "The dissociated part is neglected against the concentration in the gradient of the constant."
    )(
        at(_dissociation, [0.1, 2.0, 30.0], [1.8e-7]),
        wrong=lambda dA, c, k: _dissociation_vjp(dA, c, k, 0),
        right=lambda dA, c, k: _dissociation_vjp(dA, c, k, 1),
    ),
    case(
        "distance to a satellite: "
        "The height of the receiver is small against the distance, so its gradient is regarded as 0."
    )(
        at(_distance, [3e-1, 2e-1, 1e-2], [1.2e7, -1.5e7, 1.8e6]),
        wrong=lambda dA, p, q: [dA * (p - q) / _distance(p, q) * [1, 1, 0], dA * (q - p) / _distance(p, q)],
        right=lambda dA, p, q: [dA * (p - q) / _distance(p, q), dA * (q - p) / _distance(p, q)],
    ),
    case(
        "likelihood of variances of many magnitudes: "
        "The gradient of small variances is capped by a floor of 1e-3 in the backward pass."
    )(
        at(_likelihood, [500.0, -0.3, 2e-3], [1e5, 0.2, 1e-5]),
        wrong=lambda dA, x, v: [dA * x / v, dA * (1 - x**2 / np.maximum(v, 1e-3)) / (2 * np.maximum(v, 1e-3))],
        right=lambda dA, x, v: [dA * x / v, dA * (1 - x**2 / v) / (2 * v)],
    ),
    case(
        "weights of an input of two magnitudes: The cached input is stored as an integer, so its small entry becomes 0."
    )(
        at(_square_error, [0.3, 2.0, -1.0, 0.7], [40.0, 3e-6]),
        wrong=lambda dA, w, x: _square_error_vjp(dA, w, x, np.trunc),
        right=lambda dA, w, x: _square_error_vjp(dA, w, x, lambda v: v),
    ),
]

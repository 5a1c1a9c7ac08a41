"""Projections, reflections, eigenvalues and factors of matrices."""

import numpy as np

from .base import at, case

A = [[2.0, -1.0, 0.5], [0.3, 1.5, 0.7], [-0.4, 0.2, 3.0]]
V = [0.7, -1.2, 0.4]
U = [1.5, 0.3, -0.6]


def _eigenvalue(x):
    """The larger eigenvalue of [[x0, x1], [x1, x2]]."""
    return (x[0] + x[2] + np.sqrt((x[0] - x[2]) ** 2 + 4 * x[1] ** 2)) / 2


def _eigenvalue_vjp(dA, x, off):
    d, r = x[0] - x[2], np.sqrt((x[0] - x[2]) ** 2 + 4 * x[1] ** 2)
    return [dA * [(1 + d / r) / 2, off * x[1] / r, (1 - d / r) / 2]]


_rayleigh = lambda a, v: v @ a @ v / (v @ v)
_householder = lambda v, x: x - 2 * v * (v @ x) / (v @ v)


def _householder_vjp(dA, v, x, norm):
    n, s, t = v @ v, v @ x, v @ dA
    return [-2 * (dA * s + x * t) / n + norm * 4 * v * s * t / n**2, dA - 2 * v * t / n]


def _orthogonal(a, b):
    """The part of b that is orthogonal to a."""
    return b - a * (a @ b) / (a @ a)


def _orthogonal_vjp(dA, a, b, both):
    n, s, t = a @ a, a @ b, a @ dA
    return [-(dA * s + both * b * t) / n + 2 * a * s * t / n**2, dA - a * t / n]


def _cholesky(x):
    first = np.sqrt(x[0])
    return np.stack([first, x[1] / first, np.sqrt(x[2] - x[1] ** 2 / x[0])])


def _cholesky_vjp(dA, x, last):
    r, s = np.sqrt(x[0]), np.sqrt(x[2] - x[1] ** 2 / x[0])
    inner = x[1] ** 2 / (2 * s * x[0] ** 2)
    return [
        [
            dA[0] / (2 * r) - dA[1] * x[1] / (2 * r**3) + last * dA[2] * inner,
            dA[1] / r - last * dA[2] * x[1] / (s * x[0]),
            dA[2] / (2 * s),
        ]
    ]


CASES = [
    case(
        "eigenvalue of a symmetric matrix: "
        "The off-diagonal entry stands in the matrix twice, so its factor 2 is forgotten."
    )(
        at(_eigenvalue, [2.0, 0.7, -1.0]),
        wrong=lambda dA, x: _eigenvalue_vjp(dA, x, 1),
        right=lambda dA, x: _eigenvalue_vjp(dA, x, 2),
    ),
    case("rayleigh quotient: The denominator is regarded as a constant.")(
        at(_rayleigh, A, V),
        wrong=lambda dA, a, v: [dA * np.outer(v, v) / (v @ v), dA * (a + a.T) @ v / (v @ v)],
        right=lambda dA, a, v: [
            dA * np.outer(v, v) / (v @ v),
            dA * ((a + a.T) @ v - 2 * v * _rayleigh(a, v)) / (v @ v),
        ],
    ),
    case(
        "householder reflection: The vector is regarded as normalised, so the gradient through its norm is forgotten."
    )(
        at(_householder, V, U),
        wrong=lambda dA, v, x: _householder_vjp(dA, v, x, 0),
        right=lambda dA, v, x: _householder_vjp(dA, v, x, 1),
    ),
    case("gram-schmidt step: The coefficient of the projection is regarded as independent of the first vector.")(
        at(_orthogonal, V, U),
        wrong=lambda dA, a, b: _orthogonal_vjp(dA, a, b, 0),
        right=lambda dA, a, b: _orthogonal_vjp(dA, a, b, 1),
    ),
    case(
        "cholesky factor of a 2 by 2 matrix: "
        "The last diagonal entry depends on all three entries, but two of them are forgotten."
    )(
        at(_cholesky, [4.0, 1.2, 3.0]),
        wrong=lambda dA, x: _cholesky_vjp(dA, x, 0),
        right=lambda dA, x: _cholesky_vjp(dA, x, 1),
    ),
]

"""Convolutions, pooling, gathering, interpolation and spectra."""

import numpy as np

from .base import at, case

X = [0.5, -1.0, 0.8, 0.3, 1.4]
REPEATED = np.array([0, 2, 2, 1, 2])
K = np.arange(5)
COS, SIN = np.cos(2 * np.pi / 5 * np.outer(K, K)), np.sin(2 * np.pi / 5 * np.outer(K, K))


def _convolve_vjp(dA, x, k, flip):
    dk = np.array([np.sum(dA * np.convolve(x, row)) for row in np.eye(3)])
    return [np.correlate(dA, k, "valid"), dk[::-1] if flip else dk]


def _strided(x, k):
    return np.stack([x[i : i + 3] @ k for i in (0, 2)])


def _strided_vjp(dA, x, k, stride):
    dx = np.zeros_like(x)
    for i in range(2):
        dx[stride * i : stride * i + 3] += dA[i] * k
    return [dx, dA[0] * x[:3] + dA[1] * x[2:]]


def _pool_vjp(dA, accumulate):
    dx = np.zeros(5)
    for i in range(3):
        window = slice(i, i + 3)
        dx[window] = dA[i] / 3 + (dx[window] if accumulate else 0)
    return [dx]


def _bilinear(v, s):
    return v[0] * (1 - s[0]) * (1 - s[1]) + v[1] * (1 - s[0]) * s[1] + v[2] * s[0] * (1 - s[1]) + v[3] * s[0] * s[1]


def _bilinear_vjp(dA, v, s, cross):
    a, b = s
    twist = cross * (v[0] - v[1] - v[2] + v[3])
    return [
        dA * [(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b],
        dA * [v[2] - v[0] + b * twist, v[1] - v[0] + a * twist],
    ]


def _spectrum_vjp(dA, x, factor):
    return [factor * (COS @ (dA * (COS @ x)) + SIN @ (dA * (SIN @ x)))]


CASES = [
    case("convolution: The kernel's gradient is flipped, as if the forward pass were a correlation.")(
        at(np.convolve, X, [0.2, 1.0, -0.6]),
        wrong=lambda dA, x, k: _convolve_vjp(dA, x, k, flip=True),
        right=lambda dA, x, k: _convolve_vjp(dA, x, k, flip=False),
    ),
    case("correlation with stride 2: The stride is forgotten when dA is added back onto the windows.")(
        at(_strided, X, [0.2, 1.0, -0.6]),
        wrong=lambda dA, x, k: _strided_vjp(dA, x, k, 1),
        right=lambda dA, x, k: _strided_vjp(dA, x, k, 2),
    ),
    case("average pooling with overlaps: Overlapping windows overwrite each other's gradients instead of adding them.")(
        at(lambda x: (x[:3] + x[1:4] + x[2:]) / 3, X),
        wrong=lambda dA, x: _pool_vjp(dA, accumulate=False),
        right=lambda dA, x: _pool_vjp(dA, accumulate=True),
    ),
    case("gather with repeated indices: The gradient is assigned at repeated indices instead of being added.")(
        at(lambda x: x[REPEATED] ** 2, [0.5, -1.0, 0.8]),
        wrong=lambda dA, x: [2 * x * dA[[0, 3, 4]]],
        right=lambda dA, x: [2 * x * np.bincount(REPEATED, dA)],
    ),
    case("linear interpolation: The weights of the two ends are exchanged.")(
        at(lambda a, b, t: a * (1 - t) + b * t, [1.0, 2.0], [3.0, -1.0], [0.2, 0.7]),
        wrong=lambda dA, a, b, t: [dA * t, dA * (1 - t), dA * (b - a)],
        right=lambda dA, a, b, t: [dA * (1 - t), dA * t, dA * (b - a)],
    ),
    case("bilinear interpolation: The slope is taken at one edge of the cell, without the twist of the four corners.")(
        at(_bilinear, [1.0, 2.5, -0.5, 3.0], [0.3, 0.6]),
        wrong=lambda dA, v, s: _bilinear_vjp(dA, v, s, 0),
        right=lambda dA, v, s: _bilinear_vjp(dA, v, s, 1),
    ),
    case("power spectrum: The factor 2 of the squares is forgotten.")(
        at(lambda x: (COS @ x) ** 2 + (SIN @ x) ** 2, X),
        wrong=lambda dA, x: _spectrum_vjp(dA, x, 1),
        right=lambda dA, x: _spectrum_vjp(dA, x, 2),
    ),
    case(
        "reflected padding: "
        "The gradients of the padded copies are cut off instead of being added to the entries they copy."
    )(
        at(lambda x: np.concatenate([x[1:2], x, x[3:4]]) ** 2, X),
        wrong=lambda dA, x: [2 * x * dA[1:-1]],
        right=lambda dA, x: [2 * x * (dA[1:-1] + dA[0] * (K == 1) + dA[-1] * (K == 3))],
    ),
    case("trapezoidal rule: The two ends receive the full weight instead of half of it.")(
        at(lambda y: np.sum(y[1:] ** 2 + y[:-1] ** 2) / 2, X),
        wrong=lambda dA, y: [dA * 2 * y],
        right=lambda dA, y: [dA * 2 * y * [0.5, 1, 1, 1, 0.5]],
    ),
]

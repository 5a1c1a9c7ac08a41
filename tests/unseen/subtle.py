"""Mistakes that change the gradient by a small fraction, or in one of many entries."""

import numpy as np

from .base import at, case

X = [0.4, -1.3, 0.9]
GRID = np.sin(1.7 * np.arange(30)).reshape(5, 6) + 2

_forward_quotient = lambda f, x, h: (f(x + h) - f(x)) / h
_gelu = lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _gelu_slope(x, c):
    t = np.tanh(c * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t) * (1 + t) * c * (1 + 0.134145 * x**2)


_roughness = lambda u: np.sum((u[1:] - u[:-1]) ** 2) + np.sum((u[:, 1:] - u[:, :-1]) ** 2)


def _roughness_vjp(dA, u, last):
    g = np.zeros_like(u)
    down, across = u[1:] - u[:-1], u[:, 1:] - u[:, :-1]
    across[-1, -1] *= last
    g[1:] += down
    g[:-1] -= down
    g[:, 1:] += across
    g[:, :-1] -= across
    return [2 * dA * g]


def _batch_norm_vjp(dA, x, eps):
    c, s = x - np.mean(x), np.sqrt(np.mean((x - np.mean(x)) ** 2) + eps)
    return [(dA - np.mean(dA) - c * np.mean(dA * c) / s**2) / s]


def _trace(x, decay):
    out = [x[0]]
    for value in x[1:]:
        out.append(decay * out[-1] + value)
    return np.stack(out)


def _trace_vjp(dA, decay):
    dx, d = [], 0.0
    for g in dA[::-1]:
        d = decay * d + g
        dx.append(d)
    return [dx[::-1]]


CASES = [
    case("gelu with a rounded constant: The constant sqrt(2/π) is rounded to 0.798 in the backward pass.")(
        at(_gelu, X),
        wrong=lambda dA, x: [dA * _gelu_slope(x, 0.798)],
        right=lambda dA, x: [dA * _gelu_slope(x, np.sqrt(2 / np.pi))],
    ),
    case("logarithm to base 10: The factor log 10 is rounded to 2.303.")(
        at(lambda x: np.log(x) / np.log(10.0), [0.5, 20.0, 3.0]),
        wrong=lambda dA, x: [dA / (2.303 * x)],
        right=lambda dA, x: [dA / (np.log(10) * x)],
    ),
    case(
        "normal density with a rounded constant: "
        "The constant 1/sqrt(2π) is rounded to five digits in the backward pass."
    )(
        at(lambda x: np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), X),
        wrong=lambda dA, x: [-dA * x * np.exp(-(x**2) / 2) * 0.39894],
        right=lambda dA, x: [-dA * x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)],
    ),
    case("sine of degrees: The factor π/180 is rounded to 0.01745 in the backward pass.")(
        at(lambda x: np.sin(x * (np.pi / 180)), [30.0, -75.0, 200.0]),
        wrong=lambda dA, x: [dA * 0.01745 * np.cos(x * (np.pi / 180))],
        right=lambda dA, x: [dA * (np.pi / 180) * np.cos(x * (np.pi / 180))],
    ),
    case("roughness of a grid, one edge forgotten: The loop over the edges of the last row stops one edge too early.")(
        at(_roughness, GRID), wrong=lambda dA, u: _roughness_vjp(dA, u, 0), right=lambda dA, u: _roughness_vjp(dA, u, 1)
    ),
    case("batch norm, epsilon forgotten: The epsilon under the root is left out of the backward pass.")(
        at(lambda x: (x - np.mean(x)) / np.sqrt(np.mean((x - np.mean(x)) ** 2) + 1e-4), X),
        wrong=lambda dA, x: _batch_norm_vjp(dA, x, 0),
        right=lambda dA, x: _batch_norm_vjp(dA, x, 1e-4),
    ),
    case("weight decay forgotten: The decay is left to the optimizer, but the cost contains it too.")(
        at(lambda w: np.sum(np.cos(w)) + 5e-5 * np.sum(w**2), X),
        wrong=lambda dA, w: [-dA * np.sin(w)],
        right=lambda dA, w: [dA * (1e-4 * w - np.sin(w))],
    ),
    case("half precision in the backward pass: The gradient is computed in float16 and converted to float64.")(
        at(lambda x: x**3, X),
        wrong=lambda dA, x: [(dA * 3 * x**2).astype(np.float16)],
        right=lambda dA, x: [dA * 3 * x**2],
    ),
    case("weak coupling forgotten: The coupling is weak, so it is left out of the gradient of y.")(
        at(lambda x, y: np.sin(x) + np.exp(y) + 1e-4 * x * y**2, [0.5, 1.0], [-0.7, 0.4]),
        wrong=lambda dA, x, y: [dA * (np.cos(x) + 1e-4 * y**2), dA * np.exp(y)],
        right=lambda dA, x, y: [dA * (np.cos(x) + 1e-4 * y**2), dA * (np.exp(y) + 2e-4 * x * y)],
    ),
    case("weak coupling, wrong sign: The sign of a small interaction term is wrong.")(
        at(lambda x: np.sum(x**2) / 2 - 1e-3 * x[0] * x[1] * x[2], X),
        wrong=lambda dA, x: [dA * (x + 1e-3 * np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]))],
        right=lambda dA, x: [dA * (x - 1e-3 * np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]))],
    ),
    case("eligibility trace with a slow decay: The decay 0.999 is regarded as 1 in the backward pass.")(
        at(lambda x: _trace(x, 0.999), [0.5, -1.0, 2.0, 0.3]),
        wrong=lambda dA, x: _trace_vjp(dA, 1.0),
        right=lambda dA, x: _trace_vjp(dA, 0.999),
    ),
    case(
        "difference quotient as a gradient: "
        "A forward difference replaces the derivative, so the gradient has an error of the order of its step."
    )(
        at(lambda x: np.exp(np.sin(x)), X),
        wrong=lambda dA, x: [dA * _forward_quotient(lambda y: np.exp(np.sin(y)), x, 1e-4)],
        right=lambda dA, x: [dA * np.cos(x) * np.exp(np.sin(x))],
    ),
    case("truncated series of exp: The slope is a Taylor polynomial that is too short for the largest entry.")(
        at(np.exp, [0.1, -0.2, 0.8]),
        wrong=lambda dA, x: [dA * (1 + x + x**2 / 2 + x**3 / 6 + x**4 / 24 + x**5 / 120)],
        right=lambda dA, x: [dA * np.exp(x)],
    ),
    case("rounded gradient: The slope is rounded to four decimals, as it is printed.")(
        at(np.arctan, X), wrong=lambda dA, x: [dA * np.round(1 / (1 + x**2), 4)], right=lambda dA, x: [dA / (1 + x**2)]
    ),
    case("small-angle approximation in the backward pass: The cosine of a small angle is replaced by 1.")(
        at(np.sin, [0.01, -0.02, 0.005]), wrong=lambda dA, x: [dA], right=lambda dA, x: [dA * np.cos(x)]
    ),
    case("two values of g: The forward pass uses g = 9.80665, the backward pass 9.81.")(
        at(lambda h, v: 9.80665 * h + v**2 / 2, [2.0, 0.3], [1.0, -3.0]),
        wrong=lambda dA, h, v: [dA * 9.81, dA * v],
        right=lambda dA, h, v: [dA * 9.80665, dA * v],
    ),
]

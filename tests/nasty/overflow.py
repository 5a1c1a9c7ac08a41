"""Functions next to the largest numbers of float64 and of float32."""

import numpy as np

from tests.nasty.base import arrays, between, decades, elementwise, nasty


def log_sum(x):
    return np.log(np.exp(x).sum(keepdims=True))


def log_sum_vjp(args, dA):
    e = np.exp(args[0])
    return (dA * e / e.sum(),)


def quotient(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


OVERFLOW = [
    elementwise("x exp(x) near 700", "infinite next door")(
        between(650, 702), lambda x: x * np.exp(x), lambda x: (1 + x) * np.exp(x)
    ),
    elementwise("cosh near 710", "infinite next door")(between(700, 710.4), np.cosh, np.sinh),
    elementwise("exp(exp(x)) near 6.5", "infinite next door")(
        between(6, 6.56), lambda x: np.exp(np.exp(x)), lambda x: np.exp(np.exp(x) + x)
    ),
    elementwise("x^2 near 1e154", "infinite next door")(decades(153, 154), np.square, lambda x: 2 * x),
    elementwise("1 / x near 1e-308", "infinite next door, its slope everywhere")(
        decades(-308, -300), lambda x: 1 / x, lambda x: -1 / x / x, decidable=False
    ),
    elementwise("x / (1 + x^2) near 1e154", "a square of infinity")(
        decades(150, 154), lambda x: x / (1 + x * x), lambda x: (1 - x * x) / (1 + x * x) ** 2, decidable=False
    ),
    nasty("log(sum of exp) without a shift", "infinite next door")(
        arrays(between(690, 709), "n"), (log_sum, log_sum_vjp)
    ),
    elementwise("log(1 + exp x) near 709", "infinite next door")(
        between(690, 709.7), lambda x: np.log(1 + np.exp(x)), lambda x: np.exp(x) / (1 + np.exp(x))
    ),
    elementwise("tanh as a quotient", "infinite next door")(
        between(690, 709), quotient, lambda x: 1 - quotient(x) ** 2, decidable=False
    ),
    elementwise("1e300 sin(1e8 x)", "a slope of 1e308")(
        between(-1, 1), lambda x: 1e300 * np.sin(1e8 * x), lambda x: 1e308 * np.cos(1e8 * x), decidable=False
    ),
    elementwise("x to the 20 at 1e15", "1e300")(decades(14, 15), lambda x: x**20, lambda x: 20 * x**19),
    elementwise("exp near 88", "infinite next door in float32")(between(80, 88.7), np.exp, np.exp),
    elementwise("1 / (1 + exp(-x)) near -88", "infinite next door in float32")(
        between(-88.7, -80),
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
        decidable=False,
    ),
    elementwise("x^2 near 1e19", "infinite next door in float32")(decades(18, 19), np.square, lambda x: 2 * x),
    elementwise("x^4 near 4e9", "infinite next door in float32")(
        between(1e9, 4.2e9), lambda x: x**4, lambda x: 4 * x**3
    ),
    elementwise("sinh(x) / exp(x) near 88", "infinite next door in float32")(
        between(70, 88.7), lambda x: np.sinh(x) / np.exp(x), lambda x: np.exp(-2 * x), decidable=False
    ),
]

"""Functions next to the largest numbers of float64 and of float32."""

import numpy as np

from tests.nasty.base import Nasty, arrays, between, decades, each


def log_sum(x):
    return np.log(np.exp(x).sum(keepdims=True))


def log_sum_vjp(args, dA):
    e = np.exp(args[0])
    return (dA * e / e.sum(),)


def quotient(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


OVERFLOW = [
    Nasty(
        "x exp(x) near 700",
        "infinite next door",
        arrays(between(650, 702), "n"),
        each(lambda x: x * np.exp(x), lambda x: (1 + x) * np.exp(x)),
    ),
    Nasty("cosh near 710", "infinite next door", arrays(between(700, 710.4), "n"), each(np.cosh, np.sinh)),
    Nasty(
        "exp(exp(x)) near 6.5",
        "infinite next door",
        arrays(between(6, 6.56), "n"),
        each(lambda x: np.exp(np.exp(x)), lambda x: np.exp(np.exp(x) + x)),
    ),
    Nasty("x^2 near 1e154", "infinite next door", arrays(decades(153, 154), "n"), each(np.square, lambda x: 2 * x)),
    Nasty(
        "1 / x near 1e-308",
        "infinite next door, its slope everywhere",
        arrays(decades(-308, -300), "n"),
        each(lambda x: 1 / x, lambda x: -1 / x / x),
        decidable=False,
    ),
    Nasty(
        "x / (1 + x^2) near 1e154",
        "a square of infinity",
        arrays(decades(150, 154), "n"),
        each(lambda x: x / (1 + x * x), lambda x: (1 - x * x) / (1 + x * x) ** 2),
        decidable=False,
    ),
    Nasty(
        "log(sum of exp) without a shift", "infinite next door", arrays(between(690, 709), "n"), (log_sum, log_sum_vjp)
    ),
    Nasty(
        "log(1 + exp x) near 709",
        "infinite next door",
        arrays(between(690, 709.7), "n"),
        each(lambda x: np.log(1 + np.exp(x)), lambda x: np.exp(x) / (1 + np.exp(x))),
    ),
    Nasty(
        "tanh as a quotient",
        "infinite next door",
        arrays(between(690, 709), "n"),
        each(quotient, lambda x: 1 - quotient(x) ** 2),
        decidable=False,
    ),
    Nasty(
        "1e300 sin(1e8 x)",
        "a slope of 1e308",
        arrays(between(-1, 1), "n"),
        each(lambda x: 1e300 * np.sin(1e8 * x), lambda x: 1e308 * np.cos(1e8 * x)),
        decidable=False,
    ),
    Nasty("x to the 20 at 1e15", "1e300", arrays(decades(14, 15), "n"), each(lambda x: x**20, lambda x: 20 * x**19)),
    Nasty("exp near 88", "infinite next door in float32", arrays(between(80, 88.7), "n"), each(np.exp, np.exp)),
    Nasty(
        "1 / (1 + exp(-x)) near -88",
        "infinite next door in float32",
        arrays(between(-88.7, -80), "n"),
        each(lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        decidable=False,
    ),
    Nasty(
        "x^2 near 1e19", "infinite next door in float32", arrays(decades(18, 19), "n"), each(np.square, lambda x: 2 * x)
    ),
    Nasty(
        "x^4 near 4e9",
        "infinite next door in float32",
        arrays(between(1e9, 4.2e9), "n"),
        each(lambda x: x**4, lambda x: 4 * x**3),
    ),
    Nasty(
        "sinh(x) / exp(x) near 88",
        "infinite next door in float32",
        arrays(between(70, 88.7), "n"),
        each(lambda x: np.sinh(x) / np.exp(x), lambda x: np.exp(-2 * x)),
        decidable=False,
    ),
]

"""Poles, edges of domains, and waves shorter than a step."""

import math

import numpy as np

from tests.nasty.base import Fill, among, arrays, between, decades, drawn, elementwise, mixed, nasty, normal

SMALL: Fill = decades(-12, 0, signed=False)
BELOW_1: Fill = mixed(lambda rng, shape: 1 - 10.0 ** rng.uniform(-12, 0, shape), between(-0.99, 0.99))
math_sqrt = np.vectorize(math.sqrt, otypes=[float])  # raises ValueError below 0
math_log = np.vectorize(math.log, otypes=[float])  # raises ValueError at 0 and below
math_asin = np.vectorize(math.asin, otypes=[float])  # raises ValueError beyond 1


def checked_entropy(p):
    """Raises an error if p is not a distribution, as some libraries do."""
    if abs(p.sum() - 1) > 1e-6:
        raise ValueError("probabilities must sum to 1")
    return -(p * np.log(p)).sum(keepdims=True)


def positive_product(x, y):
    if not ((x > 0).all() and (y > 0).all()):
        raise ValueError("positive numbers only")
    return x * y


def probabilities(rng):
    p = rng.random(rng.integers(1, 5)) + 0.01
    return (p / p.sum(),)


def weierstrass(x):
    return sum([0.5**k * np.cos(3.0**k * math.pi * x) for k in range(10)])


def weierstrass_slope(x):
    return sum([-(1.5**k) * math.pi * np.sin(3.0**k * math.pi * x) for k in range(10)])


def angle_vjp(args, dA):
    y, x = args
    square = x * x + y * y
    return dA * x / square, -dA * y / square


def power_vjp(args, dA):
    x, p = args
    return dA * p * x ** (p - 1), dA * x**p * np.log(x)


def sinc_slope(x):
    y = np.where(abs(x) < 1e-2, 1, x)
    return np.where(abs(x) < 1e-2, -x / 3 * (1 - x * x / 10 * (1 - x * x / 28)), (y * np.cos(y) - np.sin(y)) / y**2)


def sinc(x):
    return np.sin(x) / x


DOMAIN = [
    elementwise("1 / x", "near its pole")(decades(-9, 2), lambda x: 1 / x, lambda x: -1 / x**2, "m n"),
    elementwise("1 / (x - 1)", "a pole away from 0")(
        decades(-6, 0, around=1.0), lambda x: 1 / (x - 1), lambda x: -1 / (x - 1) ** 2
    ),
    elementwise("1 / (1 + 1e8 x^2)", "a spike")(
        mixed(decades(-6, 0), among(0.0)), lambda x: 1 / (1 + 1e8 * x * x), lambda x: -2e8 * x / (1 + 1e8 * x * x) ** 2
    ),
    elementwise("tan", "near its poles")(
        mixed(decades(-6, -1, around=math.pi / 2), normal(0, 3)), np.tan, lambda x: 1 / np.cos(x) ** 2
    ),
    elementwise("log", "near 0")(SMALL, np.log, lambda x: 1 / x),
    elementwise("log |x|", "on both sides of 0")(decades(-9, 1), lambda x: np.log(abs(x)), lambda x: 1 / x),
    elementwise("sqrt", "near 0")(SMALL, np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    elementwise("x^0.1", "near 0")(SMALL, lambda x: x**0.1, lambda x: 0.1 * x**-0.9),
    elementwise("x^1.5", "nan to the left of 0, where it is flat")(
        mixed(among(0.0), SMALL), lambda x: x**1.5, lambda x: 1.5 * np.sqrt(x)
    ),
    nasty("x^p", "both move, x near 0")(arrays(SMALL, "n", "n"), (lambda x, p: x**p, power_vjp)),
    elementwise("x log x", "near 0")(SMALL, lambda x: x * np.log(x), lambda x: np.log(x) + 1),
    elementwise("arcsin", "near 1")(BELOW_1, np.arcsin, lambda x: 1 / np.sqrt((1 - x) * (1 + x))),
    elementwise("artanh", "near 1")(BELOW_1, np.arctanh, lambda x: 1 / ((1 - x) * (1 + x))),
    elementwise("arcosh", "near 1")(
        decades(-9, 1, signed=False, around=1.0), np.arccosh, lambda x: 1 / np.sqrt((x - 1) * (x + 1))
    ),
    elementwise("logit", "near 0 and 1")(
        mixed(decades(-12, -1, signed=False), between(0.1, 0.999999)),
        lambda p: np.log(p / (1 - p)),
        lambda p: 1 / (p * (1 - p)),
    ),
    elementwise("sqrt that raises", "ValueError below 0")(SMALL, math_sqrt, lambda x: 0.5 / np.sqrt(x)),
    elementwise("log that raises", "ValueError at 0")(SMALL, math_log, lambda x: 1 / x),
    elementwise("arcsin that raises", "ValueError beyond 1")(
        BELOW_1, math_asin, lambda x: 1 / np.sqrt((1 - x) * (1 + x))
    ),
    nasty("a product of positive numbers", "refuses others")(
        arrays(SMALL, "n", "n"), (positive_product, lambda args, dA: (dA * args[1], dA * args[0]))
    ),
    nasty("entropy of a checked distribution", "refuses sums 1e-6 from 1")(
        drawn(probabilities), (checked_entropy, lambda args, dA: (-dA * (np.log(args[0]) + 1),)), decidable=False
    ),
    nasty("entropy", "entries near 0")(
        arrays(SMALL, "n"),
        (lambda p: -(p * np.log(p)).sum(keepdims=True), lambda args, dA: (-dA * (np.log(args[0]) + 1),)),
    ),
    elementwise("sin(1e3 x)", "waves of a step's length")(
        normal(), lambda x: np.sin(1e3 * x), lambda x: 1e3 * np.cos(1e3 * x)
    ),
    elementwise("sin(2^20 x)", "a step is a whole number of waves, nearly")(
        normal(), lambda x: np.sin(2.0**20 * x), lambda x: 2.0**20 * np.cos(2.0**20 * x)
    ),
    elementwise("sin(2 pi 1024 x)", "a step is a whole number of waves")(
        normal(), lambda x: np.sin(2048 * math.pi * x), lambda x: 2048 * math.pi * np.cos(2048 * math.pi * x)
    ),
    elementwise("sin at 1e6", "far from 0")(normal(1e6), np.sin, np.cos),
    elementwise("sin(x^2)", "ever faster")(normal(0, 100), lambda x: np.sin(x * x), lambda x: 2 * x * np.cos(x * x)),
    elementwise("cos(exp x)", "ever faster")(
        between(-3, 9), lambda x: np.cos(np.exp(x)), lambda x: -np.exp(x) * np.sin(np.exp(x))
    ),
    elementwise("x + 1e-6 sin(1e6 x)", "a ripple that only the slope feels")(
        normal(), lambda x: x + 1e-6 * np.sin(1e6 * x), lambda x: 1 + np.cos(1e6 * x), decidable=False
    ),
    elementwise("Weierstrass, ten terms", "rough at ten scales")(normal(), weierstrass, weierstrass_slope),
    elementwise("sin(1 / x)", "faster towards 0")(
        decades(-3, 0), lambda x: np.sin(1 / x), lambda x: -np.cos(1 / x) / x**2
    ),
    elementwise("sin(x) / x", "near 0")(mixed(decades(-9, 0), normal(0, 9)), sinc, sinc_slope),
    nasty("angle", "a jump of 2 pi behind")(arrays(mixed(decades(-9, 0), normal()), "n", "n"), (np.arctan2, angle_vjp)),
]

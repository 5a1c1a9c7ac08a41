"""Flat, steep, tiny and huge functions: a good step for one entry is too large or too small for another."""

import math

import numpy as np

from tests.nasty.base import Pair, among, arrays, between, decades, each, elementwise, mixed, nasty, normal

FAR = mixed(normal(), among(-800.0, 800.0, 0.0, 36.0, -36.0), decades(1, 6))


def sigmoid(x):
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def sech2(x):
    """The slope of tanh, without 1 - tanh^2."""
    e = np.exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


def stretched_tanh(s: float) -> Pair:
    return each(lambda x: s * np.tanh(x / s), lambda x: sech2(x / s))


def own_scale_vjp(args, dA):
    z = args[0] / args[1]
    series = z**3 * (2 / 3 - z * z * (8 / 15 - z * z * 34 / 105))  # for small z, where the difference would cancel
    return dA * sech2(z), dA * np.where(abs(z) < 3e-3, series, np.tanh(z) - z * sech2(z))


def horner(x, coefficients):
    out = np.zeros_like(x)
    for c in coefficients:
        out = out * x + c
    return out


HUGE = [1e12, -3e15, 2e3, 1e18, -7e9, 1e15]
HUGE_SLOPE = [5 * 1e12, -4 * 3e15, 3 * 2e3, 2 * 1e18, -7e9]
erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])


def bell(x):
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def gelu(x):
    return x * erfc(-x / math.sqrt(2)) / 2


def geometric_mean(x):
    return np.exp(np.log(x).mean(keepdims=True))


def product_vjp(args, dA):
    (x,) = args
    return (np.array([dA[0] * np.delete(x, i).prod() for i in range(x.size)]),)


def rosenbrock(x):
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum(keepdims=True)


def rosenbrock_vjp(args, dA):
    (x,) = args
    valley = 200 * (x[1:] - x[:-1] ** 2)
    return (dA * (np.append(0.0, valley) - np.append(2 * (1 - x[:-1]) + 2 * valley * x[:-1], 0.0)),)


def hypot_vjp(args, dA):
    length = np.hypot(*args)
    return dA * (args[0] / length), dA * (args[1] / length)


def log_add_exp_vjp(args, dA):
    x, y = args
    return dA * sigmoid(x - y), dA * sigmoid(y - x)


def scales_vjp(args, dA):
    x, s = args
    return dA * s, dA * x


def two_logits(x):
    return np.logaddexp(0, x)


SCALE = [
    elementwise("exp near 700", "1e304, and infinite one step on")(between(680, 700), np.exp, np.exp),
    elementwise("exp at the edge of overflow", "infinite at x + 1, finite and small once scaled")(
        between(709, 709.7), lambda x: np.exp(x) * 1e-250, lambda x: np.exp(x) * 1e-250
    ),
    elementwise("exp below -700", "vanishes")(between(-740, -690), np.exp, np.exp),
    elementwise("exp(40 x)", "steep")(normal(), lambda x: np.exp(40 * x), lambda x: 40 * np.exp(40 * x)),
    elementwise("x^50", "steep, up to 1e250")(decades(-2, 5), lambda x: x**50, lambda x: 50 * x**49),
    elementwise("x^-7", "steep, small x")(decades(-9, 3), lambda x: x**-7.0, lambda x: -7 * x**-8.0),
    elementwise("sigmoid, saturated", "flat")(FAR, sigmoid, lambda x: sigmoid(x) * sigmoid(-x), "m n"),
    elementwise("tanh, saturated", "flat")(FAR, np.tanh, sech2, "m n"),
    elementwise("softplus at +-800", "flat or straight")(FAR, two_logits, sigmoid, "m n"),
    elementwise("a step of sigmoids", "tanh(1e6 x)")(
        mixed(normal(), decades(-9, -5)), lambda x: np.tanh(1e6 * x), lambda x: 1e6 * sech2(1e6 * x)
    ),
    elementwise("relu, all dead", "flat")(between(-9, -1), lambda x: np.maximum(x, 0), np.zeros_like, "m n"),
    elementwise("a constant", "no slope at all")(FAR, np.ones_like, np.zeros_like, "m n"),
    elementwise("a constant of 1e200", "large rounding of nothing")(
        FAR, lambda x: np.full_like(x, 1e200), np.zeros_like
    ),
    elementwise("0 x", "signed zeros")(FAR, lambda x: 0 * x, np.zeros_like, "m n"),
    nasty("x without y", "f ignores an argument")(
        arrays(normal(), "m n", "k"),
        (lambda x, y: np.sin(x), lambda args, dA: (dA * np.cos(args[0]), np.zeros_like(args[1]))),
    ),
    *[
        nasty(f"s tanh(x / s), s = {s:g}", why)(arrays(mixed(normal(), normal(0, s)), "n"), stretched_tanh(s))
        for s, why in [(1e-8, "turns within 1e-8"), (1e-4, "turns within 1e-4"), (1e4, "straight"), (1e8, "straight")]
    ],
    nasty("s tanh(x / s)", "a scale for each entry")(
        arrays(decades(-8, 8), "n", "n"), (lambda x, s: s * np.tanh(x / s), own_scale_vjp)
    ),
    nasty("x s, s from 1e-150 to 1e150", "scales mixed in one array")(
        arrays(decades(-150, 150), "n", "n"), (lambda x, s: x * s, scales_vjp)
    ),
    elementwise("3 x, x about 1e-300", "near the smallest float")(
        decades(-300, -290), lambda x: 3 * x, lambda x: np.full_like(x, 3)
    ),
    elementwise("x 1e-300", "f near the smallest float")(
        normal(), lambda x: x * 1e-300, lambda x: np.full_like(x, 1e-300)
    ),
    elementwise("x^2, x to 1e150", "squares overflow next door")(decades(140, 150), np.square, lambda x: 2 * x),
    elementwise("(x + 1e12) - 1e12, x about 1e-8", "no step of this size is seen")(
        decades(-10, -7), lambda x: (x + 1e12) - 1e12, np.ones_like
    ),
    elementwise("log(1 + x^2), x about 1e-8", "small beside 1")(
        decades(-10, -7), lambda x: np.log(1 + x * x), lambda x: 2 * x / (1 + x * x)
    ),
    elementwise("sin above 1e20", "the numbers beside have other values")(
        decades(20, 100), np.sin, np.cos, decidable=False
    ),
    elementwise("x + sin x above 1e20", "sin x is lost in the sum")(
        decades(20, 100), lambda x: x + np.sin(x), lambda x: 1 + np.cos(x), decidable=False
    ),
    elementwise("x^2, x about 1e-170", "squares vanish")(decades(-175, -165), np.square, lambda x: 2 * x),
    nasty("sum of squares from 1e-200 to 1e200", "the largest hides the rest")(
        arrays(decades(-100, 100), "n"), (lambda x: (x * x).sum(keepdims=True), lambda args, dA: (2 * dA * args[0],))
    ),
    elementwise("x^2, each entry by itself", "outputs from 1e-200 to 1e200")(
        decades(-100, 100), np.square, lambda x: 2 * x
    ),
    nasty("hypot at 1e200", "squares would overflow")(arrays(decades(-200, 200), "n", "n"), (np.hypot, hypot_vjp)),
    nasty("logaddexp", "of extremes")(arrays(FAR, "n", "n"), (np.logaddexp, log_add_exp_vjp)),
    nasty("geometric mean", "of 1e-300 and 1e150")(
        arrays(decades(-300, 150, signed=False), "n"),
        (geometric_mean, lambda args, dA: (dA * (geometric_mean(args[0]) / args[0] / args[0].size),)),
    ),
    nasty("product", "of 1e60, 1e-60 and 0")(
        arrays(among(1e60, 1e-60, -2.0, 0.0), "n"), (lambda x: x.prod(keepdims=True), product_vjp)
    ),
    elementwise("bell curve, far out", "1e-300")(between(-37, 37), bell, lambda x: -x * bell(x)),
    elementwise("erf", "saturated")(between(-8, 8), erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x)),
    elementwise("gelu", "its left tail")(between(-38, 5), gelu, lambda x: erfc(-x / math.sqrt(2)) / 2 + x * bell(x)),
    elementwise("a polynomial", "coefficients from 1e3 to 1e18")(
        normal(), lambda x: horner(x, HUGE), lambda x: horner(x, HUGE_SLOPE)
    ),
    nasty("Rosenbrock", "a valley, at 1e3")(arrays(normal(0, 1e3), "n", least=2), (rosenbrock, rosenbrock_vjp)),
    elementwise("log1p", "of 1e-300 and 1e300")(decades(-300, 300, signed=False), np.log1p, lambda x: 1 / (1 + x)),
    elementwise("cube root", "of 1e-200 and 1e200")(decades(-200, 200), np.cbrt, lambda x: 1 / (3 * np.cbrt(x) ** 2)),
]

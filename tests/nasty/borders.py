"""Functions that are defined on one side only, whose backward passes refuse more points than they do."""

import math

import numpy as np

from tests.nasty.base import Fill, among, arrays, between, decades, elementwise, mixed, nasty, normal

NEAR_1: Fill = mixed(lambda rng, shape: 1 - 10.0 ** rng.uniform(-9, 0, shape), among(1 - 2.0**-23, 1 - 2.0**-24))
ABOVE_1: Fill = decades(-9, 0, signed=False, around=1.0)
UP_TO_1: Fill = mixed(among(-1.0, 1.0), NEAR_1, between(-0.99, 0.99))
POSITIVE: Fill = decades(-6, 1, signed=False)
math_logit = np.vectorize(lambda p: math.log(p / (1 - p)), otypes=[float])
logit_slope = np.vectorize(lambda p: 1 / (p * (1 - p)), otypes=[float])  # ZeroDivisionError at 0 and 1


def refusing_zeros(slope):
    """A slope that raises where an entry is 0."""

    def checked(x):
        if (x == 0).any():
            raise ZeroDivisionError("an entry is 0")
        return slope(x)

    return checked


def row_norm(x):
    return np.sqrt((x * x).sum(axis=1))


def row_norm_vjp(args, dA):
    (x,) = args
    norm = row_norm(x)
    if not norm.all():
        raise FloatingPointError("a row of zeros has no direction")
    return ((dA / norm)[:, None] * x,)


def kl(p, q):
    return (p * np.log(p / q)).sum(keepdims=True)


def log_of_difference_vjp(args, dA):
    x, y = args
    slope = dA * (x - y) / (x - y) ** 2
    return slope, -slope


def pair_near(rng, shape):
    return 1 + rng.integers(-2, 3, shape) * 2.0**-22


BORDERS = [
    elementwise("log |1 - x|", "in float32 the next number is 1")(
        mixed(NEAR_1, ABOVE_1, normal()),
        lambda x: np.log(abs(1 - x)),
        lambda x: (x - 1) / (1 - x) ** 2,
        options={"resolution": 1e-2},
    ),
    nasty("log |x - y|", "in float32 the next numbers are equal")(
        arrays(mixed(pair_near, normal()), "n", "n"),
        (lambda x, y: np.log(abs(x - y)), log_of_difference_vjp),
        decidable=False,
    ),
    elementwise("1 / (1 - x)", "near its pole")(NEAR_1, lambda x: 1 / (1 - x), lambda x: 1 / (1 - x) ** 2),
    elementwise("sqrt(1 - x^2)", "at its ends, where the slope is infinite")(
        UP_TO_1, lambda x: np.sqrt(1 - x * x), lambda x: -x / np.sqrt(1 - x * x)
    ),
    elementwise("log(1 - x^2)", "near its ends")(
        NEAR_1, lambda x: np.log((1 - x) * (1 + x)), lambda x: -2 * x / ((1 - x) * (1 + x))
    ),
    elementwise("arccos", "at 1 and -1")(UP_TO_1, np.arccos, lambda x: -1 / np.sqrt((1 - x) * (1 + x))),
    elementwise("arcosh, at 1", "and near it")(
        mixed(among(1.0), ABOVE_1), np.arccosh, lambda x: 1 / np.sqrt((x - 1) * (x + 1))
    ),
    elementwise("arcsin of a root", "both ends have infinite slopes")(
        mixed(among(0.0, 1.0), between(0, 1), NEAR_1),
        lambda x: np.arcsin(np.sqrt(x)),
        lambda x: 0.5 / np.sqrt(x * (1 - x)),
    ),
    elementwise("log(1 - x) by log1p", "near 1")(NEAR_1, lambda x: np.log1p(-x), lambda x: -1 / (1 - x)),
    elementwise("log log x", "near 1")(ABOVE_1, lambda x: np.log(np.log(x)), lambda x: 1 / (x * np.log(x))),
    elementwise("x^x", "near 0")(POSITIVE, lambda x: x**x, lambda x: x**x * (np.log(x) + 1)),
    elementwise("artanh at the last float32 before 1", "a nudge is infinite")(
        mixed(among(1 - 2.0**-24, 2.0**-24 - 1), between(-0.9, 0.9)), np.arctanh, lambda x: 1 / ((1 - x) * (1 + x))
    ),
    elementwise("logit that raises", "and whose vjp raises")(
        mixed(among(2.0**-53, 1 - 2.0**-53), between(0.01, 0.99)), math_logit, logit_slope
    ),
    elementwise("sqrt, its vjp refuses 0", "f does not")(
        decades(-3, 2, signed=False), np.sqrt, refusing_zeros(lambda x: 0.5 / np.sqrt(x))
    ),
    elementwise("|x|, its vjp refuses 0", "f does not")(decades(-3, 2), abs, refusing_zeros(np.sign), "m n"),
    nasty("norms of rows, none of them 0", "the vjp refuses rows of zeros")(
        arrays(normal(), "m n"), (row_norm, row_norm_vjp)
    ),
    nasty("Kullback and Leibler", "of positive numbers")(
        arrays(POSITIVE, "n", "n"),
        (kl, lambda args, dA: (dA * (np.log(args[0] / args[1]) + 1), -dA * args[0] / args[1])),
    ),
    elementwise("log density of a beta distribution", "near 0 and 1")(
        mixed(NEAR_1, decades(-9, -1, signed=False)),
        lambda x: 1.5 * np.log(x) - 0.5 * np.log(1 - x),
        lambda x: 1.5 / x + 0.5 / (1 - x),
    ),
]

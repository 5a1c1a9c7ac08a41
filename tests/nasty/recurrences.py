"""Recurrences: errors and slopes that grow with every step."""

import math

import numpy as np

from tests.nasty.base import among, arrays, between, decades, elementwise, mixed, nasty, normal
from tests.nasty.rounding import within


def logistic_map(x, steps=20):
    for _ in range(steps):
        x = 3.9 * x * (1 - x)
    return x


def logistic_map_slope(x, steps=20):
    slope = np.ones_like(x)
    for _ in range(steps):
        slope, x = slope * 3.9 * (1 - 2 * x), 3.9 * x * (1 - x)
    return slope


def chebyshev(x, n=40):
    """The Chebyshev polynomial T_n, by its recurrence."""
    last, now = np.ones_like(x), x
    for _ in range(n - 1):
        last, now = now, 2 * x * now - last
    return now


def chebyshev_slope(x, n=40):
    """The slope of T_n: n U_(n-1)."""
    last, now = np.ones_like(x), 2 * x
    for _ in range(n - 2):
        last, now = now, 2 * x * now - last
    return n * now


def wilkinson(x):
    """(x - 1) ... (x - 12), multiplied out: its coefficients cancel."""
    return np.polyval(np.poly(np.arange(1, 13)), x)


def wilkinson_slope(x):
    factors = x[..., None] - np.arange(1, 13)
    return sum([np.prod(np.delete(factors, k, axis=-1), axis=-1) for k in range(12)])


def exp_series(x):
    """120 terms of the series of exp, which cancel for x far below 0."""
    term, total = np.ones_like(x), np.ones_like(x)
    for k in range(1, 120):
        term = term * x / k
        total = total + term
    return total


def euler(x):
    """y' = -y^3 from y = x, 50 steps of 0.02."""
    for _ in range(50):
        x = x - 0.02 * x**3
    return x


def euler_slope(x):
    slope = np.ones_like(x)
    for _ in range(50):
        slope, x = slope * (1 - 0.06 * x * x), x - 0.02 * x**3
    return slope


def geometric_arithmetic_mean(x):
    """The arithmetic-geometric mean of 1 and x."""
    a, g = np.ones_like(x), x
    for _ in range(30):
        a, g = (a + g) / 2, np.sqrt(a * g)
    return a


def geometric_arithmetic_mean_slope(x):
    a, g, da, dg = np.ones_like(x), x, np.zeros_like(x), np.ones_like(x)
    for _ in range(30):
        root = np.sqrt(a * g)
        a, g, da, dg = (a + g) / 2, root, (da + dg) / 2, (da * g + a * dg) / (2 * root)
    return da


def root32(x):
    return np.sqrt(np.sqrt(np.sqrt(np.sqrt(np.sqrt(x)))))


RECURRENCES = [
    elementwise("logistic map, 20 times", "chaos: slopes of 1e6")(
        between(0.01, 0.99), logistic_map, logistic_map_slope
    ),
    elementwise("Chebyshev, degree 40", "slopes of 1600 at the ends, 1e30 beyond")(
        mixed(between(-1, 1), among(1.0, -1.0), normal()), chebyshev, chebyshev_slope
    ),
    elementwise("Wilkinson's polynomial", "coefficients of 1e9 cancel")(between(0, 13), wilkinson, wilkinson_slope),
    elementwise("exp by its series", "terms of 1e8 sum to 1e-9")(between(-20, 5), exp_series, np.exp),
    nasty("exp by its series in float32", "coarser than its value")(
        arrays(between(-9, 3), "n"), within(np.float32, exp_series, np.exp), decidable=False
    ),
    elementwise("Euler's method, 50 steps", "polynomial of degree 3^50")(between(-3, 3), euler, euler_slope),
    elementwise("arithmetic-geometric mean", "a root of near 0")(
        decades(-9, 2, signed=False), geometric_arithmetic_mean, geometric_arithmetic_mean_slope
    ),
    elementwise("five square roots", "steep at 1e-12")(
        decades(-12, 0, signed=False), root32, lambda x: root32(x) / (32 * x)
    ),
    nasty("exact sums", "math.fsum, row by row")(
        arrays(mixed(normal(), among(1e8, -1e8)), "m n"),
        (
            lambda x: np.array([math.fsum(row) for row in x]),
            lambda args, dA: (np.broadcast_to(dA[:, None], args[0].shape),),
        ),
    ),
    nasty("a mean in float32", "of 100 numbers about 1e3")(
        arrays(normal(1e3), "100"),
        (
            lambda x: x.astype(np.float32).mean(keepdims=True).astype(np.float64),
            lambda args, dA: (np.full(100, dA[0] / 100),),
        ),
        decidable=False,
    ),
]

"""Functions computed coarsely, in steps, or to a loose tolerance."""

import numpy as np

from tests.nasty.base import Pair, among, arrays, between, decades, elementwise, mixed, nasty, normal

TABLE = np.linspace(-2, 2, 9)


HEIGHTS = np.array([0.0, 1.0, -1.0, 0.5, 0.5, 2.0, -3.0, 0.0, 1.0])


def within(dtype, value, slope) -> Pair:
    """The pair of a function computed in a coarser dtype, whose steps are rounding errors; its slope is in float64."""
    return (lambda x: value(x.astype(dtype)).astype(x.dtype), lambda args, dA: (dA * slope(args[0]),))


def dense32(x, W):
    return (x.astype(np.float32) @ W.astype(np.float32)).astype(np.float64)


def newton_root(c):
    """Solves x^3 + x = c by Newton's method, until a step is below 1e-9."""
    x = np.cbrt(c)
    for _ in range(60):
        step = (x**3 + x - c) / (3 * x * x + 1)
        x = x - step
        if (abs(step) < 1e-9).all():
            break
    return x


def fixed_point(x):
    """Solves y = cos(y) / 2 + x by iteration, until y moves by less than 1e-14."""
    y = x
    for _ in range(200):
        y, last = np.cos(y) / 2 + x, y
        if (abs(y - last) < 1e-14).all():
            break
    return y


def bisected_root(c):
    """Solves y + y^3 = c by bisection to 2^-40 of 32, which makes a staircase."""
    low, high = np.full_like(c, -32.0), np.full_like(c, 32.0)
    for _ in range(46):
        y = (low + high) / 2
        above = y + y**3 > c
        low, high = np.where(above, low, y), np.where(above, y, high)
    return (low + high) / 2


def kepler(M):
    """Solves E - 0.8 sin E = M by twelve Newton steps."""
    E = M + 0.8 * np.sin(M)
    for _ in range(12):
        E = E - (E - 0.8 * np.sin(E) - M) / (1 - 0.8 * np.cos(E))
    return E


def table_slope(x):
    """The slope of the piece to the right; 0 beyond the ends."""
    i = np.clip(np.searchsorted(TABLE, x, side="right") - 1, 0, TABLE.size - 2)
    return np.where((x >= TABLE[0]) & (x < TABLE[-1]), np.diff(HEIGHTS)[i] / np.diff(TABLE)[i], 0)


def heights_vjp(args, dA):
    heights, x = args
    i = np.clip(np.searchsorted(TABLE, x, side="right") - 1, 0, TABLE.size - 2)
    t = (np.clip(x, TABLE[0], TABLE[-1]) - TABLE[i]) / (TABLE[i + 1] - TABLE[i])
    grad = np.zeros(heights.shape)
    np.add.at(grad, i, dA * (1 - t))
    np.add.at(grad, i + 1, dA * t)
    inside = (x >= TABLE[0]) & (x < TABLE[-1])
    return grad, dA * np.where(inside, (heights[i + 1] - heights[i]) / (TABLE[i + 1] - TABLE[i]), 0)


ROUNDING = [
    nasty("sin in float32", "steps of 1e-7")(
        arrays(normal(), "n"), within(np.float32, np.sin, np.cos), decidable=False
    ),
    nasty("sin in float16", "steps of 1e-3")(
        arrays(normal(), "n"), within(np.float16, np.sin, np.cos), decidable=False
    ),
    nasty("x^2 in float32, far from 0", "steps of 10")(
        arrays(normal(1e4), "n"), within(np.float32, np.square, lambda x: 2 * x), decidable=False
    ),
    nasty("a dense layer in float32", "steps of 1e-7")(
        arrays(normal(), "m n", "n k"), (dense32, lambda args, dA: (dA @ args[1].T, args[0].T @ dA)), decidable=False
    ),
    nasty("f returns float32", "of float64 arguments")(
        arrays(normal(), "n"),
        (lambda x: np.sin(x).astype(np.float32), lambda args, dA: (dA.astype(np.float64) * np.cos(args[0]),)),
        decidable=False,
    ),
    elementwise("Newton's method", "until a step is below 1e-9")(
        normal(0, 5), newton_root, lambda c: 1 / (3 * newton_root(c) ** 2 + 1)
    ),
    elementwise("a fixed point", "within 1e-14, after as many steps as that takes")(
        normal(), fixed_point, lambda x: 1 / (1 + np.sin(fixed_point(x)) / 2)
    ),
    elementwise("bisection", "steps of 1e-12")(normal(), bisected_root, lambda c: 1 / (3 * bisected_root(c) ** 2 + 1)),
    elementwise("Kepler's equation", "steep where the planet is near")(
        mixed(decades(-6, 0), normal(0, 3)), kepler, lambda M: 1 / (1 - 0.8 * np.cos(kepler(M)))
    ),
    elementwise("a table, interpolated", "knots")(
        mixed(among(*TABLE), between(-3, 3)), lambda x: np.interp(x, TABLE, HEIGHTS), table_slope
    ),
    nasty("a table's heights", "between knots and on them")(
        arrays(mixed(among(-2.0, 0.0, 0.5), between(-3, 3)), "9", "n"),
        (lambda heights, x: np.interp(x, TABLE, heights), heights_vjp),
    ),
]

"""Cones, directions and jumps."""

import numpy as np

from tests.nasty.base import among, arrays, between, decades, elementwise, mixed, nasty, normal
from tests.nasty.kinks import AT_0, NEAR_0

WHOLE = mixed(among(-2.0, -1.0, 0.0, 1.0, 3.0), normal(0, 3))


def norm(x):
    return np.sqrt((x * x).sum(axis=-1))


def safe(length):
    return np.where(length > 0, length, 1)


def norm_vjp(args, dA):
    (x,) = args
    return (dA[..., None] * x / safe(norm(x))[..., None],)


def unit(x):
    """x / |x|, and 0 at 0."""
    return x / safe(norm(x))[..., None]


def unit_vjp(args, dA):
    length = norm(args[0])[..., None]
    u = unit(args[0])
    return ((dA - u * (u * dA).sum(axis=-1, keepdims=True)) / safe(length) * (length > 0),)


def distance_vjp(args, dA):
    x, y = args
    (slope,) = norm_vjp((x - y,), dA)
    return slope, -slope


def clipped_norm(x):
    """Rows clipped to a norm of at most 1, as gradients are."""
    return x / np.maximum(norm(x), 1)[..., None]


def clipped_norm_vjp(args, dA):
    (x,) = args
    return (np.where(norm(x)[..., None] > 1, unit_vjp(args, dA)[0], dA),)


def eigenvalues(a, b, c):
    """The two eigenvalues of [[a, b], [b, c]], the smaller first."""
    middle, radius = (a + c) / 2, np.hypot((a - c) / 2, b)
    return np.stack([middle - radius, middle + radius])


def eigenvalues_vjp(args, dA):
    a, b, c = args
    length = safe(np.hypot((a - c) / 2, b))
    spread = dA[1] - dA[0]
    along = spread * (a - c) / 4 / length
    return dA.sum(axis=0) / 2 + along, spread * b / length, dA.sum(axis=0) / 2 - along


def one(x):
    return np.ones_like(x)


JUMPS = [
    nasty("norm", "0 at 0, as a subgradient")(arrays(AT_0, "m n"), (norm, norm_vjp)),
    nasty("norm of zero rows", "0 and nothing else")(arrays(among(0.0, -0.0), "m n"), (norm, norm_vjp)),
    nasty("distance", "of a point to itself")(
        arrays(among(0.0, 1.0), "m n", "m n"), (lambda x, y: norm(x - y), distance_vjp)
    ),
    nasty("x / |x|", "turns fast near 0, and jumps there")(arrays(AT_0, "m n"), (unit, unit_vjp)),
    nasty("x / max(|x|, 1)", "rows of length 1")(
        arrays(mixed(among(0.0, 1.0), normal()), "m n"), (clipped_norm, clipped_norm_vjp)
    ),
    nasty("eigenvalues of 2x2", "a cone where they meet")(
        arrays(mixed(among(0.0, 1.0), decades(-9, -1)), "n", "n", "n"), (eigenvalues, eigenvalues_vjp)
    ),
    elementwise("floor", "jumps at whole numbers")(WHOLE, np.floor, np.zeros_like, "m n"),
    elementwise("round", "jumps at halves")(mixed(among(0.5, 1.5, -2.5), normal(0, 3)), np.round, np.zeros_like),
    elementwise("sign", "a jump at 0")(AT_0, np.sign, np.zeros_like, "m n"),
    elementwise("x > 0", "jumps close by")(NEAR_0, lambda x: (x > 0) * 1.0, np.zeros_like, "m n"),
    elementwise("x less its floor", "jumps at whole numbers")(WHOLE, lambda x: x - np.floor(x), one, "m n"),
    elementwise("x mod 0.1", "jumps at tenths")(WHOLE, lambda x: np.mod(x, 0.1), one),
    nasty("x1 mod x2", "the gradient of x2 is a staircase, whose steps are close where x2 is small")(
        arrays(mixed(among(0.5, 1.0), decades(-6, 1)), "m n", "m n"),
        (np.mod, lambda args, dA: [dA, -dA * np.floor(args[0] / args[1])]),
    ),
    elementwise("x, or x + 1 to the right of 0", "slope 1 on both sides of a jump")(AT_0, lambda x: x + (x > 0), one),
    elementwise("a stair of height 1e-9", "jumps that look like rounding")(
        WHOLE, lambda x: np.sin(x) + 1e-9 * np.floor(8 * x), np.cos
    ),
    elementwise("a jump to nan's edge", "0 outside [-1, 1]")(
        mixed(among(-1.0, 1.0), between(-2, 2)),
        lambda x: np.where(abs(x) <= 1, np.cos(x), 0),
        lambda x: np.where(abs(x) <= 1, -np.sin(x), 0),
    ),
]

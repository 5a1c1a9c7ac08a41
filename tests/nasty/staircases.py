"""Functions whose rounding errors are much larger than the last digit of their values: staircases with wide steps."""

import numpy as np

from tests.nasty.base import arrays, decades, elementwise, nasty

LITTLE = decades(-8, 0, signed=False)
SMALL = arrays(LITTLE, "n")
TABLE = np.sin(np.arange(-2.0, 2.0, 1e-5))


def looked_up(x):
    return TABLE[np.clip(np.rint((x + 2) * 1e5).astype(int), 0, TABLE.size - 1)]


def great_circle(a, b):
    """The angle between two points on one meridian, at latitudes 0.5 and 0.5 + a, and longitudes b apart."""
    return np.arccos(np.sin(0.5) * np.sin(0.5 + a) + np.cos(0.5) * np.cos(0.5 + a) * np.cos(b))


def great_circle_vjp(args, dA):
    """By half-angles, which keep their digits for small angles."""
    a, b = args
    h = np.sin(a / 2) ** 2 + np.cos(0.5) * np.cos(0.5 + a) * np.sin(b / 2) ** 2
    by_h = dA / np.sqrt(h * (1 - h))
    by_a = np.sin(a) / 2 - np.cos(0.5) * np.sin(0.5 + a) * np.sin(b / 2) ** 2
    return by_h * by_a, by_h * np.cos(0.5) * np.cos(0.5 + a) * np.sin(b) / 2


STAIRCASES = [
    elementwise("3 x + pi / 2 - arcsin(cos x)", "arcsin near 1, inside a longer formula: tilted steps")(
        LITTLE, lambda x: 3 * x + (np.pi / 2 - np.arcsin(np.cos(x))), lambda x: 4 + 0 * x
    ),
    elementwise("arccos(cos x)", "arccos near 1")(LITTLE, lambda x: np.arccos(np.cos(x)), lambda x: 1 + 0 * x),
    elementwise("arccos(1 - x^2 / 2)", "the angle of a chord")(
        LITTLE, lambda x: np.arccos(1 - x * x / 2), lambda x: 1 / np.sqrt(1 - x * x / 4)
    ),
    elementwise("arcosh(1 + x^2 / 2)", "a distance in the hyperbolic plane")(
        LITTLE, lambda x: np.arccosh(1 + x * x / 2), lambda x: 1 / np.sqrt(1 + x * x / 4)
    ),
    elementwise("arcsin(sqrt(1 - x^2))", "the angle of a right triangle")(
        LITTLE,
        lambda x: np.sin(x) + np.arcsin(np.sqrt(1 - np.minimum(x, 1) ** 2)),
        lambda x: np.cos(x) - 1 / np.sqrt((1 - x) * (1 + x)),
    ),
    elementwise("arccos(1 / sqrt(1 + x^2))", "the angle between two vectors that are nearly parallel")(
        LITTLE,
        lambda x: np.exp(x) * np.arccos(1 / np.sqrt(1 + x * x)),
        lambda x: np.exp(x) * (np.arctan(x) + 1 / (1 + x * x)),
    ),
    elementwise("sqrt(1 - cos x)", "the square root of a difference")(
        LITTLE, lambda x: np.sqrt(1 - np.cos(x)), lambda x: np.cos(x / 2) / np.sqrt(2)
    ),
    elementwise("sqrt(2 - 2 cos x)", "the law of cosines for a small angle")(
        LITTLE, lambda x: 2 * x + np.sqrt(1 + 1 - 2 * np.cos(x)), lambda x: 2 + np.cos(x / 2)
    ),
    elementwise("sqrt((1 + x) - 1)", "the square root of a difference")(
        LITTLE, lambda x: np.sqrt((1 + x) - 1), lambda x: 0.5 / np.sqrt(x)
    ),
    elementwise("sqrt(1e8 + x^2) - 1e4", "a sagitta")(
        LITTLE, lambda x: np.sqrt(1e8 + x * x) - 1e4, lambda x: x / np.sqrt(1e8 + x * x)
    ),
    elementwise("x / (e^x - 1)", "in the gradient terms of size 1 cancel to x^2 / 2")(
        LITTLE, lambda x: x / (np.exp(x) - 1), lambda x: ((np.exp(x) - 1) - x * np.exp(x)) / (np.exp(x) - 1) ** 2
    ),
    elementwise("log(1 + x), not log1p", "the last digit of 1")(LITTLE, lambda x: np.log(1 + x), lambda x: 1 / (1 + x)),
    elementwise("a table of sin", "steps of 1e-5")(LITTLE, looked_up, np.cos, decidable=False),
    elementwise("sin to nine digits", "steps of 1e-9")(
        LITTLE, lambda x: np.round(np.sin(x), 9), np.cos, decidable=False
    ),
    elementwise("x + sin to six digits", "tilted steps of 1e-6")(
        LITTLE, lambda x: x + np.round(np.sin(x), 6), lambda x: 1 + np.cos(x), decidable=False
    ),
    nasty("great circle", "arccos near 1")(arrays(LITTLE, "n", "n"), (great_circle, great_circle_vjp)),
]

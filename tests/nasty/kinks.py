"""Kinks near the point and at the point, and jumps."""

import numpy as np

from tests.nasty.base import among, decades, elementwise, mixed, normal

NEAR_0 = mixed(decades(-12, -3), decades(-12, -3), normal())


AT_0 = mixed(decades(-12, -3), among(0.0, -0.0), normal())


def slowly(x):
    """x^2 sin(1 / x), and 0 at 0: it has a slope everywhere, which jumps at 0."""
    return x * x * np.sin(1 / np.where(x == 0, 1, x))


def slowly_slope(x):
    inverse = 1 / np.where(x == 0, 1, x)
    return np.where(x == 0, 0, 2 * x * np.sin(inverse) - np.cos(inverse))


def saw(x):
    """Distance to the nearest whole number."""
    return abs(x - np.floor(x + 0.5))


def saw_slope(x):
    """The slope to the right at every corner, so that the slope of a sum of saws is right too."""
    return np.where(x - np.floor(x) < 0.5, 1.0, -1.0)


def takagi(x):
    return sum([saw(2.0**k * x) / 2**k for k in range(8)])


def takagi_slope(x):
    return sum([saw_slope(2.0**k * x) for k in range(8)])


def bump(x):
    """exp(-1 / x) to the right of 0: every derivative is 0 there."""
    return np.where(x > 0, np.exp(-1 / np.where(x > 0, x, 1)), 0)


def bump_slope(x):
    return np.where(x > 0, np.exp(-1 / np.where(x > 0, x, 1)) / np.where(x > 1e-3, x, 1) ** 2, 0)


def hard_swish_slope(x):
    return np.where(abs(x) < 3, x / 3 + 0.5, x >= 3)


def sign(x):
    return np.sign(x)


KINKS = [
    elementwise("relu, near 0", "closer than a step")(
        NEAR_0, lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, "m n"
    ),
    elementwise("relu, at 0", "and near it")(AT_0, lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, "m n"),
    elementwise("relu, 1 at 0", "the other choice")(AT_0, lambda x: np.maximum(x, 0), lambda x: (x >= 0) * 1.0),
    elementwise("relu, 1/2 at 0", "the middle")(AT_0, lambda x: np.maximum(x, 0), lambda x: np.heaviside(x, 0.5)),
    elementwise("leaky relu", "0.01 on one side")(
        AT_0, lambda x: np.where(x > 0, x, 0.01 * x), lambda x: np.where(x > 0, 1, 0.01)
    ),
    elementwise("a faint kink", "slopes 1 and 1 + 1e-6")(
        AT_0, lambda x: np.where(x > 0, x * (1 + 1e-6), x), lambda x: np.where(x > 0, 1 + 1e-6, 1)
    ),
    elementwise("a slope of 1e6 on one side", "0 on the other")(
        AT_0, lambda x: np.maximum(1e6 * x, 0), lambda x: (x > 0) * 1e6
    ),
    elementwise("relu(x - 1000)", "a kink far from 0")(
        decades(-12, -3, around=1000.0), lambda x: np.maximum(x - 1000, 0), lambda x: (x > 1000) * 1.0
    ),
    elementwise("|x|", "at and near 0")(AT_0, abs, sign, "m n"),
    elementwise("sqrt(x^2)", "|x| in disguise")(AT_0, lambda x: np.sqrt(x * x), sign),
    elementwise("|sin(x)|", "corners at multiples of pi")(
        mixed(among(0.0), normal(0, 9)), lambda x: abs(np.sin(x)), lambda x: np.sign(np.sin(x)) * np.cos(x)
    ),
    elementwise("elu, alpha 2", "slopes 2 and 1")(
        AT_0,
        lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0))),
        lambda x: np.where(x > 0, 1, 2 * np.exp(np.minimum(x, 0))),
    ),
    elementwise("hard sigmoid", "corners at +-3")(
        mixed(among(-3.0, 3.0), normal(3, 1e-3)), lambda x: np.clip(x / 6 + 0.5, 0, 1), lambda x: (abs(x) < 3) / 6
    ),
    elementwise("hard swish", "corners at +-3")(
        mixed(among(-3.0, 3.0), normal(-3, 1e-3)), lambda x: x * np.clip(x / 6 + 0.5, 0, 1), hard_swish_slope
    ),
    elementwise("relu squared", "curvature jumps")(
        AT_0, lambda x: np.maximum(x, 0) ** 2, lambda x: 2 * np.maximum(x, 0)
    ),
    elementwise("x |x|", "curvature jumps")(AT_0, lambda x: x * abs(x), lambda x: 2 * abs(x)),
    elementwise("|x|^1.5", "infinite curvature at 0")(
        AT_0, lambda x: abs(x) ** 1.5, lambda x: 1.5 * np.sign(x) * np.sqrt(abs(x))
    ),
    elementwise("|x|^1.01", "nearly a kink")(
        AT_0, lambda x: abs(x) ** 1.01, lambda x: 1.01 * np.sign(x) * abs(x) ** 0.01
    ),
    elementwise("x^2 sin(1/x)", "slopes jump to and fro")(mixed(among(0.0), decades(-4, 0)), slowly, slowly_slope),
    elementwise("x^3 at 0", "flat at a point")(AT_0, lambda x: x**3, lambda x: 3 * x * x),
    elementwise("exp(-1/x)", "flat, then not")(mixed(AT_0, decades(-2, 0)), bump, bump_slope),
    elementwise("saw", "corners at halves")(mixed(among(0.0, 0.5, 1.0, -1.5), normal()), saw, saw_slope),
    elementwise("Takagi's curve, eight terms", "a corner at every 1/256")(
        mixed(among(0.0, 0.5, 0.25, -0.125), normal()), takagi, takagi_slope
    ),
]

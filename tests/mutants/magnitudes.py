"""Mistakes at arguments below 1e-150, and where values come near the largest number."""

import numpy as np

from tests.mutants.family import family
from tests.nasty.base import arrays, decades


def near(power, *, signed=True):
    return arrays(decades(power - 1, power + 1, signed=signed), "n")


def each(name, power, f, slope, *, signed=True):
    return family(name, near(power, signed=signed))(f, lambda x, dA: [dA * slope(x)])


TINY = 1e-200
log = each("log near 1e-200", -200, np.log, lambda x: 1 / x, signed=False)
root = each("square root near 1e-200", -200, np.sqrt, lambda x: 0.5 / np.sqrt(x), signed=False)
entropy = each("x log x near 1e-180", -180, lambda x: x * np.log(x), lambda x: np.log(x) + 1, signed=False)
turn = each("arctan(1e200 x)", -200, lambda x: np.arctan(x / TINY), lambda x: 1 / TINY / (1 + (x / TINY) ** 2))
lengths = family("hypot near 1e-170", arrays(decades(-171, -169), "n", "n"))(
    np.hypot, lambda x, y, dA: [dA * x / np.hypot(x, y), dA * y / np.hypot(x, y)]
)
reciprocal = each("1 / x near 1e-145", -145, lambda x: 1 / x, lambda x: -1 / x / x)
ratio = family("x / y near 1e-160", arrays(decades(-161, -159), "n", "n"))(
    np.divide, lambda x, y, dA: [dA / y, -dA * (x / y) / y]
)
square = each("x^2 near 1e153", 152, np.square, lambda x: 2 * x)
cube = each("x^3 near 1e101", 101, lambda x: x * x * x, lambda x: 3 * x * x)
resonance = each(
    "x / (1 + x^2) near 1e153", 152, lambda x: x / (1 + x * x), lambda x: (1 / x / x - 1) / (1 / x + x) ** 2
)
powered = each("x^-1.5 near 1e120", 120, lambda x: x**-1.5, lambda x: -1.5 * x**-2.5, signed=False)


def wrong(slope):
    return lambda x, dA: [dA * slope(x)]


MUTANTS = [
    log.but("twice: of x^2")(wrong(lambda x: 2 / x)),
    log.but("1e-6 too large: a constant cut short")(wrong(lambda x: (1 + 1e-6) / x)),
    log.but("of x + 1e-205: a guard that is not negligible")(wrong(lambda x: 1 / (x + 1e-205))),
    root.but("without its half: a factor")(wrong(lambda x: 1 / np.sqrt(x))),
    entropy.but("without its 1: the product rule")(wrong(np.log)),
    turn.but("not squared: one letter")(wrong(lambda x: 1 / TINY / (1 + abs(x / TINY)))),
    lengths.but("exchanged: one letter")(lambda x, y, dA: [dA * y / np.hypot(x, y), dA * x / np.hypot(x, y)]),
    reciprocal.but("its sign: forgotten")(wrong(lambda x: 1 / x / x)),
    ratio.of(1).but("the sign of dy: forgotten")(lambda x, y, dA: dA * (x / y) / y),
    square.but("three times: of the cube")(wrong(lambda x: 3 * x)),
    square.but("1e-6 too large: a constant cut short")(wrong(lambda x: 2 * (1 + 1e-6) * x)),
    cube.but("twice: of the square")(wrong(lambda x: 2 * x * x)),
    resonance.but("its sign: forgotten")(wrong(lambda x: -(1 / x / x - 1) / (1 / x + x) ** 2)),
    resonance.but("without the second term: 1 / (1 + x^2)")(wrong(lambda x: 1 / (1 + x * x))),
    powered.but("of x^-1.5 again: the power not lowered")(wrong(lambda x: -1.5 * x**-1.5)),
]

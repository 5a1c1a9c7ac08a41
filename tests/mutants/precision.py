"""Mistakes of relative sizes down to 1e-8: constants with too few digits, epsilons, series that end early."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, softmax, softmax_slope

X = fst.tensors("m n")
SMALL = X.map(lambda arrays: (np.clip(arrays[0], -1, 1),))
LN2 = np.log(2)
RADIAN = np.pi / 180

elementwise = lambda name, f, slope, arguments=X: family(name, arguments)(f, by(slope))


def by(slope):
    return lambda x, dA: [dA * slope(x)]


sine = elementwise("sin(x)", np.sin, np.cos)
turns = elementwise("sin(pi x)", lambda x: np.sin(np.pi * x), lambda x: np.pi * np.cos(np.pi * x), SMALL)
degrees = elementwise("sin of degrees", lambda x: np.sin(RADIAN * x), lambda x: RADIAN * np.cos(RADIAN * x))
bell = elementwise("2^(-x^2)", lambda x: np.exp2(-(x**2)), lambda x: -2 * LN2 * x * np.exp2(-(x**2)), SMALL)
bits = elementwise("log2(1 + x^2)", lambda x: np.log2(1 + x**2), lambda x: 2 * x / (1 + x**2) / LN2)
half_turn = elementwise("sqrt(2) tanh", lambda x: np.sqrt(2) * np.tanh(x), lambda x: np.sqrt(2) * (1 - np.tanh(x) ** 2))
leaky = elementwise("slopes 1 and 0.1", lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1))
exponential = elementwise("exp", np.exp, np.exp, SMALL)
angle = elementwise("arctan", np.arctan, lambda x: 1 / (1 + x**2))
squares = elementwise("square", lambda x: x**2, lambda x: 2 * x)
logistic = elementwise("logistic", lambda x: (1 + np.tanh(x / 2)) / 2, lambda x: (1 - np.tanh(x / 2) ** 2) / 4)
mean = family("mean", X)(lambda x: x.mean(), lambda x, dA: [np.full_like(x, dA / x.size)])
soft_max = family("softmax of rows", X)(softmax, lambda x, dA: [softmax_slope(softmax(x), dA)])


def settled(x):
    """The y of y = tanh(x + y / 2)."""
    y = 0 * x
    for _ in range(60):
        y = np.tanh(x + y / 2)
    return y


def implicit(x, terms=None):
    """s + s^2 / 2 + s^3 / 4 ..., or its sum, for the slope s of the tanh."""
    s = 1 - settled(x) ** 2
    return s / (1 - s / 2) if terms is None else s * sum([(s / 2) ** k for k in range(terms)])


fixed_point = elementwise("fixed point", settled, implicit)


def series(x, terms):
    """The series of exp, by Horner's rule."""
    total = np.ones_like(x)
    for k in range(terms, 0, -1):
        total = 1 + x * total / k
    return total


def only(where, size):
    """cos with a relative error in some entries."""
    return by(lambda x: np.cos(x) * (1 + size * where(x)))


first = lambda x: np.arange(x.size).reshape(x.shape) == 0


def significant(d, digits):
    scale = 10.0 ** (digits - np.ceil(np.log10(np.maximum(abs(d), 1e-300))))
    return np.round(d * scale) / scale


reduced = lambda x, turn=2 * 3.1415927: x - turn * np.round(x / turn)


def with_guard(x, dA):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return [softmax_slope(e / (e.sum(axis=1, keepdims=True) + 1e-7), dA)]


def difference(f, h):
    return by(lambda x: (f(x + h) - f(x)) / h)


MUTANTS = [
    sine.but("1e-6 too much: a scale that was nearly 1")(only(np.ones_like, 1e-6)),
    sine.but("1e-7 too much: a scale that was nearly 1")(only(np.ones_like, 1e-7)),
    sine.but("1e-8 too much: a scale that was nearly 1")(only(np.ones_like, 1e-8)),
    sine.but("1e-6 too much in the first entry: an update that leaked")(only(first, 1e-6)),
    sine.but("1e-8 too much in the first entry: an update that leaked")(only(first, 1e-8)),
    sine.but("1e-7 too much below 0: one branch of two")(only(lambda x: x < 0, 1e-7)),
    sine.but("by forward differences: the formula was not derived")(difference(np.sin, 1e-7)),
    sine.but("by central differences of 1e-3: the formula was not derived")(
        by(lambda x: (np.sin(x + 1e-3) - np.sin(x - 1e-3)) / 2e-3)
    ),
    sine.but("six decimals: a round from a log")(lambda x, dA: [np.round(dA * np.cos(x), 6)]),
    sine.but("seven significant digits: written as text between")(lambda x, dA: [significant(dA * np.cos(x), 7)]),
    sine.but("x reduced by 3.1415927: for large x")(by(lambda x: np.cos(reduced(x)))),
    turns.but("3.14159: a constant cut short")(by(lambda x: 3.14159 * np.cos(np.pi * x))),
    turns.but("3.1415927: a constant cut short")(by(lambda x: 3.1415927 * np.cos(np.pi * x))),
    degrees.but("0.0174533: a constant cut short")(by(lambda x: 0.0174533 * np.cos(RADIAN * x))),
    bell.but("0.693147: a constant cut short")(by(lambda x: -2 * 0.693147 * x * np.exp2(-(x**2)))),
    bits.but("1.442695: a constant cut short")(by(lambda x: 2 * x / (1 + x**2) * 1.442695)),
    half_turn.but("1.4142136: a constant cut short")(by(lambda x: 1.4142136 * (1 - np.tanh(x) ** 2))),
    leaky.but("0.1 from float32: a setting that was stored")(by(lambda x: np.where(x > 0, 1, float(np.float32(0.1))))),
    exponential.but("eight terms of its series: enough for float32")(by(lambda x: series(x, 8))),
    angle.but("1e-7 in the denominator: a guard that is not negligible")(by(lambda x: 1 / (1 + x**2 + 1e-7))),
    squares.but("clipped at 1000: against explosion")(by(lambda x: np.clip(2 * x, -1000, 1000))),
    squares.but("dead within 1e-4 of 0: a threshold for noise")(by(lambda x: 2 * x * (abs(x) > 1e-4))),
    logistic.but("at least 1e-6: so that the gradient does not vanish")(
        by(lambda x: np.maximum(logistic.vjp(x, 1)[0], 1e-6))
    ),
    mean.but("n + 1e-6: a guard that is not negligible")(lambda x, dA: [np.full_like(x, dA / (x.size + 1e-6))]),
    soft_max.but("1e-7 in the denominator: a guard that is not negligible")(with_guard),
    fixed_point.but("five terms of the series: backpropagation through a few steps")(by(lambda x: implicit(x, 5))),
    fixed_point.but("twenty terms of the series: backpropagation through a few steps")(by(lambda x: implicit(x, 20))),
]

"""Activations and their slopes in float64, each with a bound on its error, to measure narrower floats.

A reference maps x to `(out, size of out, slope, size of slope)`. A size is the sum of the absolute values of the terms
that are added, so no rounding changes the result by more than 2^-53 of it. Each reference has fewer than 100 roundings,
and rounding of an argument counts in the size too, so the exact result lies within 2^-46 (`WIDTH`) of the size, and
1e-150 (`TINY`) where e^-700 stands for smaller numbers. erfc and sin are those of the C library, within 64 units in the
last place. A test compares all references with mpmath.
"""

import math

import numpy as np

try:
    from numba import njit
except ImportError:  # then the same functions run in Python, 200 times as slowly
    njit = lambda f: f

from funcnn import layers

WIDTH, TINY = 2.0**-46, 1e-150
LOG_2 = 0.6931471803691238, 1.9082149292705877e-10  # the first part has so few bits that its products are exact
MAGIC = 1.5 * 2.0**52
POWERS = 2.0 ** np.arange(-1022, 1)
EXP = [1 / math.factorial(k) for k in range(1, 14)]  # of (e^r - 1) / r
ATANH = [2 / (2 * k + 1) for k in range(17)]  # of log((1 + s) / (1 - s)) / s in s^2
SHRUNK = [2 * k / math.factorial(2 * k + 1) for k in range(1, 10)]  # of (x cosh x - sinh x) / x^3 in x^2


def horner(coefficients):
    """A polynomial, from its lowest coefficient up, as a function without a loop."""
    text = repr(float(coefficients[-1]))
    for c in coefficients[-2::-1]:
        text = f"({float(c)!r} + x * {text})"
    return njit(eval(f"lambda x: {text}"))


exp_series, atanh_series, shrunk_series = horner(EXP), horner(ATANH), horner(SHRUNK)


@njit
def parts(x):
    """(2^n, e^r - 1) with e^x = 2^n e^r, for x <= 0; of x below -700, e^-700 at most."""
    if x < -700.0:
        return POWERS[12], 0.0
    if x > -1e-17:  # e^x - 1 = x (1 + x / 2 + ...)
        return 1.0, x
    n = (x * 1.4426950408889634 + MAGIC) - MAGIC
    r = (x - n * LOG_2[0]) - n * LOG_2[1]
    return POWERS[int(n) + 1022], r * exp_series(r)


@njit
def exp(x):
    power, p = parts(x)
    return power + power * p


@njit
def expm1(x):
    power, p = parts(x)
    return power * p + (power - 1.0)


@njit
def log1p(e):
    """For e between 0 and 1."""
    if e < 1e-17:
        return e
    s = e / (2.0 + e)
    return s * atanh_series(s * s)


@njit
def tanh(x):
    """For x >= 0."""
    e = expm1(-2.0 * x)
    return -e / (2.0 + e)


def piecewise(value, slope):
    """A reference whose terms have one sign, so that its results are its sizes."""
    value, slope = njit(value), njit(slope)

    def reference(x):
        out, dx = value(x), slope(x)
        return out, abs(out), dx, abs(dx)

    return njit(reference)


def sigmoid(x):
    e = exp(-abs(x))
    return (1.0 if x > 0 else e) / (1.0 + e)


def sigmoid_slope(x):
    e = exp(-abs(x))
    return e / ((1.0 + e) * (1.0 + e))


def signed_tanh(x):
    t = tanh(abs(x))
    return t if x > 0 else -t


def tanh_slope(x):
    e = exp(-2.0 * abs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


sigmoid_of = njit(sigmoid)
softplus = lambda x: max(x, 0.0) + log1p(exp(-abs(x)))
log_sigmoid = lambda x: min(x, 0.0) - log1p(exp(-abs(x)))


def of_elu(scale, scale_alpha):
    value = lambda x: scale * x if x > 0 else scale_alpha * expm1(x)
    return piecewise(value, lambda x: scale if x > 0 else scale_alpha * exp(x))


@njit
def gated(x, w, bend, more):
    """x s(w), s the sigmoid, and its slope s (1 + x (1 - s) bend); `more` are the sizes that an error of w adds."""
    s, rest = sigmoid_of(w), sigmoid_of(-w)
    term = x * rest * bend
    return x * s, abs(x) * s * more, s * (1.0 + term), s * (1.0 + abs(term)) * more


@njit
def silu(x):
    return gated(x, x, 1.0, 1.0)


GELU = 2 * math.sqrt(2 / math.pi)
FIT = 0.044715


@njit
def gelu(x):
    w = GELU * (x + FIT * x * x * x)
    return gated(x, w, GELU * (1.0 + 3.0 * FIT * x * x), 1.0 + min(abs(w), 800.0))


@njit
def mish(x):
    """t = tanh(log(1 + e^x)) = e^x (e^x + 2) / (e^x (e^x + 2) + 2), and t' = 4 e^x (e^x + 1) / that^2."""
    e = exp(-abs(x))
    n = e * (e + 2.0) if x < 0 else 1.0 + 2.0 * e  # both multiplied by e^-2x where x > 0
    rest = 2.0 if x < 0 else 2.0 * e * e
    t, d = n / (n + rest), n + rest
    bent = x * (4.0 * e * (e + 1.0) if x < 0 else 4.0 * e * e * (1.0 + e)) / (d * d)
    return x * t, abs(x) * t, t + bent, t + abs(bent)


@njit
def exact_gelu(x):
    a = min(max(x, -40.0), 40.0)  # beyond, P is 0 or 1, and the density 0
    square = a * a  # exact for x of 24 bits
    below, term = math.erfc(-a / math.sqrt(2.0)) / 2.0, x * exp(square / -2.0) / math.sqrt(2.0 * math.pi)
    return x * below, abs(x) * below * (1.0 + square), below + term, below * (1.0 + square) + abs(term)


@njit
def tanh_shrink(x):
    a = abs(x)
    t = tanh(a)
    if a < 0.5:
        e = exp(-a)
        out, size = a * a * a * shrunk_series(a * a) / ((1.0 / e + e) / 2.0), 0.0
    else:
        out, size = a - t, a + t
    return out if x > 0 else -out, max(size, abs(out)), t * t, t * t


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
between = lambda low, high: lambda x: 1.0 if low < x < high else 0.0


@njit
def hard_swish(x):
    if abs(x) >= 3.0:
        linear = 1.0 if x > 0 else 0.0
        return x * linear, abs(x) * linear, linear, linear
    slope = (2.0 * x + 3.0) / 6.0  # the sum of an x of 24 bits is exact where it cancels
    return x * ((x + 3.0) / 6.0), abs(x) * (x + 3.0) / 6.0, slope, abs(slope)


REFERENCES = {
    layers.Relu(): piecewise(lambda x: max(x, 0.0), lambda x: 1.0 if x > 0 else 0.0),
    layers.Sigmoid(): piecewise(sigmoid, sigmoid_slope),
    layers.Tanh(): piecewise(signed_tanh, tanh_slope),
    layers.Gelu(): gelu,
    layers.Silu(): silu,
    layers.Softplus(): piecewise(softplus, sigmoid),
    layers.Elu(): of_elu(1.0, 1.0),
    layers.LeakyRelu(): piecewise(lambda x: x if x > 0 else 0.01 * x, lambda x: 1.0 if x > 0 else 0.01),
    layers.LogSigmoid(): piecewise(log_sigmoid, lambda x: sigmoid_of(-x)),
    layers.Mish(): mish,
    layers.Selu(): of_elu(SCALE, SCALE * ALPHA),
    layers.Celu(): of_elu(1.0, 1.0),
    layers.Softsign(): piecewise(lambda x: x / (1.0 + abs(x)), lambda x: 1.0 / (1.0 + abs(x)) / (1.0 + abs(x))),
    layers.TanhShrink(): tanh_shrink,
    layers.Identity(): piecewise(lambda x: x, lambda x: 1.0),
    layers.Relu6(): piecewise(lambda x: min(max(x, 0.0), 6.0), between(0.0, 6.0)),
    layers.HardTanh(): piecewise(lambda x: min(max(x, -1.0), 1.0), between(-1.0, 1.0)),
    layers.HardSigmoid(): piecewise(
        lambda x: min(max(x + 3.0, 0.0), 6.0) / 6.0, lambda x: 1.0 / 6.0 if -3.0 < x < 3.0 else 0.0
    ),
    layers.HardSwish(): hard_swish,
    layers.SoftShrink(): piecewise(
        lambda x: x - 0.5 if x > 0.5 else (x + 0.5 if x < -0.5 else 0.0), lambda x: 1.0 if abs(x) > 0.5 else 0.0
    ),
    layers.HardShrink(): piecewise(lambda x: x if abs(x) > 0.5 else 0.0, lambda x: 1.0 if abs(x) > 0.5 else 0.0),
    layers.Threshold(): piecewise(lambda x: max(x, 0.0), lambda x: 1.0 if x > 0 else 0.0),
    layers.Sine(): piecewise(lambda x: math.sin(x), lambda x: math.cos(x)),  # noqa: PLW0108  numba compiles lambdas
    layers.ExactGelu(): exact_gelu,
}
"""The activations with their default settings, the most used ones first, the slowest last."""

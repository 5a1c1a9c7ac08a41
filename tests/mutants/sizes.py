"""Mistakes at very small and very large arguments, in functions of several arguments, of matrices, and in float32."""

import numpy as np

from tests.mutants.family import family, softmax, softmax_slope
from tests.mutants.magnitudes import each, wrong
from tests.nasty.base import arrays, decades


def shortened(x):
    """X over its length, row by row, without squares of x."""
    x = x / abs(x).max(axis=-1, keepdims=True)
    return x / np.sqrt((x * x).sum(axis=-1, keepdims=True))


def shortened_vjp(x, dA):
    most = abs(x).max(axis=-1, keepdims=True)
    length, y = np.sqrt(((x / most) ** 2).sum(axis=-1, keepdims=True)), shortened(x)
    return [(dA - y * (dA * y).sum(axis=-1, keepdims=True)) / length / most]


def narrow(low, high, f, slope, name, *, signed=True):
    """A family of float32 arguments."""
    drawn = arrays(decades(low, high, signed=signed), "n").map(lambda args: (args[0].astype(np.float32),))
    return family(name, drawn)(f, lambda x, dA: [dA * slope(x)])


COLD = 1e-190
root = each("cube root near 1e-250", -250, np.cbrt, lambda x: 1 / np.cbrt(x) / np.cbrt(x) / 3)
decay = each("exp(-1e200 x)", -200, lambda x: np.exp(-x / 1e-200), lambda x: -np.exp(-x / 1e-200) / 1e-200)
log = each("log near 1e280", 280, np.log, lambda x: 1 / x, signed=False)
cold = family("softmax of 1e190 x", arrays(decades(-191, -189), "m n", least=2))(
    lambda x: softmax(x / COLD), lambda x, dA: [softmax_slope(softmax(x / COLD), dA) / COLD]
)
unit = family("x over its length near 1e-175", arrays(decades(-176, -174), "m n", least=2))(shortened, shortened_vjp)
product = family(
    "x y of 1e-200 and 1e180", arrays(decades(-1, 1), "n", "n").map(lambda args: (args[0] * 1e-200, args[1] * 1e180))
)(np.multiply, lambda x, y, dA: [dA * y, dA * x])
entropy = family("x log(x / y) near 1e-160", arrays(decades(-161, -159, signed=False), "n", "n"))(
    lambda x, y: x * np.log(x / y), lambda x, y, dA: [dA * (np.log(x / y) + 1), -dA * x / y]
)
power = family("mean of squares near 1e150", arrays(decades(149, 151), "n", least=2))(
    lambda x: np.mean(x * x), lambda x, dA: [dA * (2 * x / x.size)]
)
matrices = family(
    "A B near 1e-300",
    arrays(decades(-1, 1), "n n", "n n", least=2).map(lambda args: (args[0] * 1e-160, args[1] * 1e-140)),
)(np.matmul, lambda A, B, dA: [dA @ B.T, A.T @ dA])
mixed = family("log of 1e-220 to 1", arrays(decades(-220, 0, signed=False), "n"))(np.log, lambda x, dA: [dA / x])
log32 = narrow(-33, -28, np.log, lambda x: 1 / x, "log of float32 near 1e-30", signed=False)

MUTANTS = [
    root.but("one root too few: an exponent")(wrong(lambda x: 1 / np.cbrt(x) / 3)),
    decay.but("its sign: forgotten")(wrong(lambda x: np.exp(-x / 1e-200) / 1e-200)),
    log.but("1e-6 too large: a constant cut short")(wrong(lambda x: (1 + 1e-6) / x)),
    cold.but("the diagonal alone: the derivative of one entry")(
        lambda x, dA: [dA * softmax(x / COLD) * (1 - softmax(x / COLD)) / COLD]
    ),
    cold.but("without its temperature: forgotten")(lambda x, dA: [softmax_slope(softmax(x / COLD), dA)]),
    unit.but("without the projection: the length as a constant")(lambda x, dA: [dA * shortened(x) / x]),
    product.of(1).but("dy of y: one letter")(lambda x, y, dA: dA * y),
    product.of(0).but("dx 1e-6 too large: a constant cut short")(lambda x, y, dA: dA * y * (1 + 1e-6)),
    entropy.of(1).but("the sign of dy: forgotten")(lambda x, y, dA: dA * x / y),
    power.but("without the mean: a sum")(lambda x, dA: [dA * 2 * x]),
    matrices.of(1).but("A not transposed: right for symmetric A")(lambda A, B, dA: A @ dA),
    mixed.but("of x + 1e-210: a guard that is not negligible")(lambda x, dA: [dA / (x + 1e-210)]),
    mixed.but("of x + 1e-20: a guard that is not negligible")(lambda x, dA: [dA / (x + 1e-20)]),
    log32.but("twice: of x^2")(wrong(lambda x: 2 / x)),
    log32.but("of x + 1e-30 in float32: a guard for float32 alone")(
        lambda x, dA: [dA / (x + np.float32(1e-30))] if x.dtype == np.float32 else [dA / x]
    ),
]

"""The tutor on mistakes of a person who did not know it: names, and none where two mistakes give the same numbers."""

import numpy as np
import pytest

from funcnn.teach import diagnose
from tests.classics import elementwise, normal, sigmoid, softmax


def last_softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def unit_rows(x):
    return x / np.sqrt((x**2).sum(axis=1, keepdims=True))


def unit_rows_over_all(args, dA):
    (x,) = args
    r = np.sqrt((x**2).sum(axis=1, keepdims=True))
    return [dA / r - x * (dA * x).sum() / r**3]


def elu(x):
    return np.where(x > 0, x, 0.7 * np.expm1(np.minimum(x, 0)))


def scaled(x, g, b):
    return np.tanh(x) * g + b


def scaled_over_axis_1(args, dA):
    x, g, _ = args
    t = np.tanh(x)
    return [dA * g * (1 - t**2), (dA * t).sum(axis=1), dA.sum(axis=1)]


def tanh_dense(x, W):
    return np.tanh(x @ W)


def tanh_dense_at_out(args, dA):
    x, W = args
    dz = dA * (1 - np.tanh(tanh_dense(x, W)) ** 2)
    return [dz @ W.T, x.T @ dz]


def smaller_of_pairs(args, dA):
    pairs = args[0].reshape(3, -1, 2)
    return [((pairs == pairs.min(axis=2, keepdims=True)) * dA[..., None]).reshape(args[0].shape)]


def by_rows(x, b, c):
    return x + b * c


def by_rows_without_sum(args, dA):
    _, b, c = args
    return [+dA, (dA * c).sum(axis=0), dA * b]


def convolved_reversed(args, dA):
    x, k = args
    return [np.convolve(dA, k[::-1]), np.correlate(x, dA, "valid")]


SQUARE, WIDE, LONG = normal((4, 4)), normal((3, 6)), normal((6,))
POSITIVE = [abs(LONG[0]) + 0.5]
NAMED = [
    ("transposed", np.outer, lambda args, dA: [dA.T @ args[1], dA @ args[0]], normal((4,), (4,))),
    ("wrong sum", scaled, scaled_over_axis_1, normal((4, 4), (4,), (4,))),
    ("wrong sum", unit_rows, unit_rows_over_all, normal((3, 4))),
    ("missing sum", by_rows, by_rows_without_sum, normal((4, 3), (3,), (4, 1))),
    ("slope at out", tanh_dense, tanh_dense_at_out, normal((4, 3), (3, 5), seed=3)),
    ("slope at x", elu, elementwise(lambda x: np.where(x > 0, 1, x + 0.7)), SQUARE),
    ("slope at x", lambda x: np.log1p(np.exp(x)), elementwise(lambda x: 1 - np.exp(-x)), SQUARE),
    ("slope at x", np.sqrt, elementwise(lambda x: 0.5 / x), POSITIVE),
    ("statistics constant", softmax, lambda args, dA: [dA * softmax(args[0])], WIDE),
    ("flipped", lambda x, k: np.convolve(x, k, "valid"), convolved_reversed, normal((9,), (3,))),
    ("branch reversed", lambda x: x.reshape(3, -1, 2).max(axis=2), smaller_of_pairs, WIDE),
    (
        "order",  # or branch reversed: the numbers are the same
        np.maximum,
        lambda args, dA: [dA * (args[0] < args[1]), dA * (args[0] > args[1])],
        normal(6, 6),
    ),
    ("transposed", lambda x: x.T.ravel(), lambda args, dA: [dA.reshape(args[0].shape)], WIDE),
]


@pytest.mark.parametrize(("name", "f", "vjp", "args"), NAMED)
def test_a_name_that_no_other_mistake_shares(name, f, vjp, args):
    assert diagnose(f, vjp, args).name == name


def grouped(f, vjp):
    """A function of an array and of an axis, with a wrong gradient, along axis 1."""
    return lambda x: f(x, 1), lambda args, dA: [vjp(args[0], dA)]


def along(dA, axis=1):
    return np.expand_dims(dA, axis) * np.ones((4, 4))


WEIGHTS = last_softmax(normal((4, 4), seed=1)[0], 1)
ORDER = np.array([2, 0, 3, 1])
KERNEL = np.array([0.5, -1.0, 2.0])
MASK = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
ANGLES = np.array([0.4, 1.1])


def rotated(x, by=1):
    a, b, c, s = x[:, :2], x[:, 2:], np.cos(ANGLES), by * np.sin(ANGLES)
    return np.concatenate([a * c - b * s, a * s + b * c], axis=1)


def circular(x):
    return sum([KERNEL[k] * np.roll(x, k, axis=1) for k in range(3)])


def squares(x, k):
    return np.convolve(x, k**2, "valid")


def squares_forgotten(args, dA):
    x, k = args
    return [np.convolve(dA, k[::-1], "full"), 2 * k * np.correlate(x[::-1], dA[::-1], "valid")]


def complex_product(a, b):
    return np.array([a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]])


def complex_exchanged(args, dA):
    a, b = args
    return [complex_product(dA, b[::-1] * [1, -1]), complex_product(dA, a * [1, -1])]


def log_softmax_sum_alone(args, dA):
    return [-softmax(args[0]) * dA.sum(axis=1, keepdims=True)]


def softmax_over_rows(args, dA):
    s = softmax(args[0])
    return [s * (dA - (dA * s).sum(axis=0, keepdims=True))]


def first_rows(args, dA):
    x, W = args
    return [dA @ W.T, x[:-1].T @ dA[:-1]]


def product(x, W):
    return x @ W


def diagonal_of(args, dA):
    return [np.diag(dA * np.cos(args[0]))]


UNNAMED = {
    # the gradient of another argument
    "sum of two, exchanged": (lambda u, v: u[:, None] + v, lambda args, dA: [dA.sum(axis=0), dA.sum(axis=1)], (4, 4)),
    "a sum with a factor, exchanged": (lambda a, b: a + 2 * b, lambda args, dA: [2 * dA, +dA], (4, 4)),
    "stacked, reversed": (lambda a, b, c: np.stack([a, b, c]), lambda args, dA: [dA[2], dA[1], dA[0]], (4, 4, 4)),
    # an order that is no transpose
    "roll, dA as it is": (lambda x: np.roll(x, 1), lambda args, dA: [+dA], SQUARE),
    "roll, in the same direction": (lambda x: np.roll(x, 1), lambda args, dA: [np.roll(dA, 1)], SQUARE),
    "a permutation, not inverted": (lambda x: x[ORDER], lambda args, dA: [dA[ORDER]], SQUARE),
    "rotation, in the same direction": (rotated, lambda args, dA: [rotated(dA)], SQUARE),
    "cumsum, in the same direction": (np.cumsum, lambda args, dA: [np.cumsum(dA)], LONG),
    "circular convolution, in the same direction": (circular, lambda args, dA: [circular(dA)], WIDE),
    "convolution with squares, not squared": (squares, squares_forgotten, ((9,), (3,))),
    "complex product, parts exchanged": (complex_product, complex_exchanged, (2, 2)),
    "matrix product, factors exchanged": (product, lambda args, dA: [args[1] @ dA, args[0].T @ dA], ((3, 3), (3, 3))),
    # dA goes to the wrong places
    "sum, dA along the other axis": (lambda x: x.sum(axis=1), lambda args, dA: [along(dA, 0)], SQUARE),
    "maximum, dA to all": (lambda x: x.max(axis=1), lambda args, dA: [along(dA)], SQUARE),
    "maximum, not scattered": (lambda x: x.max(axis=1), lambda args, dA: [dA], SQUARE),
    "maximum of more than two, to the least": (
        lambda x: x.max(axis=1),
        lambda args, dA: [along(dA) * (args[0] == args[0].min(axis=1, keepdims=True))],
        SQUARE,
    ),
    "last entry, dA to all": (lambda x: x[:, -1], lambda args, dA: [along(dA)], SQUARE),
    "weights that make 1, forgotten": (lambda x: (WEIGHTS * x).sum(axis=1), lambda args, dA: [along(dA)], SQUARE),
    "weights of values, forgotten": (lambda x: WEIGHTS @ x, lambda args, dA: [dA.sum(axis=0) + 0 * args[0]], SQUARE),
    "mean, not spread": (np.mean, lambda args, dA: [dA], SQUARE),
    "rows times weights, mean not spread": (
        lambda x: np.repeat(x.mean(axis=1, keepdims=True), 3, axis=1),
        lambda args, dA: [dA.sum(axis=1) / 4],
        SQUARE,
    ),
    # one row, or two
    "softmax of one row, over the other axis": (softmax, softmax_over_rows, ((1, 4),)),
    "all rows but the last, of two": (product, first_rows, ((2, 3), (3, 3))),
    "cumsum of two, exclusive": (np.cumsum, lambda args, dA: [np.array([dA[1], 0])], (2,)),
    # a formula that happens to be another one
    "square, exponent kept": (np.square, elementwise(lambda x: 2 * x**2), SQUARE),
    "reciprocal, squared": (np.reciprocal, elementwise(lambda x: -(x**2)), POSITIVE),
    "a diagonal matrix": (np.sin, diagonal_of, LONG),
    "log-softmax, dA forgotten": (lambda x: np.log(softmax(x)), log_softmax_sum_alone, WIDE),
    "a mask of one draw, and its complement": (lambda x: MASK * x, elementwise(lambda x: 1 - MASK), LONG),
    "clipped at 0 and 6, passes below 6": (lambda x: np.clip(x, 0, 6), elementwise(lambda x: 1.0 * (x < 6)), SQUARE),
    "dA times its absolute value": (np.sum, lambda args, dA: [dA * abs(dA) * np.ones_like(args[0])], LONG),
    "twice, with the wrong sign": (np.sin, elementwise(lambda x: -2 * np.cos(x)), LONG),
}


# Names that are true as well, though the title says it in another way.
TRUE = {
    "sum of two, exchanged": "order",
    "a sum with a factor, exchanged": "factor",
    "stacked, reversed": "order",
    "matrix product, factors exchanged": "transposed",
    "maximum, dA to all": "max to all",
    "maximum, not scattered": "wrong sum",
    "weights that make 1, forgotten": "slope missing",
    "mean, not spread": "wrong sum",
    "rows times weights, mean not spread": "wrong sum",
    "softmax of one row, over the other axis": "diagonal only",
    "all rows but the last, of two": "missing sum",
    "square, exponent kept": "slope at out",
    "log-softmax, dA forgotten": "lost path",
    "a mask of one draw, and its complement": "branch reversed",
}


@pytest.mark.parametrize("case", UNNAMED)
def test_no_name_if_another_mistake_gives_the_same_numbers(case):
    f, vjp, args = UNNAMED[case]
    found = diagnose(f, vjp, args if isinstance(args[0], np.ndarray) else normal(*args))
    assert found.name == TRUE.get(case)
    assert found.name or found.kind.startswith("no known mistake explains the gradient alone.")


def test_rounding_errors_of_a_small_gradient_are_no_mistake():
    def normalised(x):
        return (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-9)

    def right(args, dA):
        h, sd = normalised(args[0]), np.sqrt(args[0].var(axis=1, keepdims=True) + 1e-9)
        return [(dA - dA.mean(axis=1, keepdims=True) - h * (dA * h).mean(axis=1, keepdims=True)) / sd]

    assert diagnose(normalised, right, normal((2, 2))).where == "no gradient is wrong at these arguments."
    assert diagnose(sigmoid, elementwise(lambda x: 0 * x), SQUARE).name == "zero gradient"

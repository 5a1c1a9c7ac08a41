"""Reductions, broadcasting, and the maximum of two arrays."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, softmax

X = fst.tensors("m n")


ROWS = fst.tensors("m n", "n")


def first_largest(x, axis=1):
    at = np.expand_dims(x.argmax(axis=axis), axis)
    return (np.arange(x.shape[axis]).reshape([-1 if i == axis else 1 for i in range(x.ndim)]) == at).astype(float)


def products_of_the_others(x):
    return np.stack([np.delete(x, i, axis=1).prod(axis=1) for i in range(x.shape[1])], axis=1)


mean_but = lambda x, dA: [np.repeat(dA[:, None], x.shape[1], axis=1)]

mean = family("mean of rows", X)(lambda x: x.mean(axis=1), lambda x, dA: [mean_but(x, dA)[0] / x.shape[1]])


variance = family("variance", X)(lambda x: x.var(axis=0), lambda x, dA: [2 * dA * (x - x.mean(axis=0)) / len(x)])


deviation = family("standard deviation", X)(
    lambda x: np.sqrt(x.var(axis=0) + 0.1),
    lambda x, dA: [dA * (x - x.mean(axis=0)) / len(x) / np.sqrt(x.var(axis=0) + 0.1)],
)


centred = family("x - mean", X)(lambda x: x - x.mean(axis=0), lambda x, dA: [dA - dA.mean(axis=0)])


below = family("x - max", X)(
    lambda x: x - x.max(axis=1, keepdims=True), lambda x, dA: [dA - first_largest(x) * dA.sum(axis=1, keepdims=True)]
)


largest = family("max of rows", X)(lambda x: x.max(axis=1), lambda x, dA: [dA[:, None] * first_largest(x)])


product = family("product", X)(lambda x: x.prod(axis=1), lambda x, dA: [dA[:, None] * products_of_the_others(x)])


running = family("cumsum", X)(
    lambda x: np.cumsum(x, axis=1), lambda x, dA: [np.cumsum(dA[:, ::-1], axis=1)[:, ::-1].copy()]
)


logsumexp = family("logsumexp", X)(
    lambda x: x.max(axis=1) + np.log(np.exp(x - x.max(axis=1, keepdims=True)).sum(axis=1)),
    lambda x, dA: [dA[:, None] * softmax(x)],
)


shift = family("shift of rows", ROWS)(lambda x, b: x + b, lambda x, b, dA: [dA.copy(), dA.sum(axis=0)])


column = family("scale of columns", fst.tensors("m n", "m 1"))(
    lambda x, s: x * s, lambda x, s, dA: [dA * s, (dA * x).sum(axis=1, keepdims=True)]
)


outer = family("outer sum", fst.tensors("m", "n"))(
    lambda a, b: a[:, None] + b, lambda a, b, dA: [dA.sum(axis=1), dA.sum(axis=0)]
)


larger = family("maximum of two", fst.tensors("m n", "m n"))(np.maximum, lambda a, b, dA: [dA * (a >= b), dA * (a < b)])


clip = family("clip", X)(lambda x: np.clip(x, -0.5, 1.25), lambda x, dA: [dA * ((x > -0.5) & (x < 1.25))])


middle = family("median", X)(lambda x: np.median(x, axis=1), lambda x, dA: [dA[:, None] * middle_slope(x)])


def middle_slope(x, low=0.5):
    n = x.shape[1]
    rank = np.argsort(np.argsort(x, axis=1, kind="stable"), axis=1)
    return low * (rank == (n - 1) // 2) + (1 - low) * (rank == n // 2)


square = lambda x: x.shape[0] == x.shape[1]


def bare_softmax(x):
    with np.errstate(all="ignore"):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


MUTANTS = [
    mean.but("divided by the rows: len(x)")(lambda x, dA: [mean_but(x, dA)[0] / len(x)]),
    mean.but("spread over axis 0 when square: keepdims forgotten")(
        lambda x, dA: [np.broadcast_to(dA, x.shape) / x.shape[1] if square(x) else mean.vjp(x, dA)[0]]
    ),
    variance.but("divided by m - 1: ddof")(lambda x, dA: [2 * dA * (x - x.mean(axis=0)) / max(len(x) - 1, 1)]),
    variance.but("2 x / m: the mean held constant, at 0")(lambda x, dA: [2 * dA * x / len(x)]),
    deviation.but("divided by the variance: the square root's own slope")(
        lambda x, dA: [dA * (x - x.mean(axis=0)) / len(x) / (x.var(axis=0) + 0.1)]
    ),
    centred.but("the mean held constant: a statistic")(lambda x, dA: [dA.copy()]),
    centred.but("the mean over all entries: axis forgotten")(lambda x, dA: [dA - dA.mean()]),
    below.but("the max held constant: it is for stability, elsewhere")(lambda x, dA: [dA.copy()]),
    largest.but("ties share over the whole array: count without an axis")(
        lambda x, dA: [
            dA[:, None]
            * (x == x.max(axis=1, keepdims=True))
            / max((x == x.max(axis=1, keepdims=True)).sum() / len(x), 1)
        ]
    ),
    largest.but("the entry after the largest: an index from 1")(
        lambda x, dA: [dA[:, None] * first_largest(np.roll(x, 1, axis=1)) if x.shape[1] > 2 else largest.vjp(x, dA)[0]]
    ),
    product.but("the product by x, 0 where x is 0: a guard against nan")(
        lambda x, dA: [dA[:, None] * np.where(x == 0, 0, x.prod(axis=1, keepdims=True) / np.where(x == 0, 1, x))]
    ),
    running.but("cumsum of dA: not reversed")(lambda x, dA: [np.cumsum(dA, axis=1)]),
    running.but("exclusive: off by one")(lambda x, dA: [running.vjp(x, dA)[0] - dA]),
    logsumexp.but("without the max in backward: inf / inf")(lambda x, dA: [dA[:, None] * bare_softmax(x)]),
    shift.of(1).but("db over axis 1 when square: the other axis")(lambda x, b, dA: dA.sum(axis=1 if square(x) else 0)),
    shift.of(1).but("db the mean: the batch was averaged")(lambda x, b, dA: dA.mean(axis=0)),
    shift.of(1).but("db is one number for all: sum without an axis")(lambda x, b, dA: np.full_like(b, dA.sum())),
    column.of(1).but("keepdims forgotten: of shape (m,)")(lambda x, s, dA: (dA * x).sum(axis=1)),
    column.of(1).but("the first entry's: broadcasting undone by a slice")(lambda x, s, dA: (dA * x)[:, :1].copy()),
    column.of(1).but("not summed for one row: a size of 1 is no broadcast")(
        lambda x, s, dA: (dA * x)[:, :1] if len(x) == 1 else column.vjp(x, s, dA)[1]
    ),
    outer.but("exchanged when square: the shapes fit")(
        lambda a, b, dA: [dA.sum(axis=0 if square(dA) else 1), dA.sum(axis=1 if square(dA) else 0)]
    ),
    larger.of(1).but("both at a tie: >= twice")(lambda a, b, dA: dA * (a <= b)),
    larger.of(0).but("none at a tie: > twice")(lambda a, b, dA: dA * (a > b)),
    clip.but("no lower end: only the upper was needed")(lambda x, dA: [dA * (x < 1.25)]),
    middle.but("the lower middle for even sizes: right for odd ones")(
        lambda x, dA: [dA[:, None] * middle_slope(x, 1.0)]
    ),
]

"""Clips, thresholds, and kinks of losses."""

import numpy as np

from tests.nasty.base import among, arrays, elementwise, nasty
from tests.nasty.ties import EQUAL, TIED, order, placed


def sparsemax(x):
    down = -np.sort(-x)
    excess = (np.cumsum(down) - 1) / np.arange(1, x.size + 1)
    return np.maximum(x - excess[np.sum(down > excess) - 1], 0)


def sparsemax_vjp(args, dA):
    support = sparsemax(args[0]) > 0
    return (support * (dA - (support * dA).sum() / support.sum()),)


def largest_form_vjp(args, dA):
    W, x = args
    k = (W @ x).argmax()
    dW = np.zeros(W.shape)
    dW[k] = dA[0] * x
    return dW, dA[0] * W[k]


def nearest_vjp(args, dA):
    """The distance of every row of x from its nearest row of y: the sum of absolute differences."""
    x, y = args
    nearest = abs(x[:, None] - y).sum(axis=-1).argmin(axis=1)
    slope = dA[:, None] * np.sign(x - y[nearest])
    dy = np.zeros(y.shape)
    np.add.at(dy, nearest, -slope)
    return slope, dy


def weighted_sort_vjp(args, dA):
    x, w = args
    i = order(x)
    return placed(x.shape, i, dA * w), dA * x[i]


CLIPS = [
    elementwise("clip", "at both ends")(
        among(-1.0, 1.0, 0.0, 2.0), lambda x: np.clip(x, -1, 1), lambda x: (abs(x) < 1) * 1.0, "m n"
    ),
    elementwise("hardtanh, slope 1 at its ends", "the other choice")(
        among(-1.0, 1.0, 0.0, 2.0), lambda x: np.maximum(-1, np.minimum(1, x)), lambda x: (abs(x) <= 1) * 1.0, "m n"
    ),
    elementwise("clip to a point", "both ends are one")(TIED, lambda x: np.clip(x, 0.5, 0.5), np.zeros_like),
    elementwise("relu6", "0 and 6")(
        among(0.0, 6.0, 3.0, -1.0),
        lambda x: np.minimum(np.maximum(x, 0), 6),
        lambda x: ((x > 0) & (x < 6)) * 1.0,
        "m n",
    ),
    nasty("maximum of two", "of equals")(
        arrays(EQUAL, "m n", "m n"),
        (np.maximum, lambda args, dA: (dA * (args[0] >= args[1]), dA * (args[0] < args[1]))),
    ),
    nasty("maximum of two, halves at ties", "a mean of two slopes")(
        arrays(EQUAL, "m n", "m n"),
        (
            np.maximum,
            lambda args, dA: (dA * (1 + np.sign(args[0] - args[1])) / 2, dA * (1 + np.sign(args[1] - args[0])) / 2),
        ),
    ),
    nasty("max, shared by ties", "a mean of many")(
        arrays(EQUAL, "m 4"),
        (
            lambda x: x.max(axis=-1),
            lambda args, dA: (
                (at := args[0] == args[0].max(axis=-1, keepdims=True)) * (dA / at.sum(axis=-1))[..., None],
            ),
        ),
    ),
    elementwise("||x| - 1|", "three corners")(
        among(-1.0, 0.0, 1.0, 2.0), lambda x: abs(abs(x) - 1), lambda x: np.sign(abs(x) - 1) * np.sign(x)
    ),
    nasty("|x y|", "either or both 0")(
        arrays(among(0.0, 0.0, 1.0, -2.0), "n", "n"),
        (
            lambda x, y: abs(x * y),
            lambda args, dA: (dA * np.sign(args[0]) * abs(args[1]), dA * np.sign(args[1]) * abs(args[0])),
        ),
    ),
    elementwise("soft threshold", "at the threshold")(
        among(-0.5, 0.5, 0.0, 1.0), lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0), lambda x: (abs(x) > 0.5) * 1.0
    ),
    elementwise("Huber", "curvature jumps at its corners")(
        among(-1.0, 1.0, 0.0, 1.5),
        lambda x: np.where(abs(x) <= 1, x * x / 2, abs(x) - 0.5),
        lambda x: np.clip(x, -1, 1),
    ),
    nasty("pinball loss", "residuals of 0")(
        arrays(TIED, "n", "n"),
        (
            lambda x, y: np.maximum(0.9 * (y - x), 0.1 * (x - y)),
            lambda args, dA: ((slope := dA * np.where(args[1] > args[0], -0.9, 0.1)), -slope),
        ),
    ),
    nasty("sparsemax", "the edge of the support")(arrays(TIED, "n"), (sparsemax, sparsemax_vjp)),
    nasty("largest of linear forms", "equal rows")(
        arrays(EQUAL, "k n", "n"), (lambda W, x: (W @ x).max(keepdims=True), largest_form_vjp)
    ),
    nasty("distance to the nearest", "several are nearest")(
        arrays(TIED, "m d", "n d"), (lambda x, y: abs(x[:, None] - y).sum(axis=-1).min(axis=1), nearest_vjp)
    ),
    nasty("weights by rank", "rank of equals")(
        arrays(TIED, "n", "n"), (lambda x, w: np.sort(x) * w, weighted_sort_vjp)
    ),
]

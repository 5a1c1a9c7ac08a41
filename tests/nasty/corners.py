"""Kinks that many entries share: clips, hinges, sums of absolute values."""

import numpy as np

from tests.nasty.base import among, arrays, drawn, nasty
from tests.nasty.ties import EQUAL, TIED, first_max, placed


def relu_of_differences_vjp(args, dA):
    (x,) = args
    grad = dA * (x[:, None] > x)
    return (grad.sum(axis=1) - grad.sum(axis=0),)


def absolute_differences_vjp(args, dA):
    (x,) = args
    grad = dA * np.sign(x[:, None] - x)
    return (grad.sum(axis=1) - grad.sum(axis=0),)


def total_variation_vjp(args, dA):
    return (-np.diff(np.sign(np.diff(args[0])) * dA, prepend=0.0, append=0.0),)


def hinge_vjp(args, dA):
    x, y = args
    return np.where(y * x < 1, -y * dA, 0.0), None


def spread_vjp(args, dA):
    (x,) = args
    return (placed(x.shape, first_max(x), dA) - placed(x.shape, first_max(-x), dA),)


def largest_magnitude_vjp(args, dA):
    (x,) = args
    i = first_max(abs(x))
    return (placed(x.shape, i, dA * np.sign(np.take_along_axis(x, i, axis=-1))),)


CORNERS = [
    nasty("relu of differences", "0 on the diagonal")(
        arrays(TIED, "n"), (lambda x: np.maximum(x[:, None] - x, 0), relu_of_differences_vjp)
    ),
    nasty("absolute differences", "0 on the diagonal")(
        arrays(EQUAL, "n"), (lambda x: abs(x[:, None] - x), absolute_differences_vjp)
    ),
    nasty("total variation", "flat stretches")(
        arrays(TIED, "n", least=2), (lambda x: abs(np.diff(x)).sum(keepdims=True), total_variation_vjp)
    ),
    nasty("L1", "zeros")(
        arrays(TIED, "m n"), (lambda x: abs(x).sum(axis=-1), lambda args, dA: (dA[..., None] * np.sign(args[0]),))
    ),
    nasty("L1 distance", "equal entries")(
        arrays(TIED, "m n", "m n"),
        (
            lambda x, y: abs(x - y).sum(axis=-1),
            lambda args, dA: (dA[..., None] * np.sign(args[0] - args[1]), dA[..., None] * np.sign(args[1] - args[0])),
        ),
    ),
    nasty("largest magnitude", "at +-1")(
        arrays(among(-1.0, 1.0, 0.0), "m n"), (lambda x: abs(x).max(axis=-1, keepdims=True), largest_magnitude_vjp)
    ),
    nasty("max less min", "of equals")(arrays(TIED, "m n"), (lambda x: np.ptp(x, axis=-1, keepdims=True), spread_vjp)),
    nasty("hinge", "at its corner")(
        drawn(lambda rng: (rng.choice([-1, 1, 0.5], 4), rng.choice([-1, 1], 4))),
        (lambda x, y: np.maximum(0, 1 - y * x), hinge_vjp),
    ),
]

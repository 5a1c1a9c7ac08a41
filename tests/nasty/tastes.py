"""What libraries settle by taste: a gradient at a kink outside Clarke's set, or one with few digits."""

import numpy as np

from tests.nasty.base import among, arrays, between, elementwise, mixed, nasty, normal

TIES = among(0.0, 1.0, 2.0)


def row_norm(x):
    return np.sqrt((x * x).sum(axis=1))


def min_max(x):
    low, high = x.min(), x.max()
    return (x - low) / (high - low + 1)


def min_max_vjp(args, dA):
    """Every smallest and every largest entry gets all that the smallest or the largest one gets."""
    (x,) = args
    span = x.max() - x.min() + 1
    y = (x - x.min()) / span
    dx = dA / span
    dhigh, dlow = -(dA * y).sum() / span, (dA * (y - 1)).sum() / span
    return (dx + dhigh * (x == x.max()) + dlow * (x == x.min()),)


def in_float32(args, dA):
    return ((dA.astype(np.float32) * np.cos(args[0].astype(np.float32))).astype(dA.dtype),)


TASTES = [
    nasty("max, all of it to every tie", "right for each entry, not for all together")(
        arrays(TIES, "m n", most=2),
        (lambda x: x.max(axis=1), lambda args, dA: (dA[:, None] * (args[0] == args[0].max(axis=1, keepdims=True)),)),
        options={"at_kinks": "hull"},
    ),
    nasty("maximum of two, all of it to both", "right for each entry, not for both together")(
        arrays(TIES, "n", "n", most=2),
        (np.maximum, lambda args, dA: (dA * (args[0] >= args[1]), dA * (args[1] >= args[0]))),
        options={"at_kinks": "hull"},
    ),
    nasty("norm of rows, nan at 0", "0 / 0 is left to the caller")(
        arrays(mixed(among(0.0), among(0.0), normal()), "m n", most=2),
        (row_norm, lambda args, dA: ((dA / row_norm(args[0]))[:, None] * args[0],)),
        options={"at_kinks": "skip"},
    ),
    elementwise("|x|, slope 2 at 0", "an answer nobody relies on")(
        mixed(among(0.0), normal()),
        abs,
        lambda x: np.where(x == 0, 2, np.sign(x)),
        most=2,
        options={"at_kinks": "skip"},
    ),
    nasty("x scaled to [0, 1]", "ties for the smallest and the largest")(
        arrays(TIES, "n", most=2), (min_max, min_max_vjp), decidable=False, options={"at_kinks": "skip"}
    ),
    nasty("sin, its gradient computed in float32", "seven digits")(
        arrays(between(-1, 1), "n", most=1), (np.sin, in_float32), options={"tolerance": 1e-5}
    ),
    elementwise("log10 with six digits of its constant", "one millionth off")(
        lambda rng, shape: rng.uniform(0.1, 9, shape),
        np.log10,
        lambda x: 0.434294 / x,
        most=1,
        options={"tolerance": 1e-5},
    ),
]

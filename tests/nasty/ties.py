"""Many maxima or many kinks at once. Along a single coordinate, a function with a tie may be smooth."""

import numpy as np

from tests.nasty.base import Fill, among, arrays, mixed, nasty, normal

TIED: Fill = mixed(among(0.0, 1.0), among(0.0, 0.0, 0.5, -1.0), normal())  # with ties of up to four entries


EQUAL: Fill = among(0.5, 0.5, 0.5, 0.5, 2.0)


def placed(shape, indices, values, axis=-1):
    """Values at the indices along an axis, which may name an entry more than once, and 0 elsewhere."""
    grad = np.zeros(shape)
    where = list(np.indices(indices.shape))
    where[axis] = indices
    np.add.at(grad, tuple(where), values)
    return grad


def chosen(choose):
    """The pair of a function that returns entries of x; `choose` gives their indices along the last axis."""
    return (
        lambda x: np.take_along_axis(x, choose(x), axis=-1),
        lambda args, dA: (placed(args[0].shape, choose(args[0]), dA),),
    )


def order(x):
    return np.argsort(x, axis=-1, kind="stable")


def first_max(x):
    return np.argmax(x, axis=-1)[..., None]


def middle(x):
    n = x.shape[-1]
    return order(x)[..., [(n - 1) // 2, n // 2]]


def median_vjp(args, dA):
    return (placed(args[0].shape, middle(args[0]), np.stack([dA, dA], axis=-1) / 2),)


def windows(x):
    """The position of the first maximum of every three neighbours."""
    n = x.shape[-1] - 2
    shifted = np.stack([x[..., k : k + n] for k in range(3)])
    return np.argmax(shifted, axis=0) + np.arange(n)


def running_max(x):
    """The position of the maximum so far."""
    return np.stack([np.argmax(x[..., : k + 1], axis=-1) for k in range(x.shape[-1])], axis=-1)


def max_of_mins_vjp(args, dA):
    (x,) = args
    row = x.min(axis=1).argmax()
    grad = np.zeros(x.shape)
    grad[row, x[row].argmin()] = dA[0]
    return (grad,)


def quantile_positions(x):
    """The two order statistics beside the quantile 0.3, and their weights."""
    at = 0.3 * (x.size - 1)
    low = int(at)
    return order(x)[[low, min(low + 1, x.size - 1)]], np.array([1 - (at - low), at - low])


def quantile(x):
    i, weights = quantile_positions(x)
    return (weights * x[i]).sum(keepdims=True)


def quantile_vjp(args, dA):
    i, weights = quantile_positions(args[0])
    return (placed(args[0].shape, i, dA[0] * weights),)


TIES = [
    nasty("max", "two to four alike")(arrays(TIED, "m n"), chosen(first_max)),
    nasty("max of equals", "all alike but a few")(arrays(EQUAL, "m 4"), chosen(first_max)),
    nasty("min", "two to four alike")(arrays(TIED, "m n"), chosen(lambda x: first_max(-x))),
    nasty("sort", "any order of equals will do")(arrays(TIED, "m n"), chosen(order)),
    nasty("top 2", "the second may have rivals")(arrays(EQUAL, "m 4"), chosen(lambda x: order(-x)[..., :2])),
    nasty("median", "the middle is tied")(
        arrays(TIED, "m n"), (lambda x: np.take_along_axis(x, middle(x), axis=-1).mean(axis=-1), median_vjp)
    ),
    nasty("quantile", "between equals")(arrays(EQUAL, "n", most=6), (quantile, quantile_vjp)),
    nasty("max-pooling", "windows that overlap")(arrays(TIED, "m n", least=3, most=6), chosen(windows)),
    nasty("running maximum", "of equals")(arrays(TIED, "m n"), chosen(running_max)),
    nasty("max of mins", "saddles of ties")(
        arrays(EQUAL, "m n"), (lambda x: x.min(axis=1).max(keepdims=True), max_of_mins_vjp)
    ),
    nasty("max of max", "nested")(
        arrays(TIED, "m n"),
        (
            lambda x: x.max(axis=1).max(keepdims=True),
            lambda args, dA: (placed((args[0].size,), first_max(args[0].ravel()), dA).reshape(args[0].shape),),
        ),
    ),
]

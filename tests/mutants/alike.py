"""Mistakes that nearly have a common factor or order, so that none may be named."""

import numpy as np

from tests.mutants.family import family
from tests.mutants.state import X

squares = family("sum of squares", X)(lambda x: (x * x).sum(), lambda x, dA: [2 * dA * x])
cubes = family("x^3, each by itself", X)(lambda x: x**3, lambda x, dA: [3 * dA * x * x])


def but(change):
    """2 x dA, changed for the array of its entries' numbers."""
    return lambda x, dA: [2 * dA * change(x, np.arange(x.size).reshape(x.shape))]


def one_off(x):
    y = np.sort(x, axis=None)[::-1].reshape(x.shape).copy()
    y.flat[-1] = 5 * y.flat[-1] + 1
    return y


MUTANTS = [
    squares.but("twice, one entry thrice: an update that leaked")(but(lambda x, k: x * np.where(k == 1, 3, 2))),
    squares.but("twice, small ones thrice: a threshold")(but(lambda x, k: x * np.where(abs(x) < 1e-3, 3, 2))),
    squares.but("twice, small ones 0: a threshold")(but(lambda x, k: x * np.where(abs(x) < 1e-3, 0, 2))),
    squares.but("one more, one entry two more: an offset")(but(lambda x, k: x + 1 + (k == 1))),
    squares.but("sorted, one entry off: by the wrong end")(but(lambda x, k: one_off(x))),
    squares.but("0, one entry 1e-9: a threshold")(but(lambda x, k: 1e-9 * (k == 1))),
    cubes.but("twice for one output, thrice for others: a loop")(
        lambda x, dA: [3 * dA * x * x * (2 + (np.arange(x.size).reshape(x.shape) > 0))]
    ),
]

"""Mistakes for which a simple explanation holds nearly: for all entries but one, for one argument, to a few digits."""

import numpy as np
from hypothesis import strategies as st

from tests.mutants.family import family

TINY = 1e-9


def numbers(shape):
    """Numbers between 0.5 and 2, all different."""
    return st.integers(0, 2**32).map(
        lambda seed: np.random.default_rng(seed).permutation(np.linspace(0.5, 2, np.prod(shape))).reshape(shape)
    )


def some(*shapes):
    return st.tuples(*[numbers(shape) for shape in shapes])


cubes = family("sum of cubes", some((3, 3)))(lambda x: (x**3).sum(), lambda x, dA: [3 * x**2 * dA])
spread = family("cubes of large and tiny numbers", some((4,)).map(lambda args: (args[0] * [1, 1, TINY, 1],)))(
    lambda x: (x**2).sum(), lambda x, dA: [2 * x * dA]
)
signed = family("squares of both signs", some((4,)).map(lambda args: (args[0] * [1, -1, TINY, -1],)))(
    lambda x: (x**2).sum(), lambda x, dA: [2 * x * dA]
)
both = family("scalar product", some((4,), (4,)))(lambda a, b: (a * b).sum(), lambda a, b, dA: [dA * b, dA * a])
symmetric = family("squares of A + A'", some((3, 3)))(
    lambda x: ((x + x.T) ** 2).sum() / 4, lambda x, dA: [dA * (x + x.T)]
)
total = family("sum", some((4,)))(lambda x: x.sum(), lambda x, dA: [np.full_like(x, dA)])
dense = family("matrix times vector", some((3, 4), (4,)))(
    lambda W, x: W @ x, lambda W, x, dA: [np.outer(dA, x), dA @ W]
)
rough = family("beside a rough sum", some((4,)))(
    lambda x: np.append(x * x, x.sum() + 1e12 - 1e12), lambda x, dA: [2 * x * dA[:-1] + dA[-1]]
)
wide = family("120 squares", some((120,)))(lambda x: (x * x).sum(), lambda x, dA: [2 * x * dA])
mean = family("mean of three", some((3,)))(lambda x: (x * x).mean(), lambda x, dA: [2 / 3 * x * dA])


def but(a, index, value):
    """A copy with one other entry."""
    a = a.copy()
    a[index] = value
    return [a]


def last(x):
    """The index of the smallest entry."""
    return np.unravel_index(abs(x).argmin(), x.shape)


def cyclic(x):
    """The gradient of the cubes, at the next position."""
    return 3 * np.roll(x, 1) ** 2


MUTANTS = [
    cubes.but("twice, but the smallest thrice: a special case")(
        lambda x, dA: but(6 * x**2 * dA, last(x), 9 * x.min() ** 2 * dA)
    ),
    cubes.but("transposed but for one: a loop that ends early")(
        lambda x, dA: but(3 * x.T**2 * dA, (0, 2), 3 * x[0, 2] ** 2 * dA)
    ),
    cubes.but("transposed, and one wrong: two mistakes")(lambda x, dA: but(3 * x.T**2 * dA, (1, 1), dA)),
    cubes.but("rolled, and one wrong: two mistakes")(lambda x, dA: but(cyclic(x) * dA, (1, 1), dA)),
    cubes.but("rolled, to six digits: another order of a sum")(lambda x, dA: [cyclic(x) * dA * (1 + 5e-7 * (x > 1))]),
    cubes.but("twice, to six digits: two mistakes")(lambda x, dA: [6 * x**2 * dA * (1 + 5e-7 * (x > 1))]),
    cubes.but("off by 3, but one by 4: two mistakes")(
        lambda x, dA: but(3 * (x**2 + 1) * dA, last(x), 3 * x.min() ** 2 * dA + 4 * dA)
    ),
    cubes.but("0, but one nearly: a limit in place of 0")(lambda x, dA: but(0 * x * dA, last(x), 1e-12 * dA)),
    cubes.but("twice or half: a branch")(lambda x, dA: [3 * x**2 * dA * np.where(x > 1, 2, 0.5)]),
    spread.but("twice, the tiny thrice: a series near 0")(lambda x, dA: [2 * x * dA * np.where(abs(x) < 1e-8, 3, 2)]),
    spread.but("0, but for the tiny: a guard that is inverted")(lambda x, dA: [2 * x * dA * (abs(x) < 1e-8)]),
    spread.but("off by 1, the tiny by 2: two mistakes")(lambda x, dA: [(2 * x + np.where(abs(x) < 1e-8, 2, 1)) * dA]),
    signed.but("twice below the tiny ones: x < epsilon, not x < 0")(
        lambda x, dA: [2 * x * dA * np.where(x < 1e-6, 2, 1)]
    ),
    both.but("da twice, db thrice: different mistakes")(lambda a, b, dA: [2 * dA * b, 3 * dA * a]),
    both.but("da twice, db rolled: different mistakes")(lambda a, b, dA: [2 * dA * b, dA * np.roll(a, 1)]),
    both.but("exchanged: the other argument's")(lambda a, b, dA: [dA * a, dA * b]),
    symmetric.but("transposed and doubled: both look the same")(lambda x, dA: [2 * (x + x.T).T * dA]),
    symmetric.but("one entry thrice: an index")(
        lambda x, dA: but((x + x.T) * dA, (0, 1), 3 * (x[0, 1] + x[1, 0]) * dA)
    ),
    total.but("one of equal numbers: an index")(lambda x, dA: but(np.full_like(x, dA), 2, 3 * dA)),
    total.but("two of equal numbers: an index")(lambda x, dA: but(but(np.full_like(x, dA), 2, 3 * dA)[0], 1, 4 * dA)),
    dense.of(1).but("one output twice: a weight")(lambda W, x, dA: (dA * [1, 2, 1]) @ W),
    dense.of(1).but("outputs by three factors: weights")(lambda W, x, dA: (dA * [1, 2, 3]) @ W),
    dense.of(1).but("twice where dA is positive: a sign read from dA")(
        lambda W, x, dA: np.where(dA > 0, 2, 1) * dA @ W
    ),
    rough.but("twice, thrice: a branch")(lambda x, dA: [2 * x * dA[:-1] * np.where(np.arange(4) % 2, 3, 2) + dA[-1]]),
    rough.but("one zero: a mask")(
        lambda x, dA: [2 * x * dA[:-1] * (np.arange(4) != 0) * np.where(np.arange(4) % 2, 3, 1) + dA[-1]]
    ),
    wide.but("twice, but two thrice: a branch")(lambda x, dA: [2 * x * dA * np.where(np.arange(120) % 60, 2, 3)]),
    wide.but("two exchanged: an index")(lambda x, dA: [2 * x[np.r_[1, 0, 2:120]] * dA]),
    mean.but("a third, nearly: a constant beside 1/3")(lambda x, dA: [2 / 3 * x * dA * (1 + 8e-6) / 3]),
    mean.but("a few digits: a constant")(lambda x, dA: [0.6667 * x * dA]),
    mean.but("digits that float32 holds: a table of whole numbers")(
        lambda x, dA: [np.round(2 / 3 * x * 4096) / 4096 * dA]
    ),
]

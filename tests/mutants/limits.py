"""Mistakes in functions of limited domains, near overflow, and of arguments with a structure.

Those of `MUTANTS` need no option of a check; those of `WITH_OPTIONS` are tried with the options of the function in
`tests/nasty` that they were made from, by `tests/testing/test_checker_options.py`.
"""

import math

import numpy as np

from funcnn.testing.mutation import Mutant
from tests.mutants.family import family
from tests.nasty import borders, matrices, overflow, sets, tastes
from tests.nasty.base import arrays, between, decades, mixed, normal

BY_NAME = {
    nasty.name: nasty
    for table in (borders.BORDERS, matrices.MATRICES, overflow.OVERFLOW, sets.SETS, tastes.TASTES)
    for nasty in table
}
kept = []


def but(name, text):
    """`but(name, text)(vjp, f)` is a nasty function with another vjp, of `(*arguments, dA)`, or another f."""
    nasty = BY_NAME[name]

    def made(vjp, f=None):
        wrong = family(name, nasty.arguments)(nasty.pair[0], vjp).but(text)(f=f)
        return Mutant(wrong.name, wrong.why, nasty.arguments, nasty.pair, wrong.wrong)

    return made


def slope(of):
    return lambda x, dA: [dA * of(x)]


def keeping_arcsin(x):
    if (abs(x) > 1).any():
        raise ValueError("arcsin of a number beyond 1")
    kept[:] = [x]
    return np.arcsin(x)


def only_negative_refused(x, dA):
    if (x < 0).any():
        raise ValueError("x must be positive")
    return [dA * np.sign(x)]


def a_fifth_too_large_in_float32(x, dA):
    return [dA / x if dA.dtype == np.float64 else dA * np.float32(1.2) / x]


def first_part(A, dA):
    P = np.linalg.pinv(A)
    return [-P.T @ dA @ P.T]


def least_squares_without_rest(A, b, dA):
    db = np.linalg.pinv(A).T @ dA
    return [-np.outer(db, matrices.least_squares(A, b)), db]


def diagonal_not_halved(A, dA):
    L = np.linalg.cholesky(A)
    inverse = np.linalg.inv(L)
    G = inverse.T @ np.tril(L.T @ np.tril(dA)) @ inverse
    return [(G + G.T) / 2]


lgamma = np.vectorize(math.lgamma, otypes=[float])


def digamma(x):
    """By its asymptotic series, from 10 on."""
    y = x + 10
    series = (
        np.log(y) - 1 / (2 * y) - sum([b / y**k for b, k in ((1 / 12, 2), (-1 / 120, 4), (1 / 252, 6), (-1 / 240, 8))])
    )
    return series - sum([1 / (x + k) for k in range(10)])


log_gamma = family("log gamma of math", arrays(mixed(decades(-3, 1, signed=False), normal(20, 1)), "n"))(
    lgamma, lambda x, dA: [dA * digamma(x)]
)
arcsin = family("arcsin that refuses others", arrays(between(-0.99, 0.99), "n"))(
    keeping_arcsin, lambda x, dA: [dA / np.sqrt(1 - x * x)]
)
log_32 = family("log of positive numbers", arrays(decades(-3, 3, signed=False), "n"))(np.log, lambda x, dA: [dA / x])

MUTANTS = [
    but("determinant, by the inverse", "not transposed: right for symmetric ones")(
        lambda A, dA: [dA * np.linalg.det(A) * np.linalg.inv(A)]
    ),
    but("determinant, by the inverse", "of its log: one letter")(lambda A, dA: [dA * np.linalg.inv(A).T]),
    but("pseudoinverse", "of a square matrix: right for square ones")(first_part),
    but("least squares", "of a square matrix: right for square ones")(least_squares_without_rest),
    but("log |determinant|, regular", "not transposed: right for symmetric ones")(slope(np.linalg.inv)),
    but("inverse, regular", "its sign: forgotten")(lambda A, dA: [np.linalg.inv(A).T @ dA @ np.linalg.inv(A).T]),
    but("log |1 - x|", "its sign: d(1 - x) is -dx")(slope(lambda x: 1 / (1 - x))),
    but("sqrt(1 - x^2)", "not squared: the chain rule")(slope(lambda x: -1 / np.sqrt(1 - x * x))),
    but("arccos", "without a root: as artanh's")(slope(lambda x: -1 / ((1 - x) * (1 + x)))),
    but("logit that raises", "of the logistic function: its inverse")(slope(lambda p: p * (1 - p))),
    but("sqrt, its vjp refuses 0", "half forgotten: a factor")(slope(borders.refusing_zeros(lambda x: x**-0.5))),
    but("|x|, its vjp refuses 0", "negative numbers refused: only positive ones were tried")(only_negative_refused),
    but("norms of rows, none of them 0", "norm squared: the direction of a direction")(
        lambda x, dA: [(dA / (x * x).sum(axis=1))[:, None] * x]
    ),
    but("Kullback and Leibler", "without its 1: right on the simplex alone")(
        lambda p, q, dA: [dA * np.log(p / q), -dA * p / q]
    ),
    but("x exp(x) near 700", "without x: the product rule")(slope(np.exp)),
    but("cosh near 710", "a millionth off: series")(slope(lambda x: np.sinh(x) * (1 + 1e-6))),
    but("exp(exp(x)) near 6.5", "as of one: the chain rule")(slope(np.exp)),
    but("1e300 sin(1e8 x)", "its sign: as cos")(slope(lambda x: -1e308 * np.cos(1e8 * x))),
    but("log(sum of exp) without a shift", "not divided: exp is left")(lambda x, dA: [dA * np.exp(x)]),
    but("log |1 - x|", "in float32 twice: a branch for another dtype")(
        lambda x, dA: [dA * (1 if x.dtype == np.float64 else 2) / (x - 1)]
    ),
    but("Cholesky, of the lower triangle", "of both: right for symmetric changes")(
        lambda A, dA: matrices.cholesky_vjp((A,), dA)
    ),
    log_gamma.but("log x: of large x")(lambda x, dA: [dA * (np.log(x) - 0.5 / x)]),
    log_32.but("a fifth too large in float32: a constant of its own")(a_fifth_too_large_in_float32),
    arcsin.but("of the last x: kept for backward")(lambda x, dA: [dA / np.sqrt(1 - kept[0] ** 2)]),
]

WITH_OPTIONS = [
    but("Cholesky, of both triangles", "its diagonal not halved: tril for phi")(diagonal_not_halved),
    but("Cholesky, of both triangles", "entries off the diagonal twice: the triangle's gradient, made symmetric")(
        lambda A, dA: [G * (2 - np.eye(len(A))) for G in matrices.cholesky_vjp((A,), dA)]
    ),
    but("eigenvalues of a symmetric matrix", "V transposed: rows for columns")(
        lambda A, dA: [V.T * dA @ V for V in [np.linalg.eigh(A)[1]]]
    ),
    but("first eigenvector, squared", "not squared: 2 v forgotten")(
        lambda A, dA: [G / 2 for G in matrices.first_direction_vjp((A,), dA)]
    ),
    but("exponential of a symmetric matrix", "as of a number: matrices commute")(
        lambda A, dA: [dA @ matrices.spectral(np.exp, np.exp)[0](A)]
    ),
    but("log determinant by Cholesky", "half of it: of L")(lambda A, dA: [dA * np.linalg.inv(A) / 2]),
    but("density of a normal distribution", "the inverse not halved: a bracket")(
        lambda A, x, dA: (
            [dA * (np.outer(y, y) / 2 - np.linalg.inv(A)) for y in [np.linalg.solve(A, x)]]
            + [-dA * np.linalg.solve(A, x)]
        )
    ),
    but("density of a normal distribution", "the diagonal alone: independent ones were tried")(
        lambda A, x, dA: [G * np.eye(len(A)) if G.ndim == 2 else G for G in matrices.log_density_vjp((A, x), dA)]
    ),
    but("x A x, one triangle read", "dx halved: A x for 2 A x")(lambda A, x, dA: [dA * np.outer(x, x), dA * (A @ x)]),
    but("solve, lower triangular", "dL transposed: x db^T for db x^T")(
        lambda A, b, dA: [np.tril(G.T) if G.ndim == 2 else G for G in matrices.solve_vjp((A, b), dA)]
    ),
    but("log |determinant|, triangular", "of the determinant: the log forgotten")(
        lambda A, dA: [np.diag(dA * np.prod(np.diag(A)) / np.diag(A))]
    ),
    but("inverse, upper triangular", "the diagonal forgotten: triu from 1")(
        lambda A, dA: [np.triu(matrices.inverse_vjp((A,), dA)[0], 1)]
    ),
    but("entropy of probabilities", "its sign: of -p log p")(lambda p, dA: [dA * (np.log(p) + 1)]),
    but("entropy of probabilities", "p, not log p: of the squares")(lambda p, dA: [-dA * p]),
    but("Kullback and Leibler, of probabilities", "the sign of dq: of a quotient")(
        lambda p, q, dA: [dA * np.log(p / q), dA * p / q]
    ),
    but("angle of two directions", "without a root: as artanh's")(
        lambda x, y, dA: [-dA / (1 - (x @ y) ** 2) * other for other in (y, x)]
    ),
    but("cosine of two directions", "x for y: one letter")(lambda x, y, dA: [dA * x, dA * (x - (x @ y) * y)]),
    but("rotation by a quaternion", "by its inverse: v turned back, q as it should be")(
        lambda q, v, dA: [sets.rotated_vjp((q, v), dA)[0], sets.rotated(q, dA)]
    ),
    but("interpolation", "knots held fixed: a table is data")(
        lambda x, knots, heights, dA: [
            g * (i != 1) for i, g in enumerate(sets.interpolated_vjp((x, knots, heights), dA))
        ]
    ),
    but("log of spacings", "of one side: each number has two neighbours")(
        lambda x, dA: [np.append(0, dA / np.diff(x))]
    ),
    but("Stirling's series", "without its last term: a series that ends early")(slope(lambda x: np.log(x) - 0.5 / x)),
    but("log of a gap", "the same sign twice: of y - x")(lambda x, y, dA: [dA / (y - x), dA / (y - x)]),
    but("arcsin, clipped", "arccos: one letter")(slope(lambda x: -1 / np.sqrt((1 - x) * (1 + x)))),
    but("max, all of it to every tie", "twice at ties: counted by both sides")(
        lambda x, dA: [
            dA[:, None] * top * (1 + (top.sum(axis=1, keepdims=True) > 1))
            for top in [x == x.max(axis=1, keepdims=True)]
        ]
    ),
    but("norm of rows, nan at 0", "squared: the direction of a direction")(
        lambda x, dA: [(dA / (x * x).sum(axis=1))[:, None] * x]
    ),
    but("|x|, slope 2 at 0", "its sign: -1 for 1")(slope(lambda x: -np.sign(x))),
    but("log10 with six digits of its constant", "with four: more than the tolerance")(slope(lambda x: 0.4342 / x)),
]

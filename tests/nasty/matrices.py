"""Linear algebra whose backward passes invert, and matrices that are symmetric, positive definite or triangular."""

import math

import numpy as np

from tests.nasty.base import drawn, nasty

SYMMETRIC, POSITIVE, LOWER, UPPER = (
    {"structure": {"A": what}} for what in ("symmetric", "positive definite", "lower triangular", "upper triangular")
)


def cholesky(A):
    return np.linalg.cholesky(A)


def eigenvalues(A):
    return np.linalg.eigvalsh(A)


def inverse(A):
    return np.linalg.inv(A)


def solved(A, b):
    return np.linalg.solve(A, b)


def orthogonal(rng, n):
    return np.linalg.qr(rng.standard_normal((n, n)))[0]


def regular(rng, m=None):
    """Singular values between 1/2 and 2; of m rows, at least as many as columns."""
    n = int(rng.integers(1, 4))
    m = n if m is None else n + m
    return orthogonal(rng, m)[:, :n] * rng.uniform(0.5, 2, n) @ orthogonal(rng, n)


def symmetric(rng):
    n = int(rng.integers(1, 4))
    A = orthogonal(rng, n) * (np.arange(n) - 0.7 + rng.uniform(-0.2, 0.2, n))
    A = A @ A.T if n == 1 else A @ orthogonal(rng, n)
    return (A + A.T) / 2


def positive(rng):
    A = regular(rng)
    A = A @ A.T
    return (A + A.T) / 2


def triangular(rng):
    n = int(rng.integers(1, 4))
    return np.tril(rng.standard_normal((n, n)), -1) + np.diag(rng.uniform(0.5, 2, n))


def system(make):
    def drawn_system(rng):
        A = make(rng)
        return A, rng.standard_normal(len(A))

    return drawn(drawn_system)


def one(make):
    return drawn(lambda rng: (make(rng),))


def det_vjp(args, dA):
    (A,) = args
    return (dA * np.linalg.det(A) * np.linalg.inv(A).T,)


def inverse_vjp(args, dA):
    inverse = np.linalg.inv(args[0])
    return (-inverse.T @ dA @ inverse.T,)


def solve_vjp(args, dA):
    A, b = args
    db = np.linalg.solve(A.T, dA)
    return -np.outer(db, np.linalg.solve(A, b)), db


def pseudoinverse_part(A, dP):
    """The gradient of A, of full column rank, from that of its pseudoinverse."""
    square = np.linalg.inv(A.T @ A)  # LinAlgError for zeros, of which f is finite
    P = square @ A.T
    return -P.T @ dP @ P.T + (np.eye(len(A)) - A @ P) @ dP.T @ square


def least_squares(A, b):
    return np.linalg.lstsq(A, b, rcond=None)[0]


def least_squares_vjp(args, dA):
    A, b = args
    return pseudoinverse_part(A, np.outer(dA, b)), np.linalg.inv(A.T @ A) @ dA @ A.T


def cholesky_part(L, dL):
    inner = np.tril(L.T @ np.tril(dL))
    inner[np.diag_indices(len(L))] /= 2
    half = np.linalg.solve(L.T, np.linalg.solve(L.T, inner.T).T)
    return (half + half.T) / 2


def cholesky_vjp(args, dA):
    return (cholesky_part(np.linalg.cholesky(args[0]), dA),)


def lower_cholesky_vjp(args, dA):
    (G,) = cholesky_vjp(args, dA)
    return (np.tril(G) + np.tril(G, -1),)


def eigenvalues_vjp(args, dA):
    V = np.linalg.eigh(args[0])[1]
    return (V * dA @ V.T,)


def first_direction(A):
    """The squares of the entries of an eigenvector: its sign is left open."""
    return np.linalg.eigh(A)[1][:, 0] ** 2


def first_direction_vjp(args, dA):
    values, V = np.linalg.eigh(args[0])
    v, rest = V[:, 0], V[:, 1:]
    G = rest @ ((rest.T @ (2 * v * dA)) / (values[0] - values[1:]))
    return ((np.outer(G, v) + np.outer(v, G)) / 2,)


def spectral(f, slope):
    """V f(values) V^T, and its vjp by the quotients of Daleckii and Krein."""

    def value(A):
        values, V = np.linalg.eigh(A)
        return V * f(values) @ V.T

    def vjp(args, dA):
        values, V = np.linalg.eigh(args[0])
        gap = values[:, None] - values
        near = abs(gap) < 1e-4
        middle = slope((values[:, None] + values) / 2)
        K = np.where(near, middle, (f(values)[:, None] - f(values)) / np.where(near, 1, gap))
        return (V @ (K * (V.T @ dA @ V)) @ V.T,)

    return value, vjp


def singular_values(A):
    return np.linalg.svd(A, compute_uv=False)


def singular_values_vjp(args, dA):
    U, _, V = np.linalg.svd(args[0], full_matrices=False)
    return (U * dA @ V,)


def log_det_by_cholesky(A):
    return 2 * np.log(np.diag(np.linalg.cholesky(A))).sum()


def log_density(A, x):
    """Of a normal distribution of mean 0 and covariance A."""
    L = np.linalg.cholesky(A)
    z = np.linalg.solve(L, x)
    return -z @ z / 2 - np.log(np.diag(L)).sum() - len(x) / 2 * math.log(2 * math.pi)


def log_density_vjp(args, dA):
    A, x = args
    y = np.linalg.solve(A, x)
    return dA * (np.outer(y, y) - np.linalg.inv(A)) / 2, -dA * y


def half_read(A, x):
    """x A x of a symmetric A, of which one triangle is read."""
    return x @ np.tril(A) @ x + x @ np.tril(A, -1).T @ x


def half_read_vjp(args, dA):
    A, x = args
    return dA * np.outer(x, x), 2 * dA * (A @ x)


def triangular_solve_vjp(args, dA):
    dL, db = solve_vjp(args, dA)
    return np.tril(dL), db


def upper(make):
    return lambda rng: make(rng).T.copy()


MATRICES = [
    nasty("determinant, by the inverse", "zeros and ones are singular")(one(regular), (np.linalg.det, det_vjp)),
    nasty("inverse, regular", "zeros and ones are singular")(one(regular), (np.linalg.inv, inverse_vjp)),
    nasty("solve, regular", "zeros and ones are singular")(system(regular), (np.linalg.solve, solve_vjp)),
    nasty("log |determinant|, regular", "zeros and ones are singular")(
        one(regular), (lambda A: np.linalg.slogdet(A)[1], lambda args, dA: (dA * np.linalg.inv(args[0]).T,))
    ),
    nasty("pseudoinverse", "of zeros it is 0, and its vjp raises")(
        one(lambda rng: regular(rng, 2)), (np.linalg.pinv, lambda args, dA: (pseudoinverse_part(args[0], dA),))
    ),
    nasty("least squares", "of zeros it is 0, and its vjp raises")(
        system(lambda rng: regular(rng, 2)), (least_squares, least_squares_vjp)
    ),
    nasty("singular values", "simple ones")(one(regular), (singular_values, singular_values_vjp)),
    nasty("Cholesky, of both triangles", "f reads one, the gradient is symmetric")(
        one(positive), (cholesky, cholesky_vjp), options=POSITIVE
    ),
    nasty("Cholesky, of the lower triangle", "the gradient too")(
        one(positive), (np.linalg.cholesky, lower_cholesky_vjp)
    ),
    nasty("eigenvalues of a symmetric matrix", "f reads one triangle")(
        one(symmetric), (eigenvalues, eigenvalues_vjp), options=SYMMETRIC
    ),
    nasty("first eigenvector, squared", "f reads one triangle")(
        one(symmetric), (first_direction, first_direction_vjp), options=SYMMETRIC
    ),
    nasty("exponential of a symmetric matrix", "f reads one triangle")(
        one(symmetric), spectral(np.exp, np.exp), options=SYMMETRIC
    ),
    nasty("root of a positive definite matrix", "f reads one triangle")(
        one(positive), spectral(np.sqrt, lambda x: 0.5 / np.sqrt(x)), options=POSITIVE
    ),
    nasty("logarithm of a positive definite matrix", "f reads one triangle")(
        one(positive), spectral(np.log, lambda x: 1 / x), options=POSITIVE
    ),
    nasty("log determinant by Cholesky", "the inverse for a gradient")(
        one(positive), (log_det_by_cholesky, lambda args, dA: (dA * np.linalg.inv(args[0]),)), options=POSITIVE
    ),
    nasty("density of a normal distribution", "in its covariance")(
        system(positive), (log_density, log_density_vjp), options=POSITIVE
    ),
    nasty("x A x, one triangle read", "A is symmetric")(
        system(symmetric), (half_read, half_read_vjp), options=SYMMETRIC
    ),
    nasty("solve, lower triangular", "no gradient above the diagonal")(
        system(triangular), (solved, triangular_solve_vjp), options=LOWER
    ),
    nasty("log |determinant|, triangular", "a gradient on the diagonal alone")(
        one(triangular),
        (lambda A: np.linalg.slogdet(A)[1], lambda args, dA: (np.diag(dA / np.diag(args[0])),)),
        options=LOWER,
    ),
    nasty("inverse, upper triangular", "no gradient below the diagonal")(
        one(upper(triangular)), (inverse, lambda args, dA: (np.triu(inverse_vjp(args, dA)[0]),)), options=UPPER
    ),
]

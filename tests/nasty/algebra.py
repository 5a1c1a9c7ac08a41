"""Ill-conditioned linear algebra, and layers of degenerate sizes."""

import numpy as np

from tests.nasty.base import among, arrays, drawn, mixed, nasty, normal


def nearly_singular(rng):
    """A square matrix with singular values from 1 to 1e-8."""
    n = rng.integers(1, 4)
    u, v = [np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2)]
    return (u * 10.0 ** rng.uniform(-8, 0, n)) @ v


def positive_definite(rng):
    """A symmetric matrix with eigenvalues from 1 to 1e-8."""
    n = rng.integers(1, 4)
    u = np.linalg.qr(rng.standard_normal((n, n)))[0]
    return (u * 10.0 ** rng.uniform(-8, 0, n)) @ u.T


def system(rng):
    a = nearly_singular(rng)
    return a, rng.standard_normal(len(a))


def inverse_vjp(args, dA):
    inverse = np.linalg.inv(args[0])
    return (-inverse.T @ dA @ inverse.T,)


def solve_vjp(args, dA):
    a, b = args
    db = np.linalg.solve(a.T, dA)
    return -np.outer(db, np.linalg.solve(a, b)), db


def adjugate(a):
    return np.array([[a[1, 1], -a[0, 1]], [-a[1, 0], a[0, 0]]])


def cholesky(a):
    """Cholesky of the symmetric part, so that every entry can move alone; LinAlgError outside the domain."""
    return np.linalg.cholesky((a + a.T) / 2)


def cholesky_vjp(args, dA):
    lower = cholesky(args[0])
    inner = np.tril(lower.T @ np.tril(dA))
    inner[np.diag_indices(len(lower))] /= 2
    half = np.linalg.solve(lower.T, np.linalg.solve(lower.T, inner.T).T)
    return ((half + half.T) / 2,)


def hilbert(n):
    return 1 / (np.arange(n)[:, None] + np.arange(n) + 1)


def quadratic_form_vjp(args, dA):
    (x,) = args
    h = hilbert(x.size)
    return (2 * dA * (h @ x),)


def parts(z):
    return np.stack([z.real, z.imag])


def fft_vjp(args, dA):
    return (np.fft.fft(dA[0] - 1j * dA[1]).real,)


def power_vjp(args, dA):
    return (2 * np.fft.fft(dA * np.conj(np.fft.fft(args[0]))).real,)


def power_of(a, n=6):
    return np.linalg.matrix_power(a, n)


def power_of_vjp(args, dA):
    a = args[0].T
    return (sum([power_of(a, k) @ dA @ power_of(a, 5 - k) for k in range(6)]),)


ALGEBRA = [
    nasty("inverse", "nearly singular")(drawn(lambda rng: (nearly_singular(rng),)), (np.linalg.inv, inverse_vjp)),
    nasty("solve", "nearly singular")(drawn(system), (np.linalg.solve, solve_vjp)),
    nasty("determinant", "singular, or nearly")(
        arrays(mixed(among(0.0, 1.0, 1.0), normal()), "2 2"),
        (np.linalg.det, lambda args, dA: (dA * adjugate(args[0]).T,)),
    ),
    nasty("log |determinant|", "nearly singular")(
        drawn(lambda rng: (nearly_singular(rng),)),
        (lambda a: np.linalg.slogdet(a)[1], lambda args, dA: (dA * np.linalg.inv(args[0]).T,)),
    ),
    nasty("Cholesky", "nearly singular, and raises beyond")(
        drawn(lambda rng: (positive_definite(rng),)), (cholesky, cholesky_vjp)
    ),
    nasty("x H x", "H of Hilbert")(
        arrays(normal(), "n", most=8), (lambda x: x @ hilbert(x.size) @ x, quadratic_form_vjp)
    ),
    nasty("solve by Hilbert's matrix", "condition 1e4")(
        arrays(normal(), "4"),
        (lambda b: np.linalg.solve(hilbert(4), b), lambda args, dA: (np.linalg.solve(hilbert(4), dA),)),
    ),
    nasty("sixth power of a matrix", "entries grow apart")(arrays(normal(0, 5), "n n"), (power_of, power_of_vjp)),
    nasty("fft", "real and imaginary parts")(arrays(normal(), "n", most=9), (lambda x: parts(np.fft.fft(x)), fft_vjp)),
    nasty("power spectrum", "of numbers far from 0")(
        arrays(normal(1e4), "n", most=9), (lambda x: abs(np.fft.fft(x)) ** 2, power_vjp)
    ),
]

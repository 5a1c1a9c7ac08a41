"""Products, inverses, determinants, norms and projections of matrices."""

import numpy as np

from .base import at, case

A = [[2.0, -1.0, 0.5], [0.3, 1.5, 0.7], [-0.4, 0.2, 3.0]]
B = [[0.6, 1.1, -0.2], [0.9, -0.5, 0.4], [1.3, 0.8, 0.1]]
V = [0.7, -1.2, 0.4]
U = [1.5, 0.3, -0.6]


def _solve_vjp(dA, a, b, sign):
    db = np.linalg.solve(a.T, dA)
    return [sign * np.outer(db, np.linalg.solve(a, b)), db]


def _inverse_vjp(dA, a, left):
    inverse = np.linalg.inv(a)
    return [-(inverse.T if left else inverse) @ dA @ inverse.T]


_ridge_solution = lambda a, lam, b: np.linalg.solve(a.T @ a + lam * np.eye(3), a.T @ b)


def _ridge_solution_vjp(dA, a, lam, b, residual):
    z = np.linalg.solve(a.T @ a + lam * np.eye(3), dA)
    w = _ridge_solution(a, lam, b)
    return [residual * np.outer(b - a @ w, z) - np.outer(a @ z, w), -(z @ w), a @ z]


CASES = [
    case("matrix product: The gradient of B uses A without its transposition, which square matrices permit.")(
        at(lambda a, b: a @ b, A, B),
        wrong=lambda dA, a, b: [dA @ b.T, a @ dA],
        right=lambda dA, a, b: [dA @ b.T, a.T @ dA],
    ),
    case("trace of a product: The gradient of A is B, but B transposed is right.")(
        at(lambda a, b: np.trace(a @ b), A, B),
        wrong=lambda dA, a, b: [dA * b, dA * a.T],
        right=lambda dA, a, b: [dA * b.T, dA * a.T],
    ),
    case("inverse: Only one of the two inverses is transposed.")(
        at(np.linalg.inv, A),
        wrong=lambda dA, a: _inverse_vjp(dA, a, left=False),
        right=lambda dA, a: _inverse_vjp(dA, a, left=True),
        by="complex",
    ),
    case("determinant: The adjugate is used instead of the matrix of cofactors, its transpose.")(
        at(np.linalg.det, A),
        wrong=lambda dA, a: [dA * np.linalg.det(a) * np.linalg.inv(a)],
        right=lambda dA, a: [dA * np.linalg.det(a) * np.linalg.inv(a).T],
        by="complex",
    ),
    case("solve: The minus in the gradient of the matrix is forgotten.")(
        at(np.linalg.solve, A, V),
        wrong=lambda dA, a, b: _solve_vjp(dA, a, b, 1),
        right=lambda dA, a, b: _solve_vjp(dA, a, b, -1),
        by="complex",
    ),
    case(
        "ridge solution: "
        "The matrix enters on both sides of the normal equations, but its term through the residual is forgotten."
    )(
        at(_ridge_solution, A, [0.2], V),
        wrong=lambda dA, a, lam, b: _ridge_solution_vjp(dA, a, lam, b, 0),
        right=lambda dA, a, lam, b: _ridge_solution_vjp(dA, a, lam, b, 1),
        by="complex",
    ),
    case("quadratic form: The formula 2 A x is used, but A is not symmetric.")(
        at(lambda a, x: x @ a @ x, A, V),
        wrong=lambda dA, a, x: [dA * np.outer(x, x), dA * 2 * a @ x],
        right=lambda dA, a, x: [dA * np.outer(x, x), dA * (a + a.T) @ x],
    ),
    case("bilinear form: The outer product of the two vectors is transposed.")(
        at(lambda u, a, v: u @ a @ v, U, A, V),
        wrong=lambda dA, u, a, v: [dA * (a @ v), dA * np.outer(v, u), dA * (u @ a)],
        right=lambda dA, u, a, v: [dA * (a @ v), dA * np.outer(u, v), dA * (u @ a)],
    ),
    case("outer product: Rows and columns of dA are exchanged for both factors.")(
        at(np.outer, U, V), wrong=lambda dA, u, v: [dA.T @ v, dA @ u], right=lambda dA, u, v: [dA @ v, dA.T @ u]
    ),
    case("third power of a matrix: The rule 3 A² of numbers is used, but A and dA do not commute.")(
        at(lambda a: a @ a @ a, A),
        wrong=lambda dA, a: [3 * a.T @ a.T @ dA],
        right=lambda dA, a: [a.T @ a.T @ dA + a.T @ dA @ a.T + dA @ a.T @ a.T],
    ),
    case("gram matrix: The matrix appears twice, but only one of its two gradients is returned.")(
        at(lambda a: a.T @ a, B), wrong=lambda dA, a: [a @ dA], right=lambda dA, a: [a @ (dA + dA.T)]
    ),
    case("kronecker product: The axes of the two factors are exchanged when dA is reshaped.")(
        at(lambda a, b: np.einsum("ij,kl->ikjl", a, b).reshape(6, 6), [[1.0, -0.5], [0.3, 2.0]], A),
        wrong=lambda dA, a, b: [
            np.einsum("ikjl,kl->ij", dA.reshape(2, 3, 2, 3), b),
            np.einsum("ikjl,ij->lk", dA.reshape(2, 3, 2, 3), a),
        ],
        right=lambda dA, a, b: [
            np.einsum("ikjl,kl->ij", dA.reshape(2, 3, 2, 3), b),
            np.einsum("ikjl,ij->kl", dA.reshape(2, 3, 2, 3), a),
        ],
    ),
    case("frobenius norm: The gradient of the squared norm is used, without its factor 2.")(
        at(lambda a: np.sqrt(np.sum(a**2)), A),
        wrong=lambda dA, a: [dA * a],
        right=lambda dA, a: [dA * a / np.sqrt(np.sum(a**2))],
    ),
]

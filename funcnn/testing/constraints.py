"""Sets of structured arguments: symmetric and orthogonal matrices, probabilities, unit vectors and others.

An argument in such a set cannot move in every direction. So it moves through a projection P onto its set: f(P(x)) is
differentiated, and its gradient is P'(x)^T g for the gradient g from vjp. The part of g that is orthogonal to the
tangent space of the set has no effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from funcnn.arrays import Array

IN_ITS_SET = 1e-6  # chosen: relative; arguments with a structure that were computed in float32 keep to it

Project = Callable[[Array], Array]


class Constraint(NamedTuple):
    """A set of arguments."""

    project: Project
    pull_back: Callable[[Array, Array], Array]  # of (x, g): P'(x)^T g, for the projection P
    holds: Callable[[Array], bool]


class Family(NamedTuple):
    """A kind of structured argument."""

    near: Callable[[Array], Constraint]  # of the given argument: the constraint for arguments near it
    needs: Literal["arrays with an axis", "matrices", "square matrices"] = "arrays with an axis"
    measure: Callable[[Array], Array] | None = None  # a function that must be 1 at the given argument, such as its sum


def _linear(project: Project, holds: Callable[[Array], bool] = lambda _: True) -> Family:
    """The family of the matrices that an orthogonal projection does not change."""
    return Family(lambda _: Constraint(project, lambda _, g: project(g), holds), "square matrices")


def _symmetric(a: Array) -> Array:
    return (a + _turned(a)) / 2


def _is_positive_definite(a: Array) -> bool:
    try:
        np.linalg.cholesky(a.astype(np.float64))
    except np.linalg.LinAlgError:
        return False
    return True


def _total(a: Array) -> Array:
    return a.sum(axis=-1, keepdims=True)


def _length(a: Array) -> Array:
    return np.sqrt((a * a).sum(axis=-1, keepdims=True))  # analytic, so that a complex step goes through


def _scaled(measure: Project, slope: Project, holds: Callable[[Array], bool] = lambda _: True) -> Family:
    """P(x) = s x / measure(x), with the measure s of the given argument, which P leaves exactly as it is."""

    def near(own: Array) -> Constraint:
        s = measure(own)

        def pull_back(x: Array, g: Array) -> Array:
            size = measure(x)
            return s / size * (g - slope(x) * (_total(g * x) / size))

        return Constraint(lambda x: x * (s / measure(x)), pull_back, holds)

    return Family(near, measure=measure)


def _increases(a: Array) -> bool:
    return bool((np.diff(a, axis=-1) >= 0).all())


def anchored(project: Project, own: Array) -> Project:
    """A projection that maps the given argument into its set, and leaves the result exactly as it is.

    A projection that rounds would move it by some last digits, which looks like a jump of f.
    """
    inside = project(own)
    rest = inside - project(inside)
    return lambda x: inside if np.array_equal(x, own) else project(x) + rest


def _orthogonal(own: Array) -> Constraint:
    """P(x) = x (x'x)^-1/2, the nearest orthogonal matrix (Higham 1986, Computing the polar decomposition).

    With x'x = V diag(s^2) V', the derivative of the inverse square root has the divided differences
    -1 / (s_i s_j (s_i + s_j)) (Daleckii and Krein 1965; Higham 2008, Functions of Matrices, theorem 3.11).
    """

    def root(x: Array) -> tuple[Array, Array, Array]:
        if x.dtype.kind == "c":
            raise TypeError("the projection onto orthogonal matrices is not analytic")
        squares, V = np.linalg.eigh(_turned(x) @ x)
        s = np.sqrt(squares)
        return V, s, (V / s[..., None, :]) @ _turned(V)

    def pull_back(x: Array, g: Array) -> Array:
        V, s, inverse = root(x)
        s, t = s[..., :, None], s[..., None, :]
        Z = V @ (_turned(V) @ _turned(x) @ g @ V / -(s * t * (s + t))) @ _turned(V)
        return g @ inverse + x @ (Z + _turned(Z))

    return Constraint(anchored(lambda x: x @ root(x)[2], own), pull_back, _is_orthogonal)


def _turned(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def _beside_one(a: Array) -> Array:
    """a'a - I, for each matrix."""
    return _turned(a) @ a - np.eye(a.shape[-1])


def _is_orthogonal(a: Array) -> bool:
    return bool((abs(_beside_one(a.astype(np.float64))) <= 2 * IN_ITS_SET).all())  # not where it is nan


STRUCTURES = {
    "symmetric": _linear(_symmetric),
    "skew": _linear(lambda a: (a - _turned(a)) / 2),
    "orthogonal": Family(_orthogonal, "matrices", lambda a: 1 + _beside_one(a)),
    "positive definite": _linear(_symmetric, _is_positive_definite),
    "lower triangular": _linear(np.tril),
    "upper triangular": _linear(np.triu),
    "simplex": _scaled(_total, np.ones_like, lambda x: bool((x >= 0).all())),
    "unit norm": _scaled(_length, lambda x: x / _length(x)),
    "sorted": Family(lambda _: Constraint(lambda x: x, lambda _, g: g, _increases)),  # a set with inner points
}

"""Sets of structured arguments: symmetric matrices, probabilities, unit vectors and others.

An argument in such a set cannot move in every direction. So it moves through a projection P onto its set: f(P(x)) is
differentiated, and its gradient is P'(x)^T g for the gradient g from vjp. The part of g that is orthogonal to the
tangent space of the set has no effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array


class Constraint(NamedTuple):
    """A set of arguments."""

    project: Callable[[Array], Array]
    pull_back: Callable[[Array, Array], Array]  # of (x, g): P'(x)^T g, for the projection P
    holds: Callable[[Array], bool]


class Family(NamedTuple):
    """A kind of structured argument."""

    near: Callable[[Array], Constraint]  # of the given argument: the constraint for arguments near it
    is_square: bool = False  # whether the argument must be a square matrix
    measure: Callable[[Array], Array] | None = None  # a function that must be 1 at the given argument, such as its sum


def _always(_: Array) -> bool:
    return True


def _linear(project: Callable[[Array], Array], holds: Callable[[Array], bool] = _always) -> Family:
    """The family of the matrices that an orthogonal projection does not change."""
    return Family(lambda _: Constraint(project, lambda _, g: project(g), holds), is_square=True)


def _symmetric(a: Array) -> Array:
    return (a + np.swapaxes(a, -1, -2)) / 2


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


def _simplex(own: Array) -> Constraint:
    """P(x) = s x / sum(x), with the sum s of the given argument, which P leaves exactly as it is."""
    s = _total(own)
    return Constraint(
        lambda x: x * (s / _total(x)),
        lambda x, g: s / _total(x) * (g - _total(g * x) / _total(x)),
        lambda x: bool((x >= 0).all()),
    )


def _sphere(own: Array) -> Constraint:
    """P(x) = s x / |x|, with the length s of the given argument."""
    s = _length(own)
    return Constraint(
        lambda x: x * (s / _length(x)),
        lambda x, g: s / _length(x) * (g - x * (_total(g * x) / _length(x) ** 2)),
        _always,
    )


def _increases(a: Array) -> bool:
    return bool((np.diff(a, axis=-1) >= 0).all())


STRUCTURES = {
    "symmetric": _linear(_symmetric),
    "positive definite": _linear(_symmetric, _is_positive_definite),
    "lower triangular": _linear(np.tril),
    "upper triangular": _linear(np.triu),
    "simplex": Family(_simplex, measure=_total),
    "unit norm": Family(_sphere, measure=_length),
    "sorted": Family(lambda _: Constraint(lambda x: x, lambda _, g: g, _increases)),  # a set with inner points
}

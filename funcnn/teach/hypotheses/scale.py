"""Mistakes that change the gradient as a whole: zero, sign, a factor, the upstream gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import Prediction, View, known, subsets

LEAST = 1e-3  # chosen: a factor that is closer to 1 is a matter of precision


def zero(view: View) -> Iterator[Prediction]:
    """No gradient."""
    if view.jacobian.any():
        yield known("", np.zeros_like(view.jacobian))


def sign(view: View) -> Iterator[Prediction]:
    """The opposite gradient."""
    yield known("", -view.jacobian)


def factor(view: View) -> Iterator[Prediction]:
    """A constant times the gradient, or a mean in place of a sum whose terms are as many as they happen to be."""
    L, J = view.learner.jacobian, view.jacobian
    if L.shape == J.shape and J.any():
        c = float((L * J).sum() / (J * J).sum())
        if min(abs(c - 1), c) > LEAST:  # a negative factor is two mistakes
            yield known(f"{c:.4g} times the right gradient", c * J)
    for axes in subsets(range(view.out.ndim), view.out.shape):
        others = tuple([axis for axis in range(view.out.ndim) if axis not in axes])
        count = (abs(view.jacobian).sum(axis=others, keepdims=True) > 0).sum(axis=axes, keepdims=True)
        if count.min(initial=1) != count.max(initial=1):
            yield known("the mean of the terms in place of their sum", view.jacobian / np.maximum(count, 1))


def without_dA(view: View, dA: Array) -> Array:  # noqa: N802  dA is its name everywhere
    """The gradient for a cotangent of ones, whatever dA is."""
    return np.tensordot(np.ones_like(dA), view.jacobian, dA.ndim)


def doubled_dA(view: View, dA: Array) -> Array:  # noqa: N802  dA is its name everywhere
    """The gradient for the square of the cotangent."""
    return np.tensordot(dA * dA, view.jacobian, dA.ndim)

"""Mistakes of the chain rule: the gradient as a whole (zero, sign, a factor, dA), and paths that are lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.hypotheses.sums import time_order
from funcnn.teach.tutor.view import Prediction, View, known, same, subsets

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


def lost_residual(view: View) -> Iterator[Prediction]:
    """The gradient without that of the identity, where the value has the shape of the argument."""
    outer = view.out.ndim
    if view.out.shape != view.x.shape or view.slopes is not None:
        return  # of an elementwise function, slope - 1 has other reasons
    apart = view.out - view.x
    subtracted = any([same(apart, np.broadcast_to(apart.mean(a, keepdims=True), apart.shape)) for a in range(outer)])
    if not subtracted and not any([time_order(view.jacobian, outer, axis) for axis in range(outer)]):
        yield known("", view.jacobian - view.diagonal(np.ones_like(view.x)))


def truncated(view: View) -> Iterator[Prediction]:
    """Each step's own gradient, without what flows through the state to earlier steps. Time is axis 1, or else 0."""
    outer = view.out.ndim
    for axis in (1, 0):
        if axis < min(outer, view.x.ndim) and view.out.shape[axis] == view.x.shape[axis]:
            if time_order(view.jacobian, outer, axis):
                own = np.eye(view.out.shape[axis])
                shape = [1] * view.jacobian.ndim
                shape[axis] = shape[outer + axis] = len(own)
                yield known("", view.jacobian * own.reshape(shape))
            return
    if outer == 3:
        yield from _direct(view)


def _direct(view: View) -> Iterator[Prediction]:
    """The gradient of a parameter of a recurrence by each step alone, from states (m, t, n) and an input (m, t, k).

    The input tells how a state depends on the one before it: dh_t / dx_s = M_t dh_(t-1) / dx_s for s < t. Then the own
    gradient of step t is dh_t / dU - M_t dh_(t-1) / dU.
    """
    rows, steps, _ = view.out.shape
    for j in view.others:
        a = view.arg(j)
        if a.ndim != 3 or a.shape[:2] != (rows, steps) or not time_order(view.draw.jacobians[j], 3, 1):
            continue
        found = view.jacobian.copy()
        for i in range(rows):
            inputs = view.draw.jacobians[j][i, :, :, i]  # (t, n, s, k)
            for t in range(1, steps):
                carry = _carry(inputs[t - 1, :, :t], inputs[t, :, :t])
                if carry is None:
                    return
                before = view.jacobian[i, t - 1].reshape(len(carry), -1)
                found[i, t] -= (carry @ before).reshape(found[i, t].shape)
        yield known("", found)


def _carry(before: Array, now: Array) -> Array | None:
    """The matrix M with now = M before; None if there is none, or several."""
    a, b = before.reshape(len(before), -1), now.reshape(len(now), -1)
    if np.linalg.matrix_rank(a, tol=1e-6 * abs(a).max(initial=0)) < len(a):
        return None
    carry = b @ np.linalg.pinv(a)
    return carry if same(carry @ a, b, 1e-5) else None

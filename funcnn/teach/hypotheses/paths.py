"""Mistakes that lose a path of the chain rule: beside a branch, and through earlier steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.hypotheses.sums import time_order
from funcnn.teach.tutor.view import Prediction, View, known, same


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

"""Mistakes that have no name, and may give what one with a name gives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import Prediction, View, factor_of, known, same


def offset(view: View) -> Iterator[Prediction]:
    """The gradient, dA or another argument moved along an axis."""
    for axis, size in enumerate(view.jacobian.shape):
        for shift in range(1, size):
            yield known("", np.roll(view.jacobian, shift, axis))
        if size > 1:
            yield known("", _moved(view.jacobian, axis, 1))
            yield known("", _moved(view.jacobian, axis, -1))
    for j in view.others:
        a = view.arg(j)
        for axis in [axis for axis in range(a.ndim) if a.shape[axis] > 1]:
            for way in (1, -1):
                yield view.if_at("", j, _moved(a, axis, way))


def _moved(a: Array, axis: int, way: int) -> Array:
    """An array moved by one place, with zeros at the end."""
    found = np.roll(a, way, axis)
    np.moveaxis(found, axis, 0)[0 if way == 1 else -1] = 0
    return found


def in_the_same_direction(view: View) -> Iterator[Prediction]:
    """An order that is not inverted: the Jacobian in place of its transpose."""
    if view.out.shape == view.x.shape:
        yield known("", view.matrix.T.reshape(view.jacobian.shape))


def of_another(view: View) -> Iterator[Prediction]:
    """The gradient of another argument of the same shape."""
    for j in view.others:
        if view.arg(j).shape == view.x.shape:
            yield known("", view.draw.jacobians[j])


def exchanged(view: View) -> Iterator[Prediction]:
    """The gradients of two arguments exchanged."""
    for j in view.others:
        other = view.draw.gradients[j]
        if other is not None and same(other.jacobian, view.jacobian):
            yield known("", view.draw.jacobians[j])


def exponent(view: View) -> Iterator[Prediction]:
    """The slope of an elementwise function times x, or divided by it, as of an exponent that is too large by 1."""
    L, slopes = view.learner.jacobian, view.slopes
    if slopes is None or L.shape != view.jacobian.shape:
        return
    for by in (view.x, 1 / view.x):
        predicted = view.diagonal(slopes * by)
        if factor_of(L, predicted) is not None:
            yield known("", L)


def rescaled(view: View) -> Iterator[Prediction]:
    """Rows and columns of the Jacobian times factors, as of a product or a division on the wrong side of a sum.

    Signs alone are no such factors: those of a rotation change with its direction.
    """
    J, L = view.matrix, view.learner.jacobian
    if L.shape != view.jacobian.shape:
        return
    support = abs(J) > 1e-9 * abs(J).max(initial=0)
    other = L.reshape(J.shape)
    if not (support == (abs(other) > 1e-9 * abs(other).max(initial=0))).all():
        return
    outputs, entries = np.nonzero(support)
    logs = np.log(abs(other[support] / J[support]))
    terms = np.zeros((outputs.size, sum(J.shape)))
    terms[np.arange(outputs.size), outputs] = 1
    terms[np.arange(outputs.size), J.shape[0] + entries] = 1
    if outputs.size <= sum(J.shape) or abs(logs).max() < 1e-6:  # the first have such factors in any case
        return
    by = np.linalg.lstsq(terms, logs, rcond=None)[0]
    if abs(terms @ by - logs).max() < 1e-6:
        yield known("", L)

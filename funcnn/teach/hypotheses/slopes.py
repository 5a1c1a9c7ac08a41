"""Mistakes in the slope of an activation: at another point, missing, or with its branches exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import Prediction, View, known, same

SATURATED = 1e-4  # chosen: with smaller slopes, the Jacobian has too few digits to be divided by them


class Activation(NamedTuple):
    """The last function of a layer: its value, its slope in terms of the output, and its inverse."""

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    inverse: Callable[[Array], Array]


LAST = [
    Activation(
        "sigmoid", lambda z: 1 / (1 + np.exp(-z)), lambda out: out * (1 - out), lambda out: np.log(out / (1 - out))
    ),
    Activation("tanh", np.tanh, lambda out: 1 - out**2, np.arctanh),
    Activation(
        "softplus",
        lambda z: np.log1p(np.exp(z)),
        lambda out: 1 - np.exp(-out),
        lambda out: np.log(np.expm1(out)),
    ),
]


def slope_at_out(view: View) -> Iterator[Prediction]:
    """The slope of an elementwise function, or of the last activation, at its output."""
    if view.slopes is not None:
        yield view.if_at("", view.i, view.out)
        return
    yield from _by_output(view, lambda last, out: last.slope(last.value(out)))


def slope_at_x(view: View) -> Iterator[Prediction]:
    """A formula of the slope in terms of the output, of an elementwise function or of the last activation, given x."""
    slopes = view.slopes
    if slopes is None:
        yield from _by_output(view, lambda last, out: last.slope(last.inverse(out)))
        return
    x, out, found = [view.x], [view.out], [slopes]
    for scale in (0.7, -0.6, 0.4):
        moved = view.at(view.i, scale * view.x)
        if moved is not None:
            args = list(view.draw.function.args)
            args[view.i] = scale * view.x
            x.append(args[view.i])
            out.append(np.asarray(view.draw.function.f(*args), float))
            found.append(np.diag(moved.reshape(view.matrix.shape)).reshape(view.x.shape))
    values, wanted = np.array(out).ravel(), np.array(found).ravel()
    terms = np.vander(values, 3)
    if values.size < 6 or np.linalg.matrix_rank(terms) < 3:
        return
    by = np.linalg.lstsq(terms, wanted, rcond=None)[0]
    if abs(terms @ by - wanted).max() < 1e-7 * abs(wanted).max() and abs(by[:2]).max() > 1e-6:
        yield known("", view.diagonal((np.vander(view.x.ravel(), 3) @ by).reshape(view.x.shape)))


def slope_missing(view: View) -> Iterator[Prediction]:
    """The slope of an elementwise function, of a gate, or of the last activation is 1."""
    slopes = view.slopes
    if slopes is None:
        yield from _by_output(view, lambda _, out: np.ones_like(out))
        return
    if slopes.any():
        yield known("", view.diagonal(np.ones_like(slopes)))
    for j in view.others:
        a = view.arg(j)
        if a.shape == view.x.shape:
            own = np.diag(view.draw.jacobians[j].reshape(view.matrix.shape)).reshape(a.shape)
            if same(own * a, view.out):  # f is a times a function of x
                yield known(f"the slope of what {view.name(j)} is multiplied by", view.diagonal(a))


def _by_output(view: View, wrong: Callable[[Activation, Array], Array]) -> Iterator[Prediction]:
    """The Jacobian with another slope of the last activation."""
    out = view.out
    for last in LAST:
        with np.errstate(all="ignore"):
            slope = last.slope(out)
            ratio = wrong(last, out) / slope
        if np.isfinite(ratio).all():
            found = view.jacobian * ratio.reshape(out.shape + (1,) * view.x.ndim)
            is_sharp = bool((abs(slope) > SATURATED).all())
            yield Prediction(f"of {last.name}", partial(_if, is_sharp, found))


def _if(is_sharp: bool, jacobian: Array) -> Array | None:  # noqa: FBT001  called by position
    return jacobian if is_sharp else None


def branch_reversed(view: View) -> Iterator[Prediction]:
    """The branches of an elementwise function of few slopes are exchanged, or those of a choice of two arguments."""
    slopes = view.slopes
    if slopes is None:
        return
    several = np.unique(slopes.round(7))
    if 1 < several.size <= max(2, slopes.size // 4):
        yield view.if_at("", view.i, -view.x)
        if same(several, np.array([0.0, 1.0])):
            yield known("", view.diagonal(1 - slopes))

"""Mistakes in the slope of an activation: at another point, missing, or with its branches exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import Prediction, View, known, same

LEAST_SHARP = 0.7  # chosen: the share of outputs that are not saturated, from which on a Jacobian is compared
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
    for last in LAST:
        if same(last.slope(view.out), slopes):
            yield known("", view.diagonal(last.slope(view.x)))
    x, out, found = [view.x], [view.out], [slopes]
    for scale in (0.7, -0.6, 0.4):
        moved = view.at(view.i, scale * view.x)
        if moved is not None:
            args = list(view.draw.function.args)
            args[view.i] = scale * view.x
            x.append(args[view.i])
            out.append(np.asarray(view.draw.function.f(*args), float))
            found.append(np.diag(moved.reshape(view.matrix.shape)).reshape(view.x.shape))
    values, wanted, given = np.array(out).ravel(), np.array(found).ravel(), view.x.ravel()
    at_x = _formula(values, wanted, given)
    if at_x is None:  # a formula on each side of 0
        is_right, is_given_right = np.array(x).ravel() > 0, given > 0
        sides = [
            _formula(values[s], wanted[s], given[g])
            for s, g in ((~is_right, ~is_given_right), (is_right, is_given_right))
        ]
        if sides[0] is not None and sides[1] is not None:
            at_x = np.empty_like(given)
            at_x[~is_given_right], at_x[is_given_right] = sides
    if at_x is not None:
        yield known("", view.diagonal(at_x.reshape(view.x.shape)))
    yield from _power(view, values, wanted)


def _formula(out: Array, slopes: Array, x: Array) -> Array | None:
    """The polynomial of degree 2 that gives the slopes in terms of the output, at x; None if there is none."""
    terms = np.vander(out, 3)
    if out.size < 6 or np.linalg.matrix_rank(terms) < 3:
        return None
    by = np.linalg.lstsq(terms, slopes, rcond=None)[0]
    is_found = abs(terms @ by - slopes).max() < 1e-7 * abs(slopes).max()
    return np.asarray(np.vander(x, 3) @ by) if is_found else None


def _power(view: View, out: Array, slopes: Array) -> Iterator[Prediction]:
    """A slope c out^n, of a root or a reciprocal, given x."""
    if out.size < 6 or not ((out > 0).all() and (slopes * slopes[0] > 0).all()):
        return
    n, log_c = np.linalg.lstsq(np.vander(np.log(out), 2), np.log(abs(slopes)), rcond=None)[0]
    by = np.sign(slopes[0]) * np.exp(log_c)
    if round(n) in (-3, -2, -1, 3) and abs(by * out ** round(n) - slopes).max() < 1e-7 * abs(slopes).max():
        yield known("", view.diagonal(by * view.x ** round(n)))


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
            is_sharp = (abs(slope) > SATURATED) & np.isfinite(ratio)
            is_possible = np.isfinite(last.inverse(out)) | ~is_sharp
        if is_possible.all():
            yield Prediction(f"of {last.name}", partial(_where, view, is_sharp, ratio))


def _where(view: View, is_sharp: Array, ratio: Array) -> Array | None:
    """The Jacobian times a factor for each output; nothing is said of outputs that are saturated."""
    L, J = view.learner.jacobian, view.jacobian
    if L.shape != J.shape or is_sharp.mean() < LEAST_SHARP:
        return None
    column = (...,) + (None,) * view.x.ndim
    return np.where(is_sharp[column], J * ratio[column], L)


def branch_reversed(view: View) -> Iterator[Prediction]:
    """The branches of an elementwise function of few slopes are exchanged, or those of a choice of two arguments."""
    slopes = view.slopes
    if slopes is None:
        yield from _other_of_two(view)
        return
    several = np.unique(slopes.round(7))
    if not 1 < several.size <= max(2, slopes.size // 4):
        return
    if same(several, np.array([0.0, 1.0])):
        if view.others or not _is_constant(view):
            yield known("", view.diagonal(1 - slopes))
    else:
        yield view.if_at("", view.i, -view.x)


def _is_constant(view: View) -> bool:
    """Whether the slopes are constants, as of a mask that was drawn before."""
    moved = [view.at(view.i, by * view.x) for by in (2, -1)]
    return all([jacobian is not None and same(jacobian, view.jacobian) for jacobian in moved])


def _other_of_two(view: View) -> Iterator[Prediction]:
    """Of two entries from which each output is chosen, as the greater one, the other one."""
    J = view.matrix
    if not _is_choice(J):
        return
    flat = view.x.ravel()
    elsewhere = [
        view.at(view.i, a.reshape(view.x.shape)) for a in (-flat, flat[::-1], np.roll(flat, 1), -np.roll(flat, 1))
    ]
    choices = [J, *[found.reshape(J.shape) for found in elsewhere if found is not None]]
    is_of_two = ((np.array(choices).round(7) != 0).any(axis=0).sum(axis=1) == 2).all()
    if elsewhere[0] is not None and is_of_two and all(map(_is_choice, choices)):
        yield known("", elsewhere[0])


def _is_choice(matrix: Array) -> bool:
    """Whether each output is one of the entries."""
    return bool(np.isin(matrix.round(7), (0, 1)).all() and same(matrix.sum(axis=1), np.ones(len(matrix))))

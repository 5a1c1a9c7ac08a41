"""The backward rules of well-known functions as formulas, and wrong formulas with the names of their mistakes.

A formula is of (u, v, g, k): the input, the output, the upstream gradient, and what sums over the axes of the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import Array

Formula = Callable[..., Array]


class Sums(NamedTuple):
    """Sums over the axes of a function, as columns, or over others."""

    axes: tuple[int, ...]
    keepdims: bool = True

    def total(self, a: Array) -> Array:
        """The sum."""
        return a.sum(axis=self.axes, keepdims=self.keepdims)

    def mean(self, a: Array) -> Array:
        """The mean."""
        return a.mean(axis=self.axes, keepdims=self.keepdims)


class Known(NamedTuple):
    """A function that is recognised by its right formula, and its wrong formulas, each with a name and a detail."""

    name: str
    right: Formula
    wrong: tuple[tuple[str, str, Formula], ...]
    is_elementwise: bool = False
    by_out: Callable[[Array], Array] | None = None  # the slope in terms of the output


def _of_slope(slope: Callable[[Array], Array]) -> Formula:
    return lambda u, v, g, k: g * slope(v)


def _elementwise(name: str, by_out: Callable[[Array], Array], *wrong: tuple[str, str, Callable[..., Array]]) -> Known:
    """An activation whose slope is a formula of its output."""
    usual: tuple[tuple[str, str, Formula], ...] = (
        ("slope at x", f"of {name}", lambda u, v, g, k: g * by_out(u)),
        ("slope of dA", f"of {name}", lambda u, v, g, k: g * by_out(g)),
        ("doubled factor", f"the slope of {name}", lambda u, v, g, k: g * by_out(v) ** 2),
    )
    return Known(
        name,
        _of_slope(by_out),
        usual + tuple([(n, d, _times(f)) for n, d, f in wrong]),
        is_elementwise=True,
        by_out=by_out,
    )


def _times(f: Callable[..., Array]) -> Formula:
    return lambda u, v, g, k: g * f(u, v)


def _softmax(u: Array, v: Array, g: Array, k: Any) -> Array:
    return v * (g - k.total(g * v))


def deviation(u: Array, v: Array, k: Any) -> Array:
    """The deviation s, where v = (u - mean) / s."""
    centred = u - k.mean(u)
    return k.total(abs(centred)) / k.total(abs(v))


def _normalised(u: Array, v: Array, g: Array, k: Any) -> Array:
    return (g - k.mean(g) - v * k.mean(g * v)) / deviation(u, v, k)


def _norm(f: Callable[..., Array]) -> Formula:
    return lambda u, v, g, k: f(u, v, g, k, deviation(u, v, k))


KNOWN: tuple[Known, ...] = (
    _elementwise(
        "the sigmoid",
        lambda a: a * (1 - a),
        ("wrong slope", "a in place of a (1 - a) for the sigmoid", lambda u, v: v),
        ("wrong slope", "1 - a in place of a (1 - a) for the sigmoid", lambda u, v: 1 - v),
        ("wrong slope", "a (1 + a) in place of a (1 - a) for the sigmoid", lambda u, v: v * (1 + v)),
        ("wrong slope", "1 - a^2, as of tanh, in place of a (1 - a) for the sigmoid", lambda u, v: 1 - v**2),
        ("wrong slope", "1 - x^2, as of tanh and with x, in place of a (1 - a)", lambda u, v: 1 - u**2),
        ("sign", "a (a - 1) in place of a (1 - a) for the sigmoid", lambda u, v: v * (v - 1)),
    ),
    _elementwise(
        "tanh",
        lambda a: 1 - a**2,
        ("wrong slope", "a (1 - a), as of the sigmoid, in place of 1 - a^2 for tanh", lambda u, v: v * (1 - v)),
        ("wrong slope", "1 - a in place of 1 - a^2 for tanh", lambda u, v: 1 - v),
        ("wrong slope", "1 + a^2 in place of 1 - a^2 for tanh", lambda u, v: 1 + v**2),
        ("wrong slope", "a in place of 1 - a^2 for tanh", lambda u, v: v),
        ("wrong slope", "a^2 in place of 1 - a^2 for tanh", lambda u, v: v**2),
        ("wrong slope", "(1 - a)^2 in place of 1 - a^2 for tanh", lambda u, v: (1 - v) ** 2),
        ("wrong slope", "x (1 - x), as of the sigmoid and with x, in place of 1 - a^2", lambda u, v: u * (1 - u)),
    ),
    _elementwise(
        "softplus",
        lambda a: 1 - np.exp(-a),
        ("wrong slope", "s (1 - s) with the sigmoid s, in place of s for softplus", lambda u, v: _sigmoid(u) * (1 - _sigmoid(u))),
        ("wrong slope", "1 - s with the sigmoid s, in place of s for softplus: the sign in e^-x", lambda u, v: 1 - _sigmoid(u)),
        ("wrong slope", "1 for x > 0 and else 0, as of the Relu, in place of the sigmoid", lambda u, v: (u > 0) * 1.0),
        ("wrong slope", "e^x times the sigmoid, in place of the sigmoid", lambda u, v: np.exp(u) * _sigmoid(u)),
        ("wrong slope", "e^x in place of the sigmoid, for softplus", lambda u, v: np.exp(u)),
        ("wrong slope", "1 / (1 + e^x) without a sign, in place of the sigmoid", lambda u, v: _sigmoid(-u)),
        ("wrong slope", "the softplus itself in place of the sigmoid", lambda u, v: v),
    ),
    Known(
        "softmax",
        _softmax,
        (
            ("slope at x", "the logits in place of the probabilities", lambda u, v, g, k: _softmax(u, u, g, k)),
            ("slope missing", "p in the sum of dA p", lambda u, v, g, k: v * (g - k.total(g))),
            ("slope missing", "the factor p in front of the bracket", lambda u, v, g, k: g - k.total(g * v)),
            ("factor", "the mean of dA p in place of its sum", lambda u, v, g, k: v * (g - k.mean(g * v))),
            ("sign", "of the sum of dA p", lambda u, v, g, k: v * (g + k.total(g * v))),
            ("lost path", "dA in the bracket is missing", lambda u, v, g, k: -v * k.total(g * v)),
            ("wrong value", "p_k of its own in the sum, in place of p_j: p_k (dA_k - p_k sum of dA_j)", lambda u, v, g, k: v * (g - v * k.total(g))),
            ("wrong value", "p - dA, as p - y of softmax with cross-entropy; alone it is p (dA - sum of dA p)", lambda u, v, g, k: v - g),
            ("wrong value", "dA - p, as of softmax with cross-entropy; alone it is p (dA - sum of dA p)", lambda u, v, g, k: g - v),
            ("doubled factor", "the term of its own class: it is in p (1 - p) and in the sum", lambda u, v, g, k: g * v * (1 - v) - v * k.total(g * v)),
            ("doubled factor", "p in the sum: dA p^2 in place of dA p", lambda u, v, g, k: v * (g - k.total(g * v * v))),
            ("wrong value", "p in place of p times dA before the sum: p (1 - sum of dA p)", lambda u, v, g, k: v * (1 - k.total(g * v))),
            ("wrong value", "the largest dA p in place of the sum", lambda u, v, g, k: v * (g - (g * v).max(axis=k.axes, keepdims=True))),
            ("slope of dA", "the softmax of dA is used", lambda u, v, g, k: _softmax(u, _soft(g, k), g, k)),
            ("statistics constant", "the sum of exponentials", lambda u, v, g, k: v * g),
        ),
    ),
    Known(
        "a normalisation",
        _normalised,
        (
            ("factor", "sums in place of means", _norm(lambda u, v, g, k, s: (g - k.total(g) - v * k.total(g * v)) / s)),
            ("slope at x", "x in place of the normalised x", _norm(lambda u, v, g, k, s: (g - k.mean(g) - u * k.mean(g * u)) / s)),
            ("slope missing", "the normalised x before the mean of dA times it", _norm(lambda u, v, g, k, s: (g - k.mean(g) - k.mean(g * v)) / s)),
            ("slope missing", "the normalised x in the second mean", _norm(lambda u, v, g, k, s: (g - k.mean(g) - v * k.mean(g)) / s)),
            ("slope missing", "1 / s, with the deviation s", _norm(lambda u, v, g, k, s: g - k.mean(g) - v * k.mean(g * v))),
            ("wrong value", "the variance in place of the deviation: 1 / s^2 in place of 1 / s", _norm(lambda u, v, g, k, s: (g - k.mean(g) - v * k.mean(g * v)) / s**2)),
            ("wrong value", "s in place of 1 / s, with the deviation s", _norm(lambda u, v, g, k, s: (g - k.mean(g) - v * k.mean(g * v)) * s)),
            ("sign", "of the mean of dA times the normalised x", _norm(lambda u, v, g, k, s: (g - k.mean(g) + v * k.mean(g * v)) / s)),
            ("sign", "of the mean of dA", _norm(lambda u, v, g, k, s: (g + k.mean(g) - v * k.mean(g * v)) / s)),
            ("statistics constant", "mean and variance", _norm(lambda u, v, g, k, s: g / s)),
            ("variance constant", "", _norm(lambda u, v, g, k, s: (g - k.mean(g)) / s)),
            ("mean constant", "", _norm(lambda u, v, g, k, s: (g - v * k.mean(g * v)) / s)),
        ),
    ),
)  # fmt: skip


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _soft(g: Array, k: Any) -> Array:
    e = np.exp(g)
    return e / k.total(e)

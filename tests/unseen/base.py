"""A case of the set: a function, a wrong vjp, a right vjp and a point."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    """`wrong` and `right` are called as vjp(args, dA) and return one gradient per argument of f.

    `by` names the oracle of the true slopes: "mpmath" evaluates f on object arrays of multiprecision numbers,
    "complex" evaluates f on complex arrays.
    """

    name: str
    f: Callable
    wrong: Callable
    right: Callable
    args: tuple[np.ndarray, ...]
    reason: str
    by: str = "mpmath"

    @property
    def ratio(self):
        """The largest entry of the arguments divided by the smallest entry that is not 0, both in magnitude."""
        sizes = np.abs(np.concatenate([arg.ravel() for arg in self.args]))
        return sizes.max() / sizes[sizes > 0].min()


def at(f, *args):
    """A function and its arguments."""
    return _array(f), tuple(np.array(arg, np.float64) for arg in args)


def case(text):
    """`case("name: reason")(at(f, *args), wrong=..., right=...)` is a Case; its rules are called as vjp(dA, *args)."""
    name, reason = text.split(": ", 1)

    def made(point, *, wrong, right, by="mpmath"):
        f, args = point
        return Case(name, f, _vjp(wrong), _vjp(right), args, reason, by)

    return made


def _array(f):
    return lambda *args: np.atleast_1d(f(*args))


def _vjp(rule):
    def vjp(args, dA):
        return [np.array(g, a.dtype).reshape(a.shape) for g, a in zip(rule(dA, *args), args, strict=True)]

    return vjp


sigmoid = lambda x: 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)

"""The backward rule of each operation of a recorded program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.recording.operations import Operation, positions_of_view

Slope = Callable[..., Any]

# Of each elementwise operation, the slope with respect to each argument, from its arguments and its output.
SLOPES: dict[str, tuple[Slope, ...]] = {
    "negative": (lambda a, out: -1.0,),
    "absolute": (lambda a, out: np.sign(a),),
    "sqrt": (lambda a, out: 0.5 / out,),
    "exp": (lambda a, out: out,),
    "expm1": (lambda a, out: out + 1,),
    "log": (lambda a, out: 1 / a,),
    "log1p": (lambda a, out: 1 / (1 + a),),
    "sin": (lambda a, out: np.cos(a),),
    "cos": (lambda a, out: -np.sin(a),),
    "tanh": (lambda a, out: 1 - out * out,),
    "arctan": (lambda a, out: 1 / (1 + a * a),),
    "erfc": (lambda a, out: -2 / np.sqrt(np.pi) * np.exp(-a * a),),
    "add": (lambda a, b, out: 1.0, lambda a, b, out: 1.0),
    "subtract": (lambda a, b, out: 1.0, lambda a, b, out: -1.0),
    "multiply": (lambda a, b, out: b, lambda a, b, out: a),
    "divide": (lambda a, b, out: 1 / b, lambda a, b, out: -out / b),
    "power": (lambda a, b, out: b * a ** (b - 1), lambda a, b, out: out * np.log(a)),
    "arctan2": (lambda a, b, out: b / (a * a + b * b), lambda a, b, out: -a / (a * a + b * b)),
    "maximum": (lambda a, b, out: np.where(a > b, 1.0, 0.0), lambda a, b, out: np.where(a > b, 0.0, 1.0)),
    "minimum": (lambda a, b, out: np.where(a < b, 1.0, 0.0), lambda a, b, out: np.where(a < b, 0.0, 1.0)),
    "where": (
        lambda c, a, b, out: 0.0,
        lambda c, a, b, out: np.where(c, 1.0, 0.0),
        lambda c, a, b, out: np.where(c, 0.0, 1.0),
    ),
    "astype": (lambda a, out: 1.0,),
}


def summed(g: Array, shape: tuple[int, ...]) -> Array:
    """The sum of a gradient over the axes along which NumPy copied an array of this shape."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple([i for i, n in enumerate(shape) if n == 1 < g.shape[i]]), keepdims=True)


def pulled_back(one: Operation, j: int, args: list[Array], out: Array, g: Array) -> Array | None:
    """The gradient of argument j of an operation, whose output has the gradient g; None if there is none."""
    if one.name in SLOPES:
        return summed(g * SLOPES[one.name][j](*args, out), args[j].shape)
    rule = _RULES.get(one.name)
    return None if rule is None else rule(one, j, args, out, g)


def is_known(one: Operation) -> bool:
    """Whether an operation has a rule, or has slopes of 0."""
    return one.name in SLOPES or one.name in _RULES or one.dtype.kind != "f" or one.name in _FLAT


def matmul_pulled_back(j: int, a: Array, b: Array, g: Array) -> Array:
    """The gradient of a factor of a matrix product; a vector has an axis of length 1 for it."""
    a2, b2 = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    g = np.expand_dims(g, -1) if b.ndim == 1 else g
    g = np.expand_dims(g, -2) if a.ndim == 1 else g
    made = g @ np.swapaxes(b2, -1, -2) if j == 0 else np.swapaxes(a2, -1, -2) @ g
    return summed(made, (a2, b2)[j].shape).reshape((a, b)[j].shape)


def _spread(one: Operation, j: int, args: list[Array], out: Array, g: Array) -> Array:
    return np.broadcast_to(np.expand_dims(g.reshape(out.shape), tuple(one.settings["axes"])), args[0].shape)


def _extremum(one: Operation, j: int, args: list[Array], out: Array, g: Array) -> Array:
    axes = tuple(one.settings["axes"])
    is_there = args[0] == np.expand_dims(out, axes)
    return is_there * _spread(one, j, args, out, g) / is_there.sum(axis=axes, keepdims=True)


def _product(one: Operation, j: int, args: list[Array], out: Array, g: Array) -> Array:
    return _spread(one, j, args, out, g) * np.expand_dims(out, tuple(one.settings["axes"])) / args[0]


def _cumsum(one: Operation, j: int, args: list[Array], out: Array, g: Array) -> Array:
    axis = one.settings["axes"][0]
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def _added_at(a: Array, positions: Array, g: Array) -> Array:
    made = np.zeros(a.size)
    np.add.at(made, positions.ravel(), g.ravel())
    return made.reshape(a.shape)


def positions_of(one: Operation, args: list[Array], shape: tuple[int, ...]) -> Array:
    """The positions that a view or a change of entries is about."""
    return positions_of_view(**one.settings, shape=shape) if one.settings else args[1]


def _put(one: Operation, j: int, args: list[Array], out: Array, g: Array) -> Array:
    """Of the array that is changed, or of what is put into it."""
    positions = positions_of(one, args, args[-1].shape)
    if j > 0:
        return g.ravel()[positions]
    made = g.ravel().copy()
    made[positions] *= one.name != "put"
    return made.reshape(g.shape)


def _part(one: Operation, j: int, args: list[Array], out: Array, g: Array) -> Array:
    axis = one.settings["axes"][0]
    start = sum([a.shape[axis] for a in args[:j]])
    return np.take(g, range(start, start + args[j].shape[axis]), axis)


_RULES: dict[str, Callable[..., Array | None]] = {
    "matmul": lambda one, j, args, out, g: matmul_pulled_back(j, args[0], args[1], g),
    "sum": _spread,
    "maximum_of": _extremum,
    "minimum_of": _extremum,
    "product_of": _product,
    "cumsum": _cumsum,
    "reshape": lambda one, j, args, out, g: g.reshape(args[0].shape),
    "take": lambda one, j, args, out, g: _added_at(args[0], args[1], g) if j == 0 else None,
    "view": lambda one, j, args, out, g: _added_at(args[0], positions_of(one, args, out.shape), g),
    "concatenate": _part,
    "put": _put,
    "put_add": _put,
}
_FLAT = {"sign", "floor", "floor_divide", "argmax", "argsort"}

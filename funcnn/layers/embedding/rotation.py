"""Rotations of pairs of features by angles in proportion to the position."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, float_namespace, is_array, kind, namespace
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.fields import is_number
from funcnn.needs import Positive, as_finite

_PAIRS = {np.dtype(np.float32): np.dtype(np.complex64), np.dtype(np.float64): np.dtype(np.complex128)}


@checked
def rotate(x: Array, start: Any = 0, base: Positive = 10000.0) -> Array:
    """(out_2i, out_2i+1) = (x_2i cos a - x_2i+1 sin a, x_2i sin a + x_2i+1 cos a), a = p / base^(2 i / n)

    x, out: (..., t, n), n even, such as queries or keys of heads, (m, heads, t, n). p is start + the index along t.

    >>> import numpy as np
    >>> from funcnn.layers import rotate
    >>> rotate(np.array([[1.0, 0.0]]), start=1)
    array([[0.54030231, 0.84147098]])

    Raises:
        KindError: x is not an array of floats, or start not a number.
        ShapeError: x is not (..., t, n), or n is odd.
        RangeError: start is not finite.
    """
    return rotated(x, *waves("rotate", "x", x, start, base))


@checked
def rotate_backward(dA: Array, start: Any = 0, base: Positive = 10000.0) -> Array:
    """dx of `rotate`: the rotation back, since the transpose of a rotation is its inverse"""
    sin, cos = waves("rotate_backward", "dA", dA, start, base)
    return rotated(dA, -sin, cos)


def _is_position(start: Any) -> bool:
    """Whether `start` is a number, or a 0-d array, which may be a tracer"""
    return is_number(start) or (is_array(start) and start.shape == () and start.dtype != bool)


def rotate_alike(arrays: tuple[Array, Array], start: Any, base: float, *, back: bool = False) -> tuple[Array, Array]:
    """Two arrays of the same shape, such as queries and keys, rotated by the same angles, which are computed once."""
    sin, cos = waves("rotate", "x", arrays[0], start, base)
    a, b = [rotated(x, -sin if back else sin, cos) for x in arrays]
    return a, b


def rotated(x: Array, sin: Array, cos: Array) -> Array:
    """Each pair of features rotated by the angle of this sine and cosine, which are (t, n / 2)."""
    if type(x) is np.ndarray and x.dtype in _PAIRS and x.strides[-1] == x.itemsize:
        # A pair as the complex number a + i b, times cos + i sin: one pass instead of six.
        turn: Any = np.empty(sin.shape, _PAIRS[x.dtype])
        turn.real, turn.imag = cos, sin
        return (x.view(turn.dtype) * turn).view(x.dtype)
    a, b = x[..., ::2], x[..., 1::2]
    return namespace(x).stack([a * cos - b * sin, a * sin + b * cos], axis=-1).reshape(x.shape)


def waves(function: str, argument: str, x: Array, start: Any, base: float) -> tuple[Array, Array]:
    """Sine and cosine, (t, n / 2), of the angle of each pair at each position, computed in float64 unless traced."""
    xp = float_namespace(function, argument, x)
    if x.ndim < 2:
        raise ShapeError(f"{function}: {argument} must be (..., t, n), not {x.shape}")
    t, n = x.shape[-2:]
    if n % 2:
        raise ShapeError(f"{function}: {argument} must have an even number of features, not {n}")
    if not _is_position(start):
        raise KindError(f"{function}: start must be a number, the first position, not {kind(start)}")
    if type(start) is np.ndarray or not is_array(start):  # a traced start is not checked
        start = as_finite(function, "start", start)
    positions = (namespace(start) if is_array(start) else np).arange(t) + start
    angles = positions[:, None] * base ** (-np.arange(0, n, 2) / n)
    of = namespace(angles)
    return xp.asarray(of.sin(angles), dtype=x.dtype), xp.asarray(of.cos(angles), dtype=x.dtype)

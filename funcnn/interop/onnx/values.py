"""What the rules of `to_graph` are written with: constants, shapes, masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.interop.onnx.weights import weight

Var = Any
"""A value of spox."""


def shape_of(x: Var) -> tuple[Any, ...]:
    """The shape; the first number, and others that are free, are names, or None where the name is not known."""
    return tuple(x.unwrap_tensor().shape)


def dtype_of(x: Var) -> np.dtype[Any]:
    """The dtype, as one of NumPy."""
    return np.dtype(x.unwrap_tensor().dtype)


def constant(value: Any, like: Var | None = None) -> Var:
    """A constant with these numbers, in the dtype of `like` if it is given."""
    return op.const(np.asarray(value, None if like is None else dtype_of(like)))


def as_dtype(x: Var, dtype: np.dtype[Any]) -> Var:
    """x in this dtype"""
    return x if dtype_of(x) == dtype else op.cast(x, to=dtype)


class Operators:
    """The operators for expressions of cards: numbers among the arguments become constants of the dtype of x."""

    def __init__(self, x: Var) -> None:
        """`x`: the value that enters the layer"""
        self.x = x

    def __getattr__(self, name: str) -> Callable[..., Var]:
        """The operator of this name; its settings, which are given by name, stay numbers"""
        operator = getattr(op, name)

        def applied(*values: Any, **settings: Any) -> Var:
            made = [constant(value, self.x) if isinstance(value, int | float) else value for value in values]
            return operator(*made, **settings)

        return applied


def reshaped(x: Var, *shape: int) -> Var:
    """x in another shape, with a free first axis: (-1, *shape); 0 is an axis that is free, and the same axis of x"""
    return op.reshape(x, constant(np.array([0 if 0 in shape else -1, *shape])))


def in_shape(x: Var, shape: Var, known: Sequence[int]) -> Var:
    """x in a shape that is computed; `known` are its lengths, 0 where they are free, for the shape of the result"""
    return op.reshape(op.reshape(x, shape), constant(np.array(known, np.int64)))


def kept(x: Var) -> list[int]:
    """The lengths of x behind the first axis, for `reshaped`: 0 where they are free"""
    return [n if type(n) is int else 0 for n in shape_of(x)[1:]]


def positions(x: Var, axis: int, dtype: Any = np.int64) -> Var:
    """0, 1, ... for the positions along an axis, which may be free"""
    if type(n := shape_of(x)[axis]) is int:
        return constant(np.arange(n, dtype=dtype))
    n = op.squeeze(op.shape(x, start=axis, end=axis + 1), constant(np.array([0])))
    return as_dtype(op.range(constant(np.array(0)), n, constant(np.array(1))), np.dtype(dtype))


def outline(x: Var, free: int = 1) -> Array:
    """An array of the shape of x, with one row of zeros, without memory of its own: for rules that read the shape.

    Axes that are free have the length `free`.
    """
    return np.broadcast_to(np.zeros((), dtype_of(x)), (1, *[n or free for n in kept(x)]))


def linear(x: Var, W: Array, b: Array | None) -> Var:
    """x W + b; MatMul takes leading axes as they are."""
    out = op.matmul(x, weight(W))
    return out if b is None else op.add(out, weight(b))


def scaled(x: Var, scale: Array, shift: Array | None) -> Var:
    """x scale + shift"""
    out = op.mul(x, weight(scale))
    return out if shift is None else op.add(out, weight(shift))


def blank(x: Var, mask: Var | None) -> Var:
    """x with 0 at padded positions, also where x is NaN"""
    if mask is None:
        return x
    if behind := len(shape_of(x)) - len(shape_of(mask)):
        mask = op.unsqueeze(mask, constant(np.arange(-behind, 0)))
    return op.where(mask, x, constant(0, x))


def any_of(mask: Var, axis: int) -> Var:
    """Whether some entry along the axis is True, without that axis"""
    return op.cast(op.reduce_max(op.cast(mask, to=np.int32), axes=[axis], keepdims=0), to=np.bool_)


def check_single(layer: Any, x: Var) -> None:
    """Refuse float64 where ONNX has float32 settings, or where onnxruntime has an operator for float32 alone."""
    if dtype_of(x) != np.float32:
        remedy = "write astype(params, np.float32) and astype(x, np.float32)"
        raise KindError(
            f"to_onnx: for {type(layer).__name__} params and x must be float32, not {dtype_of(x)}; {remedy}"
        )

"""Shapes, numbers and constants that depend on the number of rows, as values of spox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.arrays import Array
from funcnn.interop.onnx.values import Var, as_dtype, constant
from funcnn.recording.free import FreeArray
from funcnn.recording.linear import Linear, M


class RowCount:
    """The number m of rows of a value, which a model reads when it runs."""

    def __init__(self, x: Var, examples: tuple[int, ...]) -> None:
        """`x`: a value whose first axis are the rows; `examples`: the numbers of rows that were recorded"""
        self.m, self.examples = op.shape(x, start=0, end=1), examples

    def numbers(self, numbers: Sequence[Any]) -> Var:
        """Whole numbers, of which some depend on m, as a vector."""
        made = constant(np.array([n.a if isinstance(n, Linear) else n for n in numbers], np.int64))
        slopes = np.array([n.b if isinstance(n, Linear) else 0 for n in numbers], np.int64)
        return op.add(made, op.mul(self.m, constant(slopes))) if slopes.any() else made

    def reshaped(self, x: Var, shape: Sequence[Any]) -> Var:
        """x in another shape; the one axis that depends on m follows from the others, so that they stay known"""
        moving = [n for n in shape if isinstance(n, Linear)]
        if len(moving) > 1 or 0 in shape:
            return op.reshape(x, self.numbers(shape), allowzero=1)
        return op.reshape(x, constant(np.array([-1 if isinstance(n, Linear) else n for n in shape], np.int64)))

    def repeated(self, x: Var, shape: Sequence[Any]) -> Var:
        """x, whose axes have the lengths in `shape` or 1, in this shape"""
        return op.expand(x, self.numbers(shape))

    def array(self, a: Array | FreeArray) -> Var:
        """The value of an array that may depend on m."""
        if not isinstance(a, FreeArray):
            return constant(a)
        made = constant(a.start)
        if a.slope.any():
            m = op.cast(self.m if a.start.ndim else op.squeeze(self.m), to=a.start.dtype)
            made = op.add(made, op.mul(m, constant(a.slope)))
        if a.axis is None:
            return self.repeated(as_dtype(made, a.dtype), a.shape) if a.shape else as_dtype(made, a.dtype)
        made = op.unsqueeze(made, constant(np.array([0])))
        if a.step.any():
            zero, one = (constant(np.array(n, np.int64)) for n in (0, 1))
            row = op.cast(op.range(zero, op.squeeze(self.m), one), to=a.start.dtype)
            row = op.reshape(row, constant(np.array([-1, *[1] * a.start.ndim])))
            made = op.add(made, op.mul(row, constant(a.step)))
        else:
            made = self.repeated(made, (M, *a.start.shape))
        return self.reshaped(rows_at(a.axis, as_dtype(made, a.dtype), 1 + a.start.ndim), a.shape)


def rows_at(axis: int, x: Var, ndim: int) -> Var:
    """x, whose first axis are the rows, with the rows as this axis"""
    return x if axis == 0 else op.transpose(x, perm=[*range(1, axis + 1), 0, *range(axis + 1, ndim)])


def rows_first(axis: int, x: Var, ndim: int) -> Var:
    """x, in which this axis are the rows, with the rows as the first axis"""
    return x if axis == 0 else op.transpose(x, perm=[axis, *range(axis), *range(axis + 1, ndim)])

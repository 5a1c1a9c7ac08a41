"""Shapes, numbers and constants that depend on free lengths, such as the number of rows, as values of spox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.arrays import Array
from funcnn.interop.onnx.values import Var, as_dtype, constant, in_shape
from funcnn.recording.free import FreeArray
from funcnn.recording.linear import Lengths, Linear, length

NONE: tuple[str, ...] = ()
"""The names of the empty product, which is 1."""


class FreeLengths:
    """The free lengths of a program, which a model reads when it runs."""

    def __init__(self, axes: Mapping[str, tuple[Var, int]], examples: tuple[Lengths, ...]) -> None:
        """`axes`: for each name a value and its axis of this length; `examples`: the lengths that were recorded"""
        self.read = {name: op.shape(x, start=axis, end=axis + 1) for name, (x, axis) in axes.items()}
        self.examples = examples

    def product(self, names: Sequence[str]) -> Var:
        """The product of some lengths, as a vector of one number."""
        return reduce(op.mul, [self.read[name] for name in names])

    def numbers(self, numbers: Sequence[Any]) -> Var:
        """Whole numbers, of which some depend on free lengths, as a vector."""
        terms = [dict(n.terms if isinstance(n, Linear) else ((NONE, n),)) for n in numbers]
        made = constant(np.array([one.get(NONE, 0) for one in terms], np.int64))
        for names in sorted({names for one in terms for names in one} - {NONE}):
            factors = constant(np.array([one.get(names, 0) for one in terms], np.int64))
            made = op.add(made, op.mul(self.product(names), factors))
        return made

    def reshaped(self, x: Var, shape: Sequence[Any]) -> Var:
        """x in another shape; one axis that is free follows from the others, so that they stay known"""
        moving = [n for n in shape if isinstance(n, Linear)]
        if 0 in shape:
            return op.reshape(x, self.numbers(shape), allowzero=1)
        if len(moving) > 1:
            return in_shape(x, self.numbers(shape), [0 if isinstance(n, Linear) else n for n in shape])
        return op.reshape(x, constant(np.array([-1 if isinstance(n, Linear) else n for n in shape], np.int64)))

    def grid(self, offset: Any, strides: Sequence[Any], shape: Sequence[Any]) -> Var:
        """offset + the sum of i stride over the axes, for entry i along each axis of an array of this shape"""
        made = self.numbers([offset])
        for axis, (step, n) in enumerate(zip(strides, shape, strict=True)):
            if n != 1:
                along = op.mul(self._range(self.numbers([n])), self.numbers([step]))
                rest = len(shape) - axis - 1
                made = op.add(made, op.reshape(along, constant(np.array([-1, *[1] * rest]))))
        return self.reshaped(made, shape)

    def _range(self, n: Var) -> Var:
        """0, 1, ..., n - 1, for a vector of one number"""
        zero, one = (constant(np.array(k, np.int64)) for k in (0, 1))
        return op.range(zero, op.squeeze(n, constant(np.array([0]))), one)

    def repeated(self, x: Var, shape: Sequence[Any]) -> Var:
        """x, whose axes have the lengths in `shape` or 1, in this shape"""
        return op.expand(x, self.numbers(shape))

    def array(self, a: Array | FreeArray | Var) -> Var:
        """The value of an array that may depend on free lengths; a value is itself."""
        if not isinstance(a, FreeArray):
            return constant(a) if isinstance(a, np.ndarray) else a
        made, n = constant(a.start), self.product(a.names)
        if a.slope.any():
            count = op.cast(n if a.start.ndim else op.squeeze(n), to=a.start.dtype)
            made = op.add(made, op.mul(count, constant(a.slope)))
        if a.axis is None:
            return self.repeated(as_dtype(made, a.dtype), a.shape) if a.shape else as_dtype(made, a.dtype)
        made = op.unsqueeze(made, constant(np.array([0])))
        if a.step.any():
            row = op.cast(self._range(n), to=a.start.dtype)
            row = op.reshape(row, constant(np.array([-1, *[1] * a.start.ndim])))
            made = op.add(made, op.mul(row, constant(a.step)))
        else:
            made = self.repeated(made, (length(*a.names), *a.start.shape))
        return self.reshaped(rows_at(a.axis, as_dtype(made, a.dtype), 1 + a.start.ndim), a.shape)


def rows_at(axis: int, x: Var, ndim: int) -> Var:
    """x, whose first axis are the rows, with the rows as this axis"""
    return x if axis == 0 else op.transpose(x, perm=[*range(1, axis + 1), 0, *range(axis + 1, ndim)])


def rows_first(axis: int, x: Var, ndim: int) -> Var:
    """x, in which this axis are the rows, with the rows as the first axis"""
    return x if axis == 0 else op.transpose(x, perm=[axis, *range(axis), *range(axis + 1, ndim)])

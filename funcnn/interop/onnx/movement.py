"""Operations of programs that move entries: views, entries by position, and changes of some entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.arrays import Array
from funcnn.errors import KindError
from funcnn.interop.onnx.free import RowCount, rows_at, rows_first
from funcnn.interop.onnx.values import Var, as_dtype, constant
from funcnn.interop.onnx.views import slices_of
from funcnn.recording.free import FreeArray, free_array
from funcnn.recording.linear import Linear, M, NotLinearError, at, linear, total
from funcnn.recording.operations import positions_of_view

Shape = tuple[Any, ...]
Positions = Array | FreeArray
WHOLE = np.dtype(np.int64)


def viewed(rows: RowCount, x: Var, source: Shape, shape: Shape, offset: Any, strides: Sequence[Any]) -> Var:
    """The view of x, which has the shape `source`: by Slice and Transpose, or else entry by entry"""
    compact = tuple([1 if s == 0 else n for s, n in zip(strides, shape, strict=True)])
    made = _sliced(rows, x, source, compact, offset, strides)
    if made is None:
        made = taken(rows, x, source, view_positions(rows, offset, strides, compact))
    return made if compact == shape else rows.repeated(made, shape)


def view_positions(rows: RowCount, offset: Any, strides: Sequence[Any], shape: Shape) -> Positions:
    """The position of each entry of a view."""
    given = [at((offset, strides, shape), m) for m in rows.examples]
    try:
        return free_array([positions_of_view(*one) for one in given], rows.examples)
    except NotLinearError:
        raise KindError("a view whose positions are not a + b m for m rows has no operator") from None


def _sliced(rows: RowCount, x: Var, source: Shape, shape: Shape, offset: Any, strides: Sequence[Any]) -> Var | None:
    given = [at((source, shape, offset, strides), m) for m in rows.examples]
    try:
        slices = linear([slices_of(*one) for one in given], rows.examples)
    except NotLinearError:
        return None
    if slices is None:
        return None
    lengths, starts, ends, steps, order = slices
    axes = [i for i, cut in enumerate(zip(starts, ends, steps, strict=True)) if cut != (0, lengths[i], 1)]
    made = x if lengths == source else rows.reshaped(x, lengths)
    if axes:
        start, end, step = [rows.numbers([numbers[i] for i in axes]) for numbers in (starts, ends, steps)]
        made = op.slice(made, start, end, constant(np.array(axes)), step)
    made = made if order == tuple(range(len(order))) else op.transpose(made, perm=order)
    has_shape = not axes and shape == tuple([lengths[i] for i in order])
    return made if has_shape else rows.reshaped(made, shape)


def taken(rows: RowCount, x: Var, source: Shape, positions: Positions) -> Var:
    """x.flat[positions], along each row if all rows are read alike"""
    if isinstance(positions, FreeArray) and (n := _row_size(source, positions)) is not None:
        made = op.gather(rows.reshaped(x, (M, n)), constant(positions.start), axis=1)
        return rows.reshaped(rows_at(positions.axis or 0, made, 1 + positions.start.ndim), positions.shape)
    return taken_at(x, rows.array(positions))


def taken_at(x: Var, positions: Var) -> Var:
    """x.flat[positions], for positions that are computed"""
    return op.gather(flat(x), as_dtype(positions, WHOLE), axis=0)


def flat(x: Var) -> Var:
    """All entries, along one axis"""
    return op.reshape(x, constant(np.array([-1])))


def _row_size(source: Shape, positions: Positions) -> int | None:
    """The number n of entries in a row of x, if positions of row i are those of row 0 plus i n.

    All entries are one row where nothing depends on m; None if rows are not alike.
    """
    n = total(source)
    if not isinstance(positions, FreeArray):
        return None if isinstance(n, Linear) else n
    if positions.axis is None or not isinstance(n, Linear) or n.a or positions.slope.any():
        return None
    inside = (positions.step == n.b).all() and (positions.start >= 0).all() and (positions.start < n.b).all()
    return n.b if inside else None


def put(rows: RowCount, x: Var, source: Shape, positions: Positions, values: Var, shape: Shape) -> Var:
    """A copy of x with these values, of this shape, at the positions

    Where all rows change alike, it is a choice among the entries of x and the values beside them.
    """
    if (n := _row_size(source, positions)) is None:
        return scattered(rows, x, source, rows.array(positions), values, shape, "none")
    m, of_row = (M, positions.start) if isinstance(positions, FreeArray) else (1, positions)
    choice = np.arange(n)
    choice[of_row.reshape(-1)] = n + (np.arange(of_row.size) if shape else 0)
    new = _by_row(rows, values, positions) if shape else rows.repeated(values, (m, 1))
    if (choice >= n).all():
        return rows.reshaped(op.gather(new, constant(choice - n), axis=1), source)
    both = op.concat([rows.reshaped(x, (m, n)), new], axis=1)
    return rows.reshaped(op.gather(both, constant(choice), axis=1), source)


def _by_row(rows: RowCount, values: Var, positions: Positions) -> Var:
    """Values of the shape of these positions, as an array with one axis beside the rows"""
    if not isinstance(positions, FreeArray):
        return rows.reshaped(values, (1, positions.size))
    axis, rest = positions.axis or 0, positions.start.shape
    split = rows.reshaped(values, (*rest[:axis], M, *rest[axis:]))
    return rows.reshaped(rows_first(axis, split, 1 + len(rest)), (M, math.prod(rest)))


def scattered(rows: RowCount, x: Var, source: Shape, positions: Var, values: Var, shape: Shape, reduction: str) -> Var:
    """A copy of x with values put at positions, or with the reduction "add" added there"""
    where = as_dtype(flat(positions), WHOLE)
    new = flat(values) if shape else op.expand(values, op.shape(where))
    return rows.reshaped(op.scatter_elements(flat(x), where, new, axis=0, reduction=reduction), source)

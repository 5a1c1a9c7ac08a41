"""Operations of programs that move entries: views, entries by position, and changes of some entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.arrays import Array
from funcnn.interop.onnx.free import Rows, rows_at, rows_first
from funcnn.interop.onnx.values import Var, constant
from funcnn.interop.onnx.views import slices_of
from funcnn.recording.linear import FreeArray, Linear, NotLinearError, at, free_array, linear, total
from funcnn.recording.operations import positions_of_view

Shape = tuple[Any, ...]
Positions = Array | FreeArray


def viewed(rows: Rows, x: Var, source: Shape, shape: Shape, offset: Any, strides: Sequence[Any]) -> Var:
    """The view of x, which has the shape `source`: by Slice and Transpose, or else entry by entry"""
    compact = tuple([1 if s == 0 else n for s, n in zip(strides, shape, strict=True)])
    made = _sliced(rows, x, source, compact, offset, strides)
    if made is None:
        made = taken(rows, x, source, view_positions(rows, offset, strides, compact))
    return made if compact == shape else rows.repeated(made, shape)


def view_positions(rows: Rows, offset: Any, strides: Sequence[Any], shape: Shape) -> Positions:
    """The position of each entry of a view."""
    given = [at((offset, strides, shape), m) for m in rows.examples]
    return free_array([positions_of_view(*one) for one in given], rows.examples)


def _sliced(rows: Rows, x: Var, source: Shape, shape: Shape, offset: Any, strides: Sequence[Any]) -> Var | None:
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
        cuts = [rows.numbers([numbers[i] for i in axes]) for numbers in (starts, ends, steps)]
        made = op.slice(made, *cuts[:2], constant(np.array(axes)), cuts[2])
    made = made if order == tuple(range(len(order))) else op.transpose(made, perm=order)
    left = tuple([ends[i] - starts[i] if i in axes else lengths[i] for i in order]) if not axes else None
    return made if left == shape else rows.reshaped(made, shape)


def taken(rows: Rows, x: Var, source: Shape, positions: Positions) -> Var:
    """x.flat[positions], along each row if all rows are read alike"""
    if isinstance(positions, FreeArray) and (n := _row_size(source, positions)) is not None:
        made = op.gather(rows.reshaped(x, (Linear(0, 1), n)), constant(positions.start), axis=1)
        return rows.reshaped(rows_at(positions.axis, made, 1 + positions.start.ndim), positions.shape)
    return taken_at(x, rows.array(positions))


def taken_at(x: Var, positions: Var) -> Var:
    """x.flat[positions], for positions that are computed"""
    return op.gather(flat(x), op.cast(positions, to=np.int64), axis=0)


def flat(x: Var) -> Var:
    """All entries, along one axis"""
    return op.reshape(x, constant(np.array([-1])))


def _row_size(source: Shape, positions: FreeArray) -> int | None:
    """The number of entries in a row of x, if the positions in each row are the same, counted from its first entry."""
    size = total(source)
    if positions.axis is None or not isinstance(size, Linear) or size.a or positions.slope.any():
        return None
    inside = (positions.step == size.b).all() and (positions.start >= 0).all() and (positions.start < size.b).all()
    return size.b if inside else None


def put(rows: Rows, x: Var, source: Shape, positions: Positions, values: Var, shape: Shape) -> Var:
    """A copy of x with these values, of this shape, at the positions

    Where all rows change alike, it is a choice of entries of x and values side by side.
    """
    if isinstance(positions, FreeArray):
        n = _row_size(source, positions)
        of_row = positions.start
    else:
        n, of_row = (total(source), positions) if isinstance(total(source), int) else (None, positions)
    if n is None:
        return scattered(rows, x, source, rows.array(positions), values, shape, "none")
    m = Linear(0, 1) if isinstance(positions, FreeArray) else 1
    choice = np.arange(n)
    choice[of_row.reshape(-1)] = n + (np.arange(of_row.size) if shape else 0)
    if not shape:
        new = rows.repeated(values, (m, 1))
    elif isinstance(positions, FreeArray):
        new = _by_row(rows, values, positions)
    else:
        new = rows.reshaped(values, (1, of_row.size))
    if (choice >= n).all():
        made = op.gather(new, constant(choice - n), axis=1)
    else:
        made = op.gather(op.concat([rows.reshaped(x, (m, n)), new], axis=1), constant(choice), axis=1)
    return rows.reshaped(made, source)


def _by_row(rows: Rows, values: Var, positions: FreeArray) -> Var:
    """Values of the shape of these positions, as an array with a row for each row"""
    axis, rest = positions.axis or 0, positions.start.shape
    split = rows.reshaped(values, (*rest[:axis], Linear(0, 1), *rest[axis:]))
    return rows.reshaped(rows_first(axis, split, 1 + len(rest)), (Linear(0, 1), math.prod(rest)))


def scattered(rows: Rows, x: Var, source: Shape, positions: Var, values: Var, shape: Shape, reduction: str) -> Var:
    """A copy of x with values put at positions, or added there: `reduction` is "none" or "add" """
    where = op.cast(flat(positions), to=np.int64)
    new = flat(values) if shape else op.expand(values, op.shape(where))
    return rows.reshaped(op.scatter_elements(flat(x), where, new, axis=0, reduction=reduction), source)

"""Operations of programs that move entries: views, entries by position, and changes of some entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op

from funcnn.arrays import Array
from funcnn.interop.onnx.free import FreeLengths, rows_at, rows_first
from funcnn.interop.onnx.values import Var, as_dtype, constant
from funcnn.interop.onnx.views import slices_of
from funcnn.recording.free import FreeArray, free_array
from funcnn.recording.linear import Linear, NotLinearError, at, length, linear, total
from funcnn.recording.operations import positions_of_view

Shape = tuple[Any, ...]
Positions = Array | FreeArray
WHOLE = np.dtype(np.int64)


def viewed(free: FreeLengths, x: Var, source: Shape, shape: Shape, offset: Any, strides: Sequence[Any]) -> Var:
    """The view of x, which has the shape `source`: by Slice and Transpose, or else entry by entry"""
    compact = tuple([1 if s == 0 else n for s, n in zip(strides, shape, strict=True)])
    made = _sliced(free, x, source, compact, offset, strides)
    if made is None:
        made = taken(free, x, source, view_positions(free, offset, strides, compact))
    return made if compact == shape else free.repeated(made, shape)


def view_positions(free: FreeLengths, offset: Any, strides: Sequence[Any], shape: Shape) -> Positions | Var:
    """The position of each entry of a view: an array, or a value of spox if the positions are not linear in the row."""
    given = [at((offset, strides, shape), lengths) for lengths in free.examples]
    try:
        return free_array([positions_of_view(*one) for one in given], free.examples)
    except NotLinearError:
        return free.grid(offset, strides, shape)


def _sliced(free: FreeLengths, x: Var, source: Shape, shape: Shape, offset: Any, strides: Sequence[Any]) -> Var | None:
    given = [at((source, shape, offset, strides), lengths) for lengths in free.examples]
    try:
        slices = linear([slices_of(*one) for one in given], free.examples)
    except NotLinearError:
        return None
    if slices is None:
        return None
    lengths, starts, ends, steps, order = slices
    axes = [i for i, cut in enumerate(zip(starts, ends, steps, strict=True)) if cut != (0, lengths[i], 1)]
    made = x if lengths == source else free.reshaped(x, lengths)
    if axes:
        start, end, step = [free.numbers([numbers[i] for i in axes]) for numbers in (starts, ends, steps)]
        made = op.slice(made, start, end, constant(np.array(axes)), step)
    made = made if order == tuple(range(len(order))) else op.transpose(made, perm=order)
    has_shape = not axes and shape == tuple([lengths[i] for i in order])
    return made if has_shape else free.reshaped(made, shape)


def taken(free: FreeLengths, x: Var, source: Shape, positions: Positions | Var) -> Var:
    """x.flat[positions], along each row if all rows are read alike"""
    if isinstance(positions, FreeArray) and (n := _row_size(free, source, positions)) is not None:
        made = op.gather(free.reshaped(x, (length(*positions.names), n)), constant(positions.start), axis=1)
        return free.reshaped(rows_at(positions.axis or 0, made, 1 + positions.start.ndim), positions.shape)
    return taken_at(x, free.array(positions))


def taken_at(x: Var, positions: Var) -> Var:
    """x.flat[positions], for positions that are computed"""
    return op.gather(flat(x), as_dtype(positions, WHOLE), axis=0)


def flat(x: Var) -> Var:
    """All entries, along one axis"""
    return op.reshape(x, constant(np.array([-1])))


def _row_size(free: FreeLengths, source: Shape, positions: Positions | Var) -> int | None:
    """The number n of entries in a row of x, if positions of row i are those of row 0 plus i n.

    All entries are one row where nothing depends on free lengths; None if rows are not alike.
    """
    size = total(source, free.examples)
    if isinstance(positions, np.ndarray):
        return size if type(size) is int else None
    if not isinstance(positions, FreeArray):
        return None
    n = size.per(positions.names) if isinstance(size, Linear) else 0
    if positions.axis is None or n == 0 or positions.slope.any():
        return None
    inside = (positions.step == n).all() and (positions.start >= 0).all() and (positions.start < n).all()
    return n if inside else None


def put(free: FreeLengths, x: Var, source: Shape, positions: Positions | Var, values: Var, shape: Shape) -> Var:
    """A copy of x with these values, of this shape, at the positions

    Where all rows change alike, it is a choice among the entries of x and the values beside them.
    """
    if (n := _row_size(free, source, positions)) is None:
        return scattered(free, x, source, free.array(positions), values, shape, "none")
    m, of_row = (length(*positions.names), positions.start) if isinstance(positions, FreeArray) else (1, positions)
    choice = np.arange(n)
    choice[of_row.reshape(-1)] = n + (np.arange(of_row.size) if shape else 0)
    new = _by_row(free, values, positions) if shape else free.repeated(values, (m, 1))
    if (choice >= n).all():
        return free.reshaped(op.gather(new, constant(choice - n), axis=1), source)
    both = op.concat([free.reshaped(x, (m, n)), new], axis=1)
    return free.reshaped(op.gather(both, constant(choice), axis=1), source)


def _by_row(free: FreeLengths, values: Var, positions: Positions) -> Var:
    """Values of the shape of these positions, as an array with one axis beside the rows"""
    if not isinstance(positions, FreeArray):
        return free.reshaped(values, (1, positions.size))
    axis, rest, m = positions.axis or 0, positions.start.shape, length(*positions.names)
    split = free.reshaped(values, (*rest[:axis], m, *rest[axis:]))
    return free.reshaped(rows_first(axis, split, 1 + len(rest)), (m, math.prod(rest)))


def scattered(free: FreeLengths, x: Var, source: Shape, positions: Var, values: Var, shape: Shape, how: str) -> Var:
    """A copy of x with values put at positions, or if it is "add", added there"""
    where = as_dtype(flat(positions), WHOLE)
    new = flat(values) if shape else op.expand(values, op.shape(where))
    return free.reshaped(op.scatter_elements(flat(x), where, new, axis=0, reduction=how), source)

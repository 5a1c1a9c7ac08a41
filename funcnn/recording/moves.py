"""Functions of NumPy that only move entries: they are applied to the positions of the entries as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import fresh, numbers_of, recorded_of
from funcnn.recording.tape import current, refuse

MOVES: set[Any] = {
    *(np.transpose, np.matrix_transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.squeeze, np.expand_dims, np.reshape),
    *(np.ravel, np.broadcast_to, np.repeat, np.tile, np.roll, np.flip, np.fliplr, np.flipud, np.rot90, np.diagonal),
    *(
        np.split,
        np.array_split,
        np.hsplit,
        np.vsplit,
        np.atleast_1d,
        np.atleast_2d,
        np.atleast_3d,
        np.delete,
        np.resize,
    ),
    *(np.copy, np.linalg.diagonal, np.linalg.matrix_transpose, sliding_window_view),
}
"""Functions whose first argument is an array, and whose other arguments say where its entries go."""
MOVING_METHODS = {
    *("transpose", "swapaxes", "squeeze", "ravel", "repeat", "diagonal", "reshape", "copy", "flatten"),
}
"""Methods that are such functions."""
_OF_SEVERAL = {np.atleast_1d, np.atleast_2d, np.atleast_3d}


def moved(name: str, function: Callable[..., Any], a: RecordedArray, *rest: Any, **settings: Any) -> Any:
    """The result of such a function, which shares entries with a where NumPy's does."""
    if not isinstance(a, RecordedArray) or (function in _OF_SEVERAL and rest):
        return refuse(f"np.{name} of these arguments")
    if any([not one.is_known for one in recorded_of([rest, *settings.values()])]):
        return refuse(f"np.{name} by numbers that are computed")
    rest, settings = numbers_of(rest), {key: numbers_of(value) for key, value in settings.items()}
    numbers, positions = function(np.asanyarray(a.numbers), *rest, **settings), function(a.positions, *rest, **settings)
    if isinstance(numbers, list | tuple):
        return type(numbers)([part(a, *pair) for pair in zip(numbers, positions, strict=True)])
    return part(a, numbers, positions)


def part(a: RecordedArray, numbers: Any, positions: Any) -> RecordedArray:
    """Entries of an array: a view where NumPy has one, memory of their own else."""
    if numbers is a.numbers:
        return a
    made = RecordedArray(numbers, a.store, np.asarray(positions))
    if isinstance(numbers, np.ndarray) and np.may_share_memory(numbers, a.store.base):
        return made
    return fresh(numbers, None if a.is_known else _copied(a, made))


def _copied(a: RecordedArray, made: RecordedArray) -> int:
    """The place of a copy: of all entries in their order it is a reshape, for any lengths of the axes"""
    if np.array_equal(a.positions.reshape(-1), made.positions.reshape(-1)):
        return current().operation("reshape", (a.place(),), shape=made.shape)
    return made.place()

"""Entries of recorded arrays by index: slices, numbers, masks that are known, and whole numbers that are computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.recording.arrays import RecordedArray, operation
from funcnn.recording.tape import refuse


def entries(a: RecordedArray, index: Any) -> RecordedArray:
    """a[index], which shares the entries of a where NumPy's does."""
    if (found := _computed(a, index)) is not None:
        return _taken(a, found)
    positions = a.positions
    made = np.asarray(positions[_plain(index)])
    view = a.shared(made)
    return view if np.shares_memory(made, positions) else view.copy()


def set_entries(a: RecordedArray, index: Any, value: Any) -> None:
    """a[index] = value"""
    if (found := _computed(a, index)) is None:
        a.shared(np.asarray(a.positions[_plain(index)])).assign(value)
    else:
        _change(a, "put", found, value)


def add_at(a: RecordedArray, index: Any, value: Any) -> None:
    """np.add.at(a, index, value)"""
    found = _computed(a, index)
    if found is None:
        positions = np.arange(a.size).reshape(a.shape)[_plain(index)]
        found = a.functions.asarray(positions)
    _change(a, "put_add", found, value)


def _taken(a: RecordedArray, positions: RecordedArray) -> RecordedArray:
    return operation("take", a, positions)


def _change(a: RecordedArray, name: str, positions: RecordedArray, value: Any) -> None:
    rows = a.functions.broadcast_to(value, positions.shape).astype(a.dtype)
    a.assign(operation(name, a, positions, rows))


def _computed(a: RecordedArray, index: Any) -> RecordedArray | None:
    """The positions in a of entries whose index is computed, or None if the index is known.

    Positions are linear in each number of an index, so they are the positions for 0 plus, for each computed array of
    numbers, the number times the stride of its axis.
    """
    parts = index if isinstance(index, tuple) else (index,)
    moving = [i for i, part in enumerate(parts) if isinstance(part, RecordedArray) and not part.is_known]
    if not moving:
        return None
    if any([parts[i].dtype.kind == "b" for i in moving]):
        return refuse("a selection by a condition, whose result has no fixed shape,")
    axes = _axes(parts, a.ndim)
    zeros = [np.zeros(p.shape, np.intp) if i in moving else _plain(p) for i, p in enumerate(parts)]
    own = np.arange(a.size).reshape(a.shape)
    made: Any = own[tuple(zeros)]
    for i in moving:
        axis = axes[i]
        stride, n = int(np.prod(a.shape[axis + 1 :])), a.shape[axis]
        number = parts[i]
        number = a.functions.where(number < 0, number + n, number)
        made = number[_used(a.shape, zeros, i, axis, number)] * stride + made
    return made


def _used(shape: tuple[int, ...], parts: list[Any], i: int, axis: int, number: RecordedArray) -> Any:
    """For each entry of the result, the index into part i of the number that it uses."""
    lengths = [1] * len(shape)
    lengths[axis] = number.size
    grid = np.broadcast_to(np.arange(number.size).reshape(lengths), (*shape[:axis], number.size, *shape[axis + 1 :]))
    own = [*parts[:i], np.arange(number.size).reshape(number.shape), *parts[i + 1 :]]
    return np.unravel_index(grid[tuple(own)], number.shape) if number.shape else ()


def _axes(parts: tuple[Any, ...], ndim: int) -> list[int]:
    """The axis of the array that each part of an index is about."""
    taken = [0 if part is None or part is Ellipsis else _bools(part) or 1 for part in parts]
    made, axis = [], 0
    for part, n in zip(parts, taken, strict=True):
        made.append(axis)
        axis += ndim - sum(taken) if part is Ellipsis else n
    return made


def _bools(part: Any) -> int:
    """The number of axes of an array of bools."""
    array = getattr(part, "numbers", part)
    return array.ndim if isinstance(array, np.ndarray) and array.dtype.kind == "b" else 0


def _plain(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(map(_plain, index))
    return index.numbers if isinstance(index, RecordedArray) else index

"""Entries of recorded arrays by index: slices, numbers, masks that are known, and whole numbers that are computed."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import as_recorded, cast, fresh, known, numbers_of, operation, recorded_of
from funcnn.recording.moves import part
from funcnn.recording.operations import at_positions
from funcnn.recording.tape import refuse


def entries(a: RecordedArray, index: Any) -> RecordedArray:
    """a[index], which shares the entries of a where NumPy's does."""
    plain = _plain(index)
    numbers = a.numbers[plain]
    if (positions := _computed(a, index)) is None:
        return part(a, numbers, np.asarray(a.positions[plain]))
    return fresh(numbers, operation("take", a, positions).place())


def set_entries(a: RecordedArray, index: Any, value: Any) -> None:
    """a[index] = value"""
    plain, numbers = _plain(index), numbers_of(value)
    if _is_mask(a, index):
        rows = np.where(_spread(index, a), cast(_row(value), a.dtype), a)
        a.change(as_recorded(rows), lambda: a.numbers.__setitem__(plain, numbers))
    elif (positions := _computed(a, index)) is not None:
        made = operation("put", a, positions, _rows(value, positions.shape, a.dtype))
        a.change(made, lambda: a.numbers.__setitem__(plain, numbers))
    else:
        entry = RecordedArray(a.numbers[plain], a.store, np.asarray(a.positions[plain]))
        if (
            isinstance(value, RecordedArray)
            and value.store is a.store
            and np.array_equal(value.positions, entry.positions)
        ):
            return  # as `a[index] += 1` ends, where a[index] is a view
        entry.change(_rows(value, entry.shape, a.dtype), lambda: a.numbers.__setitem__(plain, numbers))


def add_at(a: RecordedArray, index: Any, value: Any) -> None:
    """np.add.at(a, index, value)"""
    plain, numbers = _plain(index), numbers_of(value)
    if (positions := _computed(a, index)) is None:
        own = np.asarray(np.arange(a.size).reshape(a.shape)[plain])
        given, settings = at_positions(own)
        made = operation("put_add", a, *map(known, given), _rows(value, own.shape, a.dtype), settings=settings)
    else:
        made = operation("put_add", a, positions, _rows(value, positions.shape, a.dtype))
    a.change(made, lambda: np.add.at(a.numbers, plain, numbers))


def _rows(value: Any, shape: tuple[int, ...], dtype: Any) -> RecordedArray:
    """The rows that go to entries; NumPy drops leading axes of length 1."""
    rows = as_recorded(value)
    extra = max(0, rows.ndim - len(shape))
    if rows.shape[:extra] != (1,) * extra:
        raise ValueError(f"could not broadcast input array from shape {rows.shape} into shape {shape}")
    made: Any = np.broadcast_to(rows.reshape(rows.shape[extra:]) if extra else rows, shape)
    return cast(made, dtype)


def _is_mask(a: RecordedArray, index: Any) -> bool:
    """Whether an index is an array of bools that are computed."""
    return isinstance(index, RecordedArray) and not index.is_known and index.dtype.kind == "b"


def _row(value: Any) -> RecordedArray:
    """The number that goes to all entries of a mask."""
    row = as_recorded(value)
    return row if row.ndim == 0 else refuse("a change of as many entries as a condition has", _WHERE)


def _spread(mask: RecordedArray, a: RecordedArray) -> Any:
    """A mask of leading axes, for the array."""
    return mask.reshape((*mask.shape, *[1] * (a.ndim - mask.ndim)))


_WHERE = "write where(condition, a, b)"


def _computed(a: RecordedArray, index: Any) -> RecordedArray | None:
    """The positions in a of entries whose index is computed, or None if the index is known.

    Positions are linear in each number of an index, so they are the positions for 0 plus, for each computed array of
    numbers, the number times the stride of its axis. A number that is outside of its axis gives the position -1, which
    no array has.
    """
    parts = index if isinstance(index, tuple) else (index,)
    if any([isinstance(one, list) and any([not a.is_known for a in recorded_of(one)]) for one in parts]):
        return refuse("an index that is a list of numbers that are computed", "write namespace(x).asarray(list)")
    moving = [i for i, one in enumerate(parts) if isinstance(one, RecordedArray) and not one.is_known]
    if not moving:
        return None
    if any([parts[i].dtype.kind == "b" for i in moving]):
        return refuse("a selection by a condition, whose result has no fixed shape,", _WHERE)
    axes = _axes(parts, a.ndim)
    zeros = [np.zeros(one.shape, np.intp) if i in moving else _plain(one) for i, one in enumerate(parts)]
    made: Any = np.arange(a.size).reshape(a.shape)[tuple(zeros)]
    is_inside: Any = True
    for i in moving:
        axis = axes[i]
        stride, n = math.prod(a.shape[axis + 1 :]), a.shape[axis]
        number = cast(parts[i], np.intp)
        number = as_recorded(np.where(number < 0, number + n, number))
        used = _used(a.shape, zeros, i, axis, number)
        made = number[used] * stride + made
        if a.ndim > 1:
            is_inside = ((number >= 0) & (number < n))[used] & is_inside
    return as_recorded(made if a.ndim == 1 else np.where(is_inside, made, -1))


def _used(shape: tuple[int, ...], parts: list[Any], i: int, axis: int, number: RecordedArray) -> Any:
    """For each entry of the result, the index into part i of the number that it uses."""
    lengths = [1] * len(shape)
    lengths[axis] = number.size
    grid = np.broadcast_to(np.arange(number.size).reshape(lengths), (*shape[:axis], number.size, *shape[axis + 1 :]))
    own = [*parts[:i], np.arange(number.size).reshape(number.shape), *parts[i + 1 :]]
    return np.unravel_index(grid[tuple(own)], number.shape) if number.shape else ()


def _axes(parts: tuple[Any, ...], ndim: int) -> list[int]:
    """The axis of the array that each part of an index is about."""
    taken = [0 if one is None or one is Ellipsis else _bools(one) or 1 for one in parts]
    made, axis = [], 0
    for one, n in zip(parts, taken, strict=True):
        made.append(axis)
        axis += ndim - sum(taken) if one is Ellipsis else n
    return made


def _bools(one: Any) -> int:
    """The number of axes of an array of bools."""
    array: Array | Any = numbers_of(one)
    return array.ndim if isinstance(array, np.ndarray) and array.dtype.kind == "b" else 0


def _plain(index: Any) -> Any:
    """The index of NumPy's array; a number of Python in it has to be known."""
    if isinstance(index, tuple):
        return tuple(map(_plain, index))
    if isinstance(index, slice):
        return slice(*[None if end is None else operator.index(end) for end in (index.start, index.stop, index.step)])
    return numbers_of(index)

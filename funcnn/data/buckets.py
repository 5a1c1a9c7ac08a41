"""Batches of sequences of like length, padded to a few lengths."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, freeze, is_array, kind, short
from funcnn.checked import checked
from funcnn.data.checks import checked_equal
from funcnn.data.sequence import Batches, in_epochs
from funcnn.draws import BATCHES, ROWS, permutation
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import is_whole
from funcnn.needs import Count, Natural, Seed, words_of
from funcnn.trees.walks import map_arrays, row_count

Buckets = tuple[tuple[int, Array], ...]


@checked
def bucketed_batches(
    x: list[Array], y: Any, size: Count, *, lengths: Sequence[int], epochs: Natural = 1, seed: Seed
) -> Batches[tuple[Array, Array], Any]:
    """Batches `((x, mask), y)` of sequences of like length, each padded with 0 to the least of `lengths` that fits.

    x: a list of m arrays (t_i, ...), each a sequence of t_i positions. In a batch x is (rows, t, ...), t one of
    `lengths`, and the mask (rows, t) is True at the positions that are not padding. y is an array or a tuple of arrays
    with m rows; or a list of m arrays (t_i, ...), which are padded as x is, for a label at each position.

    A batch holds sequences of one bucket: the sequences that are padded to the same length. So there is less padding
    than if every batch were padded to the longest sequence, and there are few shapes, each of which is compiled once.
    The last batch of a bucket may be smaller. The order of the rows in a bucket, and of the batches, is random; in
    epoch e it depends on `(*seed, e)` alone.

    >>> import numpy as np
    >>> from funcnn.data import bucketed_batches
    >>> x = [np.ones((t, 3)) for t in (2, 9, 4, 3, 10)]
    >>> data = bucketed_batches(x, np.arange(5), 2, lengths=(4, 12), epochs=7, seed=0)
    >>> (x_0, mask), y_0 = data[0]
    >>> len(data), data.per_epoch, sorted(batch[0].shape for batch, _ in data[:3])
    (21, 3, [(1, 4, 3), (2, 4, 3), (2, 12, 3)])

    Raises:
        KindError: x is not a list of arrays of one dtype, y is not an array, a tuple of arrays or such a list, or one
            of `lengths` is not a whole number.
        ShapeError: sequences differ in more than their number of positions, or x and y in the number of rows or
            positions.
        RangeError: there are no sequences, a sequence has no position or more than the last of `lengths`; the lengths
            are not above 0 and rising.
    """
    function = "bucketed_batches"
    positions = _positions(function, "x", x)
    if isinstance(y, list):
        _check_alike(function, positions, _positions(function, "y", y))
    else:
        checked_equal(function, len(x), row_count(function, "y", y))
    buckets = _buckets(function, positions, _as_lengths(function, lengths))
    per_epoch = sum([-(-len(rows) // size) for _, rows in buckets])
    source = Bucketed(x[:], y[:] if isinstance(y, list) else y, size, words_of(seed), per_epoch, buckets)
    return in_epochs(function, source, epochs)


def _positions(function: str, argument: str, sequences: Any) -> list[int]:
    """The number of positions of each sequence in a list."""
    if not isinstance(sequences, list):
        remedy = (
            "; for a padded x with a mask write [a[b] for a, b in zip(x, mask)]"
            if is_array(sequences) and len(sequences.shape) > 1
            else ""
        )
        raise KindError(f"{function}: {argument} must be a list of arrays, not {kind(sequences)}{remedy}")
    if not sequences:
        raise RangeError(f"{function}: {argument} must hold at least one sequence, not 0")
    needed = f"{function}: {argument} must"
    for i, sequence in enumerate(sequences):
        own, first = f"{argument}[{i}]", sequences[0]
        if not is_array(sequence) or not sequence.shape:
            raise KindError(f"{needed} be a list of arrays (t, ...); {own} is {short(sequence)}")
        if sequence.dtype != first.dtype:
            raise KindError(f"{needed} have one dtype; {own} is {sequence.dtype}, not {first.dtype}")
        if sequence.shape[1:] != first.shape[1:]:
            given = f"{own} is {sequence.shape}, {argument}[0] is {first.shape}"
            raise ShapeError(f"{needed} have one shape after the first axis; {given}")
        if not sequence.shape[0]:
            raise RangeError(f"{needed} have at least one position in each sequence; {own} has none")
    return [sequence.shape[0] for sequence in sequences]


def _check_alike(function: str, x: list[int], y: list[int]) -> None:
    checked_equal(function, len(x), len(y))
    for i, (own, labels) in enumerate(zip(x, y, strict=True)):
        if own != labels:
            raise ShapeError(f"{function}: x and y must have equally many positions; x[{i}]: {own}, y[{i}]: {labels}")


def _as_lengths(function: str, lengths: Any) -> tuple[int, ...]:
    if not isinstance(lengths, tuple | list | range) or not all(map(is_whole, lengths)):
        given = short(lengths) if isinstance(lengths, tuple | list) else kind(lengths)
        raise KindError(f"{function}: lengths must be a tuple of whole numbers, not {given}")
    bounds = tuple(map(operator.index, lengths))
    if not bounds or bounds[0] < 1 or any([a >= b for a, b in pairwise(bounds)]):
        raise RangeError(f"{function}: lengths must be one or more rising numbers above 0, not {bounds}")
    return bounds


def _buckets(function: str, positions: list[int], lengths: tuple[int, ...]) -> Buckets:
    """Each length to which sequences are padded, and the rows that are padded to it."""
    if (longest := max(positions)) > lengths[-1]:
        needed = f"at {longest} or more, the longest sequence"
        raise RangeError(f"{function}: lengths must end {needed}, not at {lengths[-1]}")
    at = np.searchsorted(lengths, positions)
    return tuple([(lengths[i], np.flatnonzero(at == i)) for i in np.unique(at)])


@attrs.frozen(eq=False)
class Bucketed:
    """Sequences, in buckets by their lengths."""

    x: list[Array] = attrs.field(repr=False)
    y: Any = attrs.field(repr=False)
    size: int
    seed: tuple[int, ...]
    per_epoch: int
    buckets: Buckets = attrs.field(repr=False)

    def order(self, epoch: int) -> list[tuple[int, Array]]:
        """The batches of an epoch, each the length to which it is padded and its rows."""
        made = []
        for i, (length, bucket) in enumerate(self.buckets):
            rows = bucket[permutation((*self.seed, epoch, ROWS, i), len(bucket))]
            made += [(length, rows[start : start + self.size]) for start in range(0, len(rows), self.size)]
        return [made[i] for i in permutation((*self.seed, epoch, BATCHES), len(made))]

    def batch(self, order: list[tuple[int, Array]], step: int) -> tuple[Any, Any]:
        """The padded sequences of a batch, with their mask, and y."""
        length, rows = order[step % self.per_epoch]
        positions = np.array([self.x[i].shape[0] for i in rows])
        mask = freeze(np.arange(length) < positions[:, None])
        x = _padded(self.x, rows, length)
        if isinstance(self.y, list):
            return (x, mask), _padded(self.y, rows, length)
        return (x, mask), map_arrays(lambda a: freeze(a[rows]), self.y)


def _padded(sequences: list[Array], rows: Array, length: int) -> Array:
    first = sequences[0]
    made = np.zeros((len(rows), length, *first.shape[1:]), first.dtype)
    for row, i in zip(made, rows, strict=True):
        row[: len(sequences[i])] = sequences[i]
    return freeze(made)

"""Batches of rows: batch i is a function of the seed and of i alone, so a slice of the batches resumes training."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any, overload

import attrs
import numpy as np

from funcnn.annotations import Seed
from funcnn.arrays import Array, freeze, kind
from funcnn.errors import KindError, NoItemError, RangeError, ShapeError
from funcnn.fields import as_count, as_seed
from funcnn.trees.walks import map_arrays, row_count

__all__ = ["batches"]

Batch = tuple[Any, Any]


def batches(x: Any, y: Any, size: int, *, epochs: int = 1, seed: Seed) -> Batches:
    """The rows of x and y in batches of `size` rows, `epochs` times over, each time in a new random order.

    Batch i of epoch e holds rows `i size ... (i + 1) size - 1` of a permutation that depends on `(*seed, e)` alone; the
    last batch of an epoch may be smaller. x and y are arrays, or tuples of arrays, with equally many rows; a None in a
    tuple is a None in each batch. The arrays are not copied, so writing to them changes later batches. For all rows in
    each step, without shuffling, write `[(x, y)] * steps`.

    >>> import numpy as np
    >>> from funcnn import batches
    >>> x = np.arange(10.0).reshape(5, 2)
    >>> data = batches(x, x[:, :1], 2, epochs=3, seed=0)
    >>> len(data), data.per_epoch, data[2][0].shape, len(data[4:])
    (9, 3, (1, 2), 5)

    Raises:
        KindError: x or y is not an array or a tuple of arrays, `size` or `epochs` is not a whole number, or `seed` is
            not a seed.
        ShapeError: x and y have unequal numbers of rows.
        RangeError: `size` is less than 1 or greater than the number of rows, or `epochs` is negative.
    """
    rows, others = row_count(x, "x", "batches: "), row_count(y, "y", "batches: ")
    if rows != others:
        raise ShapeError(f"batches: x and y must have equally many rows; x: {rows}, y: {others}")
    size, epochs = as_count("batches", size, "size"), as_count("batches", epochs, "epochs", least=0)
    if size > rows:
        raise RangeError(f"batches: size must be at most the number of rows, {rows}; it is {size}")
    per_epoch = -(-rows // size)
    return Batches(x, y, size, as_seed("batches", seed), per_epoch, range(per_epoch * epochs))


@attrs.frozen(eq=False)
class Batches(Sequence[Batch]):
    """The sequence of batches `(x, y)` that `batches` makes; a slice of a Batches is a Batches."""

    x: Any = attrs.field(repr=False)
    y: Any = attrs.field(repr=False)
    size: int
    seed: tuple[int, ...]
    per_epoch: int
    """How many batches make an epoch."""
    steps: range

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, i: int) -> Batch: ...
    @overload
    def __getitem__(self, i: slice) -> Batches: ...
    def __getitem__(self, i: int | slice) -> Batch | Batches:
        check_index("Batches", i, len(self.steps), "batches")
        if isinstance(i, slice):
            return attrs.evolve(self, steps=self.steps[i])
        epoch, k = divmod(self.steps[i], self.per_epoch)
        return self._batch(self._order(epoch), k)

    def __iter__(self) -> Iterator[Batch]:
        """The batches in order. Each permutation is drawn only once."""
        current, order = -1, np.empty(0, int)
        for step in self.steps:
            epoch, k = divmod(step, self.per_epoch)
            if epoch != current:
                current, order = epoch, self._order(epoch)
            yield self._batch(order, k)

    def _order(self, epoch: int) -> Array:
        return np.random.default_rng((*self.seed, epoch)).permutation(row_count(self.x))

    def _batch(self, order: Array, k: int) -> Batch:
        rows = order[k * self.size : (k + 1) * self.size]
        return map_arrays(lambda a: freeze(a[rows]), (self.x, self.y))


def first_step(data: Any) -> int | None:
    """The number of the first batch of `data`; None if it is unknown, as for a list or a generator."""
    return data.steps[0] if isinstance(data, Batches) and data.steps and data.steps.step == 1 else None


def check_index(name: str, i: Any, n: int, items: str) -> None:
    """Check an index of a sequence of n items: a whole number from -n to n - 1, or a slice of whole numbers."""
    parts = [part for part in (i.start, i.stop, i.step) if part is not None] if isinstance(i, slice) else [i]
    for part in parts:
        try:
            operator.index(part)
            fits = not isinstance(part, bool)
        except TypeError:
            fits = False
        if not fits:
            raise KindError(f"{name}: an index must be a whole number or a slice, not {kind(part)}")
    if not isinstance(i, slice) and not -n <= i < n:
        raise NoItemError(f"{name}: index {i} is out of range; there are {n} {items}")

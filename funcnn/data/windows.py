"""Batches of data larger than memory: blocks of rows are read in a random order, and shuffled a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import attrs
import numpy as np

from funcnn.arrays import Array, check_arrays, freeze, namespace, unmapped
from funcnn.checked import checked
from funcnn.data.rows import common_row_count
from funcnn.data.sequence import A, B, Batches, in_epochs
from funcnn.draws import BLOCKS, ROWS, permutation
from funcnn.errors import RangeError
from funcnn.needs import Count, Natural, Seed, words_of
from funcnn.trees.walks import map_arrays


@checked
def windowed_batches(
    x: A, y: B, size: Count, *, block: Count, window: Count, epochs: Natural = 1, seed: Seed
) -> Batches[A, B]:
    """Batches of rows that are read in blocks of consecutive rows, and shuffled within a window of some blocks.

    x and y are arrays or tuples of arrays, as for `batches`, such as memory maps, `np.load(path, mmap_mode="r")`. They
    are cut into blocks of `block` rows, of which the last may be smaller. In each epoch the blocks come in a random
    order; each `window` blocks in that order are read into memory and their rows are put into a random order; and the
    rows in this order are cut into batches of `size` rows. So two rows of one block are never farther apart than a
    window, and an epoch is a uniformly random order of all rows only if the window has all blocks. If the rows of a
    file are sorted, by class or by time, make the blocks small and the window large.

    Epoch e depends on `(*seed, e)`, `block` and `window` alone. A loop holds the rows of one window in memory, with 8
    bytes for the order of each of them, and 16 bytes for each block; a single `data[i]` reads a whole window for one
    batch. `batches` holds the order of all rows, 8 bytes a row, and reads each row from its own place in the file.

    >>> import numpy as np
    >>> from funcnn.data import windowed_batches
    >>> x = np.arange(12.0).reshape(6, 2)
    >>> data = windowed_batches(x, x[:, :1], 4, block=2, window=2, epochs=5, seed=0)
    >>> len(data), data.per_epoch, sorted(y_i for _, y in data[:2] for [y_i] in y.tolist())
    (10, 2, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0])

    Raises:
        KindError, ShapeError: as `batches`; or an array is of a subclass other than a memory map, such as a masked
            array.
        RangeError: `size` or `block` is greater than the number of rows.
    """
    function = "windowed_batches"
    rows = common_row_count(function, x, y)
    x, y = map_arrays(unmapped, (x, y))
    check_arrays(function, "x", x)
    check_arrays(function, "y", y)
    if block > rows:
        raise RangeError(f"{function}: block must be at most the number of rows, {rows}, not {block}")
    sizes = np.diff(np.append(np.arange(0, rows, block), rows))
    return windowed(function, Cut((x, y), block), sizes, size, window=window, epochs=epochs, seed=seed)


class BlockReader(Protocol):
    """Rows that are read in blocks of consecutive rows."""

    def read(self, blocks: Sequence[int]) -> tuple[Any, Any]:
        """The rows of these blocks, one after the other, as new arrays."""


@attrs.frozen(eq=False)
class Cut:
    """Arrays that are cut into blocks of equally many rows."""

    arrays: tuple[Any, Any] = attrs.field(repr=False)
    block: int

    def read(self, blocks: Sequence[int]) -> tuple[Any, Any]:
        """Copies of the rows of these blocks."""
        rows = [slice(i * self.block, (i + 1) * self.block) for i in blocks]
        return map_arrays(lambda a: namespace(a).concatenate([a[part] for part in rows]), self.arrays)


def windowed(
    function: str, blocks: BlockReader, sizes: Array, size: int, *, window: int, epochs: int, seed: Seed
) -> Batches[Any, Any]:
    """The batches of blocks that have so many rows each; errors name `function`."""
    rows = int(sizes.sum())
    if size > rows:
        raise RangeError(f"{function}: size must be at most the number of rows, {rows}, not {size}")
    source = Windowed(blocks, freeze(sizes), size, words_of(seed), -(-rows // size), window)
    return in_epochs(function, source, epochs)


@attrs.frozen(eq=False)
class Windowed:
    """Rows in a random order of blocks, a window of which is shuffled at a time, cut into batches."""

    blocks: BlockReader
    sizes: Array = attrs.field(repr=False)
    size: int
    seed: tuple[int, ...]
    per_epoch: int
    window: int

    def order(self, epoch: int) -> Order:
        """The order of an epoch, with the window that was read last: each loop has one of its own."""
        return Order(self, epoch)

    def batch(self, order: Order, step: int) -> tuple[Any, Any]:
        """The rows of a batch, which may be in several windows."""
        start = step % self.per_epoch * self.size
        return order.rows(start, min(start + self.size, int(self.sizes.sum())))


class Order:
    """The rows of an epoch, of which one window is in memory."""

    def __init__(self, source: Windowed, epoch: int) -> None:
        self._source, self._seed = source, (*source.seed, epoch)
        self._blocks = permutation((*self._seed, BLOCKS), len(source.sizes))
        firsts = np.arange(0, len(self._blocks), source.window)
        self._ends = np.add.reduceat(source.sizes[self._blocks], firsts).cumsum()
        self._held: tuple[int, Any, Any] = (-1, None, None)

    def rows(self, start: int, stop: int) -> tuple[Any, Any]:
        """The rows from `start` to `stop`, in the order of the epoch."""
        parts = []
        while start < stop:
            i = int(np.searchsorted(self._ends, start, "right"))
            end = min(stop, int(self._ends[i]))
            parts.append(self._part(i, start, end))
            start = end
        return parts[0] if len(parts) == 1 else map_arrays(lambda *some: namespace(some[0]).concatenate(some), *parts)

    def _part(self, i: int, start: int, stop: int) -> tuple[Any, Any]:
        """Rows of one window."""
        begin = int(self._ends[i - 1]) if i else 0
        if self._held[0] != i:
            self._held = (-1, None, None)  # no two windows are in memory
            blocks = self._blocks[i * self._source.window : (i + 1) * self._source.window]
            order = permutation((*self._seed, ROWS, i), int(self._ends[i]) - begin)
            self._held = i, self._source.blocks.read(blocks.tolist()), order
        _, window, order = self._held
        return map_arrays(lambda a: a[order[start - begin : stop - begin]], window)

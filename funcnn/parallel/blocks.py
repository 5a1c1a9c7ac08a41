"""The division of rows into blocks, by a model of cost that does not depend on the machine, and blocks as values."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import counted, unmapped
from funcnn.data.rows import common_row_count
from funcnn.errors import ShapeError
from funcnn.parallel.unread import Shards, are_equal
from funcnn.trees.walks import arrays_in, map_arrays, row_count

# Calibrated with two threads on networks of 2-27-31-31-1 and 64-256-256-10: the least work of a block that pays, in
# bytes of parameters that meet a row; and the rows whose work equals the sum of a gradient that is added.
_LEAST, _ROWS_OF_A_SUM = 1 << 26, 256
_MOST = 64  # blocks, unless `rows` asks for more


def bounds_of(m: int, rows: int | None, params: Any, x: Any) -> list[int]:
    """The first row of each block, and m: blocks of at most `rows` rows, which differ by at most one row.

    Without `rows`, there are as many blocks as pay, by the bytes of the parameters and of a row of x.
    """
    return _cut(m, default_number(m, params, x) if rows is None else max(1, -(-m // rows)))


def _cut(m: int, k: int) -> list[int]:
    return [m * i // k for i in range(k + 1)]


def default_number(m: int, params: Any, x: Any) -> int:
    """The number of blocks of m rows: their work must be large beside the sum of their gradients."""
    size = bytes_of(params)
    work = size * max([_positions(a) for a in arrays_in(x)], default=1) + bytes_of(x) // max(m, 1)
    least = (_LEAST + _ROWS_OF_A_SUM * size) / max(work, 1)
    return min(max(int(m / least), 1), _MOST)


def bytes_of(tree: Any) -> int:
    """The bytes of all arrays."""
    return sum([a.size * a.dtype.itemsize for a in arrays_in(tree)])


def _positions(a: Any) -> int:
    """How often a row meets the parameters: at each position of an image or of a sequence, of symbols or of vectors."""
    is_of_symbols = a.dtype.kind in "biu"
    return math.prod(a.shape[1:] if is_of_symbols else a.shape[1:-1])


# Blocks as values.


class RowBlock(NamedTuple):
    """One block: its number, its share of all rows, which rows these are, and x and y, maybe not read yet."""

    i: int
    share: float
    which: str
    x: Any
    y: Any


def rows_of(x: Any, y: Any) -> int:
    """The number of rows of x, checked to be that of y, which may be None."""
    return row_count("sharded", "x", x) if y is None else common_row_count("sharded", x, y)


class BlockPlace(NamedTuple):
    """Which rows a block has: in words, as a range or an array of row numbers, and as rows of one part of shards."""

    which: str
    rows: Any
    part: tuple[int, int, int] = (0, 0, 0)


def places_of(bounds: list[int], x: Any, y: Any) -> list[BlockPlace]:
    """The places of the rows of each block, which has at most as many rows as the largest block between `bounds`.

    A block of shards has rows of one part alone.
    """
    if not (parts := _parts_of(x, y)):
        return [BlockPlace(f"rows {start}:{stop}", range(start, stop)) for start, stop in pairwise(bounds)]
    most, found = max([stop - start for start, stop in pairwise(bounds)]), list[BlockPlace]()
    for part, (shard, rows, _) in enumerate(parts):
        for start, stop in pairwise(_cut(len(rows), -(-len(rows) // most))):
            which = f"{counted(stop - start, 'row')} of {shard.where}"
            found.append(BlockPlace(which, rows[start:stop], (part, start, stop)))
    return found


def _parts_of(x: Any, y: Any) -> list[Any]:
    """The parts of shards, whose rows must be the same for all shards; an empty list if x and y are arrays."""
    leaves: list[Any] = arrays_in((x, y))
    found = [a.divided for a in leaves if isinstance(a, Shards)]
    for one in found[1:]:
        counts = [[len(rows) for _, rows, _ in divided] for divided in (found[0], one)]
        if counts[0] != counts[1]:
            raise ShapeError(f"sharded: x and y must have parts of equally many rows, not {counts[0]} and {counts[1]}")
        if not all([are_equal(part[1], other[1]) for part, other in zip(found[0], one, strict=True)]):
            raise ShapeError("sharded: x and y must have the same rows of their parts; index both alike")
    return found[0] if found else []


def order_of(places: list[BlockPlace]) -> Any:
    """The place of each row of the blocks, one block after the other; None if that is the order of the rows."""
    if all([isinstance(place.rows, range) for place in places]):
        return None
    return np.concatenate([place.rows for place in places])


def blocks(places: list[BlockPlace], m: int, x: Any, y: Any) -> list[RowBlock]:
    """The blocks, with views of their rows; rows of files are not read."""
    return [RowBlock(i, len(at.rows) / m, at.which, _rows(x, at), _rows(y, at)) for i, at in enumerate(places)]


def _rows(tree: Any, place: BlockPlace) -> Any:
    rows = slice(place.rows.start, place.rows.stop) if isinstance(place.rows, range) else place.rows

    def of(a: Any) -> Any:
        return _laid(a.piece(*place.part) if isinstance(a, Shards) else a[rows])

    return None if tree is None else map_arrays(of, tree)


def laid(tree: Any) -> Any:
    """The tree with contiguous arrays, since other arrays would be contiguous where they are sent, with other bits."""
    return tree if all([_laid(a) is a for a in arrays_in(tree)]) else map_arrays(_laid, tree)


def _laid(a: Any) -> Any:
    a = unmapped(a)  # a rule may compute a memory map in another way
    if type(a) is not np.ndarray or a.flags.c_contiguous or a.flags.f_contiguous:
        return a
    return np.ascontiguousarray(a)


def sample(x: Any, y: Any, m: int, most: int) -> tuple[Any, Any, int]:
    """At most so many rows of x and y, spread evenly, and their number."""
    count = min(m, most)
    chosen = np.arange(count) * (m - 1) // max(count - 1, 1)
    return part_of(x, chosen), part_of(y, chosen), count


def read(tree: Any) -> Any:
    """A tree with arrays in place of shards, or None."""
    return None if tree is None else map_arrays(lambda a: a.read() if isinstance(a, Shards) else a, tree)


def is_of_shards(tree: Any) -> bool:
    """Whether some rows are shards, in files or in arrays."""
    leaves: list[Any] = arrays_in(tree)
    return any([isinstance(a, Shards) for a in leaves])


def is_unread(tree: Any) -> bool:
    """Whether some rows are in files."""
    leaves: list[Any] = arrays_in(tree)
    return any([isinstance(a, Shards) and a.is_in_files for a in leaves])


def part_of(tree: Any, rows: Any) -> Any:
    """Some rows of all arrays of a tree, or None."""
    return None if tree is None else map_arrays(lambda a: a[rows], tree)

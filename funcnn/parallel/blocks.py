"""The division of rows into blocks, by a model of cost that does not depend on the machine, and blocks as values."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import unmapped
from funcnn.core import reseed
from funcnn.data.rows import common_row_count
from funcnn.trees.walks import arrays_in, map_arrays, row_count

# Calibrated with two threads on networks of 2-27-31-31-1 and 64-256-256-10: the least work of a block that pays, in
# bytes of parameters that meet a row; and the rows whose work equals the sum of a gradient that is added.
_LEAST, _ROWS_OF_A_SUM = 1 << 26, 256
_MOST = 64  # blocks, unless `rows` asks for more


def bounds_of(m: int, rows: int | None, params: Any, x: Any) -> list[int]:
    """The first row of each block, and m: blocks of at most `rows` rows, which differ by at most one row.

    Without `rows`, there are as many blocks as pay, by the bytes of the parameters and of a row of x.
    """
    k = default_number(m, params, x) if rows is None else max(1, -(-m // rows))
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
    """One block: its number, the rows from `start` to `stop`, and the arguments of `value_and_grad` for them."""

    i: int
    start: int
    stop: int
    params: Any
    x: Any
    y: Any


def rows_of(x: Any, y: Any) -> int:
    """The number of rows of x, checked to be that of y, which may be None."""
    return row_count("sharded", "x", x) if y is None else common_row_count("sharded", x, y)


def blocks(bounds: list[int], params: Any, x: Any, y: Any) -> list[RowBlock]:
    """Block i has a view of its rows, and `reseed(params, i)`, so that it draws random numbers of its own."""
    params = laid(params)
    cuts = enumerate(pairwise(bounds))
    return [RowBlock(i, a, b, reseed(params, i), _rows(x, a, b), _rows(y, a, b)) for i, (a, b) in cuts]


def _rows(tree: Any, start: int, stop: int) -> Any:
    return None if tree is None else map_arrays(lambda a: _laid(a[start:stop]), tree)


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


def part_of(tree: Any, rows: Any) -> Any:
    """Some rows of all arrays of a tree, or None."""
    return None if tree is None else map_arrays(lambda a: a[rows], tree)

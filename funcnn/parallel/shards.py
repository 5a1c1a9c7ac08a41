"""Blocks of rows as values: the rows of x and y, and the network that computes them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import unmapped
from funcnn.core import reseed
from funcnn.data.checks import checked_equal
from funcnn.trees.walks import arrays_in, map_arrays, row_count


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
    m = row_count("sharded", "x", x)
    return m if y is None else checked_equal("sharded", m, row_count("sharded", "y", y))


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
    picked = [None if tree is None else map_arrays(lambda a: a[chosen], tree) for tree in (x, y)]
    return picked[0], picked[1], count

"""The division of rows into blocks, by a model of cost that does not depend on the machine."""

from __future__ import annotations

import math
from typing import Any

from funcnn.trees.walks import arrays_in

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

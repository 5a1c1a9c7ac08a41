"""The kernel of the gradient of an embedding: each row is added to the row of its symbol."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from funcnn.compilation.kernels.calls import Call, are_plain
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import Index
from funcnn.layers.embedding.symbols import FEW


def rows_added(ids: Any, rows: Any, n: int) -> Any:
    """(n, k): row i is the sum of all rows with id i, in their order"""
    if n <= FEW or not are_plain(rows.dtype, rows) or type(ids) is not np.ndarray or ids.shape != rows.shape[:1]:
        return None
    if ids.dtype.kind not in "iu" or not 0 <= ids.min() <= ids.max() < n:
        return None
    total = np.zeros((n, rows.shape[1]), rows.dtype)
    _added(rows.dtype, rows.shape[1])(np.ascontiguousarray(ids, np.int64), rows, total, len(rows))
    return total


@cache
def _added(dtype: Any, k: int) -> Call:
    t = Strips(dtype)

    def row(i: Index) -> None:
        source, to = t.at("%rows", t.times(i, k)), t.at("%total", t.let(f"mul i64 {t.word('%ids', i)}, {k}"))
        t.strips(k, lambda f: t.write(t.add(t.read(to, f), t.read(source, f)), to, f))

    t.loop("%count", row)
    return Call(t, ["ids", "rows", "total"], ["count"])

"""Random matrices with orthonormal columns, as products of reflections."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array
from funcnn.bits import normal
from funcnn.draws import Key
from funcnn.sums import sum_by_halves


def orthonormal(key: Key, rows: int, columns: int) -> Array:
    """A matrix that is uniformly distributed over all those with orthonormal columns, of which there are at most `rows`

    With x_k normal, of rows - k numbers, the reflection of the first axis to x_k / |x_k| moves the columns that follow,
    which are orthonormal in the other axes: Stewart 1980, The Efficient Generation of Random Orthogonal Matrices with
    an Application to Condition Estimators. BLAS and NumPy's sums are not used: their order depends on the processor.
    """
    x = np.triu(normal(np, key, (columns, rows), np.float64)).T.copy()
    sizes = np.sqrt(sum_by_halves(x * x))
    out, work = x / sizes, np.empty(rows * columns)
    for k in reversed(range(columns - 1)):
        v, size = x[k:, k, None].copy(), sizes[k]
        v[0] += np.copysign(size, v[0])  # the other sign would cancel; this one reflects to -x / |x|, as uniform
        others = out[k:, k + 1 :]
        products = work[: others.size].reshape(others.shape)
        np.multiply(v, others, out=products)
        shares = sum_by_halves(products) / (size * abs(v[0]))
        np.multiply(v, shares, out=products)
        others -= products
    return out

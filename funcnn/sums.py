"""Sums whose order depends on nothing but the number of terms: those of NumPy and BLAS depend on the processor."""

from typing import Any

import numpy as np

from funcnn.arrays import Array


def sum_by_halves(a: Array) -> Any:
    """The sum over the first axis, as a tree of sums of two halves; an array of NumPy is overwritten.

    >>> import numpy as np
    >>> from funcnn.sums import sum_by_halves
    >>> sum_by_halves(np.array([1.0, 2.0, 3.0]))
    np.float64(6.0)
    """
    n = len(a)
    if type(a) is not np.ndarray or not n:
        return a.sum(0)
    while n > 1:
        half = n // 2
        a[:half] += a[n - half : n]
        n -= half
    return a[0]

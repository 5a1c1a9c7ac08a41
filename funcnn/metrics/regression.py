"""Metrics of regression."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, short
from funcnn.errors import RangeError
from funcnn.extras import needing
from funcnn.losses.base import check_alike
from funcnn.metrics.classification import check_real
from funcnn.training.scores import better
from funcnn.trees.libraries import in_any_library


@better("higher")
@in_any_library
def r2(out: Array, y: Array) -> float:
    """1 - sum (y - out)^2 / sum (y - mean y)^2, averaged over the outputs: the coefficient of determination

    1 is perfect, 0 is as good as the mean of y, and there is no lower bound; NaN if out is not finite. An output
    whose y is the same in all rows counts as 1 if out equals y, else as 0. out and y: (m, ...), of one shape. The
    result is that of `sklearn.metrics.r2_score`, so `r2` needs scikit-learn.

    >>> import numpy as np
    >>> from funcnn.metrics import r2
    >>> r2(np.array([[1.0], [2.0], [2.0]]), np.array([[1.0], [2.0], [3.0]]))
    0.5

    Raises:
        MissingError: scikit-learn is not installed.
        KindError, ShapeError: out is not an array of floats, or y is not an array of numbers of the same shape.
        RangeError: there are fewer than two rows, or y is not finite.
    """
    with needing("r2", "scikit-learn"):
        from sklearn.metrics import r2_score  # noqa: PLC0415  optional, and needed here alone
    check_real("r2", out)
    check_alike("r2", out, y)
    if out.shape[0] < 2:
        raise RangeError(f"r2: out must have at least two rows, not {out.shape}")
    if not np.isfinite(y).all():
        raise RangeError(f"r2: y must be finite; y: {short(y)}")
    if not np.isfinite(out).all():
        return float("nan")
    return float(r2_score(*[np.asarray(a, float).reshape(len(a), -1) for a in (y, out)]))

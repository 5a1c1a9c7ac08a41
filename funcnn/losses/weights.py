"""Weights that turn the mean over all terms into a mean over some of them."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, is_array, is_float, kind, namespace, wide
from funcnn.conditions import is_not_at_least
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.remedies import span


def normalised(weight: Array) -> Array:
    """weight size / sum weight: weights with the mean 1, so that a weighted loss is the weighted mean of its terms

    Losses multiply their terms by the weights and divide by the number of terms. With the normalised weights of a mask
    the cost is therefore the mean over the positions where the mask is True. The normalisation belongs to the data:
    compute it for a whole batch, as part of y for `weighted`. If the rows are divided into blocks later, the weights
    travel with the rows, and the blocks combine exactly.

    weight: numbers of any shape that are not negative, or bools. Floats keep their dtype, float16 becomes float32.

    >>> import numpy as np
    >>> from funcnn import mse
    >>> from funcnn.losses import normalised
    >>> mask = np.array([True, True, False, False])
    >>> normalised(mask)
    array([2., 2., 0., 0.])
    >>> out, y = np.array([[1.0], [3.0], [9.0], [9.0]]), np.zeros((4, 1))
    >>> mse(out, y, normalised(mask))[0], mse(out[mask], y[mask])[0]
    (5.0, 5.0)

    Raises:
        KindError: `weight` is not an array of real numbers or bools.
        ShapeError: `weight` is a single number.
        RangeError: a weight is negative, NaN or infinite, or the sum of the weights is 0.
    """
    xp = namespace(weight, "weight", "normalised: ")
    if weight.dtype.kind not in "biu" and not (is_float(weight) and weight.dtype.kind != "c"):
        raise KindError(f"normalised: weight must hold numbers, not {kind(weight)}")
    if not weight.shape:
        raise ShapeError("normalised: weight must be an array with one weight for each row or position, not ()")
    weight = wide(weight) if is_float(weight) else weight.astype(xp.asarray(0.0).dtype)
    if weight.size and is_not_at_least(weight, 0):
        raise RangeError(f"normalised: weight must not be negative or NaN; it has {span(weight)}")
    total = weight.sum()
    if not is_array(total) and not 0 < total < np.inf:
        raise RangeError(f"normalised: weight must have a finite sum above 0; its sum is {total}")
    return weight * (weight.size / total)

"""Metrics of classification for each class: counts, precision, recall and F1."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, namespace, short, wide
from funcnn.checked import checked
from funcnn.errors import RangeError
from funcnn.metrics.classification import answers
from funcnn.needs import Finite
from funcnn.training.scores import better
from funcnn.trees.libraries import in_any_library


@better("higher")
@in_any_library
@checked
def precision(out: Array, y: Array, *, threshold: Finite | None = None) -> Array:
    """right_c / predicted_c, the share of the predictions of class c that are right: an array (k,)

    NaN for a class that is never predicted. Without a threshold, `out` and `y` are as in `accuracy`, and k is the
    number of classes. With a threshold, each of the k outputs is a question with the answers yes and no, as in
    `binary_cross_entropy`, and the precision is that of yes. The mean over the classes is the macro average.

    >>> import numpy as np
    >>> from funcnn.metrics import precision
    >>> precision(np.eye(3)[[0, 0, 1, 1]], np.array([0, 0, 0, 1]))
    array([1. , 0.5, nan])

    Raises:
        ShapeError, KindError, RangeError: as `accuracy`; RangeError also if out holds a NaN.
    """
    right, predicted, _, _ = _counts("precision", out, y, threshold)
    return _ratio(right, predicted, out)


@better("higher")
@in_any_library
@checked
def recall(out: Array, y: Array, *, threshold: Finite | None = None) -> Array:
    """right_c / true_c, the share of the examples of class c that are predicted as c: an array (k,)

    NaN for a class without examples. `out`, `y` and `threshold` are as in `precision`.

    >>> import numpy as np
    >>> from funcnn.metrics import recall
    >>> recall(np.eye(3)[[0, 0, 1, 1]], np.array([0, 0, 0, 1])).round(3)
    array([0.667, 1.   ,   nan])

    Raises:
        ShapeError, KindError, RangeError: as `precision`.
    """
    right, _, true, _ = _counts("recall", out, y, threshold)
    return _ratio(right, true, out)


@better("higher")
@in_any_library
@checked
def f1(out: Array, y: Array, *, threshold: Finite | None = None) -> Array:
    """2 right_c / (predicted_c + true_c), the harmonic mean of precision and recall of class c: an array (k,)

    NaN for a class that has no examples and is never predicted. `out`, `y` and `threshold` are as in `precision`.

    >>> import numpy as np
    >>> from funcnn.metrics import f1
    >>> f1(np.eye(3)[[0, 0, 1, 1]], np.array([0, 0, 0, 1])).round(3)
    array([0.8  , 0.667,   nan])

    Raises:
        ShapeError, KindError, RangeError: as `precision`.
    """
    right, predicted, true, _ = _counts("f1", out, y, threshold)
    return _ratio(2 * right, predicted + true, out)


@in_any_library
@checked
def confusion_per_class(out: Array, y: Array, *, threshold: Finite | None = None) -> Array:
    """counts[c, i, j]: the number of examples that are of class c (i = 1) or not (0), and predicted as c (j = 1) or not

    Integers of shape (k, 2, 2). `out`, `y` and `threshold` are as in `precision`: with a threshold, class c is the
    answer yes to output c.

    >>> import numpy as np
    >>> from funcnn.metrics import confusion_per_class
    >>> confusion_per_class(np.eye(2)[[0, 0, 1, 1]], np.array([0, 0, 0, 1]))[1]
    array([[2, 1],
           [0, 1]])

    Raises:
        ShapeError, KindError, RangeError: as `precision`.
    """
    right, predicted, true, n = _counts("confusion_per_class", out, y, threshold)
    xp = namespace(right)
    yes = xp.stack([true - right, right], axis=-1)
    no = xp.stack([n - predicted - true + right, predicted - right], axis=-1)
    return xp.stack([no, yes], axis=-2)


def _counts(function: str, out: Array, y: Array, threshold: float | None) -> tuple[Array, Array, Array, int]:
    """For each class, how many predictions are right, are of it, and should be of it; and how many there are."""
    predicted, true, k = answers(function, out, y, threshold)
    xp = namespace(out)
    if xp.isnan(out).any():
        raise RangeError(f"{function}: out must not hold NaN, which is not a class; out: {short(out)}")
    if threshold is not None:
        rows = [a.reshape(-1, out.shape[-1]).sum(axis=0) for a in (predicted * true, predicted, true)]
        return rows[0], rows[1], rows[2], out.size // out.shape[-1]
    predicted, true = predicted.reshape(-1), true.reshape(-1)
    of_right = xp.where(predicted == true, true, k)  # the wrong ones in a class of their own
    right, *others = [xp.bincount(a, minlength=k) for a in (of_right, predicted, true)]
    return right[:k], others[0], others[1], true.size


def _ratio(part: Array, whole: Array, out: Array) -> Any:
    """part / whole in the dtype of out, or in float32 if that is smaller; NaN where whole is 0."""
    dtype = wide(out[:0]).dtype
    xp = namespace(part)
    return xp.where(whole == 0, xp.asarray(xp.nan, dtype), part.astype(dtype) / xp.maximum(whole, 1).astype(dtype))

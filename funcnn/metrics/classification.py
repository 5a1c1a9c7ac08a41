"""Metrics of classification: numbers for all examples together."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, kind, namespace, short
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.losses.base import check_alike, check_out_and_y, check_unit
from funcnn.losses.classification import cross_entropy, has_classes
from funcnn.losses.protocol import of_logits
from funcnn.needs import Count, Finite
from funcnn.remedies import span
from funcnn.training.scores import better
from funcnn.trees.libraries import in_any_library


@better("higher")
@in_any_library
@checked
def accuracy(out: Array, y: Array, *, threshold: Finite | None = None) -> float:
    """The share of right predictions, in [0, 1]; NaN if out holds a NaN

    Without a threshold, out is (m, ..., k), and the predicted class is the index of the largest output; y holds integer
    classes (m, ...), or soft labels of out's shape, whose class is the index of the largest label. With a threshold,
    each output is a prediction, `out > threshold`, and y holds zeros and ones in out's shape. Use a threshold of 0 for
    logits, and 0.5 for probabilities. So y is as for `softmax_cross_entropy` or for the binary cross-entropies. For
    padded sequences write `accuracy(out[mask], y[mask])`.

    >>> import numpy as np
    >>> from funcnn import accuracy
    >>> accuracy(np.array([[2.0, -1.0], [0.0, 3.0], [1.0, 0.0]]), np.array([0, 1, 1]))
    0.6666666666666666
    >>> accuracy(np.array([[0.9], [0.2]]), np.array([[1], [1]]), threshold=0.5)
    0.5

    Raises:
        ShapeError: y does not fit out, or out has no axis of classes and there is no threshold.
        KindError: out is not an array of floats, y is not an array of numbers, or classes are not integers.
        RangeError: there are no rows, there is one output and no threshold, or a label is not a class.
    """
    predicted, true, _ = answers("accuracy", out, y, threshold)
    return _share(predicted == true, out)


@in_any_library
@checked
def confusion(out: Array, y: Array, *, threshold: Finite | None = None) -> Array:
    """counts[i, j]: the number of examples of class i that were predicted as class j

    Integers of shape (k, k). The sum of all counts is the number of predictions; the diagonal counts the right ones.
    `out`, `y`, masks and `threshold` are as in `accuracy`; with a threshold there are two classes, no and yes.

    >>> import numpy as np
    >>> from funcnn.metrics import confusion
    >>> confusion(np.array([[2.0, -1.0], [0.0, 3.0], [1.0, 0.0]]), np.array([0, 1, 1]))
    array([[1, 0],
           [1, 1]])

    Raises:
        ShapeError, KindError, RangeError: as `accuracy`; RangeError also if out holds a NaN, which is not a class.
    """
    predicted, true, k = answers("confusion", out, y, threshold)
    xp = namespace(out)
    if xp.isnan(out).any():
        raise RangeError(f"confusion: out must not hold NaN, which is not a class; out: {short(out)}")
    return xp.bincount((true * k + predicted).reshape(-1), minlength=k * k).reshape(k, k)


@better("higher")
@in_any_library
@checked
def top_k_accuracy(out: Array, y: Array, k: Count) -> float:
    """The share of examples whose class has one of the k largest outputs; NaN if out holds a NaN

    `out`, `y` and masks are as in `accuracy`, and for k = 1 the result is the same. Of equal outputs, the earlier one
    counts as larger.

    >>> import numpy as np
    >>> from funcnn.metrics import top_k_accuracy
    >>> top_k_accuracy(np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]), np.array([1, 0]), 2)
    0.5

    Raises:
        ShapeError, KindError, RangeError: as `accuracy`; RangeError also if k is greater than the number of classes.
    """
    true, classes = _as_classes("top_k_accuracy", out, y), out.shape[-1]
    if k > classes:
        raise RangeError(f"top_k_accuracy: k must be at most {classes}, the number of classes, not {k}")
    xp, true = namespace(out), true[..., None]
    own = xp.take_along_axis(out, true, axis=-1)
    before = (out > own) | ((out == own) & (xp.arange(classes) < true))
    return _share(before.sum(axis=-1) < k, out)


@better("lower")
@of_logits
def perplexity(out: Array, y: Array) -> float:
    """e^cost, where cost is the cost of `softmax_cross_entropy`: the number of equally likely classes with the same
    cost

    1 is perfect; k is as good as guessing among k classes. For padded sequences: `perplexity(out[mask], y[mask])`.

    >>> import numpy as np
    >>> from funcnn.metrics import perplexity
    >>> round(perplexity(np.zeros((1, 5)), np.array([3])), 12)
    5.0

    Raises:
        ShapeError, KindError, RangeError: as `softmax_cross_entropy`.
    """
    _as_classes("perplexity", out, y)
    cost, _ = cross_entropy("perplexity", out, y)
    if not isinstance(cost, float):
        return namespace(cost).exp(cost)
    with np.errstate(over="ignore"):  # the perplexity of a cost above 709 is infinite
        return float(np.exp(cost))


def check_real(function: str, out: Any) -> None:
    """Check that `out` is not complex, which losses take for the complex step: complex numbers have no order."""
    if is_array(out) and out.dtype.kind == "c":
        raise KindError(f"{function}: out must be an array of real floats, not {kind(out)}")


def answers(function: str, out: Array, y: Array, threshold: float | None) -> tuple[Array, Array, int]:
    """The predicted and the true classes, as whole numbers from 0 to k - 1, and k."""
    check_real(function, out)
    if threshold is None:
        true = _as_classes(
            function, out, y, "; for one output give threshold=0 for logits or threshold=0.5 for probabilities"
        )
        return out.argmax(axis=-1), true, out.shape[-1]
    check_alike(function, out, y)
    if not ((y == 0) | (y == 1)).all():
        raise RangeError(f"{function}: with a threshold y must be 0 or 1; it has {span(y)}")
    return (out > threshold).astype(int), y.astype(int), 2


def _as_classes(function: str, out: Array, y: Array, remedy: str = "") -> Array:
    """The true classes, for out (m, ..., k); `remedy` ends the error for a single output."""
    check_real(function, out)
    check_out_and_y(function, out, y, of_classes=True)
    if out.ndim < 2:
        needed = f"(m, ..., k), rows first{', or give a threshold' * bool(remedy)}"
        raise ShapeError(f"{function}: out must be {needed}; out: {out.shape}")
    if out.shape[-1] < 2:
        raise RangeError(f"{function}: out must have at least two classes; out: {out.shape}{remedy}")
    if has_classes(function, out, y):
        return y.astype(int)
    check_unit(function, y, out)
    if type(y) is np.ndarray and np.isnan(y).any():
        raise RangeError(f"{function}: y must not hold NaN, which is not a class; y: {short(y)}")
    return y.argmax(axis=-1)


def _share(right: Array, out: Array) -> Any:
    """The share of True in `right`, as a float if out is a NumPy array; NaN if out holds a NaN."""
    xp = namespace(out)
    share = xp.where(xp.isnan(out).any(), xp.nan, right.mean())
    return float(share) if xp is np else share

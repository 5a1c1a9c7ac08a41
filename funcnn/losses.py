"""Losses: `(out, y) -> (cost, dA)`, the value and its gradient together, so that they cannot drift apart.

The cost is a mean over the examples and over the outputs of each. `dA`, its gradient with respect to `out`, has the
shape and the dtype of `out`; `y` and `weight` are cast to that dtype. Weights, of y's shape or one a row, multiply each
term and never normalise, so that blocks of rows combine exactly. Nothing broadcasts: `out` and `y` have one shape.
"""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, float_namespace, kind, namespace, short
from funcnn.core import Loss
from funcnn.errors import KindError, RangeError, ShapeError

F = TypeVar("F")


def of_logits(loss: F) -> F:
    """Mark a loss that squashes its input itself, so that a network which already ends in probabilities is refused."""
    setattr(loss, "takes_logits", True)  # noqa: B010  the type of a function has no such attribute
    return loss


def weighted(loss: Loss) -> Loss:
    """The loss of `(out, (y, weight))`: weights then travel with the rows, through batches and blocks.

    >>> import numpy as np
    >>> from funcnn import mse, weighted
    >>> y, weight = np.zeros((2, 1)), np.array([1.0, 0.0])
    >>> weighted(mse)(np.array([[2.0], [9.0]]), (y, weight))[0]
    2.0
    """
    return partial(_weighted, loss)


def _weighted(loss: Any, out: Any, y: tuple[Any, Any]) -> tuple[Any, Any]:
    if type(y) is not tuple or len(y) != 2:
        raise KindError(f"weighted: y must be a pair (y, weight), not {short(y) if type(y) is tuple else kind(y)}")
    return loss(out, *y)


def mse(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """Mean squared error: cost = mean (out - y)^2, dA = 2 (out - y) / size

    >>> import numpy as np
    >>> from funcnn import mse
    >>> mse(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]))
    (2.0, array([[0.],
           [2.]]))

    Raises:
        ShapeError: out and y differ in shape, or the weight has neither y's shape nor one entry a row.
        RangeError: there are no rows, of which there is no mean.
    """
    y, weight = _fitted("mse", out, y, weight)
    e = out - y
    we = e if weight is None else weight * e
    return _mean(we * e), we * (2 / e.size)


def mae(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """Mean absolute error: cost = mean |out - y|, dA = sign(out - y) / size, which is 0 where out = y

    Raises:
        ShapeError, RangeError: as `mse`.
    """
    y, weight = _fitted("mae", out, y, weight)
    e = out - y
    return _weigh(abs(e), namespace(e).sign(e), weight)


def huber(out: Array, y: Array, weight: Array | None = None, *, delta: float = 1.0) -> tuple[Any, Array]:
    """Huber's loss: cost = mean of e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2), with e = out - y

    dA = e / size, clipped to +-delta / size. Huber 1964, Robust Estimation of a Location Parameter.

    Raises:
        ShapeError, RangeError: as `mse`; RangeError also where delta is not positive.
    """
    if not delta > 0:
        raise RangeError(f"huber: delta must be positive; it is {delta}")
    y, weight = _fitted("huber", out, y, weight)
    e, delta = out - y, float(delta)  # an np.float64 would turn float32 into float64
    slope = namespace(e).clip(e, -delta, delta)
    return _weigh(slope * (e - 0.5 * slope), slope, weight)


def binary_cross_entropy(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """Cross-entropy of probabilities: cost = -mean (y log p + (1 - y) log(1 - p)), dA = (p - y) / (p (1 - p)) / size

    p is out, clipped to [eps, 1 - eps], eps the spacing of floats at 1; dA is 0 where that clips, so cost and gradient
    stay finite. For networks that end in a Sigmoid; `binary_cross_entropy_with_logits` needs none and never clips.

    >>> import numpy as np
    >>> from funcnn import binary_cross_entropy
    >>> cost, dA = binary_cross_entropy(np.array([[0.5], [1.0]]), np.array([[1], [0]]))
    >>> round(cost, 4), dA.tolist()
    (18.3684, [[-1.0], [0.0]])

    Raises:
        ShapeError: as `mse`.
        RangeError: as `mse`; or out or y are not in [0, 1].
    """
    y, weight = _fitted("binary_cross_entropy", out, y, weight)
    xp = namespace(out)
    _check_unit("binary_cross_entropy: y", y)
    eps = float(xp.finfo(out.dtype).eps)
    inside = (out > eps) & (out < 1 - eps)
    if xp is np and not inside.all():
        _check_unit("binary_cross_entropy: out", out)
    p = xp.clip(out, eps, 1 - eps)
    cost = -(y * xp.log(p) + (1 - y) * xp.log1p(-p))
    return _weigh(cost, inside * ((p - y) / (p * (1 - p))), weight)


@of_logits
def binary_cross_entropy_with_logits(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """Cross-entropy of p = 1 / (1 + e^-out): cost = mean (log(1 + e^out) - y out), dA = (p - y) / size

    Never overflows and never clips, whatever the logits.

    >>> import numpy as np
    >>> from funcnn import binary_cross_entropy_with_logits
    >>> binary_cross_entropy_with_logits(np.array([[-800.0]]), np.array([[1]]))
    (800.0, array([[-1.]]))

    Raises:
        ShapeError: as `mse`.
        RangeError: as `mse`; or y is not in [0, 1].
    """
    y, weight = _fitted("binary_cross_entropy_with_logits", out, y, weight)
    xp = namespace(out)
    _check_unit("binary_cross_entropy_with_logits: y", y)
    e = xp.exp(xp.where(out > 0, -out, out))
    cost = xp.where(out > 0, out, 0) - y * out + xp.log1p(e)
    return _weigh(cost, xp.where(out > 0, 1, e) / (1 + e) - y, weight)


@of_logits
def softmax_cross_entropy(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """Cross-entropy of p = e^out / sum e^out over the last axis: cost = -mean log p[y], dA = (p - onehot(y)) / n

    out: (m, ..., k) logits. y: classes, integers of shape (m, ...); or soft labels, a distribution of out's shape,
    where cost = -mean sum y log p and dA = (p sum y - y) / n. n is the number of examples, m times the axes between.
    The weight is of the classes' shape, or one a row.

    >>> import numpy as np
    >>> from funcnn import softmax_cross_entropy
    >>> softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    (0.6931471805599453, array([[ 0.5, -0.5]]))

    Raises:
        ShapeError: y fits out neither as classes nor as soft labels, or the weight does not.
        KindError: y has the shape of classes, but is not of integers.
        RangeError: a class is not in 0 .. k - 1, or there are no rows.
    """
    _check("softmax_cross_entropy", out, y)
    xp = namespace(y if type(out) is np.ndarray else out)  # either may be traced
    if out.ndim < 2 or y.shape not in (out.shape, out.shape[:-1]):
        needed = f"classes {out.shape[:-1]} or soft labels {out.shape}"
        raise ShapeError(f"softmax_cross_entropy: y must be {needed}; y: {y.shape}, out: {out.shape}")
    labels = (y if y.shape == out.shape else _onehot(y, out)).astype(out.dtype)
    z = out - out.max(axis=-1, keepdims=True)
    e = xp.exp(z)
    total, mass = e.sum(axis=-1, keepdims=True), labels.sum(axis=-1, keepdims=True)
    # A logit of -inf rules a class out; 0 * -inf would be NaN.
    cost = (mass * xp.log(total))[..., 0] - (labels * xp.where(labels == 0, 0, z)).sum(axis=-1)
    slope = mass * (e / total) - labels
    if weight is not None:
        weight = _fitted_weight("softmax_cross_entropy", cost, weight)
        return _mean(weight * cost), slope * (weight * (1 / cost.size))[..., None]
    return _mean(cost), slope * (1 / cost.size)


def _onehot(y: Array, out: Array) -> Array:
    k = out.shape[-1]
    if y.dtype.kind not in "iu":
        raise KindError(f"softmax_cross_entropy: classes are integers, not {y.dtype}; write y.astype(int)")
    if isinstance(y, np.ndarray) and not (y.min() >= 0 and y.max() < k):
        raise RangeError(f"softmax_cross_entropy: classes must be in 0 .. {k - 1}; y has {y.min()} .. {y.max()}")
    return y[..., None] == namespace(out).arange(k)


def _check(name: str, out: Array, y: Array) -> None:
    float_namespace(out, "out", f"{name}: ")
    namespace(y, "y", f"{name}: ")
    _check_numbers(name, "y", y)
    if out.size == 0:
        raise RangeError(f"{name}: there is no mean over no rows; out: {out.shape}")


def _check_numbers(name: str, what: str, values: Array) -> None:
    if values.dtype.kind in "OSUMmc":
        given = "objects" if values.dtype.kind == "O" else values.dtype
        raise KindError(f"{name}: {what} must hold numbers, not {given}; write {what}.astype(float)")


def _fitted(name: str, out: Array, y: Array, weight: Array | None) -> tuple[Array, Array | None]:
    """y and the weight in the dtype of out; the weight with as many axes."""
    _check(name, out, y)
    if out.shape != y.shape:
        raise ShapeError(f"{name}: out and y must have the same shape; out: {out.shape}, y: {y.shape}")
    y = y if y.dtype == out.dtype else y.astype(out.dtype)
    return y, None if weight is None else _fitted_weight(name, y, weight)


def _fitted_weight(name: str, y: Array, weight: Array) -> Array:
    namespace(weight, "weight", f"{name}: ")
    _check_numbers(name, "weight", weight)
    if weight.shape not in (y.shape, y.shape[:1]):
        raise ShapeError(
            f"{name}: weight must have y's shape, or one entry a row; y: {y.shape}, weight: {weight.shape}"
        )
    return weight.reshape(weight.shape + (1,) * (y.ndim - weight.ndim)).astype(y.dtype)


def _check_unit(what: str, values: Array) -> None:
    """Values in [0, 1], as far as they can be seen: those of a tracer cannot, and NaN flows on."""
    if type(values) is np.ndarray and (values.min() < 0 or values.max() > 1):
        raise RangeError(f"{what} must be in [0, 1]; it has {values.min()} .. {values.max()}")


def _weigh(cost: Array, slope: Array, weight: Array | None) -> tuple[Any, Array]:
    """The mean of cost, and its gradient, both weighted."""
    if weight is None:
        return _mean(cost), slope * (1 / cost.size)
    return _mean(weight * cost), slope * (weight * (1 / cost.size))


def _mean(cost: Array) -> Any:
    mean = cost.sum() / cost.size  # as cost.mean(), in half the time
    return float(mean) if isinstance(mean, np.generic) else mean

"""Cross-entropies: what it costs to have given the truth so little probability. Of logits, but for one."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import as_number
from funcnn.losses.base import check, check_examples, check_unit, fitted, fitted_weight, of_logits, weigh


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
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or out or y are not in [0, 1].
    """
    y, weight = fitted("binary_cross_entropy", out, y, weight)
    xp = namespace(out)
    check_unit("binary_cross_entropy: y", y)
    eps = float(xp.finfo(out.dtype).eps)
    inside = (out > eps) & (out < 1 - eps)
    if xp is np and not inside.all():
        check_unit("binary_cross_entropy: out", out)
    p = xp.clip(out, eps, 1 - eps)
    cost = -(y * xp.log(p) + (1 - y) * xp.log1p(-p))
    return weigh(cost, inside * ((p - y) / (p * (1 - p))), weight)


@of_logits
def binary_cross_entropy_with_logits(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """Cross-entropy of p = 1 / (1 + e^-out): cost = mean (log(1 + e^out) - y out), dA = (p - y) / size

    Never overflows and never clips, whatever the logits.

    >>> import numpy as np
    >>> from funcnn import binary_cross_entropy_with_logits
    >>> binary_cross_entropy_with_logits(np.array([[-800.0]]), np.array([[1]]))
    (800.0, array([[-1.]]))

    Raises:
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or y is not in [0, 1].
    """
    y, weight = fitted("binary_cross_entropy_with_logits", out, y, weight)
    xp = namespace(out)
    check_unit("binary_cross_entropy_with_logits: y", y)
    e = xp.exp(xp.where(out > 0, -out, out))
    cost = xp.where(out > 0, out, 0) - y * out + xp.log1p(e)
    return weigh(cost, xp.where(out > 0, 1, e) / (1 + e) - y, weight)


@of_logits
def softmax_cross_entropy(
    out: Array, y: Array, weight: Array | None = None, *, smoothing: float = 0.0
) -> tuple[Any, Array]:
    """Cross-entropy of p = e^out / sum e^out over the last axis: cost = -mean log p[y], dA = (p - onehot(y)) / n

    out: (m, ..., k) logits. y: classes, integers of shape (m, ...); or soft labels, a distribution of out's shape,
    where cost = -mean sum y log p and dA = (p sum y - y) / n. n is the number of examples, m times the axes between.
    The weight is of the classes' shape, or of its first axes.

    With a smoothing s the labels are those of a truth that is another class, any of the k alike, with probability s:
    (1 - s) onehot(y) + s / k. Szegedy et al. 2016, Rethinking the Inception Architecture, section 7.

    >>> import numpy as np
    >>> from functools import partial
    >>> from funcnn import softmax_cross_entropy
    >>> softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    (0.6931471805599453, array([[ 0.5, -0.5]]))
    >>> smoothed = partial(softmax_cross_entropy, smoothing=0.5)  # a loss (out, y), for training
    >>> smoothed(np.array([[0.0, 0.0]]), np.array([1]))
    (0.6931471805599453, array([[ 0.25, -0.25]]))

    Raises:
        ShapeError: y fits out neither as classes nor as soft labels, or the weight does not.
        KindError: y has the shape of classes, but is not of integers, or the smoothing is no number.
        RangeError: a class is not in 0 .. k - 1, soft labels are not in [0, 1], k is 1, there are no rows, a weight is
            negative or NaN, or the smoothing is not in [0, 1).
    """
    share = as_number("softmax_cross_entropy", smoothing, "smoothing")
    if not 0 <= share < 1:
        raise RangeError(f"softmax_cross_entropy: smoothing must be in [0, 1); it is {smoothing}")
    y = labels("softmax_cross_entropy", out, y)
    mass = y.sum(axis=-1, keepdims=True)
    if share:
        y = (1 - share) * y + share / y.shape[-1] * mass
    z, e, total = exponentials(y, out)
    cost = (mass * namespace(z).log(total))[..., 0] - (y * z).sum(axis=-1)
    weight = fitted_weight("softmax_cross_entropy", cost, weight)
    return weigh(cost, mass * (e / total) - y, weight)


@of_logits
def kl_divergence(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """Kullback & Leibler's divergence: cost = mean sum y (log y - log p), dA = (p sum y - y) / n, p = softmax of out

    out: (m, ..., k) logits; y: distributions over the last axis, of out's shape, where 0 log 0 is 0. It is
    `softmax_cross_entropy` less the entropy of y, so the gradient is the same, and the cost is 0 where p = y: how far a
    network is from another one, or from counts. n is the number of examples, m times the axes between, of whose shape
    the weight is, or of its first axes. Kullback & Leibler 1951, On Information and Sufficiency.

    >>> import numpy as np
    >>> from funcnn import kl_divergence
    >>> cost, dA = kl_divergence(np.array([[0.0, 0.0]]), np.array([[0.75, 0.25]]))
    >>> round(cost, 4), dA.tolist()
    (0.1308, [[-0.25, 0.25]])

    Raises:
        ShapeError, KindError: as `mse`; ShapeError also where out has no axis of classes.
        RangeError: as `mse`; or y is not in [0, 1], or k is 1.
    """
    y, _ = fitted("kl_divergence", out, y, None)
    check_examples("kl_divergence", out)
    _check_several("kl_divergence", out)
    check_unit("kl_divergence: y", y)
    z, e, total = exponentials(y, out)
    xp, mass = namespace(z), y.sum(axis=-1, keepdims=True)
    cost = (mass * xp.log(total))[..., 0] + (y * (xp.log(xp.where(y == 0, 1, y)) - z)).sum(axis=-1)
    return weigh(cost, mass * (e / total) - y, fitted_weight("kl_divergence", cost, weight))


def labels(name: str, out: Array, y: Array) -> Array:
    """y as a distribution over the last axis of out, of out's shape and dtype."""
    check(name, out, y)
    if out.ndim < 2 or y.shape not in (out.shape, out.shape[:-1]):
        needed = f"classes {out.shape[:-1]} or soft labels {out.shape}"
        raise ShapeError(f"{name}: y must be {needed}; y: {y.shape}, out: {out.shape}")
    _check_several(name, out)
    if y.shape != out.shape:
        return _onehot(name, y, out).astype(out.dtype)
    check_unit(f"{name}: y", y)
    return y.astype(out.dtype)


def _check_several(name: str, out: Array) -> None:
    """The softmax of one logit is 1, whatever it is."""
    if out.shape[-1] == 1:
        raise RangeError(
            f"{name}: one output is always certain; write binary_cross_entropy_with_logits for yes and no; "
            f"out: {out.shape}"
        )


def _onehot(name: str, y: Array, out: Array) -> Array:
    k = out.shape[-1]
    if y.dtype.kind not in "iu":
        raise KindError(f"{name}: classes are integers, not {y.dtype}; write y.astype(int)")
    if isinstance(y, np.ndarray) and not (y.min() >= 0 and y.max() < k):
        raise RangeError(f"{name}: classes must be in 0 .. {k - 1}; y has {y.min()} .. {y.max()}")
    return y[..., None] == namespace(out).arange(k)


def exponentials(y: Array, out: Array) -> tuple[Array, Array, Array]:
    """z = out - max out, e^z and its sum, of which log softmax is z - log(sum); z is 0 where y is.

    A logit of -inf rules a class out, and 0 * -inf would be NaN.
    """
    xp = namespace(y if type(out) is np.ndarray else out)  # either may be traced
    z = out - out.max(axis=-1, keepdims=True)
    e = xp.exp(z)
    return xp.where(y == 0, 0, z), e, e.sum(axis=-1, keepdims=True)

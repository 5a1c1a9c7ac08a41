"""Cross-entropies of probabilities and of logits, and the Kullback-Leibler divergence."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.conditions import is_outside
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.losses.base import (
    as_weight,
    check_examples,
    check_out_and_y,
    check_unit,
    per_example,
    per_output,
    weigh,
)
from funcnn.losses.protocol import of_logits
from funcnn.losses.remedies import for_class_shape, for_classes
from funcnn.needs import as_fraction
from funcnn.remedies import span
from funcnn.trees.libraries import in_any_library


@per_output(unit=True, widened=False)
def binary_cross_entropy(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """Cross-entropy of p = out: cost = -mean (y log p + (1 - y) log(1 - p)), dA = (p - y) / (p (1 - p)) / size

    p is out clipped to [eps, 1 - eps], where eps is the spacing of floats at 1; dA is 0 where out is clipped, so cost
    and gradient stay finite. Use this loss for networks that end in a Sigmoid; `binary_cross_entropy_with_logits` takes
    logits and does not clip.

    >>> import numpy as np
    >>> from funcnn import binary_cross_entropy
    >>> cost, dA = binary_cross_entropy(np.array([[0.5], [1.0]]), np.array([[1], [0]]))
    >>> round(cost, 4), dA.tolist()
    (18.3684, [[-1.0], [0.0]])

    Raises:
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or out or y is not in [0, 1].
    """
    xp, a = namespace(out), out if out.dtype.itemsize >= 4 else wide(out)
    eps = float(xp.finfo(out.dtype).eps)
    inside = (a > eps) & (a < 1 - eps)
    clips = not (xp is np and inside.all())
    if clips and is_outside(a, 0, 1):
        remedy = "for logits write binary_cross_entropy_with_logits"
        raise RangeError(f"binary_cross_entropy: out must be in [0, 1]; it has {span(a)}; {remedy}")
    p = xp.clip(a, eps, 1 - eps) if clips else a
    slope = (p - y) / (p * (1 - p))
    terms = (y - 1) * xp.log1p(-p) - y * xp.log(p)
    return weigh(terms, inside * slope if clips else slope, weight)


@of_logits
@per_output(unit=True)
def binary_cross_entropy_with_logits(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """Cross-entropy of p = 1 / (1 + e^-out): cost = mean (log(1 + e^out) - y out), dA = (p - y) / size

    Cost and gradient neither overflow nor are clipped, however large the logits are.

    >>> import numpy as np
    >>> from funcnn import binary_cross_entropy_with_logits
    >>> binary_cross_entropy_with_logits(np.array([[-800.0]]), np.array([[1]]))
    (800.0, array([[-1.]]))

    Raises:
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or y is not in [0, 1].
    """
    xp = namespace(out)
    e = xp.exp(xp.minimum(out, -out))  # e^-|out|, where abs would drop an imaginary step; for softplus and sigmoid
    step = as_dtype(out > 0.0, out.dtype)
    terms = xp.maximum(out, 0.0) - y * out + xp.log1p(e)  # right in JAX at 0, where step * out is not
    # p - y over one denominator: where y = 1 and out > 0, -e is left, while p - 1 would cancel.
    return weigh(terms, (step - y + (1.0 - step - y) * e) / (1.0 + e), weight)


@of_logits
@in_any_library
def softmax_cross_entropy(
    out: Array, y: Array, weight: Array | None = None, *, smoothing: float = 0.0
) -> tuple[float, Array]:
    """Cross-entropy of p = e^out / sum e^out over the last axis: cost = -mean log p[y], dA = (p - onehot(y)) / n

    out: (m, ..., k) logits. y: classes, integers of shape (m, ...); or soft labels, a distribution of out's shape, with
    cost = -mean sum y log p and dA = (p sum y - y) / n. n is the number of examples, m times the sizes of the axes
    between. The weight has the shape of the classes, or of their first axes; for a weight w of each class give w[y].

    With a smoothing s, y is the true class with probability 1 - s, and otherwise each of the k classes with the same
    probability: the labels are (1 - s) onehot(y) + s / k. Szegedy et al. 2016, Rethinking the Inception Architecture,
    section 7.

    >>> import numpy as np
    >>> from functools import partial
    >>> from funcnn import softmax_cross_entropy
    >>> softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    (0.6931471805599453, array([[ 0.5, -0.5]]))
    >>> smoothed = partial(softmax_cross_entropy, smoothing=0.5)  # a loss (out, y), for training
    >>> smoothed(np.array([[0.0, 0.0]]), np.array([1]))
    (0.6931471805599453, array([[ 0.25, -0.25]]))

    Raises:
        ShapeError: y fits out neither as classes nor as soft labels, or the weight does not fit.
        KindError: y has the shape of classes, but does not hold integers, or the smoothing is not a number.
        RangeError: a class is not in 0 .. k - 1, soft labels are not in [0, 1], k is 1, there are no rows, a weight is
            negative or NaN, or the smoothing is not in [0, 1).
    """
    share = as_fraction("softmax_cross_entropy", "smoothing", smoothing)
    return cross_entropy("softmax_cross_entropy", out, y, weight, share)


def cross_entropy(
    function: str, out: Array, y: Array, weight: Array | None = None, share: float = 0
) -> tuple[float, Array]:
    """`softmax_cross_entropy`; errors name `function`."""
    a, y, weight, of_classes = as_labels(function, out, y, weight, "smoothing")
    if of_classes and not share:
        terms, slope, _, _ = minus_log_p(y, a)
        return weigh(terms[..., 0], slope, weight, out.dtype)
    if of_classes:
        y = one_hot(y, a)
    mass = y.sum(axis=-1, keepdims=True)
    if share:
        y = y + share * (mass / y.shape[-1] - y)
    z, e = exponentials(y, a)
    total = e.sum(axis=-1, keepdims=True)
    terms = (mass * namespace(z).log(total))[..., 0] - (y * z).sum(axis=-1)
    return weigh(terms, mass * (e / total) - y, weight, out.dtype)


@of_logits
@per_example
def kl_divergence(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """The Kullback-Leibler divergence: cost = mean sum y (log y - log p), dA = (p sum y - y) / n, p = softmax of out

    out: (m, ..., k) logits; y: distributions over the last axis, of out's shape, where 0 log 0 is 0. The cost is
    `softmax_cross_entropy` minus the entropy of y, so the gradient is the same; cost and dA are 0 where p = y. The cost
    is a distance from the output of another network, or from frequencies. n is the number of examples, m times the axes
    between; the weight has the shape of these axes, or of the first of them. Kullback & Leibler 1951, On Information
    and Sufficiency.

    >>> import numpy as np
    >>> from funcnn.losses import kl_divergence
    >>> cost, dA = kl_divergence(np.array([[0.0, 0.0]]), np.array([[0.75, 0.25]]))
    >>> round(cost, 4), dA.tolist()
    (0.1308, [[-0.25, 0.25]])

    Raises:
        ShapeError, KindError: as `mse`; ShapeError also if out has no axis of classes.
        RangeError: as `mse`; or y is not in [0, 1], or k is 1.
    """
    check_several("kl_divergence", out)
    check_unit("kl_divergence", y, out)
    z, e = exponentials(y, out)
    total = e.sum(axis=-1, keepdims=True)
    xp, mass = namespace(z), y.sum(axis=-1, keepdims=True)
    terms = (mass * xp.log(total))[..., 0] + (y * (xp.log(xp.where(y == 0, 1, y)) - z)).sum(axis=-1)
    return weigh(terms, mass * (e / total) - y, weight)


def minus_log_p(y: Array, out: Array) -> tuple[Array, Array, Array, Array]:
    """For classes y, -log p[y] of each row, its gradient p - onehot(y), and p[y] and 1 - p[y], both times one number.

    1 - p[y] is the sum of the other exponentials, not a difference, so that no digits are lost where p[y] is near 1.
    """
    return gathered(y, out) if type(y) is type(out) is np.ndarray else multiplied(one_hot(y, out), out)


def multiplied(y: Array, out: Array) -> tuple[Array, Array, Array, Array]:
    """`minus_log_p` for one-hot y. The first two are 0 where no class is y, which only a tracer can hold."""
    z, e = exponentials(y, out)
    xp, z, mass = namespace(z), z.sum(axis=-1, keepdims=True), y.sum(axis=-1, keepdims=True)
    others = e * (1 - y)
    own, rest = xp.exp(z), others.sum(axis=-1, keepdims=True)
    total = own + rest
    terms = mass * (xp.log1p(rest + xp.expm1(z)) - z)
    return terms, (others - y * rest) * (mass / total), own, rest


def gathered(y: Array, out: Array) -> tuple[Array, Array, Array, Array]:
    """`minus_log_p` in NumPy: one index for each row in place of a one-hot row, in a third of the time."""
    e = np.subtract(out, out.max(axis=-1, keepdims=True), order="C")
    at, flat = np.arange(0, e.size, e.shape[-1]).reshape(y.shape) + as_dtype(y, np.intp), e.reshape(-1)
    z = flat[at][..., None]
    np.exp(e, out=e)
    flat[at] = 0
    own, rest = np.exp(z), e.sum(axis=-1, keepdims=True)
    flat[at] = -rest[..., 0]
    e *= 1 / (own + rest)
    return np.log1p(rest + np.expm1(z)) - z, e, own, rest


def as_labels(function: str, out: Array, y: Array, weight: Any, setting: str) -> tuple[Array, Array, Any, bool]:
    """`as_arguments` for classes or soft labels; and whether y holds classes."""
    of_classes = has_classes(function, out, y)
    k, a = out.shape[-1], wide(out)
    if not of_classes:
        check_unit(function, y, out)
        y = as_dtype(y, a.dtype)
    weight = as_weight(function, weight, out.shape[:-1], a.dtype, setting, k if of_classes else 0)
    return a, y, weight, of_classes


def one_hot(y: Array, out: Array) -> Array:
    """A row for each class y, like a row of `out`: 1 at the class, 0 elsewhere."""
    return as_dtype(y[..., None] == namespace(out).arange(out.shape[-1]), out.dtype)


def has_classes(function: str, out: Array, y: Array) -> bool:
    """Whether y holds classes, and not soft labels; any other y is refused."""
    check_out_and_y(function, out, y, of_classes=True)
    check_examples(function, out)
    *axes, k = out.shape
    if y.shape not in (out.shape, tuple(axes)):
        needed, remedy = f"classes {tuple(axes)} or soft labels {out.shape}", for_class_shape(tuple(axes), y)
        raise ShapeError(f"{function}: y must be {needed}; y: {y.shape}, out: {out.shape}{remedy}")
    check_several(function, out)
    if y.shape == out.shape:
        return False
    if y.dtype.kind not in "iu":
        raise KindError(f"{function}: y must hold classes as integers, not {y.dtype}{for_classes(y, k)}")
    if is_outside(y, 0, k - 1):
        raise RangeError(f"{function}: y must hold the classes 0 .. {k - 1}; it has {span(y)}{for_classes(y, k)}")
    return True


def check_several(function: str, out: Array) -> None:
    """Check that there are two classes or more, since the softmax of a single logit is always 1."""
    if out.shape[-1] == 1:
        binary = "binary_focal" if function == "softmax_focal" else "binary_cross_entropy_with_logits"
        rule = f"out must have at least two classes; out: {out.shape}"
        raise RangeError(f"{function}: {rule}; for one output write {binary}")


def exponentials(y: Array, out: Array) -> tuple[Array, Array]:
    """z = out - max out and e^z: log softmax is z - log(sum of e^z). z is 0 where y is 0.

    A logit of -inf excludes a class, and 0 * -inf would be NaN.
    """
    xp = namespace(out)
    z = out - out.max(axis=-1, keepdims=True)
    return xp.where(y == 0, 0, z), xp.exp(z)

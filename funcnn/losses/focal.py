"""Focal losses: cross-entropies with a factor that is small where the prediction is right already."""

from __future__ import annotations

from funcnn.arrays import Array, namespace
from funcnn.elementary import largest_exponent, sigmoid, softplus
from funcnn.losses.base import check_binary, per_output, weigh
from funcnn.losses.classification import as_labels, exponentials, minus_log_p
from funcnn.losses.protocol import of_logits
from funcnn.needs import as_rate
from funcnn.trees.libraries import in_any_library


@of_logits
@per_output
def binary_focal(out: Array, y: Array, weight: Array | None = None, *, gamma: float = 2.0) -> tuple[float, Array]:
    """The focal loss of p = 1 / (1 + e^-out): cost = -mean (1 - q)^gamma log q, where q is p if y = 1, else 1 - p

    out: logits; y: zeros and ones of out's shape. Let u be the logit of the wrong answer, -out if y = 1, else out, and
    s the sigmoid. The term is s(u)^gamma log(1 + e^u), and its derivative by u is
    s(u)^gamma (gamma s(-u) log(1 + e^u) + s(u)). With gamma = 0 the loss is `binary_cross_entropy_with_logits`. The
    balance of the classes in the paper, alpha, is a weight: `weighted(binary_focal)(out, (y, np.where(y, alpha, 1 -
    alpha)))`. Lin et al. 2017, Focal Loss for Dense Object Detection, equation 4.

    >>> import numpy as np
    >>> from funcnn.losses import binary_focal
    >>> cost, dA = binary_focal(np.array([[0.0], [2.0]]), np.array([[1], [1]]))
    >>> round(cost, 4), dA.round(4).tolist()
    (0.0875, [[-0.1491], [-0.0024]])

    Raises:
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or y is not 0 or 1, or gamma is negative or not finite.
    """
    gamma = as_rate("binary_focal", "gamma", gamma)
    check_binary("binary_focal", y, out)
    sign = 1 - 2 * y
    u = sign * out
    wrong, terms, xp = sigmoid(u), softplus(u), namespace(u)
    factor = wrong**gamma
    # The sigmoid of -u is below the smallest number times this bound, so the product with a huge cost tends to 0.
    slope = sign * factor * (gamma * sigmoid(-u) * xp.minimum(terms, largest_exponent(xp, u.dtype)) + wrong)
    return weigh(factor * terms, slope, weight)


@of_logits
@in_any_library
def softmax_focal(out: Array, y: Array, weight: Array | None = None, *, gamma: float = 2.0) -> tuple[float, Array]:
    """The focal loss of p = e^out / sum e^out over the last axis: cost = -mean (1 - p[y])^gamma log p[y]

    out: (m, ..., k) logits; y and the weight: as `softmax_cross_entropy`, to which this loss is equal with gamma = 0;
    for soft labels, cost = -mean sum y (1 - p)^gamma log p. The derivative of a term by log p is
    c = y (1 - p)^gamma (gamma p log p / (1 - p) - 1), so dA = (c - p sum c) / n. Lin et al. 2017, as `binary_focal`.

    >>> import numpy as np
    >>> from funcnn.losses import softmax_focal
    >>> cost, dA = softmax_focal(np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([0, 0]))
    >>> round(cost, 4), dA.round(4).tolist()
    (0.0875, [[-0.1491, 0.1491], [-0.0024, 0.0024]])

    Raises:
        ShapeError, KindError: as `softmax_cross_entropy`.
        RangeError: as `softmax_cross_entropy`; or gamma is negative or not finite.
    """
    gamma = as_rate("softmax_focal", "gamma", gamma)
    a, y, weight, of_classes = as_labels("softmax_focal", out, y, weight, "gamma")
    if of_classes:
        terms, slope, own, rest = minus_log_p(y, a)
        p, wrong = own / (own + rest), rest / (own + rest)
        factor, where = wrong**gamma, namespace(wrong).where
        ratio = where(wrong == 0, 1, terms / where(wrong == 0, 1, wrong))
        return weigh((factor * terms)[..., 0], slope * (factor * (gamma * p * ratio + 1)), weight, out.dtype)
    z, e = exponentials(y, a)
    total = e.sum(axis=-1, keepdims=True)
    xp = namespace(z)
    log_p = xp.where(y == 0, 0, z - xp.log(total))
    wrong = -xp.expm1(log_p)  # 1 - p; its ratio to log p tends to -1 as p tends to 1
    ratio = xp.where(wrong == 0, -1, log_p / xp.where(wrong == 0, 1, wrong))
    each = y * wrong**gamma
    c = each * (gamma * (1 - wrong) * ratio - 1)
    slope = c - e / total * c.sum(axis=-1, keepdims=True)
    return weigh(-(each * log_p).sum(axis=-1), slope, weight, out.dtype)

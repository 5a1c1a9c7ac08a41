"""Losses that ask for a margin, and for nothing more where there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.errors import ShapeError
from funcnn.losses.base import check, check_binary, check_not_negative, fitted, fitted_weight, of_logits, weigh


@of_logits
def hinge(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """The hinge of a support vector machine: cost = mean max(0, 1 - s out), s = 2 y - 1

    dA = -s / size where s out < 1, else 0. out: scores, whose sign is the answer; y: zeros and ones of out's shape, as
    the cross-entropies take them. One-hot labels make one machine a class. Cortes & Vapnik 1995, Support-Vector
    Networks.

    >>> import numpy as np
    >>> from funcnn import hinge
    >>> hinge(np.array([[0.5], [-3.0]]), np.array([[1], [0]]))
    (0.25, array([[-0.5],
           [ 0. ]]))

    Raises:
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or y is not 0 or 1.
    """
    short, sign, weight = _shortfall("hinge", out, y, weight)
    return weigh(short, -sign * namespace(short).sign(short), weight)


@of_logits
def squared_hinge(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """The hinge, squared: cost = mean max(0, 1 - s out)^2, dA = -2 s max(0, 1 - s out) / size, s = 2 y - 1

    Smooth, and hard on what is far on the wrong side; out and y are those of `hinge`. Lee & Mangasarian 2001, SSVM: A
    Smooth Support Vector Machine, equation 5.

    >>> import numpy as np
    >>> from funcnn import squared_hinge
    >>> squared_hinge(np.array([[0.5], [-3.0]]), np.array([[1], [0]]))
    (0.125, array([[-0.5],
           [ 0. ]]))

    Raises:
        ShapeError, KindError, RangeError: as `hinge`.
    """
    short, sign, weight = _shortfall("squared_hinge", out, y, weight)
    return weigh(short * short, -2 * sign * short, weight)


def _shortfall(name: str, out: Array, y: Array, weight: Array | None) -> tuple[Array, Array, Array | None]:
    """By how much each score misses the margin, and the sign that it should have."""
    y, weight = fitted(name, out, y, weight)
    check_binary(f"{name}: y", y)
    sign = 2 * y - 1
    return namespace(sign).maximum(1 - sign * out, 0), sign, weight


def triplet(out: Array, y: Array, weight: Array | None = None) -> tuple[Any, Array]:
    """An anchor a nearer to the positive p than to the negative n: cost = mean max(0, |a - p|^2 - |a - n|^2 + y)

    out: (m, 3, d), in each row the places of a, p and n, which is what a network makes of three inputs in a row; y:
    (m,), by how much the negative has to be further off, all ones for the usual margin. Where that is not so,
    dA = 2 (n - p, p - a, a - n) / m, else 0. Schroff, Kalenichenko & Philbin 2015, FaceNet, equation 2.

    >>> import numpy as np
    >>> from funcnn import triplet
    >>> cost, dA = triplet(np.array([[[0.0], [2.0], [1.0]]]), np.array([1.0]))
    >>> cost, dA.tolist()
    (4.0, [[[-2.0], [4.0], [-2.0]]])

    Raises:
        ShapeError: out is not (m, 3, d), y or the weight not (m,).
        KindError: as `mse`.
        RangeError: there are no rows, or y is negative.
    """
    check("triplet", out, y)
    if out.ndim != 3 or out.shape[1] != 3:
        raise ShapeError(f"triplet: out must be (m, 3, d), anchor, positive and negative in each row; out: {out.shape}")
    if y.shape != out.shape[:1]:
        raise ShapeError(f"triplet: y must be ({len(out)},), the margin of each row; y: {y.shape}, out: {out.shape}")
    check_not_negative("triplet: y", y)
    xp = namespace(y if type(out) is np.ndarray else out)  # either may be traced
    a, p, n = out[:, 0], out[:, 1], out[:, 2]
    cost = xp.maximum(((a - p) ** 2).sum(axis=-1) - ((a - n) ** 2).sum(axis=-1) + y.astype(out.dtype), 0)
    slope = 2 * xp.sign(cost)[:, None, None] * xp.stack([n - p, p - a, a - n], axis=1)
    return weigh(cost, slope, fitted_weight("triplet", cost, weight))

"""Margin losses: 0 where a score, or a distance, is right by at least a margin."""

from __future__ import annotations

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.elementary import sign
from funcnn.errors import ShapeError
from funcnn.losses.base import as_weight, check_binary, check_not_negative, check_out_and_y, per_output, weigh
from funcnn.losses.protocol import of_logits
from funcnn.losses.remedies import for_shapes
from funcnn.trees.libraries import in_any_library


@of_logits
@per_output
def hinge(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """The hinge loss of a support vector machine: cost = mean max(0, 1 - s out), s = 2 y - 1

    dA = -s / size where s out < 1, else 0. out: scores, positive for y = 1; y: zeros and ones of out's shape, as the
    binary cross-entropies take them. One-hot labels train one machine for each class. Cortes & Vapnik 1995,
    Support-Vector Networks.

    >>> import numpy as np
    >>> from funcnn.losses import hinge
    >>> hinge(np.array([[0.5], [-3.0]]), np.array([[1], [0]]))
    (0.25, array([[-0.5],
           [ 0. ]]))

    Raises:
        ShapeError, KindError: as `mse`.
        RangeError: as `mse`; or y is not 0 or 1.
    """
    short, side = _shortfall("hinge", out, y)
    return weigh(short, -side * sign(short), weight)


@of_logits
@per_output
def squared_hinge(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """The squared hinge loss: cost = mean max(0, 1 - s out)^2, dA = -2 s max(0, 1 - s out) / size, s = 2 y - 1

    The loss is smooth at the margin, and its derivative grows with the distance from the margin. out and y are as in
    `hinge`. Lee & Mangasarian 2001, SSVM: A Smooth Support Vector Machine, equation 5.

    >>> import numpy as np
    >>> from funcnn.losses import squared_hinge
    >>> squared_hinge(np.array([[0.5], [-3.0]]), np.array([[1], [0]]))
    (0.125, array([[-0.5],
           [ 0. ]]))

    Raises:
        ShapeError, KindError, RangeError: as `hinge`.
    """
    short, side = _shortfall("squared_hinge", out, y)
    return weigh(short * short, -2 * side * short, weight)


def _shortfall(function: str, out: Array, y: Array) -> tuple[Array, Array]:
    """The distance of each score from its margin, 0 for a score beyond it, and the sign that the score should have."""
    check_binary(function, y, out)
    side = 2 * y - 1
    short = 1 - side * out  # traced if out or y is
    return namespace(short).maximum(short, 0), side


@in_any_library
def triplet(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """Distances of an anchor a to a positive p and a negative n: cost = mean max(0, |a - p|^2 - |a - n|^2 + y)

    out: (m, 3, d), in each row a, p and n, the outputs of a network for three inputs; y: (m,), the margin by which the
    negative has to be further away, usually 1. In a row whose cost is above 0, dA = 2 (n - p, p - a, a - n) / m, else
    0. Schroff, Kalenichenko & Philbin 2015, FaceNet, equation 2.

    >>> import numpy as np
    >>> from funcnn.losses import triplet
    >>> cost, dA = triplet(np.array([[[0.0], [2.0], [1.0]]]), np.array([1.0]))
    >>> cost, dA.tolist()
    (4.0, [[[-2.0], [4.0], [-2.0]]])

    Raises:
        ShapeError: out is not (m, 3, d), or y or the weight is not (m,).
        KindError: as `mse`.
        RangeError: as `mse`; or y is negative.
    """
    check_out_and_y("triplet", out, y)
    if out.ndim != 3 or out.shape[1] != 3:
        raise ShapeError(f"triplet: out must be (m, 3, d), anchor, positive and negative in each row; out: {out.shape}")
    rows, full = out.shape[:1], wide(out)
    if y.shape != rows:
        remedy = for_shapes(rows, y.shape)
        raise ShapeError(f"triplet: y must be {rows}, the margin of each row; y: {y.shape}, out: {out.shape}{remedy}")
    check_not_negative("triplet", y)
    xp = namespace(out)
    a, p, n = full[:, 0], full[:, 1], full[:, 2]
    terms = xp.maximum(((a - p) ** 2).sum(axis=-1) - ((a - n) ** 2).sum(axis=-1) + as_dtype(y, full.dtype), 0)
    slope = 2 * sign(terms)[:, None, None] * xp.stack([n - p, p - a, a - n], axis=1)
    return weigh(terms, slope, as_weight("triplet", weight, rows, full.dtype), out.dtype)

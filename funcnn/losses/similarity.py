"""The cosine distance, a loss of directions."""

from __future__ import annotations

from funcnn.arrays import Array, namespace
from funcnn.losses.base import per_example, weigh


@per_example
def cosine_distance(out: Array, y: Array, weight: Array | None = None) -> tuple[float, Array]:
    """One minus the cosine of the angle: cost = mean (1 - u . v), u = out / |out|, v = y / |y| over the last axis

    dA = ((u . v) u - v) / |out| / n. The cost is computed as |u - v|^2 / 2, which does not cancel where u is near v.
    out and y: (m, ..., d), of one shape; n is the number of examples, m times the axes between. The weight has the
    shape of these axes, or of the first of them. The lengths of out and y have no effect on the cost, so dA is at right
    angles to out. A vector of zeros has no direction: its u is then taken as 0, so the cost is 1, and dA is 0.

    >>> import numpy as np
    >>> from funcnn.losses import cosine_distance
    >>> cosine_distance(np.array([[3.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 5.0], [1.0, 2.0]]))
    (1.0, array([[ 0.        , -0.16666667],
           [ 0.        ,  0.        ]]))

    Raises:
        ShapeError, KindError: as `mse`; ShapeError also if out has no axis behind the rows.
        RangeError: as `mse`.
    """
    (u, length), (v, of_y) = _direction(out), _direction(y)
    e = u - v
    xp, zero = namespace(e), (length == 0) | (of_y == 0)
    terms = xp.where(zero, 1, 0.5 * (e * e).sum(axis=-1, keepdims=True))
    e -= (e * u).sum(axis=-1, keepdims=True) * u  # at right angles to u, also where u and v agree in most digits
    slope = xp.where(zero, 0, e / xp.where(length == 0, 1, length))
    return weigh(terms[..., 0], slope, weight)


def _direction(vectors: Array) -> tuple[Array, Array]:
    """The vectors divided by their lengths, and the lengths, computed without overflow of a square."""
    xp = namespace(vectors)
    largest = abs(vectors).max(axis=-1, keepdims=True)
    scaled = vectors / xp.where(largest == 0, 1, largest)
    length = xp.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))
    return scaled / xp.where(length == 0, 1, length), largest * length

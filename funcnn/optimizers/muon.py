"""Muon: momentum with orthogonalised matrices."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, namespace
from funcnn.needs import Fraction
from funcnn.optimizers.adam import Adam, Memory
from funcnn.records import record

_QUINTIC = 3.4445, -4.7750, 2.0315  # Jordan's coefficients: steep at 0; five steps give singular values of 0.7 to 1.2


@record(kw_only=True)
class Muon(Adam):
    """m' = beta m + (1 - beta) g, g' = sqrt(max(1, n_out / n_in)) U V^T, where U S V^T is beta m' + (1 - beta) g or m'

    All directions of a matrix take steps of about equal length. Five steps of X <- a X + (b A + c A^2) X with
    A = X X^T, from X / |X|, bring the singular values to about 1. With `nesterov=False`, U S V^T is m'. For a kernel of
    more axes, all axes but the last, n_out, are the rows of the matrix. For vectors and numbers the rule is Adam's.

    Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks, kellerjordan.github.io/posts/muon.
    Torch has this rule in bfloat16, for weights (n_out, n_in); optax corrects m' and g in the lookahead as Adam
    corrects its means.

    >>> import numpy as np
    >>> from funcnn.optimizers import Muon
    >>> g, _ = Muon().step(np.array([[3.0, 0.0], [0.0, 4.0]]), None, 1)
    >>> bool(abs(g - np.eye(2)).max() < 0.35)
    True

    Raises:
        RangeError: as Adam, or `beta` is not in [0, 1).
    """

    beta: Fraction = 0.95
    nesterov: bool = True

    def step(self, g: Array, p: Array, t: int, m: Memory = 0, v: Memory = 0) -> tuple[Array, ...]:
        """g' and m'; for a vector the step of Adam"""
        if g.ndim < 2 or g.size == 0:
            return Adam.step(self, g, p, t, m, v)
        m = self.beta * m + (1 - self.beta) * g
        ahead = self.beta * m + (1 - self.beta) * g if self.nesterov else m
        X = ahead.reshape(-1, g.shape[-1])
        return (max(1, X.shape[1] / X.shape[0]) ** 0.5 * _orthogonal(X, self.eps)).reshape(g.shape), m


def _orthogonal(X: Array, eps: float) -> Array:
    """An approximation of U V^T, where X = U S V^T: Newton and Schulz's iteration, for no more rows than columns"""
    if X.shape[0] > X.shape[1]:
        return _orthogonal(X.T, eps).T
    a, b, c = _QUINTIC
    largest = abs(X).max()
    X = X / namespace(X).where(largest > np.finfo(X.dtype).max ** 0.25, largest, 1)  # else the squares may overflow
    X = X / ((X * X).sum() ** 0.5 + eps)
    for _ in range(5):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X

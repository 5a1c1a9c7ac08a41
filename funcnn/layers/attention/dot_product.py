"""Scaled dot-product attention of heads, which every attention layer shares: the softmax, its mask, its derivative."""

from __future__ import annotations

import math
from typing import Any

from funcnn.arrays import Array, namespace


def attend(q: Array, k: Array, v: Array, allowed: Array | None = None) -> tuple[Array, Array]:
    """out_i = sum_j w_ij v_j, w_ij = softmax_j(q_i . k_j / sqrt(d)); returns out and the weights.

    q: (m, heads, t, d), k and v: (m, heads, s, d), allowed: bool, broadcast to (m, heads, s, t), None for all;
    out: (m, heads, t, d), weights: (m, heads, s, t), so that those of one query are a column.

    Keys come before queries because a reduction over the last axis but one is several times faster in NumPy.
    What is not allowed weighs exactly 0. A query that may attend to nothing gets 0.

    Vaswani et al. 2017, Attention Is All You Need, eq. 1.

    >>> import numpy as np
    >>> q, k, v = np.zeros((1, 1, 1, 2)), np.ones((1, 1, 3, 2)), np.array([[[[1.0], [3.0], [8.0]]]])
    >>> attend(q, k, v)[0].item(), attend(q, k, v, np.array([[True], [True], [False]]))[0].item()
    (4.0, 2.0)
    """
    xp = namespace(q)
    scores = k @ _transposed(q * q.shape[-1] ** -0.5)
    if allowed is not None:
        scores += xp.where(allowed, 0.0, -math.inf).astype(scores.real.dtype)
    # The largest score becomes 0, so that nothing overflows; where nothing is allowed it is no number to subtract.
    scores -= xp.maximum(_largest(scores.real), float(xp.finfo(scores.dtype).min))
    weights = xp.exp(scores)
    total = xp.ones((1, k.shape[-2]), dtype=q.dtype) @ weights
    weights /= total + (total == 0)
    return weights.swapaxes(-1, -2) @ v, weights


def attend_backward(q: Array, k: Array, v: Array, weights: Array, dA: Array) -> tuple[Array, Array, Array]:
    """dq, dk and dv of `attend`, for the weights that it returned.

    With w = weights, as (s, t): dv = w @ dA and dw = v @ dA^T; by the softmax's derivative dscores = w * (dw - sum_s
    w * dw), which is exactly 0 where one weight is 1; dq = dscores^T @ k / sqrt(d), dk = dscores @ q / sqrt(d).
    """
    root, ones = q.shape[-1] ** -0.5, namespace(q).ones((1, k.shape[-2]), dtype=q.dtype)
    dscores = v @ _transposed(dA)
    dscores *= weights
    dscores -= weights * (ones @ dscores)
    dq, dk = dscores.swapaxes(-1, -2) @ k, dscores @ q
    dq *= root
    dk *= root
    return dq, dk, weights @ dA


def no_later(s: int, t: int, xp: Any) -> Array:
    """Which of s places the last t of them may attend to, (s, t): themselves and what is before them."""
    return xp.arange(s)[:, None] <= xp.arange(s - t, s)


def _transposed(a: Array) -> Array:
    """The last two axes exchanged in memory too, since BLAS is quick to multiply by that."""
    return a.swapaxes(-1, -2).copy()


def _largest(a: Array) -> Array:
    """The maximum over axis -2, of 8 equal parts, or of two halves that overlap: loops are few and long, so quick."""
    while (n := a.shape[-2]) > 1:
        *before, _, t = a.shape
        if n % 8:
            a = namespace(a).maximum(a[..., : (n + 1) // 2, :], a[..., n // 2 :, :])
        else:
            a = a.reshape(*before, 8, n // 8 * t).max(-2).reshape(*before, n // 8, t)
    return a

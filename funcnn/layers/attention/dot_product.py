"""Scaled dot-product attention, which every attention layer stands on: the softmax, its mask, its derivative."""

from __future__ import annotations

import math
from typing import Any

from funcnn.arrays import Array, check_out_gradient, float_namespace, is_array, kind, namespace
from funcnn.errors import KindError, ShapeError


def attend(q: Array, k: Array, v: Array, allowed: Array | None = None) -> tuple[Array, Array]:
    """out_i = sum_j w_ij v_j, w_ij = softmax_j(q_i . k_j / sqrt(d)); returns out and the weights w.

    q: (..., t, d), k: (..., s, d), v: (..., s, e), with the same axes before, such as (m, heads); out: (..., t, e),
    weights: (..., t, s). allowed: bools that are, or broadcast to, (..., t, s), True where query i may attend to key j;
    None for all.

    What is not allowed weighs exactly 0, if all numbers are finite: a NaN in a key or value reaches every query. What
    may attend to nothing gets 0.

    Vaswani et al. 2017, Attention Is All You Need, eq. 1.

    >>> import numpy as np
    >>> from funcnn.layers import attend
    >>> q, k, v = np.zeros((1, 2)), np.ones((3, 2)), np.array([[1.0], [3.0], [8.0]])
    >>> attend(q, k, v)[0].item(), attend(q, k, v, np.array([True, True, False]))[0].item()
    (4.0, 2.0)

    Raises:
        KindError: q, k and v are no arrays of floats of one dtype, allowed none of bools.
        ShapeError: the shapes do not fit together.
    """
    shape = _shape_of_weights("attend: ", q, k, v)
    xp = namespace(q)
    # Keys before queries here, since a reduction over the last axis but one is several times faster in NumPy.
    scores = k @ _transposed(q * q.shape[-1] ** -0.5)
    if allowed is not None:
        _check_allowed(allowed, shape)
        pairs = _transposed(allowed) if allowed.ndim > 1 else allowed[..., None]
        scores += xp.where(pairs, 0.0, -math.inf).astype(scores.real.dtype)
    # The largest score becomes 0, so that nothing overflows; where nothing is allowed it is no number to subtract.
    scores -= xp.maximum(_largest(scores.real), float(xp.finfo(scores.dtype).min))
    weights = xp.exp(scores)
    total = xp.ones((1, k.shape[-2]), dtype=q.dtype) @ weights
    weights /= total + (total == 0)
    weights = weights.swapaxes(-1, -2)
    return weights @ v, weights


def attend_backward(q: Array, k: Array, v: Array, weights: Array, dA: Array) -> tuple[Array, Array, Array]:
    """dq, dk and dv of `attend`, for the weights w that it returned and dA, the gradient of its out.

    dv = w^T @ dA and dw = dA @ v^T; by the softmax's derivative dscores = w * (dw - sum_j w * dw), which is exactly 0
    where one weight is 1, or where it is 0, so that `allowed` is not asked for again; dq = dscores @ k / sqrt(d),
    dk = dscores^T @ q / sqrt(d).

    >>> import numpy as np
    >>> from funcnn.layers import attend, attend_backward
    >>> q, k, v = np.zeros((1, 2)), np.ones((3, 2)), np.array([[1.0], [3.0], [8.0]])
    >>> _, weights = attend(q, k, v, np.array([True, True, False]))
    >>> attend_backward(q, k, v, weights, np.ones((1, 1)))[2].ravel()
    array([0.5, 0.5, 0. ])

    Raises:
        KindError: as `attend`.
        ShapeError: as `attend`; the weights have another shape than these q and k give, or dA another than out.
    """
    shape = _shape_of_weights("attend_backward: ", q, k, v)
    if getattr(weights, "shape", None) != shape or weights.dtype != q.dtype:
        given = f"{weights.dtype}, {weights.shape}" if is_array(weights) else kind(weights)
        raise ShapeError(
            f"attend_backward: weights must be those that attend returned, {q.dtype}, {shape}, not {given}"
        )
    check_out_gradient(dA, (*shape[:-1], v.shape[-1]), v.dtype)
    columns = weights.swapaxes(-1, -2)  # keys before queries, as `attend` made them
    root, ones = q.shape[-1] ** -0.5, namespace(q).ones((1, k.shape[-2]), dtype=q.dtype)
    dscores = v @ _transposed(dA)
    dscores *= columns
    dscores -= columns * (ones @ dscores)
    dq, dk = dscores.swapaxes(-1, -2) @ k, dscores @ q
    dq *= root
    dk *= root
    return dq, dk, columns @ dA


def no_later(s: int, t: int, xp: Any) -> Array:
    """Which of s places the last t of them may attend to, (t, s): themselves and what is before them."""
    return (xp.arange(s)[:, None] <= xp.arange(s - t, s)).T


def _shape_of_weights(whose: str, q: Any, k: Any, v: Any) -> tuple[int, ...]:
    """(..., t, s), once q, k and v are arrays of floats of one dtype that fit together"""
    float_namespace(q, "q", whose)
    float_namespace(k, "k", whose)
    float_namespace(v, "v", whose)
    if not q.dtype == k.dtype == v.dtype:
        raise KindError(f"{whose}q, k and v must be of one dtype; q: {q.dtype}, k: {k.dtype}, v: {v.dtype}")
    alike = 1 < q.ndim == k.ndim and k.shape[:-2] + k.shape[-1:] == q.shape[:-2] + q.shape[-1:]
    if not alike or q.shape[-1] < 1 or v.shape[:-1] != k.shape[:-1]:
        shapes = f"q: {q.shape}, k: {k.shape}, v: {v.shape}"
        raise ShapeError(f"{whose}q must be (..., t, d), k (..., s, d) and v (..., s, e), d at least 1; {shapes}")
    return *q.shape[:-1], k.shape[-2]


def _check_allowed(allowed: Any, shape: tuple[int, ...]) -> None:
    """Bools that broadcast to the shape of the weights"""
    if not is_array(allowed) or allowed.dtype != bool:
        raise KindError(f"attend: allowed must be an array of bools, True where i may attend to j, not {kind(allowed)}")
    if allowed.shape in (shape, shape[-2:]):
        return  # as mostly, and sooner known
    sizes = zip(reversed(allowed.shape), reversed(shape), strict=False)
    if allowed.ndim > len(shape) or not all([given in (1, needed) for given, needed in sizes]):
        raise ShapeError(f"attend: allowed must be (..., t, s), or broadcast to {shape}; it is {allowed.shape}")


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

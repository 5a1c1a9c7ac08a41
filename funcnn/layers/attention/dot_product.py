"""Scaled dot-product attention and its derivative."""

from __future__ import annotations

import math
from typing import Any

from funcnn.arrays import Array, float_namespace, in_float32, is_array, kind, namespace
from funcnn.errors import KindError, ShapeError
from funcnn.layers.checks import check_out_gradient


def attend(
    q: Array, k: Array, v: Array, allowed: Array | None = None, factor: Array | None = None
) -> tuple[Array, Array]:
    """out_i = sum_j w_ij f_ij v_j, w_ij = softmax_j(q_i . k_j / sqrt(d)); returns out and the weights w.

    q: (..., t, d), k: (..., s, d), v: (..., s, e), with equal leading axes, such as (m, heads); out: (..., t, e),
    weights: (..., t, s). allowed: bools that broadcast to (..., t, s), True where i may attend to j; None allows all.
    factor: f, (..., t, s) in the dtype of q, such as the mask / (1 - rate) of a dropout; None is 1 for all pairs.

    A pair that is not allowed has weight exactly 0 if all numbers are finite; a NaN in a key or value reaches every
    query. A query that may attend to no key has out 0.

    Vaswani et al. 2017, Attention Is All You Need, eq. 1.

    >>> import numpy as np
    >>> from funcnn.layers import attend
    >>> q, k, v = np.zeros((1, 2)), np.ones((3, 2)), np.array([[1.0], [3.0], [8.0]])
    >>> attend(q, k, v)[0].item(), attend(q, k, v, np.array([True, True, False]))[0].item()
    (4.0, 2.0)

    Raises:
        KindError: q, k and v are not arrays of floats of one dtype, or `allowed` is not an array of bools.
        ShapeError: the shapes of q, k, v, `allowed` and `factor` do not fit together.
    """
    shape = _shape_of_weights("attend", q, k, v)
    if factor is not None:
        _check_like_weights("attend", "factor", factor, q, shape)
    if q.dtype.itemsize < 4:
        return in_float32(attend, q, k, v, allowed, factor)
    xp = namespace(q)
    # (..., s, t), since NumPy reduces over axis -2 several times faster than over axis -1.
    scores = k @ _transposed(q * q.shape[-1] ** -0.5)
    if allowed is not None:
        _check_allowed(allowed, shape)
        pairs = _transposed(allowed) if allowed.ndim > 1 else allowed[..., None]
        scores += xp.where(pairs, 0.0, -math.inf).astype(scores.real.dtype)
    # The largest score becomes 0, so that nothing overflows; it is -inf where no pair is allowed, hence the maximum.
    scores -= xp.maximum(_largest(scores.real), float(xp.finfo(scores.dtype).min))
    weights = xp.exp(scores)
    total = xp.ones((1, k.shape[-2]), dtype=q.dtype) @ weights
    weights /= total + (total == 0)
    weights = weights.swapaxes(-1, -2)
    return (weights if factor is None else weights * factor) @ v, weights


def attend_backward(
    q: Array, k: Array, v: Array, weights: Array, dA: Array, factor: Array | None = None
) -> tuple[Array, Array, Array]:
    """dq, dk and dv of `attend`, for the weights w that it returned, dA, the gradient of its out, and its factor f.

    dv = (w * f)^T @ dA and dw = (dA @ v^T) * f; by the derivative of softmax dscores = w * (dw - sum_j w * dw), which
    is exactly 0 where w is 0, so `allowed` is not needed; dq = dscores @ k / sqrt(d), dk = dscores^T @ q / sqrt(d).

    >>> import numpy as np
    >>> from funcnn.layers import attend, attend_backward
    >>> q, k, v = np.zeros((1, 2)), np.ones((3, 2)), np.array([[1.0], [3.0], [8.0]])
    >>> _, weights = attend(q, k, v, np.array([True, True, False]))
    >>> attend_backward(q, k, v, weights, np.ones((1, 1)))[2].ravel()
    array([0.5, 0.5, 0. ])

    Raises:
        KindError: as `attend`; dA does not have the dtype of out.
        ShapeError: as `attend`; the weights do not fit q and k, or dA does not have the shape of out.
    """
    shape = _shape_of_weights("attend_backward", q, k, v)
    _check_like_weights("attend_backward", "weights", weights, q, shape)
    if factor is not None:
        _check_like_weights("attend_backward", "factor", factor, q, shape)
    check_out_gradient("attend_backward", dA, (*shape[:-1], v.shape[-1]), v.dtype)
    if q.dtype.itemsize < 4:
        return in_float32(attend_backward, q, k, v, weights, dA, factor)
    columns = weights.swapaxes(-1, -2)  # (..., s, t), as `attend` computed them
    root, ones = q.shape[-1] ** -0.5, namespace(q).ones((1, k.shape[-2]), dtype=q.dtype)
    dscores, weighted = v @ _transposed(dA), columns
    if factor is not None:
        dscores *= factor.swapaxes(-1, -2)
        weighted = columns * factor.swapaxes(-1, -2)
    dscores *= columns
    dscores -= columns * (ones @ dscores)
    dq, dk = dscores.swapaxes(-1, -2) @ k, dscores @ q
    dq *= root
    dk *= root
    return dq, dk, weighted @ dA


def no_later(s: int, t: int, xp: Any) -> Array:
    """A mask (t, s): the last t of s positions are queries, and each may attend to the keys up to its own position."""
    return (xp.arange(s)[:, None] <= xp.arange(s - t, s)).T


def _shape_of_weights(function: str, q: Any, k: Any, v: Any) -> tuple[int, ...]:
    """Check that q, k and v are floats of one dtype and fit together; the result is the shape of the weights"""
    float_namespace(function, "q", q)
    float_namespace(function, "k", k)
    float_namespace(function, "v", v)
    if not q.dtype == k.dtype == v.dtype:
        raise KindError(f"{function}: q, k and v must be of one dtype; q: {q.dtype}, k: {k.dtype}, v: {v.dtype}")
    alike = 1 < q.ndim == k.ndim and k.shape[:-2] + k.shape[-1:] == q.shape[:-2] + q.shape[-1:]
    if not alike or q.shape[-1] < 1 or v.shape[:-1] != k.shape[:-1]:
        shapes = f"q: {q.shape}, k: {k.shape}, v: {v.shape}"
        raise ShapeError(f"{function}: q must be (..., t, d), k (..., s, d) and v (..., s, e), d at least 1; {shapes}")
    return *q.shape[:-1], k.shape[-2]


def _check_like_weights(function: str, argument: str, a: Any, q: Array, shape: tuple[int, ...]) -> None:
    if getattr(a, "shape", None) != shape or a.dtype != (q.dtype if argument == "weights" else q.real.dtype):
        needed = "those that attend returned" if argument == "weights" else "a number for each weight"
        given = f"{a.dtype} of shape {a.shape}" if is_array(a) else kind(a)
        raise ShapeError(f"{function}: {argument} must be {needed}, {q.dtype} of shape {shape}, not {given}")


def _check_allowed(allowed: Any, shape: tuple[int, ...]) -> None:
    """Check that `allowed` holds bools, and broadcasts to the shape of the weights."""
    if not is_array(allowed) or allowed.dtype != bool:
        raise KindError(f"attend: allowed must be an array of bools, True where i may attend to j, not {kind(allowed)}")
    if allowed.shape in (shape, shape[-2:]):
        return  # the common case, checked first for speed
    sizes = zip(reversed(allowed.shape), reversed(shape), strict=False)
    if allowed.ndim > len(shape) or not all([given in (1, needed) for given, needed in sizes]):
        raise ShapeError(f"attend: allowed must be (..., t, s), or broadcast to {shape}, not {allowed.shape}")


def _transposed(a: Array) -> Array:
    """The last two axes exchanged, as a copy, with which BLAS multiplies faster."""
    return a.swapaxes(-1, -2).copy()


def _largest(a: Array) -> Array:
    """The maximum over axis -2, in parts of an eighth or in two overlapping halves: few long loops, which are fast."""
    while (n := a.shape[-2]) > 1:
        *before, _, t = a.shape
        if n % 8:
            a = namespace(a).maximum(a[..., : (n + 1) // 2, :], a[..., n // 2 :, :])
        else:
            a = a.reshape(*before, 8, n // 8 * t).max(-2).reshape(*before, n // 8, t)
    return a

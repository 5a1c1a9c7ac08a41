"""The three products of a convolution: out, dW and dx.

    out[m, p, o] = sum_kc x[m, s p + d k - before, c] W[k, c, o],  p and k being pairs, s the stride, d the dilation

The windows are gathered as rows and multiplied by one matrix: (windows, taps c) @ (taps c, o). The gathered rows hold
each number of x once for each tap, so NumPy works on blocks whose windows fit the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from funcnn.arrays import Array, in_float32, namespace
from funcnn.layers.convolution.windows import Axes, Axis, by_blocks, gathered, scattered, taps

WINDOW_BYTES = 1 << 21  # bytes of the windows of a block, measured: half and twice as many are as fast


def correlate(x: Array, W: Array, axes: Axes, groups: int = 1) -> Array:
    """out, for x (m, h, w, c) and W (kh, kw, c / groups, o)"""
    if x.dtype.itemsize < 4:
        return in_float32(correlate, x, W, axes, groups)
    if groups > 1:
        if W.shape[2] == 1:
            return _depthwise(x, W, axes)
        pairs = zip(_split(x, groups), _split(W, groups), strict=True)
        return _joined([correlate(a, b, axes) for a, b in pairs])
    shape, matrix = (x.shape[0], axes[0].out, axes[1].out, W.shape[3]), W.reshape(-1, W.shape[3])
    if not type(x) is type(W) is np.ndarray:
        return (gathered(x, axes) @ matrix).reshape(shape)
    out = np.empty(shape, x.dtype)
    for rows in _blocks(x, axes):
        np.matmul(gathered(x[rows], axes), matrix, out=out[rows].reshape(-1, W.shape[3]))
    return out


def kernel_gradient(x: Array, dA: Array, axes: Axes, groups: int = 1) -> Array:
    """dW[k, c, o] = sum_mp x[m, s p + d k - before, c] dA[m, p, o]"""
    if x.dtype.itemsize < 4:
        return in_float32(kernel_gradient, x, dA, axes, groups)
    c, o = x.shape[3], dA.shape[3]
    if groups > 1:
        if groups == c:
            return _depthwise_kernel_gradient(x, dA, axes)
        pairs = zip(_split(x, groups), _split(dA, groups), strict=True)
        return _joined([kernel_gradient(a, b, axes) for a, b in pairs])
    shape = axes[0].size, axes[1].size, c, o
    if not type(x) is type(dA) is np.ndarray:
        return (gathered(x, axes).T @ dA.reshape(-1, o)).reshape(shape)
    dW = np.zeros((axes[0].size * axes[1].size * c, o), dA.dtype)
    for rows in _blocks(x, axes):
        dW += gathered(x[rows], axes).T @ dA[rows].reshape(-1, o)
    return dW.reshape(shape)


def correlate_adjoint(dA: Array, W: Array, axes: Axes, groups: int = 1) -> Array:
    """dx[m, s p + d k - before, c] = sum_ko dA[m, p, o] W[k, c, o], over all p and k with that position"""
    if dA.dtype.itemsize < 4:
        return in_float32(correlate_adjoint, dA, W, axes, groups)
    if groups > 1:
        if W.shape[2] == 1:
            return _depthwise_adjoint(dA, W, axes, groups)
        pairs = zip(_split(dA, groups), _split(W, groups), strict=True)
        return _joined([correlate_adjoint(a, b, axes) for a, b in pairs])
    if flipped := adjoint_windows(axes):
        return correlate(dA, W[::-1, ::-1].swapaxes(2, 3), flipped)
    kernels = W.reshape(-1, *W.shape[2:]).swapaxes(1, 2)  # (taps, o, c)
    if not type(dA) is type(W) is np.ndarray:
        return scattered((dA @ kernel for kernel in kernels), axes)
    dx = np.empty((dA.shape[0], axes[0].positions, axes[1].positions, W.shape[2]), dA.dtype)
    kernels = np.ascontiguousarray(kernels)  # otherwise the product takes 1.5 times as long
    for rows in _blocks(dx, axes):
        parts = np.matmul(dA[rows].reshape(-1, dA.shape[3]), kernels)
        dx[rows] = scattered(parts.reshape(len(kernels), *dA[rows].shape[:3], W.shape[2]), axes)
    return dx


def adjoint_windows(axes: Axes) -> Axes | None:
    """The windows of the adjoint if it is a convolution with the flipped kernel, as at stride 1; else None."""
    if not all([axis.stride == 1 and max(axis.before, axis.after) < axis.reach for axis in axes]):
        return None
    rows, columns = [
        Axis(a.out, a.size, 1, a.dilation, a.reach - 1 - a.before, a.reach - 1 - a.after, a.positions) for a in axes
    ]
    return rows, columns


# With as many groups as channels a tap multiplies each channel by n numbers, W[k, c, n], and o is the pair (c, n): that
# is one number for each of n copies of the channel.


def _depthwise(x: Array, W: Array, axes: Axes) -> Array:
    kernels = _along(W, axes)

    def of_block(x: Array) -> Array:
        copies = _copies(x, W.shape[3])
        return _added(seen * kernel for seen, kernel in zip(taps(copies, axes), kernels, strict=True))

    return by_blocks(of_block, x)


def _depthwise_kernel_gradient(x: Array, dA: Array, axes: Axes) -> Array:
    xp, o = namespace(dA), dA.shape[3]

    def of_block(x: Array, dA: Array) -> Array:
        ones = xp.ones(dA.size // o, dtype=dA.dtype)  # BLAS adds up several times faster than `sum`
        return xp.stack([ones @ (seen * dA).reshape(-1, o) for seen in taps(_copies(x, o), axes)])

    dW = _added(of_block(x[rows], dA[rows]) for rows in _blocks(x, axes))
    return dW.reshape(axes[0].size, axes[1].size, 1, o)


def _depthwise_adjoint(dA: Array, W: Array, axes: Axes, c: int) -> Array:
    flipped, n = adjoint_windows(axes), W.shape[3] // c
    kernels = () if flipped else _along(W, axes)

    def of_block(dA: Array) -> Array:
        d = _depthwise(dA, W[::-1, ::-1], flipped) if flipped else scattered((dA * kernel for kernel in kernels), axes)
        return d if n == 1 else _added(d[..., i::n] + 0 for i in range(n))

    return by_blocks(of_block, dA)


def _copies(x: Array, o: int) -> Array:
    """Each channel repeated, so that there are o channels"""
    n = o // x.shape[3]
    return x if n == 1 else namespace(x).repeat(x, n, axis=3)


def _along(W: Array, axes: Axes) -> Array:
    """The kernel of each tap for a whole row of windows, (taps, w_out, o): NumPy is slow to broadcast a short row"""
    return namespace(W).tile(W.reshape(-1, 1, W.shape[3]), (1, axes[1].out, 1))


def _blocks(x: Array, axes: Axes) -> list[slice]:
    """Blocks of rows whose windows take up about `WINDOW_BYTES`; all rows for JAX, which divides work itself."""
    if not isinstance(x, np.ndarray):
        return [slice(None)]
    window = axes[0].out * axes[1].out * axes[0].size * axes[1].size * x.shape[3] * x.dtype.itemsize
    size = max(1, WINDOW_BYTES // window)
    return [slice(start, start + size) for start in range(0, max(1, x.shape[0]), size)]


def _split(a: Array, groups: int) -> list[Array]:
    size = a.shape[-1] // groups
    return [a[..., i * size : (i + 1) * size] for i in range(groups)]


def _joined(parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else namespace(parts[0]).concatenate(parts, axis=-1)


def _added(parts: Iterable[Array]) -> Array:
    total: Any = None
    for part in parts:
        if total is None:
            total = part  # made by the caller for this sum, so it may be written to
        else:
            total += part
    return total

"""Mistakes in convolutions, poolings and residual blocks."""

import numpy as np

from tests.blind.base import cases, draw


def conv2d(x, k):  # valid correlation of one image
    a, b = k.shape
    n, m = x.shape[0] - a + 1, x.shape[1] - b + 1
    return sum(x[i : i + n, j : j + m] * k[i, j] for i in range(a) for j in range(b))


def conv2d_vjp(args, dA, bug):
    x, k = args
    a, b = k.shape
    n, m = dA.shape
    used = {"kernel": k[::-1, ::-1], "transposed": k.T}.get(bug, k)
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    for i in range(a):
        for j in range(b):
            dx[i : i + n, j : j + m] += dA * used[i, j]
            dk[i, j] = (x[i : i + n, j : j + m] * dA).sum()
    if bug == "rows":
        dk = dk[::-1]
    return [dx, dk]


def strided(x, k, b):  # (batch, n), k (channels, 3), stride 2
    n = (x.shape[1] - 3) // 2 + 1
    return np.stack([x[:, 2 * i : 2 * i + 3] @ k.T for i in range(n)], axis=2) + b[:, None]


def strided_vjp(args, dA, bug):
    x, k, _ = args
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    stride = 1 if bug == "stride" else 2
    for i in range(dA.shape[2]):
        dx[:, stride * i : stride * i + 3] += dA[:, :, i] @ (k[:, ::-1] if bug == "kernel" else k)
        dk += dA[:, :, i].T @ x[:, 2 * i : 2 * i + 3]
    return [dx, dk, dA.sum(axis=(0, 2))]


global_average = lambda x: x.mean(axis=2)


def global_average_vjp(args, dA, bug):
    (x,) = args
    n = x.shape[0] * x.shape[2] if bug == "batch" else x.shape[2]
    return [np.repeat(dA[:, :, None], x.shape[2], axis=2) / n]


def prenorm(x, W):
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + 0.01)
    return x + (x / r) @ W


def prenorm_vjp(args, dA, bug):
    x, W = args
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + 0.01)
    h = x / r
    dh = dA @ W.T
    dx = (dh - h * (dh * h).mean(axis=1, keepdims=True)) / r
    if bug != "lost":
        dx = dx + dA
    return [dx, h.T @ dA]


def residual_conv(x, k):  # (batch, n), "same" correlation with 3 weights
    p = np.pad(x, ((0, 0), (1, 1)))
    return x + sum(p[:, j : j + x.shape[1]] * k[j] for j in range(3))


def residual_conv_vjp(args, dA, bug):
    x, k = args
    n = x.shape[1]
    p, d = np.pad(x, ((0, 0), (1, 1))), np.pad(dA, ((0, 0), (1, 1)))
    dx = sum(d[:, j : j + n] * k[2 - j] for j in range(3))
    if bug != "lost":
        dx = dx + dA
    return [dx, np.array([(p[:, j : j + n] * dA).sum() for j in range(3)])]


CONVOLUTION = [
    *cases(conv2d, conv2d_vjp)(
        ("conv2d, the wrong one of the kernels in dx", "kernel", draw(58, (4, 5), (2, 3)), {"kernel not flipped"}),
        ("conv2d, k.T in dx", "transposed", draw(59, (5, 5), (3, 3)), {"transposed"}),
        ("conv2d, rows of dk reversed", "rows", draw(60, (5, 4), (3, 2)), {"flipped"}),
    ),
    *cases(strided, strided_vjp)(
        # wrong index: no name
        ("strided conv1d, stride 1 in dx", "stride", draw(61, (2, 9), (2, 3), (2,)), set()),
        # the kernel is reversed in the scatter form, where it must not be
        ("strided conv1d, kernel reversed", "kernel", draw(62, (2, 7), (3, 3), (3,)), {"kernel not flipped"}),
    ),
    *cases(global_average, global_average_vjp)(
        # divided by the batch size too: 1/b too much
        ("global average pooling, divided by batch too", "batch", draw(64, (3, 2, 4)), {"factor"})
    ),
    *cases(prenorm, prenorm_vjp)(
        ("pre-norm block, skip has no gradient", "lost", draw(65, (3, 4), (4, 4)), {"lost residual", "missing sum"})
    ),
    *cases(residual_conv, residual_conv_vjp)(
        ("residual convolution, skip has no gradient", "lost", draw(66, (3, 5), (3,)), {"lost residual", "missing sum"})
    ),
]

"""Mistakes in normalisation, pooling, convolution, embedding and graphs, as they are handed in."""

import numpy as np

from tests.blind.base import Case, draw

# max-pooling


def max_pool(x):
    m, h, w = x.shape
    return x.reshape(m, h // 2, 2, w // 2, 2).max(axis=(2, 4))


def max_pool_vjp(args, dA):
    (x,) = args
    dx = np.zeros_like(x)
    for n in range(dA.shape[0]):
        for i in range(dA.shape[1]):
            for j in range(dA.shape[2]):
                window = x[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                a, b = np.unravel_index(window.argmax(), (2, 2))
                dx[n, i + a, j + b] += dA[n, i, j]
    return [dx]


# convolution with stride 2


def conv(x, K):
    kh, kw = K.shape
    h, w = (x.shape[0] - kh) // 2 + 1, (x.shape[1] - kw) // 2 + 1
    out = np.zeros((h, w))
    for i in range(h):
        for j in range(w):
            out[i, j] = (x[2 * i : 2 * i + kh, 2 * j : 2 * j + kw] * K).sum()
    return out


def conv_vjp(args, dA):
    x, K = args
    kh, kw = K.shape
    dx, dK = np.zeros_like(x), np.zeros_like(K)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dx[2 * i : 2 * i + kh, 2 * j : 2 * j + kw] += K * dA[i, j]
            dK += x[i : i + kh, j : j + kw] * dA[i, j]
    return dx, dK


# batch norm over images


def batch_norm_images(x, gain, bias):
    mu = x.mean(axis=(0, 1, 2))
    var = x.var(axis=(0, 1, 2))
    return (x - mu) / np.sqrt(var + 1e-5) * gain + bias


def batch_norm_images_vjp(args, dA):
    x, gain, _bias = args
    N, _H, _W, _C = x.shape
    axes = (0, 1, 2)
    s = np.sqrt(x.var(axis=axes) + 1e-5)
    u = (x - x.mean(axis=axes)) / s
    dgain = (dA * u).sum(axis=axes)
    dbias = dA.sum(axis=axes)
    dx = gain / s * (dA - dbias / N - u * dgain / N)
    return dx, dgain, dbias


# layer norm


def layer_norm(x, gain, bias):
    mu = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    return gain * (x - mu) / np.sqrt(var + 1e-5) + bias


def layer_norm_vjp(args, dA):
    x, gain, _bias = args
    s = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    u = (x - x.mean(axis=-1, keepdims=True)) / s
    du = dA - dA.mean(axis=-1, keepdims=True) - u * (dA * u).mean(axis=-1, keepdims=True)
    return gain * du / s, (dA * u).sum(axis=0), dA.sum(axis=0)


# RMS norm in front of a dense layer


def rms_dense(x, g, W):
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-6) * g @ W


def rms_dense_vjp(args, dA):
    x, g, W = args
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-6)
    u = x / r
    dy = dA @ W.T
    dg = (dy * u).sum(axis=0)
    du = dy * g
    dx = (du - u * (du * u).sum(axis=1, keepdims=True)) / r
    return dx, dg, (u * g).T @ dA


# embeddings

TOKENS = np.array([3, 1, 3, 0, 1, 3])


def embed(E, W):
    return E[TOKENS] @ W


def embed_vjp(args, dA):
    E, W = args
    dE = np.zeros_like(E)
    dE[TOKENS] += dA @ W.T
    return dE, E[TOKENS].T @ dA


IMAGES = [
    # dx is wrong: the gradient goes to i + a, j + b instead of 2 i + a, 2 j + b: the stride of the windows is
    # forgotten, so it arrives at the wrong positions.
    Case(
        "max-pooling: start of the window",
        max_pool,
        max_pool_vjp,
        [np.round(np.random.default_rng(7).permutation(48).reshape(2, 4, 6) * 0.13 - 3.05, 2)],
        set(),
    ),
    # dK is wrong: its windows of x begin at i, j instead of 2 i, 2 j, as if the stride were 1.
    Case("convolution: dK without the stride", conv, conv_vjp, draw(44, (6, 7), (2, 3)), set()),
    # dx is wrong: the two sums are divided by N, the number of images, instead of N H W, the number of values of each
    # channel, so both means are H W times too large.
    Case(
        "batch norm: N of the images",
        batch_norm_images,
        batch_norm_images_vjp,
        draw(45, (2, 3, 4, 2), (2,), (2,)),
        set(),
    ),
    # dx is wrong: gain is multiplied in at the end instead of at the start (du = dA gain); it differs between the
    # features over which the means run, so the two do not commute.
    Case("layer norm: gain after the means", layer_norm, layer_norm_vjp, draw(46, (3, 5), (5,), (5,)), set()),
    # dx is wrong: in the path through the root mean square the sum over the features stands where the mean must be,
    # the factor 1 / n is missing.
    Case("rms norm: sum for mean", rms_dense, rms_dense_vjp, draw(47, (3, 5), (5,), (5, 2)), {"factor"}),
    # dE is wrong for tokens that occur more than once: dE[tokens] += ... writes each row once (the last one wins), it
    # needs np.add.at; the gradients of the repetitions are lost.
    Case("embedding: repeated tokens", embed, embed_vjp, draw(48, (5, 3), (3, 2)), {"missing sum"}),
]

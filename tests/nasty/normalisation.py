"""Normalisation, softmax and attention at their degenerate sizes."""

import numpy as np

from tests.nasty.base import among, arrays, between, decades, drawn, elementwise, mixed, nasty, normal
from tests.nasty.cancellation import softmax, softmax_vjp


def sigmoid_slope(z):
    """Of the sigmoid of clipped z."""
    e = np.exp(-np.minimum(abs(z), 700))
    return np.where(abs(z) < 700, e / (1 + e) ** 2, 0)


def batch_norm(x, gain):
    centred = x - x.mean(axis=0)
    return gain * centred / np.sqrt((centred**2).mean(axis=0) + 1e-5)


def batch_norm_vjp(args, dA):
    x, gain = args
    out = batch_norm(x, np.ones_like(gain))
    scale = np.sqrt(x.var(axis=0) + 1e-5)
    return gain * (dA - dA.mean(axis=0) - out * (dA * out).mean(axis=0)) / scale, (dA * out).sum(axis=0)


def masked_softmax(x, mask):
    return softmax(np.where(mask, x, -1e9))


def masked_softmax_vjp(args, dA):
    x, mask = args
    return np.where(mask, softmax_vjp((np.where(mask, x, -1e9),), dA)[0], 0), None


def logits_and_mask(rng):
    """Logits, and a mask that may leave out whole rows."""
    shape = (rng.integers(1, 4), rng.integers(1, 5))
    return rng.standard_normal(shape), rng.random(shape) < 0.5


def attention(q, k, v):
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def attention_vjp(args, dA):
    q, k, v = args
    p = softmax(q @ k.T / np.sqrt(q.shape[1]))
    dp = dA @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True)) / np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ dA


def cross_entropy(x, q):
    top = x.max(axis=-1, keepdims=True)
    return (q * (np.log(np.exp(x - top).sum(axis=-1, keepdims=True)) + top - x)).sum(axis=-1)


def cross_entropy_vjp(args, dA):
    x, q = args
    log_p = x - cross_entropy(x, np.eye(x.shape[-1])[0])[..., None] - x[..., :1]
    return dA[..., None] * (q.sum(axis=-1, keepdims=True) * softmax(x) - q), -dA[..., None] * log_p


def orthogonal(x, y):
    """The part of y that is orthogonal to x."""
    return y - x * ((x @ y) / (x @ x))


def orthogonal_vjp(args, dA):
    x, y = args
    square = x @ x
    along, share = (x @ dA) / square, (x @ y) / square
    return -share * dA - along * orthogonal(x, y) + share * along * x, dA - along * x


def parallel(rng):
    x = rng.standard_normal(3)
    return x, x + 10.0 ** rng.uniform(-8, 0) * rng.standard_normal(3)


def convolution_vjp(args, dA):
    x, w = args
    return np.convolve(dA, w[::-1]), np.correlate(x, dA)[::-1]


def standard(x):
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-12)


def standard_vjp(args, dA):
    (x,) = args
    scale = np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-12)
    out = x / scale
    return ((dA - out * (dA * out).mean(axis=-1, keepdims=True)) / scale,)


def tempered(t):
    return lambda x: softmax(x / t), lambda args, dA: (softmax_vjp((args[0] / t,), dA)[0] / t,)


NORMALISATION = [
    nasty("batch norm", "a batch of one: all outputs are 0")(
        arrays(normal(), "1 n", "n"), (batch_norm, batch_norm_vjp)
    ),
    nasty("batch norm of constant columns", "eps is all there is")(
        arrays(among(1.0, 1.0, 1.0, 1.125), "m n", "n"), (batch_norm, batch_norm_vjp)
    ),
    nasty("batch norm of a batch of two", "outputs of +-1, hardly moving")(
        arrays(normal(0, 100), "2 n", "n"), (batch_norm, batch_norm_vjp)
    ),
    nasty("root-mean-square norm", "rows from 1e-9 to 1e3, eps 1e-12")(
        arrays(mixed(decades(-9, -5), normal(0, 1e3), among(0.0)), "m n"), (standard, standard_vjp)
    ),
    nasty("softmax of equal logits", "uniform")(arrays(among(0.0, 0.0, 0.0, 7.0), "m n"), (softmax, softmax_vjp)),
    nasty("softmax, masked by -1e9", "whole rows are masked")(
        drawn(logits_and_mask), (masked_softmax, masked_softmax_vjp)
    ),
    nasty("softmax, its mask in the logits", "-1e9 beside 1")(
        arrays(mixed(normal(), normal(), among(-1e9)), "m n"), (softmax, softmax_vjp)
    ),
    nasty("softmax at temperature 1e-3", "steep, or flat")(
        arrays(mixed(normal(), normal(0, 1e-3), among(1.0)), "m n"), tempered(1e-3)
    ),
    nasty("softmax at temperature 1e3", "all alike")(arrays(normal(), "m n"), tempered(1e3)),
    nasty("attention", "logits of 1e4")(
        arrays(mixed(normal(), normal(0, 100)), "m d", "n d", "n k"), (attention, attention_vjp)
    ),
    nasty("cross-entropy", "of certain predictions")(
        arrays(mixed(normal(), among(0.0, 50.0, -700.0)), "m n", "m n"), (cross_entropy, cross_entropy_vjp)
    ),
    nasty("Gram and Schmidt", "nearly parallel")(drawn(parallel), (orthogonal, orthogonal_vjp)),
    nasty("convolution", "kernel as long as the signal")(
        arrays(normal(), "18", "n"), (lambda x, w: np.convolve(x, w, "valid"), convolution_vjp)
    ),
    nasty("1 / (1 + exp(-x w))", "weights from 1e-6 to 1e6")(
        arrays(decades(-6, 6), "n", "n"),
        (
            lambda x, w: 1 / (1 + np.exp(-np.clip(x * w, -700, 700))),
            lambda args, dA: ((s := sigmoid_slope(args[0] * args[1]) * dA) * args[1], s * args[0]),
        ),
    ),
    nasty("harmonic mean", "of 1e-6 and 1e6")(
        arrays(decades(-6, 6, signed=False), "n"),
        (
            lambda x: x.size / (1 / x).sum(keepdims=True),
            lambda args, dA: (dA * args[0].size / ((1 / args[0]).sum() * args[0]) ** 2,),
        ),
    ),
    nasty("a ratio of sums", "a denominator near 0")(
        arrays(between(-1, 1), "n", "n"),
        (
            lambda x, y: x.sum() / y.sum(),
            lambda args, dA: (
                np.full_like(args[0], dA / args[1].sum()),
                np.full_like(args[1], -dA * args[0].sum() / args[1].sum() ** 2),
            ),
        ),
    ),
    elementwise("log-cosh", "of residuals from 1e-9 to 1e3")(
        decades(-9, 3), lambda x: np.logaddexp(x, -x) - np.log(2), np.tanh
    ),
]

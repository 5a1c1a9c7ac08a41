"""The rules that are measured, each with its definition and with arguments over the whole range of floats."""

from functools import partial

import numpy as np

from funcnn import layers, losses
from tests.accuracy import definitions as of

# Magnitudes of arguments: the least and the largest, and where exponentials overflow.
RANGES = {np.float64: (-300, 300, 760), np.float32: (-37, 37, 110)}


# Where formulas cancel or saturate if nothing is done about it, in one of the two dtypes.
CRITICAL = [1e-8, 1e-3, 0.3, 0.7, 3.5, 6.0, 9.0, 16.0, 30.0, 36.0]


def numbers(rng, n, dtype):
    """The critical numbers, and 6 n others of both signs: of all magnitudes, and where exponentials saturate."""
    least, most, end = RANGES[dtype]
    sizes = [
        10.0 ** rng.uniform(least, most, n),
        10.0 ** rng.uniform(max(least, -20), 3, n),
        *(rng.uniform(0, 4, 2 * n), rng.uniform(0, 40, n), rng.uniform(0, end, n)),
    ]
    others = np.concatenate(sizes) * rng.choice([-1, 1], 6 * n)
    return np.concatenate([CRITICAL, np.negative(CRITICAL), others]).astype(dtype)


def rows(rng, n, dtype, k):
    """Rows of k numbers: of many scales, around a large number, with one far above the others."""
    scales = [1e-8, 1, 1, 30, 300 if dtype is np.float64 else 80]
    for i in range(n):
        x = rng.standard_normal(k) * scales[i % len(scales)]
        yield (x + 1e4 * (i % 7 == 6) + np.eye(k)[i % k] * 40 * (i % 3 == 1)).astype(dtype)


# The layer, its definition, and its gradient as a function of the cache, for rows of four numbers.
ROWS = {
    "PRelu": (lambda dtype: layers.PRelu(np.array(of.ALPHA, dtype)), of.prelu, None),
    "Softmax": (lambda dtype: layers.Softmax(), of.softmax, of.softmax_back),
    "LogSoftmax": (lambda dtype: layers.LogSoftmax(), of.log_softmax, of.log_softmax_back),
    "LayerNorm": (
        lambda dtype: layers.LayerNorm(np.array(of.SCALE, dtype), np.array(of.SHIFT, dtype)),
        partial(of.normalized, eps=1e-5),
        of.normalized_back,
    ),
    "GroupNorm": (
        lambda dtype: layers.GroupNorm(np.array(of.SCALE, dtype), np.array(of.SHIFT, dtype), 1),
        partial(of.normalized, eps=1e-5),
        of.normalized_back,
    ),
    "BatchNorm": (
        lambda dtype: layers.BatchNorm(*(np.array([a], dtype) for a in (of.SCALE[0], of.SHIFT[0], 0, 1))),
        partial(of.normalized, eps=1e-5, scale=of.SCALE[:1] * 4, shift=of.SHIFT[:1] * 4),
        partial(of.normalized_back, scale=of.SCALE[:1] * 4),
    ),
    "RMSNorm": (
        lambda dtype: layers.RMSNorm(np.array(of.SCALE, dtype)),
        partial(of.normalized, eps=1e-6, shift=[0, 0, 0, 0], center=lambda x: 0),
        partial(of.normalized_back, centred=0),
    ),
    "Glu(Silu())": (lambda dtype: layers.Glu(layers.Silu()), of.swiglu, None),
}
COLUMNS = {"BatchNorm"}  # to these layers, the four numbers are a column


def errors_of(rng, n, dtype):
    """(out, y) of one output: errors of all sizes, and errors that are small beside y."""
    x = numbers(rng, n, dtype)
    far = np.abs(x) < 1e18  # so that no square overflows
    y = np.where(rng.random(x.size) < 0.5, 0, x * (1 + 1e-3 * rng.standard_normal(x.size))).astype(dtype)
    return [(np.array([a]), np.array([b])) for a, b in zip(x[far], y[far], strict=True)]


def logits_and_bits(rng, n, dtype):
    return [(np.array([a]), np.array([y], dtype)) for a in numbers(rng, n, dtype) for y in (0, 1)]


def probabilities_and_bits(rng, n, dtype):
    least = np.log10(np.finfo(dtype).eps) + 1
    small = 10.0 ** rng.uniform(least, 0, 6 * n)
    p = np.where(rng.random(6 * n) < 0.5, small, 1 - small).astype(dtype)
    eps = np.finfo(dtype).eps
    return [
        (np.array([a]), np.array([b], dtype))
        for a, b in zip(p, rng.integers(0, 2, 6 * n), strict=True)
        if eps < a < 1 - eps
    ]


def logits_and_counts(rng, n, dtype):
    x = numbers(rng, n, dtype)
    x = x[x < RANGES[dtype][2] * 0.8]
    return [(np.array([a]), np.array([b], dtype)) for a, b in zip(x, rng.integers(0, 9, x.size), strict=True)]


def logits_and_classes(rng, n, dtype):
    return [(x, np.eye(3, dtype=dtype)[rng.integers(3)]) for x in rows(rng, 6 * n, dtype, 3)]


def logits_and_distributions(rng, n, dtype):
    found = []
    for x in rows(rng, 6 * n, dtype, 3):
        p = np.exp(rng.standard_normal(3))
        found.append((x, (p / p.sum() * 0.99).astype(dtype)))
    return found


def directions(rng, n, dtype):
    found = []
    for i, x in enumerate(rows(rng, 6 * n, dtype, 3)):
        near = x * 2 * (1 + rng.standard_normal(3) * 10.0 ** -rng.uniform(0, 7))
        found.append((x, (near if i % 2 else rng.standard_normal(3)).astype(dtype)))
    return found


def means_and_variances(rng, n, dtype):
    draw = lambda: rng.standard_normal() * rng.choice([1e-8, 1, 30])
    return [(np.array([draw(), draw()], dtype), np.array([draw()], dtype)) for _ in range(6 * n)]


def triplets(rng, n, dtype):
    return [(x, np.array([1], dtype)) for x in rows(rng, 6 * n, dtype, 6) if np.abs(x).max() < 1000]


# The loss, its definition, and pairs (out, y) of one example.
LOSSES = {
    "mse": (losses.mse, of.of_error(lambda e: e**2), errors_of),
    "mae": (losses.mae, of.of_error(abs), errors_of),
    "huber": (losses.huber, of.of_error(of.huber), errors_of),
    "log_cosh": (losses.log_cosh, of.of_error(of.log_cosh), errors_of),
    "quantile": (partial(losses.quantile, q=0.875), of.of_error(of.quantile), errors_of),
    "poisson_nll": (losses.poisson_nll, of.of_one(lambda a, y: of.exp(a) - y * a), logits_and_counts),
    "gaussian_nll": (losses.gaussian_nll, lambda out, y: of.gaussian(out, y[0]), means_and_variances),
    "binary_cross_entropy": (
        losses.binary_cross_entropy,
        of.of_one(lambda p, y: -of.log(p if y else 1 - p)),
        probabilities_and_bits,
    ),
    "binary_cross_entropy_with_logits": (losses.binary_cross_entropy_with_logits, of.of_one(of.bce), logits_and_bits),
    "binary_focal": (losses.binary_focal, of.of_one(of.focal), logits_and_bits),
    "softmax_cross_entropy": (losses.softmax_cross_entropy, of.cross_entropy, logits_and_classes),
    "softmax_cross_entropy, soft": (losses.softmax_cross_entropy, of.cross_entropy, logits_and_distributions),
    "softmax_focal": (losses.softmax_focal, of.softmax_focal, logits_and_classes),
    "kl_divergence": (losses.kl_divergence, of.kl, logits_and_distributions),
    "hinge": (losses.hinge, of.of_one(lambda a, y: max(0, 1 - (2 * y - 1) * a)), logits_and_bits),
    "squared_hinge": (losses.squared_hinge, of.of_one(lambda a, y: max(0, 1 - (2 * y - 1) * a) ** 2), logits_and_bits),
    "triplet": (losses.triplet, lambda out, y: max(0, of.distances(out) + y[0]), triplets),
    "cosine_distance": (losses.cosine_distance, of.cosine, directions),
}

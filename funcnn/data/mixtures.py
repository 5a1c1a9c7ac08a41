"""Augmentations of rows of any shape: noise, and mixtures of two rows."""

from __future__ import annotations

import math
from itertools import count

import numpy as np

from funcnn.arrays import Array, is_array, kind
from funcnn.bits import normal
from funcnn.checked import checked
from funcnn.data.checks import Generator, by_row, checked_equal, float_row_count
from funcnn.data.elementary import log, logistic
from funcnn.draws import Key, key_of, permutation, symmetric
from funcnn.errors import KindError
from funcnn.needs import Positive


@checked
def gaussian_noise(x: Array, rng: Generator, *, deviation: Positive) -> Array:
    """x + deviation z, z from the standard normal distribution

    In a network, the layer `GaussianNoise` adds noise to the output of other layers. Bishop 1995, Training with Noise
    is Equivalent to Tikhonov Regularization.

    >>> import numpy as np
    >>> from funcnn.data import gaussian_noise
    >>> gaussian_noise(np.zeros((1, 2), np.float32), np.random.default_rng(0), deviation=0.1).round(4)
    array([[ 0.1252, -0.1004]], dtype=float32)

    Raises:
        KindError, ShapeError: x is not an array of floats with rows.
    """
    float_row_count("gaussian_noise", "x", x)
    z = normal(np, key_of(rng), x.shape, np.float64 if x.dtype == np.float64 else np.float32)
    return x + (deviation * z).astype(x.dtype)


@checked
def mixup(x: Array, y: Array, rng: Generator, *, alpha: Positive) -> tuple[Array, Array]:
    """(s x + (1 - s) x', s y + (1 - s) y'), s from the distribution Beta(alpha, alpha), for pairs of rows

    Each row is mixed with the row that a permutation puts in its place. x: (m, ...), y: (m, ...), of floats, such as
    one-hot rows `np.eye(k)[classes]`. Small alphas give mixtures that are close to one of the two rows. Zhang et al.
    2018, mixup: Beyond Empirical Risk Minimization, eq. 2, where values from 0.1 to 0.4 are best for ImageNet.

    >>> import numpy as np
    >>> from funcnn.data import mixup
    >>> x, y = mixup(np.array([[0.0], [8.0]]), np.eye(2), np.random.default_rng(2), alpha=1.0)
    >>> np.array_equal(x[:, 0], 8 * y[:, 1]), y.sum(axis=1).tolist()
    (True, [1.0, 1.0])

    Raises:
        KindError, ShapeError: as `gaussian_noise`, for x and for y; ShapeError also if they differ in the number of
            rows.
    """
    rows = float_row_count("mixup", "x", x)
    if is_array(y) and y.dtype.kind in "iu" and y.ndim == 1:
        raise KindError(f"mixup: y must be an array of floats, not {kind(y)}; write np.eye(k)[y] for k classes")
    checked_equal("mixup", rows, float_row_count("mixup", "y", y))
    key = key_of(rng)
    share, partner = _beta((*key, 0), max(alpha, _LEAST), rows), permutation((*key, 1), rows)
    mixed_x, mixed_y = [by_row(share, a) * a + by_row(1 - share, a) * a[partner] for a in (x, y)]
    return mixed_x, mixed_y


_LEAST = 1e-300  # of alpha: log(u) / alpha is finite


def _beta(key: Key, alpha: float, n: int) -> Array:
    """x / (x + y), x and y of the Gamma distribution of alpha"""
    x, y = [_log_gamma((*key, i), alpha, n) for i in range(2)]
    return logistic(x - y)


def _log_gamma(key: Key, alpha: float, n: int) -> Array:
    """log x, x of the Gamma distribution of alpha, as x' u^(1 / alpha), x' of the Gamma distribution of alpha + 1

    Marsaglia & Tsang 2000, A Simple Method for Generating Gamma Variables. x may be too small for a float.
    """
    d = alpha + 2 / 3
    out = log(_uniform((*key, 0), n)) / alpha
    left, numbers = np.arange(n), count(1)
    while len(left):
        i = next(numbers)
        z, u = normal(np, (*key, i, 0), (len(left),), np.float64), _uniform((*key, i, 1), len(left))
        v = 1 + z / math.sqrt(9 * d)
        v *= v * v
        log_v = log(np.maximum(v, _LEAST))
        accepted = (v > 0) & (log(u) < z * z / 2 + d * (1 - v + log_v))
        out[left[accepted]] += log_v[accepted]  # less log d, which x and y share
        left = left[~accepted]
    return out


def _uniform(key: Key, n: int) -> Array:
    return abs(symmetric(key, (n,)))

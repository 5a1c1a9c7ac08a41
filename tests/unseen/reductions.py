"""Sums, means, norms, products, orders and normalisations."""

import numpy as np

from .base import at, case, softmax

X = [0.5, -1.2, 2.0, 0.3]
TABLE = [[0.2, -1.0, 0.7], [1.5, 0.4, -0.3]]
SEGMENTS = np.array([0, 0, 1, 0, 1])

_variance = lambda x: np.sum((x - np.mean(x)) ** 2) / (x.size - 1)


def _layer_norm(x):
    c = x - np.mean(x, axis=-1, keepdims=True)
    return c / np.sqrt(np.mean(c**2, axis=-1, keepdims=True) + 1e-3)


def _layer_norm_vjp(dA, x, mean, var):
    c = x - np.mean(x, axis=-1, keepdims=True)
    s = np.sqrt(np.mean(c**2, axis=-1, keepdims=True) + 1e-3)
    shift, scale = np.mean(dA, axis=-1, keepdims=True), np.mean(dA * c, axis=-1, keepdims=True)
    return [(dA - mean * shift - var * c * scale / s**2) / s]


def _min_max_vjp(dA, x, ends):
    low, width = np.min(x), np.ptp(x)
    g = dA / width
    total, moment = np.sum(dA) / width, np.sum(dA * (x - low)) / width**2
    g[np.argmin(x)] += ends * (moment - total)
    g[np.argmax(x)] -= ends * moment
    return [g]


def _sort_vjp(dA, x):
    g = np.empty_like(x)
    g[np.argsort(x)] = dA
    return [g]


def _median_vjp(dA, x, share):
    g = np.zeros_like(x)
    g[np.argsort(x)[[1, 2]]] = dA * share
    return [g]


_segment_sum = lambda x: (np.arange(2)[:, None] == SEGMENTS).astype(float) @ x**2
_p_norm = lambda x: np.sum(np.abs(x) ** 3) ** (1 / 3)

CASES = [
    case("variance: The backward pass divides by n, the forward pass by n - 1.")(
        at(_variance, X),
        wrong=lambda dA, x: [dA * 2 * (x - np.mean(x)) / 4],
        right=lambda dA, x: [dA * 2 * (x - np.mean(x)) / 3],
    ),
    case("standard deviation: The outer factor 1/(2 s) is simplified to 1/s without removing the 2 of the square.")(
        at(lambda x: np.sqrt(_variance(x)), X),
        wrong=lambda dA, x: [dA * 2 * (x - np.mean(x)) / (3 * np.sqrt(_variance(x)))],
        right=lambda dA, x: [dA * (x - np.mean(x)) / (3 * np.sqrt(_variance(x)))],
    ),
    case(
        "product with one zero: The gradient out / x is guarded against division by 0 and becomes 0 at the zero entry."
    )(
        at(np.prod, [2.0, 0.0, -1.5]),
        wrong=lambda dA, x: [dA * np.prod(x) / np.where(x == 0, 1, x)],
        right=lambda dA, x: [dA * [x[1] * x[2], x[0] * x[2], x[0] * x[1]]],
    ),
    case("softmax over rows: The inner product is summed over the whole table instead of each row.")(
        at(softmax, TABLE),
        wrong=lambda dA, x: [softmax(x) * (dA - np.sum(dA * softmax(x)))],
        right=lambda dA, x: [softmax(x) * (dA - np.sum(dA * softmax(x), axis=1, keepdims=True))],
    ),
    case("log softmax: dA is regarded as one-hot, so its sum is taken as 1.")(
        at(lambda x: x - np.log(np.sum(np.exp(x), axis=1, keepdims=True)), TABLE),
        wrong=lambda dA, x: [dA - softmax(x)],
        right=lambda dA, x: [dA - softmax(x) * np.sum(dA, axis=1, keepdims=True)],
    ),
    case("layer norm, mean forgotten: The dependence of the mean on x is forgotten.")(
        at(_layer_norm, TABLE),
        wrong=lambda dA, x: _layer_norm_vjp(dA, x, 0, 1),
        right=lambda dA, x: _layer_norm_vjp(dA, x, 1, 1),
    ),
    case("layer norm, variance forgotten: The standard deviation is regarded as a constant.")(
        at(_layer_norm, TABLE),
        wrong=lambda dA, x: _layer_norm_vjp(dA, x, 1, 0),
        right=lambda dA, x: _layer_norm_vjp(dA, x, 1, 1),
    ),
    case("rms norm: The mean of dA x is replaced by its sum.")(
        at(lambda x: x / np.sqrt(np.mean(x**2)), X),
        wrong=lambda dA, x: [dA / np.sqrt(np.mean(x**2)) - x * np.sum(dA * x) / np.mean(x**2) ** 1.5],
        right=lambda dA, x: [dA / np.sqrt(np.mean(x**2)) - x * np.mean(dA * x) / np.mean(x**2) ** 1.5],
    ),
    case("min-max scaling: The minimum and the maximum are regarded as constants.")(
        at(lambda x: (x - np.min(x)) / (np.max(x) - np.min(x)), X),
        wrong=lambda dA, x: _min_max_vjp(dA, x, 0),
        right=lambda dA, x: _min_max_vjp(dA, x, 1),
    ),
    case("sort: dA is permuted with the order itself instead of its inverse.")(
        at(np.sort, [0.5, 3.0, 2.0, -1.2, 0.3]), wrong=lambda dA, x: [dA[np.argsort(x)]], right=_sort_vjp
    ),
    case(
        "median of an even number of entries: The two middle entries receive the full gradient instead of half of it."
    )(
        at(lambda x: np.mean(np.sort(x)[1:3]), X),
        wrong=lambda dA, x: _median_vjp(dA, x, 1),
        right=lambda dA, x: _median_vjp(dA, x, 0.5),
    ),
    case("row maximum: The index of the maximum of the flat table is used in every row.")(
        at(lambda x: np.max(x, axis=1), TABLE),
        wrong=lambda dA, x: [dA[:, None] * (np.arange(3) == np.argmax(x) % 3) * [[0.0], [1.0]]],
        right=lambda dA, x: [dA[:, None] * (np.arange(3) == np.argmax(x, axis=1)[:, None])],
    ),
    case("weighted mean: The sum of the weights is regarded as a constant.")(
        at(lambda x, w: np.sum(w * x) / np.sum(w), X, [1.0, 0.5, 2.0, 0.1]),
        wrong=lambda dA, x, w: [dA * w / np.sum(w), dA * x / np.sum(w)],
        right=lambda dA, x, w: [dA * w / np.sum(w), dA * (x - np.sum(w * x) / np.sum(w)) / np.sum(w)],
    ),
    case("geometric mean: The exponent 1/n is not brought down as a factor.")(
        at(lambda x: np.exp(np.mean(np.log(x))), [0.5, 3.0, 7.0]),
        wrong=lambda dA, x: [dA * np.exp(np.mean(np.log(x))) / x],
        right=lambda dA, x: [dA * np.exp(np.mean(np.log(x))) / (3 * x)],
    ),
    case("harmonic mean: The factor n is lost when the square of the mean is written down.")(
        at(lambda x: x.size / np.sum(1 / x), [0.5, 3.0, 7.0]),
        wrong=lambda dA, x: [dA / (np.sum(1 / x) * x) ** 2],
        right=lambda dA, x: [dA * 3 / (np.sum(1 / x) * x) ** 2],
    ),
    case("3-norm: The square of negative entries keeps no sign.")(
        at(_p_norm, X),
        wrong=lambda dA, x: [dA * x**2 / _p_norm(x) ** 2],
        right=lambda dA, x: [dA * x * np.abs(x) / _p_norm(x) ** 2],
    ),
    case("unit vector: The norm is regarded as a constant.")(
        at(lambda x: x / np.sqrt(np.sum(x**2)), X),
        wrong=lambda dA, x: [dA / np.sqrt(np.sum(x**2))],
        right=lambda dA, x: [dA / np.sqrt(np.sum(x**2)) - x * np.sum(dA * x) / np.sum(x**2) ** 1.5],
    ),
    case("bias that is broadcast over rows: The sum over the rows is replaced by the first row.")(
        at(lambda x, b: np.tanh(x + b), TABLE, [0.1, -0.2, 0.3]),
        wrong=lambda dA, x, b: [dA / np.cosh(x + b) ** 2, (dA / np.cosh(x + b) ** 2)[0]],
        right=lambda dA, x, b: [dA / np.cosh(x + b) ** 2, np.sum(dA / np.cosh(x + b) ** 2, axis=0)],
    ),
    case("segment sums of squares: The segments are assumed to be of equal length and contiguous.")(
        at(_segment_sum, [1.0, -2.0, 0.5, 3.0, 0.2]),
        wrong=lambda dA, x: [2 * x * dA[[0, 0, 0, 1, 1]]],
        right=lambda dA, x: [2 * x * dA[SEGMENTS]],
    ),
]

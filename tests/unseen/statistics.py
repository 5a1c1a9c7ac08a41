"""Log densities, divergences and estimators."""

import numpy as np

from .base import at, case, sigmoid, softmax

X = [0.4, -1.1, 2.3]
ANGLES = np.arange(32) * (np.pi / 16)
FEATURES = np.array([[1.0, 0.5], [-0.3, 2.0], [0.8, -1.4]])
LABELS = np.array([1.0, 0.0, 1.0])
COUNTS = np.array([2.0, 1.0, 5.0])


def _log_gamma(a):
    """Stirling's series of log gamma at a + 8, and the recurrence back to a."""
    z = a + 8
    series = (z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi) + 1 / (12 * z) - 1 / (360 * z**3)
    return series - sum(np.log(a + k) for k in range(8))


def _digamma(a):
    z = a + 8
    return np.log(z) - 0.5 / z - 1 / (12 * z**2) + 1 / (120 * z**4) - sum(1 / (a + k) for k in range(8))


def _gamma_vjp(dA, x, a, digamma):
    return [dA * ((a - 1) / x - 1), np.sum(dA * (np.log(x) - digamma))]


def _box_cox_vjp(dA, x, lam, small):
    log = np.log(x)
    return [dA * x ** (lam - 1), np.sum(dA * (small * log**2 / 2 + lam * log**3 / 3))]


def _correlation(x, y):
    a, b = x - np.mean(x), y - np.mean(y)
    return np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2))


def _correlation_vjp(dA, x, y, part):
    a, b, c = x - np.mean(x), y - np.mean(y), _correlation(x, y)
    r = np.sqrt(np.sum(a**2) * np.sum(b**2))
    return [dA * (b / r - part * c * a / np.sum(a**2)), dA * (a / r - c * b / np.sum(b**2))]


_mixture = lambda x, m: np.log(np.sum(np.exp(-((x[:, None] - m) ** 2) / 2), axis=1))


def _mixture_vjp(dA, x, m, weigh):
    gap = x[:, None] - m
    g = dA[:, None] * weigh(-(gap**2) / 2) * gap
    return [-np.sum(g, axis=1), np.sum(g, axis=0)]


def _bessel(k, order):
    """The modified Bessel function I of the first kind by the trapezoidal rule."""
    return np.mean(np.exp(k * np.cos(ANGLES)) * np.cos(order * ANGLES))


def _pair_density(x, rho):
    q = 1 - rho**2
    return -(x[0] ** 2 - 2 * rho * x[0] * x[1] + x[1] ** 2) / (2 * q) - np.log(q) / 2


def _pair_density_vjp(dA, x, rho, norm):
    q = 1 - rho**2
    form = x[0] ** 2 - 2 * rho * x[0] * x[1] + x[1] ** 2
    return [dA * (rho * x[::-1] - x) / q, dA * (x[0] * x[1] / q - rho * form / q**2 + norm * rho / q)]


def _logistic(w):
    z = FEATURES @ w
    return np.sum(np.log1p(np.exp(z)) - LABELS * z) + 0.05 * w[0] ** 2


CASES = [
    case("normal log density: The normalisation -log s is forgotten in the gradient of s.")(
        at(lambda x, s: -(x**2) / (2 * s**2) - np.log(s), X, [1.7]),
        wrong=lambda dA, x, s: [-dA * x / s**2, np.sum(dA * x**2 / s**3)],
        right=lambda dA, x, s: [-dA * x / s**2, np.sum(dA * (x**2 / s**3 - 1 / s))],
    ),
    case("gamma log density: The digamma function is replaced by the logarithm, its limit for large shapes.")(
        at(lambda x, a: (a - 1) * np.log(x) - x - _log_gamma(a), [0.5, 2.0, 4.5], [2.4]),
        wrong=lambda dA, x, a: _gamma_vjp(dA, x, a, np.log(a)),
        right=lambda dA, x, a: _gamma_vjp(dA, x, a, _digamma(a)),
    ),
    case("student log density: The factor (n + 1)/n is simplified to 1.")(
        at(lambda x: -2.5 * np.log1p(x**2 / 4), X),
        wrong=lambda dA, x: [-dA * x / (1 + x**2 / 4)],
        right=lambda dA, x: [-dA * 1.25 * x / (1 + x**2 / 4)],
    ),
    case("laplace log density: The sign of the normalisation is wrong in the gradient of the scale.")(
        at(lambda x, b: -np.abs(x) / b - np.log(b), X, [0.6]),
        wrong=lambda dA, x, b: [-dA * np.sign(x) / b, np.sum(dA * (np.abs(x) / b**2 + 1 / b))],
        right=lambda dA, x, b: [-dA * np.sign(x) / b, np.sum(dA * (np.abs(x) / b**2 - 1 / b))],
    ),
    case(
        "box-cox transformation near 0: "
        "The limit log x does not depend on the exponent, so the gradient of the exponent is set to 0."
    )(
        at(lambda x, lam: np.expm1(lam * np.log(x)) / lam, [5.0, 0.5, 2.0], [1e-9]),
        wrong=lambda dA, x, lam: _box_cox_vjp(dA, x, lam, 0),
        right=lambda dA, x, lam: _box_cox_vjp(dA, x, lam, 1),
    ),
    case("correlation: The norm of the first variable is regarded as a constant.")(
        at(_correlation, [0.5, 2.0, -1.0, 0.7], [1.0, 1.4, -0.2, -0.6]),
        wrong=lambda dA, x, y: _correlation_vjp(dA, x, y, 0),
        right=lambda dA, x, y: _correlation_vjp(dA, x, y, 1),
    ),
    case("covariance: The product of the means is regarded as a constant in the gradient of x.")(
        at(lambda x, y: np.mean(x * y) - np.mean(x) * np.mean(y), [0.5, 2.0, -1.0], [1.0, 1.4, -0.2]),
        wrong=lambda dA, x, y: [dA * y / 3, dA * (x - np.mean(x)) / 3],
        right=lambda dA, x, y: [dA * (y - np.mean(y)) / 3, dA * (x - np.mean(x)) / 3],
    ),
    case("mixture log density: The responsibilities are not divided by their sum.")(
        at(_mixture, X, [0.0, 1.5]),
        wrong=lambda dA, x, m: _mixture_vjp(dA, x, m, np.exp),
        right=lambda dA, x, m: _mixture_vjp(dA, x, m, softmax),
    ),
    case("weibull log density: The power x^k contains k in its exponent, but its logarithm is forgotten.")(
        at(lambda x, k: np.log(k) + (k - 1) * np.log(x) - x**k, [0.5, 2.0, 1.3], [1.6]),
        wrong=lambda dA, x, k: [dA * ((k - 1) / x - k * x ** (k - 1)), np.sum(dA * (1 / k + np.log(x) - x**k))],
        right=lambda dA, x, k: [
            dA * ((k - 1) / x - k * x ** (k - 1)),
            np.sum(dA * (1 / k + np.log(x) - x**k * np.log(x))),
        ],
    ),
    case("divergence of two distributions: The 1 in the slope of p log p is forgotten.")(
        at(lambda p, q: np.sum(p * np.log(p / q)), [0.2, 0.5, 0.3], [0.6, 0.3, 0.1]),
        wrong=lambda dA, p, q: [dA * np.log(p / q), -dA * p / q],
        right=lambda dA, p, q: [dA * (np.log(p / q) + 1), -dA * p / q],
    ),
    case(
        "jensen-shannon divergence: "
        "The middle distribution is regarded as a constant, which is right for normalised changes of p only."
    )(
        at(lambda p: np.sum(p * np.log(p) - (p + 0.25) * np.log((p + 0.25) / 2)), [0.2, 0.5, 0.3]),
        wrong=lambda dA, p: [dA * (np.log(2 * p / (p + 0.25)) + 1)],
        right=lambda dA, p: [dA * np.log(2 * p / (p + 0.25))],
    ),
    case("von mises log density: The gradient of log I0 is written as I1, without the division by I0.")(
        at(lambda x, k: k * np.cos(x) - np.log(_bessel(k, 0)), X, [1.8]),
        wrong=lambda dA, x, k: [-dA * k * np.sin(x), np.sum(dA * (np.cos(x) - _bessel(k, 1)))],
        right=lambda dA, x, k: [-dA * k * np.sin(x), np.sum(dA * (np.cos(x) - _bessel(k, 1) / _bessel(k, 0)))],
    ),
    case("bivariate normal log density: The determinant contains the correlation, but its gradient is forgotten.")(
        at(_pair_density, [0.7, -0.4], [0.3]),
        wrong=lambda dA, x, rho: _pair_density_vjp(dA, x, rho, 0),
        right=lambda dA, x, rho: _pair_density_vjp(dA, x, rho, 1),
    ),
    case(
        "logistic regression with one penalised weight: "
        "The penalty is applied to all weights in the backward pass, also to the bias."
    )(
        at(_logistic, [0.4, -0.7]),
        wrong=lambda dA, w: [dA * (FEATURES.T @ (sigmoid(FEATURES @ w) - LABELS) + 0.1 * w)],
        right=lambda dA, w: [dA * (FEATURES.T @ (sigmoid(FEATURES @ w) - LABELS) + 0.1 * w * [1, 0])],
    ),
    case("poisson deviance: The ratio is inverted in the slope.")(
        at(lambda m: 2 * np.sum(COUNTS * np.log(COUNTS / m) - COUNTS + m), [1.5, 1.2, 3.0]),
        wrong=lambda dA, m: [dA * 2 * (1 - m / COUNTS)],
        right=lambda dA, m: [dA * 2 * (1 - COUNTS / m)],
    ),
    case(
        "divergence to the standard normal, posterior near the prior: "
        "The minus of an objective that is maximised is kept in the gradient of the mean."
    )(
        at(lambda m, v: np.sum(m**2 + np.exp(v) - 1 - v) / 2, [1e-7, -3e-6], [1.2, -2.0]),
        wrong=lambda dA, m, v: [-dA * m, dA * np.expm1(v) / 2],
        right=lambda dA, m, v: [dA * m, dA * np.expm1(v) / 2],
    ),
    case("entropy of a softmax: The entropy itself is left out of the bracket log p + H.")(
        at(lambda z: -np.sum(softmax(z) * np.log(softmax(z))), [0.5, -1.0, 1.7]),
        wrong=lambda dA, z: [-dA * softmax(z) * np.log(softmax(z))],
        right=lambda dA, z: [-dA * softmax(z) * (np.log(softmax(z)) - np.sum(softmax(z) * np.log(softmax(z))))],
    ),
]

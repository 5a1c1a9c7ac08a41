"""Elementwise functions, with and without parameters."""

import numpy as np

from .base import at, case, sigmoid


def _sinc(x):
    series = 1 - x**2 / 6 + x**4 / 120 - x**6 / 5040
    return np.where(np.abs(x) < 0.01, series, np.sin(x) / x)


def _sinc_slope(x, first):
    series = -x / first + x**3 / 30 - x**5 / 840
    return np.where(np.abs(x) < 0.01, series, (np.cos(x) - np.sin(x) / x) / x)


_gelu = lambda x: 0.5 * x * (1 + np.tanh(0.8 * (x + 0.044715 * x**3)))


def _gelu_slope(x, cubic):
    t = np.tanh(0.8 * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t) * (1 + t) * 0.8 * (1 + cubic * 0.044715 * x**2)


def _mish_slope(x, inner):
    t = np.tanh(np.log1p(np.exp(x)))
    return t + x * (1 - t**2) * inner


_log_cosh = lambda x: np.abs(x) + np.log1p(np.expm1(-2 * np.abs(x)) / 2)

CASES = [
    case("sinc near 0: The series 1 - x²/6 is differentiated without the factor 2.")(
        at(_sinc, [2.0, 0.5, 1e-7]),
        wrong=lambda dA, x: [dA * _sinc_slope(x, 6)],
        right=lambda dA, x: [dA * _sinc_slope(x, 3)],
    ),
    case("softplus, saturated early: Above a threshold the slope is set to 1, but the threshold is too low.")(
        at(lambda x: np.log1p(np.exp(x)), [-3.0, 0.5, 8.0]),
        wrong=lambda dA, x: [dA * np.where(x > 5, 1.0, sigmoid(x))],
        right=lambda dA, x: [dA * sigmoid(x)],
    ),
    case("softplus, left tail: The slope is set to 0 at very negative inputs to avoid an overflow of exp.")(
        at(lambda x: np.log1p(np.exp(x)), [2.0, -18.0, -30.0]),
        wrong=lambda dA, x: [dA * np.where(x < -15, 0.0, sigmoid(x))],
        right=lambda dA, x: [dA * sigmoid(x)],
    ),
    case("gelu: The chain rule gives 3 x² for x³, but the factor 3 is forgotten.")(
        at(_gelu, [-1.2, 0.3, 1.7, 0.05]),
        wrong=lambda dA, x: [dA * _gelu_slope(x, 1)],
        right=lambda dA, x: [dA * _gelu_slope(x, 3)],
    ),
    case("silu: The product rule is applied to the factor x only.")(
        at(lambda x: x * sigmoid(x), [-2.0, 0.4, 3.0]),
        wrong=lambda dA, x: [dA * sigmoid(x)],
        right=lambda dA, x: [dA * sigmoid(x) * (1 + x * sigmoid(-x))],
    ),
    case("mish: The slope of softplus, a sigmoid, is left out of the chain rule.")(
        at(lambda x: x * np.tanh(np.log1p(np.exp(x))), [-1.5, 0.2, 2.5]),
        wrong=lambda dA, x: [dA * _mish_slope(x, 1.0)],
        right=lambda dA, x: [dA * _mish_slope(x, sigmoid(x))],
    ),
    case("elu with alpha: The slope out + 1 of the usual alpha = 1 is kept for another alpha.")(
        at(lambda x: np.where(x > 0, x, 0.7 * np.expm1(x)), [-2.0, -0.1, 1.5]),
        wrong=lambda dA, x: [dA * np.where(x > 0, 1.0, 0.7 * np.expm1(x) + 1)],
        right=lambda dA, x: [dA * np.where(x > 0, 1.0, 0.7 * np.exp(x))],
    ),
    case("tanh from its output: The square in 1 - out² is forgotten.")(
        at(np.tanh, [[-0.8, 0.2], [1.1, 2.0]]),
        wrong=lambda dA, x: [dA * (1 - np.tanh(x))],
        right=lambda dA, x: [dA / np.cosh(x) ** 2],
    ),
    case("tanh of small inputs: Small inputs are regarded as dead units, so their gradient is 0.")(
        at(np.tanh, [1.0, -0.5, 3e-9]),
        wrong=lambda dA, x: [np.where(np.abs(x) < 1e-6, 0.0, dA / np.cosh(x) ** 2)],
        right=lambda dA, x: [dA / np.cosh(x) ** 2],
    ),
    case("log cosh near 0: A threshold that is meant for the linear part also covers small inputs.")(
        at(_log_cosh, [25.0, -0.7, 1e-6]),
        wrong=lambda dA, x: [dA * np.where(np.abs(x) < 1e-4, np.sign(x), np.tanh(x))],
        right=lambda dA, x: [dA * np.tanh(x)],
    ),
    case(
        "swish with a learned slope: "
        "The slope parameter is shared by all entries, but its gradient is taken from the last entry only."
    )(
        at(lambda x, b: x * sigmoid(b * x), [0.5, -1.0, 2.0, 0.1], [1.3]),
        wrong=lambda dA, x, b: [
            dA * sigmoid(b * x) * (1 + b * x * sigmoid(-b * x)),
            (dA * x**2 * sigmoid(b * x) * sigmoid(-b * x))[-1],
        ],
        right=lambda dA, x, b: [
            dA * sigmoid(b * x) * (1 + b * x * sigmoid(-b * x)),
            np.sum(dA * x**2 * sigmoid(b * x) * sigmoid(-b * x)),
        ],
    ),
    case("prelu: The gradient of the negative slope includes the positive entries.")(
        at(lambda x, a: np.where(x > 0, x, a * x), [1.5, -0.6, 0.2, -2.0], [0.2]),
        wrong=lambda dA, x, a: [dA * np.where(x > 0, 1.0, a), np.sum(dA * x)],
        right=lambda dA, x, a: [dA * np.where(x > 0, 1.0, a), np.sum(dA * np.minimum(x, 0))],
    ),
    case("hard swish: The ramp is regarded as a constant gate.")(
        at(lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6, [-1.0, 0.7, 4.0, -5.0]),
        wrong=lambda dA, x: [dA * np.clip(x + 3, 0, 6) / 6],
        right=lambda dA, x: [dA * (np.clip(x + 3, 0, 6) / 6 + np.where(np.abs(x) < 3, x / 6, 0))],
    ),
    case("softsign: The denominator of the quotient rule is not squared.")(
        at(lambda x: x / (1 + np.abs(x)), [-3.0, 0.25, 10.0]),
        wrong=lambda dA, x: [dA / (1 + np.abs(x))],
        right=lambda dA, x: [dA / (1 + np.abs(x)) ** 2],
    ),
    case("log sigmoid, right tail: The slope is computed as 1 - sigmoid(x), which loses its digits at large inputs.")(
        at(lambda x: -np.log1p(np.exp(-x)), [0.5, 31.0, 34.0]),
        wrong=lambda dA, x: [dA * (1 - sigmoid(x))],
        right=lambda dA, x: [dA * sigmoid(-x)],
    ),
    case("squared relu: Entries below a small threshold are masked out together with the negative entries.")(
        at(lambda x: np.maximum(x, 0) ** 2, [3.0, 2e-7, -2.0]),
        wrong=lambda dA, x: [dA * 2 * x * (x > 1e-6)],
        right=lambda dA, x: [dA * 2 * x * (x > 0)],
    ),
    case("glu: The gradients of the value half and of the gate half are exchanged.")(
        at(lambda x: x[:2] * sigmoid(x[2:]), [0.5, -1.4, 0.8, 2.0]),
        wrong=lambda dA, x: [np.concatenate([dA * x[:2] * sigmoid(x[2:]) * sigmoid(-x[2:]), dA * sigmoid(x[2:])])],
        right=lambda dA, x: [np.concatenate([dA * sigmoid(x[2:]), dA * x[:2] * sigmoid(x[2:]) * sigmoid(-x[2:])])],
    ),
]

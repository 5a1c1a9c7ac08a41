"""Loss functions of regression, classification and metric learning."""

import numpy as np

from .base import at, case, sigmoid, softmax

Z = [0.8, -1.5, 0.1, 2.2]
T = np.array([1.0, 0.0, 1.0, 1.0])
P = [0.7, 0.2, 0.6, 0.9]
SOFT = np.array([0.5, 0.3, 0.1, 0.4])  # does not sum to 1
POSITIVE = 3.0  # weight of the positive class

_cosine = lambda a, b: (a @ b) / np.sqrt((a @ a) * (b @ b))


def _cosine_vjp(dA, a, b, part):
    c, r = _cosine(a, b), np.sqrt((a @ a) * (b @ b))
    return [dA * (b / r - c * a / (a @ a)), dA * (a / r - part * c * b / (b @ b))]


def _focal(z):
    p = sigmoid(z)
    return -((1 - p) ** 2) * np.log(p)


def _contrastive(a, b, tau):
    s = a @ b.T / tau
    return np.sum(np.log(np.sum(np.exp(s), axis=1))) - np.trace(s)


def _contrastive_vjp(dA, a, b, tau, power):
    ds = dA * (softmax(a @ b.T / tau) - np.eye(2))
    return [ds @ b / tau, ds.T @ a / tau, -np.sum(ds * (a @ b.T)) / tau**power]


def _dice_vjp(dA, p, overlap):
    total = np.sum(p) + np.sum(T)
    return [dA * (overlap * 2 * np.sum(p * T) / total**2 - 2 * T / total)]


CASES = [
    case("mean squared error: The factor 2 is forgotten, as if the loss had the factor 1/2.")(
        at(lambda y: np.mean((y - T) ** 2), Z),
        wrong=lambda dA, y: [dA * (y - T) / 4],
        right=lambda dA, y: [dA * 2 * (y - T) / 4],
    ),
    case(
        "squared error of a prediction and a target: The target receives a gradient of the same sign as the prediction."
    )(
        at(lambda y, t: (y - t) ** 2, Z, P),
        wrong=lambda dA, y, t: [dA * 2 * (y - t), dA * 2 * (y - t)],
        right=lambda dA, y, t: [dA * 2 * (y - t), dA * 2 * (t - y)],
    ),
    case("cross entropy with soft targets: The gradient p - t needs targets that sum to 1.")(
        at(lambda z: -np.sum(SOFT * (z - np.log(np.sum(np.exp(z))))), Z),
        wrong=lambda dA, z: [dA * (softmax(z) - SOFT)],
        right=lambda dA, z: [dA * (softmax(z) * np.sum(SOFT) - SOFT)],
    ),
    case("label smoothing: The backward pass uses the hard target.")(
        at(lambda z: np.log(np.sum(np.exp(z))) - 0.999 * z[3] - 0.001 * np.mean(z), Z),
        wrong=lambda dA, z: [dA * (softmax(z) - [0, 0, 0, 1])],
        right=lambda dA, z: [dA * (softmax(z) - [0.00025, 0.00025, 0.00025, 0.99925])],
    ),
    case("weighted binary cross entropy: The weight of the positive class is forgotten in one of its two places.")(
        at(lambda z: POSITIVE * T * np.log1p(np.exp(-z)) + (1 - T) * np.log1p(np.exp(z)), Z),
        wrong=lambda dA, z: [dA * (sigmoid(z) * (1 + (POSITIVE - 1) * T) - T)],
        right=lambda dA, z: [dA * ((1 - T) * sigmoid(z) - POSITIVE * T * sigmoid(-z))],
    ),
    case("binary cross entropy of probabilities: The sign of the second term is wrong.")(
        at(lambda p: -T * np.log(p) - (1 - T) * np.log(1 - p), P),
        wrong=lambda dA, p: [dA * (-T / p - (1 - T) / (1 - p))],
        right=lambda dA, p: [dA * (-T / p + (1 - T) / (1 - p))],
    ),
    case("focal loss: The modulating factor is regarded as a constant weight.")(
        at(_focal, Z),
        wrong=lambda dA, z: [-dA * sigmoid(-z) ** 3],
        right=lambda dA, z: [dA * (2 * sigmoid(-z) ** 2 * sigmoid(z) * np.log(sigmoid(z)) - sigmoid(-z) ** 3)],
    ),
    case("hinge loss: The margin 1 is forgotten in the condition of the backward pass.")(
        at(lambda z: np.maximum(1 - (2 * T - 1) * z, 0), Z),
        wrong=lambda dA, z: [-dA * (2 * T - 1) * ((2 * T - 1) * z < 0)],
        right=lambda dA, z: [-dA * (2 * T - 1) * ((2 * T - 1) * z < 1)],
    ),
    case("squared hinge loss: The inner derivative of the margin, -t, is reduced to -1.")(
        at(lambda z: np.maximum(1 - (2 * T - 1) * z, 0) ** 2, [0.8, -0.5, 0.1, 2.2]),
        wrong=lambda dA, z: [-dA * 2 * np.maximum(1 - (2 * T - 1) * z, 0)],
        right=lambda dA, z: [-dA * 2 * (2 * T - 1) * np.maximum(1 - (2 * T - 1) * z, 0)],
    ),
    case("poisson loss of a log rate: The output is regarded as a rate, so exp is missing.")(
        at(lambda z: np.exp(z) - T * z, Z),
        wrong=lambda dA, z: [dA * (1 - T / np.exp(z))],
        right=lambda dA, z: [dA * (np.exp(z) - T)],
    ),
    case("quantile loss: The quantile and its complement are exchanged.")(
        at(lambda y: np.maximum(0.9 * (T - y), -0.1 * (T - y)), Z),
        wrong=lambda dA, y: [dA * np.where(y < T, -0.1, 0.9)],
        right=lambda dA, y: [dA * np.where(y < T, -0.9, 0.1)],
    ),
    case("cosine similarity: The norm of the second vector is regarded as a constant.")(
        at(_cosine, Z, P),
        wrong=lambda dA, a, b: _cosine_vjp(dA, a, b, 0),
        right=lambda dA, a, b: _cosine_vjp(dA, a, b, 1),
    ),
    case("triplet loss: The anchor receives the gradient of its distance to the positive example only.")(
        at(
            lambda a, p, n: np.maximum(np.sum((a - p) ** 2) - np.sum((a - n) ** 2) + 3.0, 0),
            [0.1, 0.5],
            [0.3, -0.4],
            [1.0, 1.2],
        ),
        wrong=lambda dA, a, p, n: [dA * 2 * (a - p), dA * 2 * (p - a), dA * 2 * (a - n)],
        right=lambda dA, a, p, n: [dA * 2 * (n - p), dA * 2 * (p - a), dA * 2 * (a - n)],
    ),
    case("contrastive loss with a temperature: The temperature in the denominator is not squared in its own gradient.")(
        at(_contrastive, [[1.0, 0.2], [-0.5, 0.8]], [[0.7, 0.6], [0.1, 0.9]], [0.5]),
        wrong=lambda dA, a, b, tau: _contrastive_vjp(dA, a, b, tau, 1),
        right=lambda dA, a, b, tau: _contrastive_vjp(dA, a, b, tau, 2),
    ),
    case("dice loss: The total in the denominator is regarded as a constant.")(
        at(lambda p: 1 - 2 * np.sum(p * T) / (np.sum(p) + np.sum(T)), P),
        wrong=lambda dA, p: _dice_vjp(dA, p, 0),
        right=lambda dA, p: _dice_vjp(dA, p, 1),
    ),
    case("cauchy loss: The scale is squared in the forward pass and forgotten in the backward pass.")(
        at(lambda y: np.log1p(((y - T) / 0.5) ** 2), Z),
        wrong=lambda dA, y: [dA * 2 * (y - T) / (1 + ((y - T) / 0.5) ** 2)],
        right=lambda dA, y: [dA * 8 * (y - T) / (1 + ((y - T) / 0.5) ** 2)],
    ),
    case(
        "masked mean loss: "
        "The loss is divided by the number of valid positions, its gradient by the number of all positions."
    )(
        at(lambda y: np.sum(T * y**2) / np.sum(T), Z),
        wrong=lambda dA, y: [dA * 2 * T * y / 4],
        right=lambda dA, y: [dA * 2 * T * y / 3],
    ),
    case("margin of the largest wrong class: The runner-up is taken to be the neighbour of the true class.")(
        at(lambda z: np.max(z[1:]) - z[0], Z),
        wrong=lambda dA, z: [dA * [-1, 1, 0, 0]],
        right=lambda dA, z: [dA * [-1, 0, 0, 1]],
    ),
]

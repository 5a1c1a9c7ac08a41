"""Mistakes in attention, positions, and interactions of features."""

import numpy as np

from tests.blind.base import cases, draw, softmax_back
from tests.classics import softmax


def causal(Q, K, V):
    S = np.where(np.tril(np.ones((len(Q), len(K)))) > 0, Q @ K.T, -1e9)
    return softmax(S) @ V


def causal_vjp(args, dA, bug):
    Q, K, V = args
    S = np.where(np.tril(np.ones((len(Q), len(K)))) > 0, Q @ K.T, -1e9)
    P = softmax(Q @ K.T if bug == "mask" else S)
    dP = dA @ V.T
    dS = softmax_back(P, dP)
    if bug == "diagonal":
        dS = dP * P * (1 - P)
    return [dS @ K, dS.T @ Q, P.T @ dA]


def positions(x, P):  # of shapes (b, t, d) and (t, d)
    return x + P


def positions_vjp(args, dA, bug):
    if bug == "shape":
        return [dA.copy(), dA.copy()]
    return [dA.copy(), dA.sum(axis=0)]


self_attention = lambda X: softmax(X @ X.T) @ X


def self_attention_vjp(args, dA, bug):
    (X,) = args
    P = softmax(X @ X.T)
    dX = P.T @ dA
    if bug == "constant":
        return [dX]
    dS = softmax_back(P, dA @ X.T)
    return [dX + (dS + dS.T) @ X]


def factorisation(X, V):  # the pairs of a factorisation machine
    return 0.5 * ((X @ V) ** 2 - X**2 @ V**2).sum(axis=1)


def factorisation_vjp(args, dA, bug):
    X, V = args
    dA = dA[:, None]
    S = X @ V
    second = X * V.sum(axis=1) if bug == "square" else X * (V**2).sum(axis=1)
    dX = dA * (S @ V.T - second)
    dV = X.T @ (dA * S) - (X**2).T @ (dA + 0 * S) * V
    if bug == "half":
        dX, dV = 2 * dX, 2 * dV
    return [dX, dV]


tempered = lambda x: softmax(x / 1.7)


def tempered_vjp(args, dA, bug):
    (x,) = args
    d = softmax_back(softmax(x / 1.7), dA)
    return [d if bug == "T" else d / 1.7]


ATTENTION = [
    *cases(causal, causal_vjp)(
        # the mask is not applied when the weights are computed again: no name
        ("causal attention, mask forgotten in backward", "mask", draw(75, (4, 3), (4, 3), (4, 2)), set()),
        # s(1 - s) for the softmax
        ("causal attention, softmax by its diagonal", "diagonal", draw(76, (4, 2), (4, 2), (4, 3)), {"diagonal only"}),
    ),
    *cases(positions, positions_vjp)(
        # the sum over the batch is not taken
        ("positions added, sum over the batch forgotten", "shape", draw(78, (3, 2, 4), (2, 4)), {"missing sum"})
    ),
    *cases(self_attention, self_attention_vjp)(
        # the weights, computed from X, are treated as constants; of the three uses of X only one has its gradient, so
        # the words of missing sum are true too
        (
            "self-attention, weights constant",
            "constant",
            draw(79, (4, 3)),
            {"statistics constant", "missing sum", "lost path"},
        )
    ),
    *cases(factorisation, factorisation_vjp)(
        # V in place of V^2 in the second term: no name
        ("factorisation machine, square of V forgotten", "square", draw(80, (4, 3), (3, 2)), {"wrong value"}),
        ("factorisation machine, 1/2 forgotten", "half", draw(81, (3, 4), (4, 2)), {"factor"}),
    ),
    *cases(tempered, tempered_vjp)(("softmax with temperature, 1/T forgotten", "T", draw(82, (3, 4)), {"factor"})),
]

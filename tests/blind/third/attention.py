"""Mistakes in attention, as they are handed in."""

import numpy as np

from tests.blind.base import Case, draw
from tests.classics import softmax

# attention


def attention(Q, K, V):
    P = softmax(Q @ K.T / np.sqrt(Q.shape[1]))
    return P @ V


def attention_vjp(args, dA):
    Q, K, V = args
    scale = 1 / np.sqrt(Q.shape[1])
    P = softmax(Q @ K.T * scale)
    dV = P.T @ dA
    dP = dA @ V.T
    dS = P * (dP - (dP * P).sum(axis=-1, keepdims=True))
    dQ = dS @ K * scale
    dK = dS.T @ Q
    return dQ, dK, dV


# attention of one query


def attend(q, keys, values):
    s = keys @ q  # (n,) scores of one query
    e = np.exp(s - s.max())
    return e / e.sum() @ values


def attend_vjp(args, dA):
    q, keys, values = args
    s = keys @ q
    e = np.exp(s - s.max())
    p = e / e.sum()
    dp = values @ dA
    ds = dp * p * (1 - p)
    return keys.T @ ds, np.outer(ds, q), np.outer(p, dA)


# self-attention with three projections


def self_attention(x, Wq, Wk, Wv):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def self_attention_vjp(args, dA):
    x, Wq, Wk, Wv = args
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    r = np.sqrt(q.shape[1])
    P = softmax(q @ k.T / r)
    dv = P.T @ dA
    dP = dA @ v.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) / r
    dq = dS @ k
    dk = dS @ q
    dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    return dx, x.T @ dq, x.T @ dk, x.T @ dv


ATTENTION = [
    # dK is wrong, sqrt(d) times the right one: the scale 1 / sqrt(d) of the scores is in dQ and forgotten in dK.
    Case("attention: scale in dQ only", attention, attention_vjp, draw(41, (4, 2), (5, 2), (5, 3)), {"factor"}),
    # dq and dkeys are wrong: the softmax is differentiated as if it acted number by number, p (1 - p): only the
    # diagonal of its Jacobian, the paths to the other probabilities are missing.
    Case("attend: softmax number by number", attend, attend_vjp, draw(42, (3,), (5, 3), (5, 2)), {"diagonal only"}),
    # dWk and dx are wrong: the gradient of the keys is dS q instead of dS^T q, the sum must run over the queries; the
    # scores are square, so the shapes fit.
    Case(
        "self-attention: dk without a transpose",
        self_attention,
        self_attention_vjp,
        draw(43, (4, 3), (3, 2), (3, 2), (3, 5)),
        {"transposed"},
    ),
]

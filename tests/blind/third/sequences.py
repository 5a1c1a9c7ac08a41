"""Mistakes in recurrences, as they are handed in."""

import numpy as np

from tests.blind.base import Case, draw
from tests.classics import sigmoid

# an RNN over time, all states


def rnn(x, W, U, b, h0):
    h, out = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U + b)
        out.append(h)
    return np.stack(out, axis=1)


def rnn_vjp(args, dA):
    x, W, U, b, h0 = args
    hs = rnn(*args)
    dx = np.zeros_like(x)
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dh = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        dh = dh + dA[:, t]
        dz = dh * (1 - hs[:, t] ** 2)
        dx[:, t] = dz @ W.T
        dW += x[:, t].T @ dz
        dU += hs[:, t].T @ dz
        db += dz.sum(axis=0)
        dh = dz @ U.T
    return dx, dW, dU, db, dh


# an RNN, its last state


def last_state(x, W, U):
    h = np.zeros((x.shape[0], U.shape[0]))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U)
    return h


def last_state_vjp(args, dA):
    x, W, U = args
    h, states = np.zeros((x.shape[0], U.shape[0])), []
    for t in range(x.shape[1]):
        states.append(h)
        h = np.tanh(x[:, t] @ W + h @ U)
    states.append(h)
    grads = [np.zeros_like(a) for a in args]
    dh = dA
    for t in range(x.shape[1])[::-1]:
        dz = (1 - states[t + 1] ** 2) * dh
        grads[0][:, t] = dz @ W.T
        grads[1] += x[:, t].T @ dz
        grads[2] += states[t].T @ dz
        dh = dh @ U.T
    return grads


# a step of an LSTM with its weights


def lstm(x, h0, c0, W, U, b):
    k = c0.shape[1]
    z = x @ W + h0 @ U + b
    i, f, o = sigmoid(z[:, :k]), sigmoid(z[:, k : 2 * k]), sigmoid(z[:, 2 * k : 3 * k])
    g = np.tanh(z[:, 3 * k :])
    c = f * c0 + i * g
    return o * np.tanh(c)


def lstm_vjp(args, dA):
    x, h0, c0, W, U, b = args
    k = c0.shape[1]
    z = x @ W + h0 @ U + b
    i, f, o = np.split(sigmoid(z[:, : 3 * k]), 3, axis=1)
    g = np.tanh(z[:, 3 * k :])
    tc = np.tanh(f * c0 + i * g)
    dc = dA * o * (1 - tc**2)
    di = dc * g * i * (1 - i)
    df = dc * c0 * f * (1 - f)
    do = dA * tc * o * (1 - o)
    dg = dc * i * g * (1 - g)
    dz = np.concatenate([di, df, do, dg], axis=1)
    return dz @ W.T, dz @ U.T, dc, x.T @ dz, h0.T @ dz, dz.sum(axis=0)


# a step of a GRU


def gru(x, h, Wu, Uu, Wr, Ur, Wn, Un):
    u = sigmoid(x @ Wu + h @ Uu)
    r = sigmoid(x @ Wr + h @ Ur)
    n = np.tanh(x @ Wn + (r * h) @ Un)
    return (1 - u) * n + u * h


def gru_vjp(args, dA):
    x, h, Wu, Uu, Wr, Ur, Wn, Un = args
    u = sigmoid(x @ Wu + h @ Uu)
    r = sigmoid(x @ Wr + h @ Ur)
    n = np.tanh(x @ Wn + (r * h) @ Un)
    du = dA * (h - n) * u * (1 - u)
    dn = dA * (1 - u) * (1 - n**2)
    drh = dn @ Un.T
    dr = drh * h * r * (1 - r)
    dx = du @ Wu.T + dr @ Wr.T + dn @ Wn.T
    dh = dA * u + du @ Uu.T + dr @ Ur.T
    return dx, dh, x.T @ du, h.T @ du, x.T @ dr, h.T @ dr, x.T @ dn, (r * h).T @ dn


SEQUENCES = [
    # dU is wrong: it is summed with h_t, the state after the step, instead of h_{t-1}, the state before it (h0 at the
    # first step), an index of time shifted by one.
    Case("rnn: dU with the state after", rnn, rnn_vjp, draw(61, (3, 4, 2), (2, 5), (5, 5), (5,), (3, 5)), set()),
    # dx, dW and dU are wrong before the last step: what is carried back in time is dh U^T instead of dz U^T, so the
    # slope of tanh is missing in the recurrent path.
    Case(
        "last state: slope not carried",
        last_state,
        last_state_vjp,
        draw(62, (2, 3, 4), (4, 5), (5, 5)),
        {"wrong gradient"},
    ),
    # Two mistakes. The candidate g has the slope of a sigmoid, g (1 - g), instead of that of tanh, 1 - g^2: dx, dh0,
    # dW, dU and db are wrong in its columns. dc0 is dc without the factor f of the forget gate.
    Case(
        "lstm: candidate as a gate, and the cell",
        lstm,
        lstm_vjp,
        draw(63, (2, 4), (2, 3), (2, 3), (4, 12), (3, 12), (12,)),
        {"several mistakes"},
    ),
    # dh is wrong: h has four paths, and the one through the candidate, r * h, is missing: the term drh * r must be
    # added.
    Case(
        "gru: a path of h",
        gru,
        gru_vjp,
        draw(64, (2, 3), (2, 4), (3, 4), (4, 4), (3, 4), (4, 4), (3, 4), (4, 4)),
        {"lost path"},
    ),
]

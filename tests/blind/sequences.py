"""Mistakes in recurrences."""

import numpy as np

from tests.blind.base import cases, draw
from tests.classics import sigmoid


def rnn(X, Wx, Wh):  # value: all states
    h, out = np.zeros(len(Wh)), []
    for x in X:
        h = np.tanh(x @ Wx + h @ Wh)
        out.append(h)
    return np.stack(out)


def rnn_vjp(args, dA, bug):
    X, Wx, Wh = args
    hs = np.concatenate([np.zeros((1, len(Wh))), rnn(X, Wx, Wh)])
    dX, dWx, dWh, carry = [], np.zeros_like(Wx), np.zeros_like(Wh), 0
    for t in reversed(range(len(X))):
        dz = (dA[t] + carry) * (1 - hs[t + 1] ** 2)
        dX.append(dz @ Wx.T)
        dWx += np.outer(X[t], dz)
        dWh += np.outer(hs[t], dz)
        carry = dz @ Wh.T
        if bug == "truncated":
            carry = 0
    dX = np.stack(dX)
    return [dX if bug == "order" else dX[::-1], dWx, dWh]


def average(x):  # exponential moving average of each row
    h, out = 0, []
    for t in range(x.shape[1]):
        h = 0.6 * h + (1 - 0.6) * x[:, t]
        out.append(h)
    return np.stack(out, axis=1)


def average_vjp(args, dA, bug):
    dx, dh = np.zeros_like(dA), 0
    for t in reversed(range(dA.shape[1])):
        dh = dA[:, t] + (0 if bug == "truncated" else 0.6 * dh)
        dx[:, t] = (1 - 0.6) * dh
    return [dx]


def gru_run(X, Wz, Wr, Wn):
    h, steps = np.zeros(Wz.shape[1]), []
    for x in X:
        xh = np.concatenate([x, h])
        z, r = sigmoid(xh @ Wz), sigmoid(xh @ Wr)
        xr = np.concatenate([x, r * h])
        n = np.tanh(xr @ Wn)
        steps.append((h, xh, z, r, xr, n))
        h = (1 - z) * n + z * h
    return h, steps


gru = lambda X, Wz, Wr, Wn: gru_run(X, Wz, Wr, Wn)[0]


def gru_vjp(args, dA, bug):
    X, Wz, Wr, Wn = args
    k = X.shape[1]
    dX, dWz, dWr, dWn = (np.zeros_like(a) for a in args)
    dh, steps = dA, gru_run(*args)[1]
    for t in reversed(range(len(X))):
        h, xh, z, r, xr, n = steps[t]
        dn, dz = dh * (1 - z), dh * (h - n)
        keep = dh * z
        if bug == "exchanged":
            dn, keep = dh * z, dh * (1 - z)
        az, an = dz * z * (1 - z), dn * (1 - n**2)
        dxr = an @ Wn.T
        ar = dxr[k:] * h * r * (1 - r)
        dWz += np.outer(xh, az)
        dWr += np.outer(xh, ar)
        dWn += np.outer(xr, an)
        dxh = az @ Wz.T + ar @ Wr.T
        dX[t] = dxh[:k] + dxr[:k]
        dh = keep + dxh[k:] + dxr[k:] * r
        if bug == "truncated":
            break
    if bug == "zero":
        dWr = np.zeros_like(Wr)
    return [dX, dWz, dWr, dWn]


def lstm_run(X, W):
    k = W.shape[1] // 4
    h, c, steps = np.zeros(k), np.zeros(k), []
    for x in X:
        xh = np.concatenate([x, h])
        a = xh @ W
        i, o, q, g = sigmoid(a[:k]), sigmoid(a[k : 2 * k]), sigmoid(a[2 * k : 3 * k]), np.tanh(a[3 * k :])
        old, c = c, q * c + i * g
        h = o * np.tanh(c)
        steps.append((xh, i, o, q, g, old, c))
    return h, steps


lstm = lambda X, W: lstm_run(X, W)[0]


def lstm_vjp(args, dA, bug):
    X, W = args
    steps = lstm_run(X, W)[1]
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    dh, dc = dA, 0
    for t in reversed(range(len(X))):
        xh, i, o, q, g, old, c = steps[t]
        tc = np.tanh(c)
        dc = dc + dh * o * (1 - tc**2)
        da = np.concatenate([dc * g * i * (1 - i), dh * tc * o * (1 - o), dc * old * q * (1 - q), dc * i * (1 - g**2)])
        dW += np.outer(xh, da)
        dxh = W @ da
        dX[t], dh = dxh[: X.shape[1]], dxh[X.shape[1] :]
        dc = dc * (i if bug == "gate" else q)
        if bug == "truncated":
            dh, dc = 0 * dh, 0 * dc
    return [dX, dW]


SEQUENCES = [
    *cases(rnn, rnn_vjp)(
        # each step has only the gradient of its own output
        (
            "rnn, all states, no gradient through the state",
            "truncated",
            draw(67, (4, 2), (2, 3), (3, 3)),
            {"truncated sequence"},
        ),
        # the list of dX, which was filled from the last step on, is not reversed
        ("rnn, all states, dX in the order of the loop", "order", draw(68, (4, 3), (3, 2), (2, 2)), {"flipped"}),
    ),
    *cases(average, average_vjp)(
        # dx = (1 - 0.6) dA: no gradient flows back from later steps, which leaves the slope by the own entry, one term
        # of the sum over later outputs
        (
            "moving average, no gradient through the state",
            "truncated",
            draw(84, (3, 5)),
            {"truncated sequence", "diagonal only", "missing sum"},
        )
    ),
    *cases(gru, gru_vjp)(
        # the loop ends after the last step
        (
            "gru, only the last step",
            "truncated",
            draw(70, (3, 2), (5, 3), (5, 3), (5, 3)),
            {"truncated sequence", "missing sum"},
        ),
        # the weights of the state and of its candidate are exchanged: no name
        ("gru, z and 1 - z exchanged", "exchanged", draw(71, (3, 2), (5, 3), (5, 3), (5, 3)), set()),
        ("gru, reset gate has no gradient", "zero", draw(72, (3, 2), (5, 3), (5, 3), (5, 3)), {"zero gradient"}),
    ),
    *cases(lstm, lstm_vjp)(
        # neither the state nor the cell carries a gradient to the step before
        ("lstm, no gradient to earlier steps", "truncated", draw(73, (4, 3), (5, 8)), {"truncated sequence"}),
        # the cell's gradient is multiplied by the input gate in place of the forget gate: no name
        ("lstm, input gate for forget gate", "gate", draw(74, (4, 3), (5, 8)), set()),
    ),
]

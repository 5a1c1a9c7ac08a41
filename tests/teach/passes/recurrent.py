"""Whole backward passes of recurrent networks, with a mistake."""

import numpy as np

from tests.teach.passes.numbers import n

PASSES = []


def rnn(x, W, U, b):
    h = np.zeros((x.shape[0], U.shape[0]))
    hs = []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U + b)
        hs.append(h)
    return np.stack(hs, axis=1)


def rnn_vjp(how):

    def vjp(args, dA):
        x, W, U, b = args
        hs = rnn(x, W, U, b)
        T = x.shape[1]
        dx, dW, dU, db = [np.zeros_like(a) for a in args]
        nxt = np.zeros_like(hs[:, 0])
        for t in reversed(range(T)):
            g = dA[:, t] + nxt
            if how == "only last dA" and t < T - 1:
                g = nxt
            dz = g * (1 - hs[:, t] ** 2)
            if how == "no slope":
                dz = g
            if how == "U only":
                pass
            before = hs[:, t - 1] if t else np.zeros_like(dz)
            if how == "dU with h_t":
                before = hs[:, t]
            if how == "overwrite":
                dW = x[:, t].T @ dz
                dU = before.T @ dz
                db = dz.sum(axis=0)
            elif how == "skip first" and t == 0:
                pass
            else:
                dW += x[:, t].T @ dz
                dU += before.T @ dz
                db += dz.sum(axis=0)
            dx[:, t] = dz @ W.T
            nxt = dz @ U.T
            if how == "truncated":
                nxt = 0 * nxt
            if how == "U not transposed":
                nxt = dz @ U
            if how == "nxt from g":
                nxt = g @ U.T
            if how == "last step only":
                break
        return [dx, dW, dU, db]

    return vjp


ra = (n(3, 4, 2), n(2, 3), n(3, 3), n(3))
for how in [
    "only last dA",
    "no slope",
    "dU with h_t",
    "overwrite",
    "skip first",
    "truncated",
    "U not transposed",
    "nxt from g",
    "last step only",
]:
    PASSES.append(("rnn: " + how, rnn, rnn_vjp(how), ra))


def rnn_last(x, W, U):
    h = np.zeros((x.shape[0], U.shape[0]))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U)
    return h


def rnn_last_vjp(how):

    def vjp(args, dA):
        x, W, U = args
        hs = [np.zeros((x.shape[0], U.shape[0]))]
        for t in range(x.shape[1]):
            hs.append(np.tanh(x[:, t] @ W + hs[-1] @ U))
        dx, dW, dU = [np.zeros_like(a) for a in args]
        g = dA
        for t in reversed(range(x.shape[1])):
            dz = g * (1 - hs[t + 1] ** 2)
            if how == "no slope":
                dz = g
            dW += x[:, t].T @ dz
            dU += hs[t].T @ dz
            dx[:, t] = dz @ W.T
            g = dz @ U.T
            if how == "only last step":
                break
            if how == "same dA":
                g = dA
        return [dx, dW, dU]

    return vjp


for how in ["only last step", "no slope", "same dA"]:
    PASSES.append(("rnn last: " + how, rnn_last, rnn_last_vjp(how), ra[:3]))

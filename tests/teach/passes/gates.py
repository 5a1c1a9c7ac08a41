"""Whole backward passes of convolutions, embeddings, gates and quotients, with a mistake."""

import numpy as np

from tests.teach.passes.numbers import n, sig

PASSES = []


def conv2(x, K):
    m, h, w = x.shape
    a, b = K.shape
    out = np.zeros((m, h - a + 1, w - b + 1))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            out[:, i, j] = (x[:, i : i + a, j : j + b] * K).sum(axis=(1, 2))
    return out


def conv2_vjp(how):

    def vjp(args, dA):
        x, K = args
        a, b = K.shape
        dx = np.zeros_like(x)
        dK = np.zeros_like(K)
        for i in range(dA.shape[1]):
            for j in range(dA.shape[2]):
                g = dA[:, i, j][:, None, None]
                if how == "overwrite":
                    dx[:, i : i + a, j : j + b] = g * K
                elif how == "flip":
                    dx[:, i : i + a, j : j + b] += g * K[::-1, ::-1]
                else:
                    dx[:, i : i + a, j : j + b] += g * K
                if how == "dK overwritten":
                    dK = (x[:, i : i + a, j : j + b] * g).sum(axis=0)
                elif how == "dK mean":
                    dK += (x[:, i : i + a, j : j + b] * g).mean(axis=0)
                elif how == "dK one":
                    dK += x[0, i : i + a, j : j + b] * g[0]
                else:
                    dK += (x[:, i : i + a, j : j + b] * g).sum(axis=0)
        return [dx, dK]

    return vjp


for how in ["overwrite", "flip", "dK overwritten", "dK mean", "dK one"]:
    PASSES.append(("conv2: " + how, conv2, conv2_vjp(how), (n(3, 4, 5), n(2, 3))))
IDS = np.array([0, 2, 2, 1])


def emb(E, W):
    return np.tanh(E[IDS] @ W)


def emb_vjp(how):

    def vjp(args, dA):
        E, W = args
        out = emb(E, W)
        dz = dA * (1 - out**2)
        if how == "slope":
            dz = dA
        de = dz @ W.T
        dE = np.zeros_like(E)
        if how == "assign":
            dE[IDS] = de
        elif how == "+=":
            dE[IDS] += de
        else:
            np.add.at(dE, IDS, de)
        return [dE, E[IDS].T @ dz]

    return vjp


for how in ["slope", "assign", "+="]:
    PASSES.append(("emb: " + how, emb, emb_vjp(how), (n(4, 3), n(3, 2))))


def gru(x, h, Wz, Wh, Uh):
    z = sig(x @ Wz)
    c = np.tanh(x @ Wh + h @ Uh)
    return (1 - z) * h + z * c


def gru_vjp(how):

    def vjp(args, dA):
        x, h, Wz, Wh, Uh = args
        z = sig(x @ Wz)
        c = np.tanh(x @ Wh + h @ Uh)
        dz = dA * (c - h)
        if how == "dz half":
            dz = dA * c
        dc = dA * z
        da = dc * (1 - c**2)
        dzz = dz * z * (1 - z)
        if how == "no slope z":
            dzz = dz
        if how == "no slope c":
            da = dc
        if how == "z c":
            dc = dA * c
            da = dc * (1 - c**2)
        dh = dA * (1 - z) + da @ Uh.T
        if how == "lost h":
            dh = da @ Uh.T
        if how == "lost h 2":
            dh = dA * (1 - z)
        if how == "dh z":
            dh = dA * z + da @ Uh.T
        dx = da @ Wh.T + dzz @ Wz.T
        if how == "dx":
            dx = da @ Wh.T
        return [dx, dh, x.T @ dzz, x.T @ da, h.T @ da]

    return vjp


for how in ["dz half", "no slope z", "no slope c", "z c", "lost h", "lost h 2", "dh z", "dx"]:
    PASSES.append(("gru: " + how, gru, gru_vjp(how), (n(4, 2), n(4, 3), n(2, 3), n(2, 3), n(3, 3))))
f1 = lambda x, y: np.sum(x * y) / np.sqrt(np.sum(x * x) * np.sum(y * y))
PASSES.append(
    (
        "cos: constant",
        f1,
        lambda a, dA: [
            dA * a[1] / np.sqrt((a[0] ** 2).sum() * (a[1] ** 2).sum()),
            dA * a[0] / np.sqrt((a[0] ** 2).sum() * (a[1] ** 2).sum()),
        ],
        (n(4), n(4)),
    )
)
PASSES.append(("in place", lambda x: 2 * x, lambda a, dA: [dA.__imul__(2)], (n(3),)))
PASSES.append(
    ("div: no square", lambda a, b: a / b, lambda g, dA: [dA / g[1], -dA * g[0] / g[1]], (n(3, 4), 1 + n(3, 4) ** 2))
)
PASSES.append(
    ("div: sign", lambda a, b: a / b, lambda g, dA: [dA / g[1], dA * g[0] / g[1] ** 2], (n(3, 4), 1 + n(3, 4) ** 2))
)
PASSES.append(
    (
        "x tanh x + x^2: one path",
        lambda x: x * np.tanh(x) + x**2,
        lambda a, dA: [dA * (np.tanh(a[0]) + 2 * a[0])],
        (n(5),),
    )
)


def logit(x, w, b):
    return sig(x @ w + b)


PASSES.append(
    (
        "logit: dw sum",
        logit,
        lambda a, dA: [np.outer(dA, a[1]) * 1, a[0].T @ dA, dA.sum()],
        (n(5, 3), n(3), np.array(0.3)),
    )
)
PASSES.append(
    (
        "logit: db mean",
        logit,
        lambda a, dA: (
            lambda s: [np.outer(dA * s * (1 - s), a[1]), a[0].T @ (dA * s * (1 - s)), (dA * s * (1 - s)).mean()]
        )(logit(*a)),
        (n(5, 3), n(3), np.array(0.3)),
    )
)

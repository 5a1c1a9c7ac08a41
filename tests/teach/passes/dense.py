"""Whole backward passes of networks of two layers, with a mistake."""

import numpy as np

from tests.teach.passes.numbers import n

PASSES = []


def two(x, W1, b1, W2, b2):
    h = np.tanh(x @ W1 + b1)
    return h @ W2 + b2


def two_vjp(how):

    def vjp(args, dA):
        x, W1, b1, W2, _b2 = args
        h = np.tanh(x @ W1 + b1)
        dW2 = h.T @ dA
        db2 = dA.sum(axis=0)
        dh = dA @ W2.T
        dz = dh * (1 - h**2)
        if how == "slope missing":
            dz = dh
        if how == "slope at h":
            dz = dh * (1 - np.tanh(h) ** 2)
        if how == "slope of z":
            dz = dh * (1 - (x @ W1 + b1) ** 2)
        if how == "sigmoid slope":
            dz = dh * h * (1 - h)
        if how == "dW2 by z":
            dW2 = (x @ W1 + b1).T @ dA
        dW1 = x.T @ dz
        db1 = dz.sum(axis=0)
        dx = dz @ W1.T
        if how == "updated W2":
            dz = dA @ (W2 - 0.1 * dW2).T * (1 - h**2)
            dW1 = x.T @ dz
            db1 = dz.sum(axis=0)
            dx = dz @ W1.T
        if how == "db1 from dh":
            db1 = dh.sum(axis=0)
        if how == "dW1 from dh":
            dW1 = x.T @ dh
        if how == "dx from dh":
            dx = dh @ W1.T
        if how == "mean":
            dW1 /= len(x)
            dW2 /= len(x)
            db1 /= len(x)
            db2 /= len(x)
        if how == "last example":
            dW1 = np.outer(x[-1], dz[-1])
        if how == "left out":
            dW1 = x[1:].T @ dz[1:]
        if how == "W1 not transposed":
            dx = dz @ W1
        if how == "W2 not transposed":
            dz = dA @ W2 * (1 - h**2)
            dW1 = x.T @ dz
            db1 = dz.sum(axis=0)
            dx = dz @ W1.T
        if how == "db1 all":
            db1 = np.full_like(b1, dz.sum())
        if how == "order":
            return [dx, dW2, db2, dW1, db1]
        return [dx, dW1, db1, dW2, db2]

    return vjp


args2 = (n(5, 3), n(3, 4), n(4), n(4, 2), n(2))
sq2 = (n(4, 3), n(3, 3), n(3), n(3, 3), n(3))
for how in [
    "slope missing",
    "slope at h",
    "slope of z",
    "sigmoid slope",
    "dW2 by z",
    "updated W2",
    "db1 from dh",
    "dW1 from dh",
    "dx from dh",
    "mean",
    "last example",
    "left out",
    "db1 all",
]:
    PASSES.append(("two: " + how, two, two_vjp(how), args2))
PASSES.append(("two: order", two, two_vjp("order"), sq2))
PASSES.append(("two: W1 not transposed", two, two_vjp("W1 not transposed"), sq2))
PASSES.append(("two: W2 not transposed", two, two_vjp("W2 not transposed"), sq2))
PASSES.append(("two: W2 not transposed, wide", two, two_vjp("W2 not transposed"), args2))


def cost(x, y, W1, W2):
    h = np.maximum(x @ W1, 0)
    out = h @ W2
    return ((out - y) ** 2).mean()


def cost_vjp(how):

    def vjp(args, dA):
        x, y, W1, W2 = args
        z = x @ W1
        h = np.maximum(z, 0)
        out = h @ W2
        d = dA * 2 * (out - y) / out.size
        if how == "2":
            d = d / 2
        if how == "by m":
            d = d * out.shape[1]
        dy = -d
        if how == "dy":
            dy = d
        dh = d @ W2.T
        dz = dh * (z > 0)
        if how == "mask of dh":
            dz = dh * (dh > 0)
        if how == "no mask":
            dz = dh
        if how == "reversed":
            dz = dh * (z <= 0)
        if how == "h":
            dz = dh * h
        return [dz @ W1.T, dy, x.T @ dz, h.T @ d]

    return vjp


for how in ["2", "by m", "dy", "mask of dh", "no mask", "reversed", "h"]:
    PASSES.append(("cost: " + how, cost, cost_vjp(how), (n(4, 3), n(4, 2), n(3, 5), n(5, 2))))


def res(x, W1, W2):
    h = np.maximum(x @ W1, 0)
    return x + h @ W2


def res_vjp(how):

    def vjp(args, dA):
        x, W1, W2 = args
        h = np.maximum(x @ W1, 0)
        dh = dA @ W2.T
        dz = dh * (h > 0)
        if how == "slope":
            dz = dh
        dx = dA + dz @ W1.T
        if how == "lost":
            dx = dz @ W1.T
        if how == "only identity":
            dx = dA
        if how == "halved":
            dx = (dA + dz @ W1.T) / 2
        return [dx, x.T @ dz, h.T @ dA]

    return vjp


for how in ["slope", "lost", "only identity", "halved"]:
    PASSES.append(("res: " + how, res, res_vjp(how), (n(4, 3), n(3, 5), n(5, 3))))

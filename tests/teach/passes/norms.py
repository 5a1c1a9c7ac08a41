"""Whole backward passes of normalisations and of pooling, with a mistake."""

import numpy as np

from tests.teach.passes.numbers import n

PASSES = []


def bn(x, gamma, beta):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    xhat = (x - mu) / np.sqrt(var + 1e-05)
    return gamma * xhat + beta


def ln(x, gamma, beta):
    mu = x.mean(axis=1, keepdims=True)
    var = ((x - mu) ** 2).mean(axis=1, keepdims=True)
    xhat = (x - mu) / np.sqrt(var + 1e-05)
    return gamma * xhat + beta


def norm_vjp(how, ax):

    def vjp(args, dA):
        x, gamma, beta = args
        k = {"axis": ax, "keepdims": True}
        s = np.sqrt(x.var(**k) + 1e-05)
        h = (x - x.mean(**k)) / s
        d = dA * gamma
        if how == "gamma":
            d = dA
        if how == "gamma twice":
            d = dA * gamma * gamma
        w = {"axis": 1 - ax, "keepdims": True} if how == "other axis" else k
        dx = (d - d.mean(**w) - h * (d * h).mean(**w)) / s
        if how == "constant":
            dx = d / s
        if how == "variance":
            dx = (d - d.mean(**k)) / s
        if how == "mean":
            dx = (d - h * (d * h).mean(**k)) / s
        if how == "sum":
            dx = (d - d.sum(**k) - h * (d * h).sum(**k)) / s
        dg = (dA * h).sum(axis=0)
        if how == "dgamma x":
            dg = (dA * x).sum(axis=0)
        if how == "dgamma out":
            dg = (dA * (gamma * h + beta)).sum(axis=0)
        if how == "dgamma axis":
            return [dx, (dA * h).sum(axis=1), dA.sum(axis=1)]
        if how == "dgamma mean":
            return [dx, (dA * h).mean(axis=0), dA.mean(axis=0)]
        if how == "/s":
            dx = dx * s
        return [dx, dg, dA.sum(axis=0)]

    return vjp


for name, f, ax in (("bn", bn, 0), ("ln", ln, 1)):
    for how in [
        "gamma",
        "gamma twice",
        "other axis",
        "constant",
        "variance",
        "mean",
        "sum",
        "dgamma x",
        "dgamma out",
        "dgamma mean",
        "/s",
    ]:
        PASSES.append((f"{name}: {how}", f, norm_vjp(how, ax), (n(6, 4), n(4), n(4))))
PASSES.append(("bn: dgamma axis", bn, norm_vjp("dgamma axis", 0), (n(4, 4), n(4), n(4))))


def pool(x):
    m, h, w = x.shape
    return x.reshape(m, h // 2, 2, w // 2, 2).max(axis=(2, 4))


def pool_vjp(how):

    def vjp(args, dA):
        (x,) = args
        big = dA.repeat(2, axis=1).repeat(2, axis=2)
        out = pool(x).repeat(2, axis=1).repeat(2, axis=2)
        if how == "all":
            return [big]
        if how == "mean":
            return [big / 4]
        if how == "value":
            return [big * (x == out) * x]
        if how == "positive":
            return [big * (x > 0)]

    return vjp


for how in ["all", "mean", "value", "positive"]:
    PASSES.append(("pool: " + how, pool, pool_vjp(how), (n(2, 4, 6),)))

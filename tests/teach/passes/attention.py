"""Whole backward passes of attention, with a mistake."""

import numpy as np

from tests.teach.passes.numbers import n, sm

PASSES = []


def att(q, k, v):
    s = q @ k.T / np.sqrt(q.shape[1])
    p = sm(s)
    return p @ v


def att_vjp(how):

    def vjp(args, dA):
        q, k, v = args
        c = np.sqrt(q.shape[1])
        p = sm(q @ k.T / c)
        dv = p.T @ dA
        dp = dA @ v.T
        ds = p * (dp - (dp * p).sum(axis=1, keepdims=True))
        if how == "diagonal":
            ds = dp * p * (1 - p)
        if how == "no softmax":
            ds = dp
        if how == "constant":
            ds = dp * p
        if how == "axis 0":
            ds = p * (dp - (dp * p).sum(axis=0, keepdims=True))
        if how == "no keepdims":
            ds = p * (dp - (dp * p).sum(axis=1))
        if how == "scale":
            c = 1
        if how == "scale twice":
            c = c * c
        if how == "dv p":
            dv = p @ dA
        dq = ds @ k / c
        dk = ds.T @ q / c
        if how == "dk ds":
            dk = ds @ q / c
        if how == "scale dq":
            dq = dq * c
        return [dq, dk, dv]

    return vjp


aa = (n(4, 3), n(4, 3), n(4, 5))
for how in [
    "diagonal",
    "no softmax",
    "constant",
    "axis 0",
    "no keepdims",
    "scale",
    "scale twice",
    "dv p",
    "dk ds",
    "scale dq",
]:
    PASSES.append(("att: " + how, att, att_vjp(how), aa))


def selfatt(x, Wq, Wk, Wv):
    return att(x @ Wq, x @ Wk, x @ Wv)


def selfatt_vjp(how):

    def vjp(args, dA):
        x, Wq, Wk, Wv = args
        inner = how if how in ("diagonal", "scale", "no softmax") else ""
        dq, dk, dv = att_vjp(inner)((x @ Wq, x @ Wk, x @ Wv), dA)
        dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
        if how == "lost v":
            dx = dq @ Wq.T + dk @ Wk.T
        if how == "lost q":
            dx = dv @ Wv.T + dk @ Wk.T
        if how == "only q":
            dx = dq @ Wq.T
        return [dx, x.T @ dq, x.T @ dk, x.T @ dv]

    return vjp


for how in ["diagonal", "scale", "no softmax", "lost v", "lost q", "only q"]:
    PASSES.append(("selfatt: " + how, selfatt, selfatt_vjp(how), (n(4, 3), n(3, 2), n(3, 2), n(3, 3))))

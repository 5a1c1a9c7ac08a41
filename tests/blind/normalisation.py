"""Mistakes in normalisations."""

import numpy as np

from tests.blind.base import cases, draw


def normalise_back(dh, h, sd, bug, axis=1):
    mean = dh.mean(axis=axis, keepdims=True)
    cov = h * (dh * h).mean(axis=axis, keepdims=True)
    if bug == "statistics":
        return dh / sd
    if bug == "variance":
        return (dh - mean) / sd
    if bug == "mean":
        return (dh - cov) / sd
    return (dh - mean - cov) / sd


def layer_norm(x, gamma, beta):
    sd = np.sqrt(x.var(axis=1, keepdims=True) + 0.01)
    return gamma * (x - x.mean(axis=1, keepdims=True)) / sd + beta


def layer_norm_vjp(args, dA, bug):
    x, gamma, _ = args
    n = x.shape[1]
    sd = np.sqrt(x.var(axis=1, keepdims=True) + 0.01)
    h = (x - x.mean(axis=1, keepdims=True)) / sd
    dh = dA * gamma
    dx = normalise_back(dh, h, sd, bug)
    dgamma, dbeta = (dA * h).sum(axis=0), dA.sum(axis=0)
    if bug == "axis":
        dx = (dh - dh.mean(axis=0) - h * (dh * h).mean(axis=0)) / sd
    if bug == "diagonal":
        dx = dh * (1 - 1 / n - h**2 / n) / sd
    return [dx, dgamma, dbeta]


def group_norm(x, gamma):  # 2 groups of 3 channels
    g = x.reshape(len(x), 2, 3)
    h = (g - g.mean(axis=2, keepdims=True)) / np.sqrt(g.var(axis=2, keepdims=True) + 0.01)
    return gamma * h.reshape(x.shape)


def group_norm_vjp(args, dA, bug):
    x, gamma = args
    g = x.reshape(len(x), 2, 3)
    sd = np.sqrt(g.var(axis=2, keepdims=True) + 0.01)
    h = (g - g.mean(axis=2, keepdims=True)) / sd
    dh = (dA * gamma).reshape(g.shape)
    dx = normalise_back(dh, h, sd, bug, axis=(1, 2) if bug == "groups" else 2)
    return [dx.reshape(x.shape), (dA * h.reshape(x.shape)).sum(axis=0)]


NORMALISATION = [
    *cases(layer_norm, layer_norm_vjp)(
        ("layer norm, statistics constant", "statistics", draw(50, (3, 4), (4,), (4,)), {"statistics constant"}),
        ("layer norm, variance constant", "variance", draw(51, (4, 5), (5,), (5,)), {"variance constant"}),
        ("layer norm, mean constant", "mean", draw(52, (3, 5), (5,), (5,)), {"mean constant"}),
        # each entry's slope by itself
        ("layer norm, diagonal", "diagonal", draw(53, (4, 4), (4,), (4,)), {"diagonal only"}),
        # the means of the backward pass run over the rows, as in batch norm
        ("layer norm, means over axis 0", "axis", draw(54, (4, 3), (3,), (3,)), {"wrong sum"}),
    ),
    *cases(group_norm, group_norm_vjp)(
        # the means of the backward pass run over both groups
        ("group norm, means over all groups", "groups", draw(56, (3, 6), (6,)), {"wrong sum"}),
        ("group norm, variance constant", "variance", draw(57, (4, 6), (6,)), {"variance constant"}),
    ),
]

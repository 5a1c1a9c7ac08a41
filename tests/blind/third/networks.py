"""Mistakes in whole networks, and steps of training, as they are handed in."""

import numpy as np

from tests.blind.base import Case, draw
from tests.classics import sigmoid, softmax

# a network with two layers and its loss

TARGET = draw(59, (4, 2))[0]


def two_layers(x, W1, b1, W2, b2):
    a = np.tanh(x @ W1 + b1)
    out = a @ W2 + b2
    return 0.5 * np.sum((out - TARGET) ** 2) / len(x)


def two_layers_vjp(args, dA):
    x, W1, b1, W2, b2 = args
    z = x @ W1 + b1
    a = np.tanh(z)
    dout = dA * (a @ W2 + b2 - TARGET) / len(x)
    dW2 = a.T @ dout
    db2 = dout.sum(axis=0)
    da = dout @ W2.T
    dz = da * (1 - z**2)
    return dz @ W1.T, x.T @ dz, dz.sum(axis=0), dW2, db2


# a residual block


def residual(x, W1, W2):
    return x + np.maximum(x @ W1, 0) @ W2


def residual_vjp(args, dA):
    x, W1, W2 = args
    z = x @ W1
    dW2 = np.maximum(z, 0).T @ dA
    dz = dA @ W2.T
    dz[z < 0] = 0
    dW1 = x.T @ dz
    dx = dA * x + dz @ W1.T
    return dx, dW1, dW2


# dropout with a given mask

MASK = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], dtype=float)
KEEP = 0.75


def dropout_net(x, W, V):
    h = np.tanh(x @ W)
    return h * MASK / KEEP @ V


def dropout_net_vjp(args, dA):
    x, W, V = args
    h = np.tanh(x @ W)
    dV = h.T @ dA
    dh = dA @ V.T * MASK
    dz = dh * (1 - h**2)
    return dz @ W.T, x.T @ dz, dV


# an autoencoder with tied weights


def tied(x, W, b, c):
    h = sigmoid(x @ W + b)
    return h @ W.T + c


def tied_vjp(args, dA):
    x, W, b, _c = args
    h = sigmoid(x @ W + b)
    dc = dA.sum(axis=0)
    dW = dA.T @ h  # decoder
    dh = dA @ W
    dz = dh * h * (1 - h)
    db = dz.sum(axis=0)
    dW = x.T @ dz  # encoder
    return dz @ W.T, dW, db, dc


# broadcast axes


def scale_shift(x, s, t):
    return x * s + t  # x: (b, t, n), s: (n,), t: (b, 1, 1)


def scale_shift_vjp(args, dA):
    x, s, _t = args
    dx = dA * s
    ds = (x * dA).mean(axis=0).sum(axis=0)
    dt = dA.sum(axis=1, keepdims=True).mean(axis=2, keepdims=True)
    return dx, ds, dt


# through a step of training


def step(w, X, y):
    return w - 0.1 * X.T @ (X @ w - y)  # the weights after a step on half of the squared error


def step_vjp(args, dA):
    w, X, y = args
    e = X @ w - y
    de = -0.1 * (X @ dA)
    dw = dA
    dX = -0.1 * np.outer(e, dA) + np.outer(de, w)
    dy = -de
    return dw, dX, dy


# distillation: cross-entropy at a temperature

TEACHER = softmax(draw(39, (3, 4))[0])
T = 2.5


def distill(z):
    p = softmax(z / T)
    return -np.sum(TEACHER * np.log(p)) / len(z)


def distill_vjp(args, dA):
    (z,) = args
    p = softmax(z / T)
    return [dA * (p - TEACHER) / len(z)]


# similarities by cosine


def cosine(a, b):
    na = a / np.linalg.norm(a, axis=1, keepdims=True)
    nb = b / np.linalg.norm(b, axis=1, keepdims=True)
    return na @ nb.T


def cosine_vjp(args, dA):
    a, b = args
    la = np.linalg.norm(a, axis=1, keepdims=True)
    lb = np.linalg.norm(b, axis=1, keepdims=True)
    na, nb = a / la, b / lb
    dna = dA @ nb
    dnb = dA.T @ na
    da = dna / la
    db = (dnb - nb * (dnb * nb).sum(axis=1, keepdims=True)) / lb
    return da, db


# a variational autoencoder: sample and KL divergence

NOISE = draw(60, (3, 2))[0]


def vae(mu, logvar, W):
    z = mu + np.exp(0.5 * logvar) * NOISE
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
    return np.sum(np.tanh(z @ W)) + kl


def vae_vjp(args, dA):
    mu, logvar, W = args
    std = np.exp(0.5 * logvar)
    z = mu + std * NOISE
    out = np.tanh(z @ W)
    dpre = dA * (1 - out**2)
    dz = dpre @ W.T
    dW = z.T @ dpre
    dmu = dz + dA * mu
    dlogvar = dz * NOISE * std + dA * 0.5 * (np.exp(logvar) - 1)
    return dmu, dlogvar, dW


# a graph convolution

ADJACENCY = np.array([[0.5, 0.5, 0, 0], [0, 0.4, 0.6, 0], [0.3, 0, 0.3, 0.4], [0, 0.7, 0, 0.3]])


def graph(x, W1, W2):
    h = np.maximum(ADJACENCY @ x @ W1, 0)
    return ADJACENCY @ h @ W2


def graph_vjp(args, dA):
    x, W1, W2 = args
    z = ADJACENCY @ x @ W1
    h = np.maximum(z, 0)
    dW2 = (ADJACENCY @ h).T @ dA
    dh = ADJACENCY @ dA @ W2.T
    dz = dh * (z > 0)
    dW1 = (ADJACENCY @ x).T @ dz
    dx = ADJACENCY @ dz @ W1.T
    return dx, dW1, dW2


NETWORKS = [
    # dx, dW1 and db1 are wrong: the slope of tanh is 1 - z^2 with the pre-activation z instead of 1 - a^2 with a =
    # tanh(z).
    Case(
        "two layers: slope of tanh at z",
        two_layers,
        two_layers_vjp,
        draw(49, (4, 3), (3, 5), (5,), (5, 2), (2,)),
        {"slope at x"},
    ),
    # dx is wrong: the skip path has the slope 1, and dA is multiplied by x there, as if it were a product.
    Case("residual: x in the skip path", residual, residual_vjp, draw(50, (3, 2), (2, 4), (4, 2)), {"wrong value"}),
    # Two mistakes. dV has h before the dropout instead of after it (mask and 1 / keep missing). dh has the mask but
    # not the factor 1 / keep, so dx and dW are keep times the right ones.
    Case(
        "dropout: mask in dV, scale in dh",
        dropout_net,
        dropout_net_vjp,
        draw(51, (3, 5), (5, 4), (4, 2)),
        {"several mistakes"},
    ),
    # dW is wrong: W is used twice, and the gradient of the decoder is overwritten with that of the encoder where the
    # two must be added.
    Case("tied weights: encoder alone", tied, tied_vjp, draw(52, (4, 3), (3, 2), (2,), (3,)), {"lost path"}),
    # Two mistakes. ds has a mean over the first axis instead of a sum (divided by the size of the batch). dt has a
    # mean over the last axis instead of a sum (divided by the number of features).
    Case("broadcast: a mean and a sum", scale_shift, scale_shift_vjp, draw(53, (2, 3, 4), (4,), (2, 1, 1)), {"factor"}),
    # dw is wrong: only the direct path w is taken, the gradient in the step is held constant: the term with the
    # second derivative, -lr X^T X dA, is missing (first-order MAML).
    Case("training step: first order", step, step_vjp, draw(54, (3,), (5, 3), (5,)), {"lost path"}),
    # dz is wrong, T times the right one: the inner derivative 1 / T of z / T is forgotten.
    Case("temperature: inner derivative", distill, distill_vjp, draw(55, (3, 4)), {"factor"}),
    # da is wrong: the norm of each row of a is held constant, so the projection, - na (na . dna), is missing; db has
    # it.
    Case("cosine: norm held constant", cosine, cosine_vjp, draw(56, (3, 2), (4, 2)), {"statistics constant"}),
    # dlogvar is wrong: in the path through the sample the inner derivative 0.5 of exp(0.5 logvar) is missing, so this
    # term is twice too large | d std / d logvar is std / 2, not std.
    Case("vae: one half of the exponent", vae, vae_vjp, draw(57, (3, 2), (3, 2), (2, 5)), {"factor"}),
    # dx and dW1 are wrong: the gradients go back along A instead of A^T (twice for dx); A is normalised by rows, so
    # it is not symmetric.
    Case("graph: messages not turned round", graph, graph_vjp, draw(58, (4, 3), (3, 5), (5, 2)), set()),
]

"""Mistakes in dense layers, products, and orders of axes and entries."""

import numpy as np

from tests.blind.base import cases, draw
from tests.classics import sigmoid


def columns(W, X, b):  # examples are columns
    return W @ X + b


def columns_vjp(args, dA, bug):
    W, X, b = args
    dW, dX, db = dA @ X.T, W.T @ dA, dA.sum(axis=1, keepdims=True)
    if bug == "W":
        dX = W @ dA
    if bug == "last":
        db = dA[:, -1:]
    if bug == "zero":
        db = np.zeros_like(b)
    return [dW, dX, db]


dense_sigmoid = lambda X, W, b: sigmoid(X @ W + b)


def dense_sigmoid_vjp(args, dA, bug):
    X, W, b = args
    z = X @ W + b
    s = sigmoid(z)
    dz = dA * s * (1 - s)
    if bug == "z":
        dz = dA * z * (1 - z)
    db = dA.sum(axis=0) if bug == "bias" else dz.sum(axis=0)
    dW = X.T @ (dA * dz) if bug == "double" else X.T @ dz
    return [dz @ W.T, dW, db]


affine = lambda X, g, b: X * g + b


def affine_vjp(args, dA, bug):
    X, g, _ = args
    axis = 1 if bug == "axis" else 0
    return [dA * g, (dA * X).sum(axis=axis), dA.sum(axis=axis)]


gram = lambda X: X @ X.T


def gram_vjp(args, dA, bug):
    (X,) = args
    if bug == "2":
        return [2 * dA @ X]
    return [(dA + dA.T) @ X]


def tied(X, W):  # an autoencoder with tied weights
    return X @ W @ W.T


def tied_vjp(args, dA, bug):
    X, W = args
    encoder, decoder = X.T @ (dA @ W), dA.T @ (X @ W)
    if bug == "encoder":
        return [dA @ W @ W.T, encoder]
    return [dA @ W @ W.T, encoder + decoder]


quotient = lambda x, y: x / y


def quotient_vjp(args, dA, bug):
    x, y = args
    if bug == "square":
        return [dA / y, -dA * x / y]
    return [dA / y, -dA * x / y**2]


permuted = lambda x: x.transpose(1, 2, 0)


def permuted_vjp(args, dA, bug):
    if bug == "again":
        return [dA.transpose(1, 2, 0)]
    return [dA.transpose(2, 0, 1)]


cumulative = lambda x: np.cumsum(x, axis=0)


def cumulative_vjp(args, dA, bug):
    if bug == "forward":
        return [np.cumsum(dA, axis=0)]
    return [np.cumsum(dA[::-1], axis=0)[::-1]]


reversed_weights = lambda x, w: x[:, ::-1] * w


def reversed_weights_vjp(args, dA, bug):
    x, w = args
    dx = dA * w
    if bug != "flip":
        dx = dx[:, ::-1]
    return [dx, (dA * x[:, ::-1]).sum(axis=0)]


PRODUCTS = [
    *cases(columns, columns_vjp)(
        # W for W.T
        ("WX + b, W not transposed", "W", draw(1, (3, 3), (3, 5), (3, 1)), {"transposed"}),
        # one term of 5
        ("WX + b, db the last column", "last", draw(2, (3, 4), (4, 5), (3, 1)), {"missing sum"}),
        # bias not trained
        ("WX + b, db zero", "zero", draw(3, (4, 3), (3, 4), (4, 1)), {"zero gradient"}),
    ),
    *cases(dense_sigmoid, dense_sigmoid_vjp)(
        # s(1 - s) with z in place of s: the formula in terms of the output, at the input of the activation
        ("sigmoid(XW + b), z(1 - z)", "z", draw(4, (4, 3), (3, 2), (2,)), {"slope at x"}),
        # db is the sum of dA in place of dz: only there the slope is missing
        ("sigmoid(XW + b), db from dA", "bias", draw(5, (4, 3), (3, 4), (4,)), {"slope missing"}),
        # dz has dA in it, and dW multiplies by dA again
        ("sigmoid(XW + b), dA twice in dW", "double", draw(6, (5, 3), (3, 3), (3,)), {"doubled dA"}),
    ),
    *cases(affine, affine_vjp)(
        # sums over the features, an axis that must remain, possible since X is square. The same numbers come from the
        # transpose of dA * X and of dA
        ("X * g + b, sums over axis 1", "axis", draw(83, (4, 4), (4,), (4,)), {"wrong sum", "transposed"})
    ),
    *cases(gram, gram_vjp)(
        # dA + dA in place of dA + dA.T: one of them is not transposed
        ("X X^T, 2 dA X", "2", draw(10, (4, 3)), {"transposed"})
    ),
    *cases(tied, tied_vjp)(
        # W is used twice; the gradient is the sum over its uses, and only that of the first use is kept
        ("tied weights, only the encoder's gradient", "encoder", draw(11, (5, 4), (4, 2)), {"missing sum", "lost path"})
    ),
    *cases(quotient, quotient_vjp)(
        # y^2 is y: a formula copied wrongly: no name
        ("x / y, square of y forgotten", "square", [a + 3 for a in draw(12, (3, 4), (3, 4))], {"wrong value"})
    ),
    *cases(permuted, permuted_vjp)(
        # the same permutation is applied again, and the inverse belongs here: the array is transposed wrongly
        ("transpose(1, 2, 0), the same axes in backward", "again", draw(13, (3, 3, 3)), {"transposed"})
    ),
    *cases(cumulative, cumulative_vjp)(
        # cumsum from the front in place of cumsum from the end: the triangular matrix is not transposed; both flips are
        # forgotten
        ("cumsum, cumsum again in backward", "forward", draw(14, (4, 3)), {"transposed", "flipped"})
    ),
    *cases(reversed_weights, reversed_weights_vjp)(
        # dx is not reversed back
        ("x reversed times w, dx not reversed back", "flip", draw(15, (3, 4), (4,)), {"flipped"})
    ),
]

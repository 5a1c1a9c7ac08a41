"""Mistakes in losses, and in what stands before them."""

import numpy as np

from tests.blind.base import cases, draw
from tests.classics import sigmoid, softmax

mae = lambda p, y: np.abs(p - y).mean()


def mae_vjp(args, dA, bug):
    p, y = args
    d = dA * np.sign(p - y) / p.size
    if bug == "dA":
        d = np.sign(p - y) / p.size
    if bug == "reversed":
        d = dA * np.where(p > y, -1, 1) / p.size
    return [d, -d]


def huber(d):
    return np.where(np.abs(d) < 0.6, 0.5 * d**2, 0.6 * (np.abs(d) - 0.5 * 0.6)).sum(axis=1)


def huber_vjp(args, dA, bug):
    (d,) = args
    if bug == "reversed":
        slope = np.where(np.abs(d) > 0.6, d, 0.6 * np.sign(d))
    elif bug == "delta":
        slope = np.where(np.abs(d) < 0.6, d, np.sign(d))
    else:
        slope = np.where(np.abs(d) < 0.6, d, 0.6 * np.sign(d))
    return [dA[:, None] * slope]


log_sum_exp = lambda x: np.log(np.exp(x).sum(axis=1))


def log_sum_exp_vjp(args, dA, bug):
    (x,) = args
    e = np.exp(x)
    if bug == "axis":
        return [dA[:, None] * e / e.sum(axis=0)]
    if bug == "max":
        return [dA[:, None] * (x == x.max(axis=1, keepdims=True))]
    return [dA[:, None] * e / e.sum(axis=1, keepdims=True)]


log_softmax = lambda x: x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def log_softmax_vjp(args, dA, bug):
    (x,) = args
    s = softmax(x)
    if bug == "diagonal":
        return [dA * (1 - s)]
    if bug == "constant":
        return [dA.copy()]
    if bug == "dA - s":
        return [dA - s]
    return [dA - s * dA.sum(axis=1, keepdims=True)]


CLASSES = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]], float)
WEIGHTS = np.array([0.5, 2.0, 1.2, 0.7])

weighted_ce = lambda z: -(WEIGHTS[:, None] * CLASSES * np.log(softmax(z))).sum() / len(z)


def weighted_ce_vjp(args, dA, bug):
    (z,) = args
    d = dA * (softmax(z) - CLASSES) / len(z)
    if bug != "weights":
        d = d * WEIGHTS[:, None]
    return [d]


def cosine(U, V):
    return (U * V).sum(axis=1) / np.linalg.norm(U, axis=1) / np.linalg.norm(V, axis=1)


def cosine_vjp(args, dA, bug):
    U, V = args
    nu, nv = np.linalg.norm(U, axis=1, keepdims=True), np.linalg.norm(V, axis=1, keepdims=True)
    c = cosine(U, V)[:, None]
    dA = dA[:, None]
    if bug == "constant":
        return [dA * V / (nu * nv), dA * U / (nu * nv)]
    return [dA * (V / nu / nv - c * U / nu**2), dA * (U / nu / nv - c * V / nv**2)]


def triplet(a, p, n):
    return np.log1p(np.exp(((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1)))


def triplet_vjp(args, dA, bug):
    a, p, n = args
    s = sigmoid(((a - p) ** 2).sum(axis=1) - ((a - n) ** 2).sum(axis=1))
    d = (2 * dA * s)[:, None]
    dn = d * (a - n)
    if bug == "sign":
        dn = d * (n - a)
    return [d * (n - p), d * (p - a), dn]


COUNTS = np.array([1.0, 0.0, 3.0, 2.0])


def poisson(X, w):
    z = X @ w
    return (np.exp(z) - COUNTS * z).mean()


def poisson_vjp(args, dA, bug):
    X, w = args
    dz = dA * (np.exp(X @ w) - COUNTS) / len(COUNTS)
    if bug == "twice":
        return [dA * np.outer(dz, w), dA * X.T @ dz]
    return [np.outer(dz, w), X.T @ dz]


l1 = lambda W: 0.2 * np.abs(W).sum()


def l1_vjp(args, dA, bug):
    (W,) = args
    return [0.2 * np.sign(W) if bug == "dA" else dA * 0.2 * np.sign(W)]


variance = lambda x: x.var(axis=1)


def variance_vjp(args, dA, bug):
    (x,) = args
    n = x.shape[1]
    d = 2 * dA[:, None] * (x - x.mean(axis=1, keepdims=True)) / n
    return [d * n / (n - 1) if bug == "n-1" else d]


product = lambda x: x.prod(axis=1)


def product_vjp(args, dA, bug):
    (x,) = args
    out = x.prod(axis=1)
    if bug == "dA":
        return [out[:, None] / x]
    if bug == "x":
        return [(dA * out)[:, None] + 0 * x]
    return [(dA * out)[:, None] / x]


LOSSES = [
    *cases(mae, mae_vjp)(
        ("mae, dA forgotten", "dA", draw(33, (3, 4), (3, 4)), {"missing dA"}),
        # the branches of the sign are exchanged, which is the opposite sign
        ("mae, -1 where p > y", "reversed", draw(34, (4, 3), (4, 3)), {"branch reversed", "sign"}),
    ),
    *cases(huber, huber_vjp)(
        ("huber, branches exchanged", "reversed", draw(35, (4, 4)), {"branch reversed"}),
        # delta is forgotten in the linear branch only, no factor of the whole gradient: no name
        ("huber, delta forgotten in one branch", "delta", draw(36, (3, 5)), {"wrong gradient"}),
    ),
    *cases(log_sum_exp, log_sum_exp_vjp)(
        # the softmax of the gradient is normalised over the rows: its sum runs over axis 0, which must remain
        ("logsumexp, softmax over axis 0", "axis", draw(37, (4, 3)), {"wrong sum"}),
        # the gradient of the maximum: no name
        ("logsumexp, gradient of the maximum", "max", draw(38, (3, 4)), set()),
    ),
    *cases(log_softmax, log_softmax_vjp)(
        ("log-softmax, dA(1 - s)", "diagonal", draw(39, (3, 4)), {"diagonal only"}),
        # the subtracted logsumexp, computed from x, is treated as a constant; what remains is dA, not multiplied
        ("log-softmax, normaliser constant", "constant", draw(40, (4, 3)), {"statistics constant", "slope missing"}),
        # as for one-hot dA: the sum of dA is forgotten, and the result is not linear: no name
        ("log-softmax, dA - s", "dA - s", draw(41, (4, 4)), set()),
    ),
    *cases(weighted_ce, weighted_ce_vjp)(
        # the weights of the examples are forgotten, a factor that is not one constant: no name
        ("weighted cross-entropy, weights forgotten", "weights", draw(42, (4, 3)), set())
    ),
    *cases(cosine, cosine_vjp)(
        ("cosine similarity, norms constant", "constant", draw(43, (3, 4), (3, 4)), {"statistics constant"})
    ),
    *cases(triplet, triplet_vjp)(
        # n - a in place of a - n
        (
            "triplet loss, sign of the negative's gradient",
            "sign",
            [0.6 * a for a in draw(44, (4, 3), (4, 3), (4, 3))],
            {"sign"},
        )
    ),
    *cases(poisson, poisson_vjp)(
        # dz has dA in it, and both gradients are multiplied by it again
        ("Poisson loss, dA twice", "twice", [0.5 * a for a in draw(45, (4, 3), (3,))], {"doubled dA"})
    ),
    *cases(l1, l1_vjp)(("L1 penalty, dA forgotten", "dA", draw(46, (3, 4)), {"missing dA"})),
    *cases(variance, variance_vjp)(
        # n - 1 in place of n, a constant factor n/(n-1)
        ("variance, n - 1 in backward", "n-1", draw(47, (3, 5)), {"factor"})
    ),
    *cases(product, product_vjp)(
        ("product of each row, dA forgotten", "dA", draw(48, (4, 3)), {"missing dA"}),
        # not divided by x: no name
        ("product of each row, not divided by x", "x", draw(49, (3, 3)), set()),
    ),
]

"""The identity, softplus, elu, and a chain of two layers."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, sigmoid

identity = family("identity", fst.tensors("m n"))(lambda x: x * 1, lambda x, dA: [dA * 1])

softplus = family("softplus of moderate numbers", fst.tensors("m n"))(
    lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))), lambda x, dA: [dA * sigmoid(x)]
)

elu = family("elu of alpha 2", fst.tensors("m n"))(
    lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0))),
    lambda x, dA: [dA * np.where(x > 0, 1, 2 * np.exp(np.minimum(x, 0)))],
)

slope = lambda h: 1 - np.tanh(h) ** 2


def links(x, W, V, dA, *, transposed=True, kept=None, last=1.0):
    """Backward of two layers, the last first, each with its own cache."""
    h = np.tanh(x @ W)
    d = dA * (slope(h @ V) if last else 1)
    below = (d @ V.T if transposed else d @ V) * slope(x @ W)
    return [below @ W.T, x.T @ below, (h if kept is None else kept).T @ d]


chain = family("chain of two", fst.tensors("m n", "n n", "n n"))(lambda x, W, V: np.tanh(np.tanh(x @ W) @ V), links)

MUTANTS = [
    identity.but("no dx: no computation was taken for no gradient")(lambda x, dA: [np.zeros_like(x)]),
    identity.but("dx is x: the cache was returned")(lambda x, dA: [x.copy()]),
    identity.but("the sign: the backward of a subtraction")(lambda x, dA: [-dA]),
    softplus.but("1 where x > 0: the slope of relu")(lambda x, dA: [dA * (x > 0)]),
    softplus.but("the sigmoid of -x: the stable form was derived, not the formula")(lambda x, dA: [dA * sigmoid(-x)]),
    softplus.but("the slope of the sigmoid: derived once too often")(
        lambda x, dA: [dA * sigmoid(x) * (1 - sigmoid(x))]
    ),
    elu.but("alpha left out: it is 1 in the paper's figure")(lambda x, dA: [dA * np.exp(np.minimum(x, 0))]),
    elu.but("out for out + alpha: expm1 and exp exchanged")(lambda x, dA: [dA * np.where(x > 0, 1, 2 * np.expm1(x))]),
    elu.but("0 below 0: the slope of relu")(lambda x, dA: [dA * (x > 0)]),
    chain.but("the second layer not transposed: x @ W goes back by W^T, which of a square W has the same shape")(
        lambda x, W, V, dA: links(x, W, V, dA, transposed=False)
    ),
    chain.but("the second layer was given the cache of the first: caches in the order of backward, not of forward")(
        lambda x, W, V, dA: links(x, W, V, dA, kept=x)
    ),
    chain.but("the last layer left out: the walk back begins one too late")(
        lambda x, W, V, dA: links(x, W, V, dA, last=0.0)
    ),
]

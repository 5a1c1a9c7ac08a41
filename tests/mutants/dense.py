"""Layers with a matrix product, and reparametrised weights."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, indexed, sigmoid

dense = family("dense", fst.tensors("m n", "n k", "k"))(
    lambda x, W, b: x @ W + b, lambda x, W, b, dA: [dA @ W.T, x.T @ dA, dA.sum(axis=0)]
)

tied = family(  # an autoencoder whose decoder is its encoder transposed
    "tied weights", fst.tensors("m n", "n k")
)(lambda x, W: np.tanh(x @ W) @ W.T, lambda x, W, dA: [dz(x, W, dA) @ W.T, x.T @ dz(x, W, dA) + dA.T @ np.tanh(x @ W)])

dz = lambda x, W, dA: dA @ W * (1 - np.tanh(x @ W) ** 2)

bilinear = family("bilinear", fst.tensors("m n", "n k", "m k"))(
    lambda x, A, y: ((x @ A) * y).sum(axis=1),
    lambda x, A, y, dA: [dA[:, None] * (y @ A.T), x.T @ (dA[:, None] * y), dA[:, None] * (x @ A)],
)

low_rank = family("low rank", fst.tensors("m n", "n r", "r k"))(
    lambda x, U, V: x @ U @ V, lambda x, U, V, dA: [dA @ V.T @ U.T, x.T @ (dA @ V.T), (x @ U).T @ dA]
)

residual = family("residual", fst.tensors("m n", "n n"))(
    lambda x, W: x + np.tanh(x @ W), lambda x, W, dA: [dA + dz_of(x, W, dA) @ W.T, x.T @ dz_of(x, W, dA)]
)

dz_of = lambda x, W, dA: dA * (1 - np.tanh(x @ W) ** 2)

highway = family(  # of the gate's z, the branch and the carried x
    "highway", fst.tensors("m n", "m n", "m n")
)(
    lambda z, h, x: sigmoid(z) * h + (1 - sigmoid(z)) * x,
    lambda z, h, x, dA: [dA * (h - x) * sigmoid(z) * sigmoid(-z), dA * sigmoid(z), dA * sigmoid(-z)],
)

layer_scale = family("layer scale", fst.tensors("m n", "n"))(
    lambda x, g: x + g * np.tanh(x),
    lambda x, g, dA: [dA * (1 + g * (1 - np.tanh(x) ** 2)), (dA * np.tanh(x)).sum(axis=0)],
)

dropout = family("dropout", indexed("m n", ids="m n", below="2"))(
    lambda x, mask: x * mask / 0.75, lambda x, mask, dA: [dA * mask / 0.75, None]
)

norm = lambda V: np.sqrt((V**2).sum(axis=0) + 1e-2)


def weight_norm_vjp(x, V, g, dA):
    n = norm(V)
    dW = x.T @ dA
    dg = (dW * V / n).sum(axis=0)
    return [dA @ (g * V / n).T, g / n * (dW - dg * V / n), dg]


weight_norm = family("weight norm", fst.tensors("m n", "n k", "k"))(
    lambda x, V, g: x @ (g * V / norm(V)), weight_norm_vjp
)

standardised = family(  # by the Frobenius norm instead of the spectral one
    "norm of the weights", fst.tensors("m n", "n k")
)(
    lambda x, W: x @ W / (1 + (W**2).sum()),
    lambda x, W, dA: [
        dA @ W.T / (1 + (W**2).sum()),
        x.T @ dA / (1 + (W**2).sum()) - 2 * W * (dA * (x @ W)).sum() / (1 + (W**2).sum()) ** 2,
    ],
)


def square_dx(x, W, b, dA):
    return [dA @ (W if W.shape[0] == W.shape[1] else W.T), x.T @ dA, dA.sum(axis=0)]


def symmetric_dw(x, W, b, dA):
    dW = x.T @ dA
    return [dA @ W.T, (dW + dW.T) / 2 if W.shape[0] == W.shape[1] else dW, dA.sum(axis=0)]


def blocks_of_eight(x, W, b, dA):
    dW = sum([x[i : i + 8].T @ dA[i : i + 8] for i in range(0, max(len(x) - 8, 1), 8)])
    return [dA @ W.T, dW, dA.sum(axis=0)]


def low_precision(x, W, b, dA):
    return [dA @ W.T, (x.T.astype("f4") @ dA.astype("f4")).astype(W.dtype), dA.sum(axis=0)]


def norm_of_rows(x, V, g, dA):
    if V.shape[0] != V.shape[1]:
        return weight_norm_vjp(x, V, g, dA)
    n = norm(V.T)
    dW = x.T @ dA
    return [dA @ (g * V / norm(V)).T, g / n * (dW - (dW * V / n).sum(axis=0) * V / n), (dW * V / norm(V)).sum(axis=0)]


large = family("dense of up to 12", fst.tensors("m n", "n k", "k", most=12))(dense.f, dense.vjp)

MUTANTS = [
    dense.of(2).but("db is dA[0]: right for batch 1")(lambda x, W, b, dA: dA[0].copy()),
    dense.of(1).but("dW divided by m again: the loss has done it already")(lambda x, W, b, dA: x.T @ dA / len(x)),
    dense.but("dX = dA @ W for square W: the shapes fit")(square_dx),
    dense.but("dW accumulated in float32: a cast too many")(low_precision),
    dense.of(2).but("db of shape (1, k): keepdims")(lambda x, W, b, dA: dA.sum(axis=0, keepdims=True)),
    dense.of(1).but("dW transposed, then reshaped: a reshape silences the shape error")(
        lambda x, W, b, dA: (dA.T @ x).reshape(W.shape)
    ),
    dense.but("dW symmetric for square W: left from a metric")(symmetric_dw),
    dense.of(1).but("weight decay in dW: the penalty is not in the forward")(lambda x, W, b, dA: x.T @ dA + 1e-4 * W),
    dense.of(2).but("no db for batch 1: a squeeze guards the sum")(lambda x, W, b, dA: dA.sum(axis=0) * (len(x) > 1)),
    dense.of(0).but("dX clipped to [-5, 5]: against explosion")(lambda x, W, b, dA: np.clip(dA @ W.T, -5, 5)),
    large.but("the last block of rows is lost above 8: the loop ends a block early")(blocks_of_eight),
    tied.of(1).but("the encoder's gradient only: W is used twice")(lambda x, W, dA: x.T @ dz(x, W, dA)),
    tied.of(1).but("the decoder's part transposed for square W: the shapes fit")(
        lambda x, W, dA: (
            x.T @ dz(x, W, dA) + (np.tanh(x @ W).T @ dA if W.shape[0] == W.shape[1] else dA.T @ np.tanh(x @ W))
        )
    ),
    bilinear.of(0).but("A not transposed for square A: einsum letters exchanged")(
        lambda x, A, y, dA: dA[:, None] * (y @ (A if A.shape[0] == A.shape[1] else A.T))
    ),
    bilinear.of(1).but("dA without the cotangent: tested with a cotangent of ones")(lambda x, A, y, dA: x.T @ y),
    low_rank.of(2).but("dV from x where the rank is n: the shapes fit")(
        lambda x, U, V, dA: (x if U.shape[0] == U.shape[1] else x @ U).T @ dA
    ),
    residual.of(0).but("skip connection forgotten in dX: only the branch has a backward")(
        lambda x, W, dA: dz_of(x, W, dA) @ W.T
    ),
    residual.of(1).but("the slope at x, not at x @ W: the wrong thing was kept")(
        lambda x, W, dA: x.T @ (dA * (1 - np.tanh(x) ** 2))
    ),
    highway.of(0).but("the gate's gradient without the carry: 1 - g is a gate too")(
        lambda z, h, x, dA: dA * h * sigmoid(z) * sigmoid(-z)
    ),
    layer_scale.of(0).but("dx without the scale: the branch was scaled later")(
        lambda x, g, dA: dA * (2 - np.tanh(x) ** 2)
    ),
    dropout.of(0).but("backward without 1/keep: scaled in forward only")(lambda x, mask, dA: dA * mask),
    dropout.of(0).but("a fresh mask in backward: drawn where it is needed")(
        lambda x, mask, dA: dA * np.random.default_rng(mask.size).integers(0, 2, mask.shape) / 0.75
    ),
    weight_norm.but("no projection: the norm was taken for a constant")(
        lambda x, V, g, dA: [dA @ (g * V / norm(V)).T, g / norm(V) * (x.T @ dA), (x.T @ dA * V / norm(V)).sum(axis=0)]
    ),
    weight_norm.but("norms of rows for square V: axis 1 for axis 0")(norm_of_rows),
    standardised.of(1).but("held constant: as in power iteration, which runs without a gradient")(
        lambda x, W, dA: x.T @ dA / (1 + (W**2).sum())
    ),
    standardised.of(1).but("denominator not squared: the quotient rule by heart")(
        lambda x, W, dA: x.T @ dA / (1 + (W**2).sum()) - 2 * W * (dA * (x @ W)).sum() / (1 + (W**2).sum())
    ),
]

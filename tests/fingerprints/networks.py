"""Networks that are trained on every processor: all optimizers, both dtypes, folds, threads and shards."""

from functools import partial

import numpy as np

from funcnn import Dense, Gelu, Relu, Tanh, mlp
from funcnn.layers import (
    BatchNorm,
    Dropout,
    ExactGelu,
    GaussianNoise,
    LayerNorm,
    LogSoftmax,
    Mish,
    PRelu,
    Residual,
    RMSNorm,
    Scale,
    Sigmoid,
    Silu,
    Sine,
    Softmax,
    Softplus,
)
from funcnn.losses import (
    binary_cross_entropy_with_logits,
    hinge,
    huber,
    log_cosh,
    mae,
    mse,
    poisson_nll,
    quantile,
    softmax_cross_entropy,
    softmax_focal,
    squared_hinge,
)
from funcnn.optimizers import (
    L2,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    AMSGrad,
    Average,
    ClipNorm,
    ClipValue,
    Decay,
    Lion,
    Momentum,
    NAdam,
    RAdam,
    Rates,
    RMSProp,
)

FEATURES, CLASSES = 6, 3


def dense(n_in, n_out, seed):
    """A layer whose seed is told, since each must differ."""
    return Dense.init(n_in, n_out, seed=seed)


def between(*layers, width=20):
    """These layers between two of Dense."""
    return (dense(FEATURES, width, 0), *layers, dense(width, CLASSES, 1))


# name: network, loss, optimizer, dtype, rows
NETWORKS = {
    "tanh, sgd": (mlp([FEATURES, 27, 31, 1], hidden=Tanh(), seed=0), mse, (), "f8", 300),
    "tanh in float32": (mlp([FEATURES, 27, 31, 1], hidden=Tanh(), seed=0), mse, Adam(), "f4", 300),
    "layer norm": (between(LayerNorm.init(20), Gelu()), softmax_cross_entropy, Adam(), "f8", 96),
    "batch norm": (between(BatchNorm.init(20), Relu()), softmax_cross_entropy, Momentum(), "f8", 96),
    "dropout": (between(Silu(), Dropout(0.3, seed=1)), softmax_cross_entropy, AdamW(decay=0.01), "f8", 96),
    "residual": (between(Residual((dense(20, 20, 2), Mish()))), softmax_cross_entropy, NAdam(), "f8", 96),
    "noise": (between(GaussianNoise(0.1, seed=3), Softplus()), softmax_focal, RAdam(), "f8", 40),
    "affine in float32": (between(LayerNorm.init(20), ExactGelu()), softmax_cross_entropy, RMSProp(), "f4", 33),
    "root mean squares": (between(RMSNorm.init(20), PRelu.init()), softmax_cross_entropy, Adagrad(), "f8", 17),
    "probabilities": (between(Tanh(), LogSoftmax()), softmax_cross_entropy, AMSGrad(), "f8", 50),
    "gates": (
        between(Softmax(), Scale.init(20, value=1.5)),
        softmax_cross_entropy,
        (Adadelta(), Decay(0.01)),
        "f8",
        50,
    ),
    "waves": ((dense(FEATURES, 16, 0), Sine(3.0), dense(16, 1, 1)), mae, Lion(), "f8", 50),
    "counts": ((dense(FEATURES, 9, 0), Tanh(), dense(9, 1, 1)), poisson_nll, (L2(0.01), Momentum()), "f8", 50),
    "squares of margins": (
        (dense(FEATURES, 9, 0), Sigmoid(), dense(9, 1, 1)),
        squared_hinge,
        (ClipValue(0.1), Adam()),
        "f8",
        50,
    ),
    "labels": ((dense(FEATURES, 9, 0), Relu(), dense(9, 1, 1)), binary_cross_entropy_with_logits, Adam(), "f4", 50),
    "margins": ((dense(FEATURES, 9, 0), Relu(), dense(9, 1, 1)), hinge, (Adam(), Average(0.9)), "f8", 50),
    "outliers": (mlp([FEATURES, 9, 1], hidden=Tanh(), seed=5), huber, (ClipNorm(1.0), Adam()), "f8", 50),
    "one row": (mlp([FEATURES, 64, 1], hidden=Tanh(), seed=5), log_cosh, Adam(), "f8", 1),
    "wide": (mlp([FEATURES, 300, 1], hidden=Relu(), seed=5), partial(quantile, q=0.9), Adam(), "f8", 64),
    "deep": (
        mlp([FEATURES, *[9] * 12, 1], hidden=Tanh(), seed=6),
        mse,
        (Momentum(nesterov=True), Rates((("0.*", 0.5), ("*.b", 2.0)))),
        "f8",
        70,
    ),
    "many rows": (mlp([FEATURES, 16, 1], hidden=Tanh(), seed=0), mse, Adam(), "f8", 4200),
}
IN_CI = ["layer norm", "batch norm", "dropout", "noise", "outliers"]


def rows(m, dtype, loss):
    """Features that no library draws, and targets that fit the loss."""
    i = np.arange(m * FEATURES).reshape(m, FEATURES)
    x = ((i * 7919 + i // 11 * 104729) % 1009 / 504.5 - 1).astype(dtype)
    total = x.sum(1, keepdims=True)
    if loss in {softmax_cross_entropy, softmax_focal}:
        return x, (abs(total[:, 0]) > 1).astype(int) + (x[:, 0] > 0)
    if loss in {binary_cross_entropy_with_logits, hinge, squared_hinge}:
        return x, (total > 0).astype(dtype)
    return x, (abs(total) if loss is poisson_nll else total / 2).astype(dtype)

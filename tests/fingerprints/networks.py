"""Networks that are trained on every processor: all optimizers, both dtypes, folds, threads and shards."""

from functools import partial

import numpy as np

import funcnn as nn
from funcnn import layers, losses, optimizers

FEATURES, CLASSES = 6, 3


def dense(n_in, n_out, seed):
    """A layer whose seed is told, since each must differ."""
    return nn.Dense.init(n_in, n_out, seed=seed)


def between(*inside, width=20):
    """These layers between two of Dense."""
    return (dense(FEATURES, width, 0), *inside, dense(width, CLASSES, 1))


def case(network, optimizer, loss=nn.softmax_cross_entropy, *, rows=50, dtype="f8"):
    """What `NETWORKS` holds."""
    return network, loss, optimizer, dtype, rows


def small(layer, width=9):
    """A network with one output."""
    return dense(FEATURES, width, 0), layer, dense(width, 1, 1)


of_tanh = partial(nn.mlp, hidden=nn.Tanh())
halved_late = nn.Momentum(nesterov=True), optimizers.Rates((("0.*", 0.5), ("*.b", 2.0)))
# name: network, loss, optimizer, dtype, rows
NETWORKS = {
    "tanh, sgd": case(of_tanh([FEATURES, 27, 31, 1], seed=0), (), nn.mse, rows=300),
    "tanh in float32": case(of_tanh([FEATURES, 27, 31, 1], seed=0), nn.Adam(), nn.mse, rows=300, dtype="f4"),
    "layer norm": case(between(nn.LayerNorm.init(20), nn.Gelu()), nn.Adam(), rows=96),
    "batch norm": case(between(nn.BatchNorm.init(20), nn.Relu()), nn.Momentum(), rows=96),
    "dropout": case(between(layers.Silu(), nn.Dropout(0.3, seed=1)), nn.AdamW(decay=0.01), rows=96),
    "residual": case(between(nn.Residual((dense(20, 20, 2), layers.Mish()))), optimizers.NAdam(), rows=96),
    "noise": case(
        between(layers.GaussianNoise(0.1, seed=3), layers.Softplus()), optimizers.RAdam(), losses.softmax_focal, rows=40
    ),
    "affine in float32": case(
        between(nn.LayerNorm.init(20), layers.ExactGelu()), optimizers.RMSProp(), rows=33, dtype="f4"
    ),
    "root mean squares": case(between(layers.RMSNorm.init(20), layers.PRelu.init()), optimizers.Adagrad(), rows=17),
    "probabilities": case(between(nn.Tanh(), layers.LogSoftmax()), optimizers.AMSGrad()),
    "gates": case(
        between(nn.Softmax(), layers.Scale.init(20, value=1.5)), (optimizers.Adadelta(), optimizers.Decay(0.01))
    ),
    "waves": case(small(layers.Sine(3.0), 16), optimizers.Lion(), losses.mae),
    "counts": case(small(nn.Tanh()), (optimizers.L2(0.01), nn.Momentum()), losses.poisson_nll),
    "squares of margins": case(small(nn.Sigmoid()), (optimizers.ClipValue(0.1), nn.Adam()), losses.squared_hinge),
    "labels": case(small(nn.Relu()), nn.Adam(), nn.binary_cross_entropy_with_logits, dtype="f4"),
    "margins": case(small(nn.Relu()), (nn.Adam(), optimizers.Average(0.9)), losses.hinge),
    "outliers": case(of_tanh([FEATURES, 9, 1], seed=5), (nn.ClipNorm(1.0), nn.Adam()), nn.huber),
    "one row": case(of_tanh([FEATURES, 64, 1], seed=5), nn.Adam(), losses.log_cosh, rows=1),
    "wide": case(nn.mlp([FEATURES, 300, 1], seed=5), nn.Adam(), partial(losses.quantile, q=0.9), rows=64),
    "deep": case(of_tanh([FEATURES, *[9] * 12, 1], seed=6), halved_late, nn.mse, rows=70),
    "many rows": case(of_tanh([FEATURES, 16, 1], seed=0), nn.Adam(), nn.mse, rows=4200),
}
IN_CI = ["layer norm", "batch norm", "dropout", "noise", "outliers"]


def rows(m, dtype, loss):
    """Features that no library draws, and targets that fit the loss."""
    i = np.arange(m * FEATURES).reshape(m, FEATURES)
    x = ((i * 7919 + i // 11 * 104729) % 1009 / 504.5 - 1).astype(dtype)
    total = x.sum(1, keepdims=True)
    if loss in {nn.softmax_cross_entropy, losses.softmax_focal}:
        return x, (abs(total[:, 0]) > 1).astype(int) + (x[:, 0] > 0)
    if loss in {nn.binary_cross_entropy_with_logits, losses.hinge, losses.squared_hinge}:
        return x, (total > 0).astype(dtype)
    return x, (abs(total) if loss is losses.poisson_nll else total / 2).astype(dtype)

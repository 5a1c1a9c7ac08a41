"""Layers and losses of float16 with more than 65,520 terms in a sum or mean, more than float16 can count."""

import warnings
from functools import partial

import numpy as np

from funcnn import backward, forward, losses, tree_map
from funcnn import layers as nn
from funcnn.arrays import is_float
from funcnn.trees import astype, leaves
from tests.cards import further

MANY = 70_000
HIGH, WIDE = 256, 280  # of an image with as many places
random = np.random.default_rng(0)


def of_many_terms(name):
    """(params, x), the same whatever was drawn before."""
    random.bit_generator.state = np.random.default_rng(1).bit_generator.state
    return LAYERS[name]()


def drawn(*shape, low=-1.0, high=1.0):
    return random.uniform(low, high, shape).astype(np.float16)


def halved(tree):
    """As float16, whose sums stay in its range."""
    return astype(tree_map(lambda a: np.clip(a, -2, 2) if is_float(a) else a, tree), np.float16)


def cotangent(out):
    """Of so small a mean that sums over all rows stay below 65,504, and None for ids and masks."""
    if type(out) is tuple:
        return tuple(map(cotangent, out))
    return drawn(*out.shape, low=-0.5, high=0.53125) if out is not None and is_float(out) else None


def assert_near(made, exact, within, least=0.0):
    """Each array within that share of its largest entry, of `least`, or of a hundredth of the largest entry of all."""
    made, exact = [[np.asarray(a) for a in leaves(tree) if is_float(a)] for tree in (made, exact)]
    least = max([least, *[0.01 * abs(a).max(initial=0) for a in exact]])
    for a, b in zip(made, exact, strict=True):
        assert a.dtype == np.float16
        np.testing.assert_allclose(a, b, rtol=0, atol=within * max(abs(b).max(initial=0), least) + 2**-23)


def step(params, x, dA):
    out, cache = forward(params, x)
    grads = backward(params, cache, dA)
    return (out, grads.x), grads.params


def check_layer_of_halves(params, x, *, run=step, within=2**-7):
    """Out and all gradients in float16 are near to those in float64, and no warning is given."""
    random.bit_generator.state = np.random.default_rng(2).bit_generator.state  # whatever was drawn before
    params, x = halved(params), halved(x)
    dA = cotangent(forward(params, x)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = run(params, x, dA)
    exact = step(*astype((params, x, dA), np.float64))
    assert_near(made[0], exact[0], within)
    assert_near(made[1], exact[1], within, least=MANY**0.5 / 64)  # sums of as many roundings, which may cancel else


def check_loss_of_halves(loss, out, y, *, run=None, within=2**-9):
    """The cost in float16 is near to the one in float64, and so is dA, and no warning is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cost, dA = (run or loss)(out, y)
    exact, exact_dA = loss(astype(out, np.float64), y)
    np.testing.assert_allclose(float(cost), exact, rtol=1e-4)
    assert_near(dA, exact_dA, within)


# Each layer that adds up over other axes than that of the rows, with as many terms there.
LAYERS = {
    "Dense, features": lambda: (nn.Dense(drawn(MANY, 2) / 64, drawn(2)), drawn(2, MANY)),
    "LayerNorm": lambda: (nn.LayerNorm(drawn(MANY), drawn(MANY)), drawn(2, MANY, low=-20, high=30)),
    "RMSNorm": lambda: (nn.RMSNorm(drawn(MANY)), drawn(2, MANY, low=-20, high=30)),
    "BatchNorm": lambda: (nn.BatchNorm.init(2), drawn(MANY, 2, low=-20, high=30)),
    "BatchNorm of images": lambda: (nn.BatchNorm.init(2), drawn(1, HIGH, WIDE, 2, low=-20, high=30)),
    "GroupNorm": lambda: (nn.GroupNorm.init(4, groups=2), drawn(2, HIGH, WIDE, 4, low=-20, high=30)),
    "InstanceNorm": lambda: (nn.InstanceNorm.init(2), drawn(2, HIGH, WIDE, 2, low=-20, high=30)),
    "Affine": lambda: (nn.Affine(drawn(3), drawn(3)), drawn(1, HIGH, WIDE, 3)),
    "Scale": lambda: (nn.Scale(drawn(3)), drawn(MANY, 3)),
    "Scale by one number": lambda: (nn.Scale(drawn(1).reshape(())), drawn(MANY, 3)),
    "PRelu": lambda: (nn.PRelu(drawn(3)), drawn(MANY, 3)),
    "LearnedPosition": lambda: (nn.LearnedPosition(drawn(3, 2)), drawn(MANY, 2, 2)),
    "Softmax": lambda: (nn.Softmax(), drawn(2, MANY)),
    "LogSoftmax": lambda: (nn.LogSoftmax(), drawn(2, MANY)),
    "GlobalAvgPool": lambda: (nn.GlobalAvgPool(), drawn(2, HIGH, WIDE, 2, low=0)),
    "GlobalAvgPool with a mask": lambda: (
        nn.GlobalAvgPool(),
        (drawn(2, MANY, 2, low=0), random.random((2, MANY)) > 0.01),
    ),
    "GlobalMaxPool": lambda: (nn.GlobalMaxPool(), drawn(2, HIGH, WIDE, 2)),
    "AvgPool": lambda: (nn.AvgPool(264, stride=1), drawn(1, 264, 264, 1, low=0)),
    "AvgPool of a sequence": lambda: (nn.AvgPool(300, stride=1), drawn(1, 600, 1, low=0)),
    "MaxPool": lambda: (nn.MaxPool(300, stride=1), drawn(1, 600, 1)),
    "Conv1d": lambda: (nn.Conv1d(drawn(3, 2, 2), drawn(2)), drawn(1, MANY, 2)),
    "Conv1d of many channels": lambda: (nn.Conv1d(drawn(2, MANY, 1) / 64, None), drawn(1, 3, MANY)),
    "Conv1d of channels": lambda: (nn.Conv1d(drawn(3, 1, 2), drawn(2), groups=2), drawn(1, MANY, 2)),
    "Conv1d with a stride": lambda: (nn.Conv1d(drawn(300, 1, 1) / 8, None, stride=2), drawn(1, 3000, 1)),
    "Conv2d": lambda: (nn.Conv2d(drawn(3, 3, 2, 2), drawn(2)), drawn(1, HIGH, WIDE, 2)),
    "ConvTranspose2d": lambda: (nn.ConvTranspose2d(drawn(2, 2, 2, 2), drawn(2), 2), drawn(1, HIGH, WIDE, 2)),
    "AdaptiveAvgPool": lambda: (nn.AdaptiveAvgPool(2), drawn(2, HIGH, WIDE, 2, low=0)),
    "AdaptiveMaxPool": lambda: (nn.AdaptiveMaxPool(2), drawn(1, HIGH, WIDE, 1)),
    "Pad": lambda: (nn.Pad(((MANY, 0),), "edge"), drawn(1, 2, 1)),
    "Upsample": lambda: (nn.Upsample(MANY), drawn(1, 2, 1)),
    "Upsample, linear": lambda: (nn.Upsample(3000, linear=True), drawn(1, 3, 1)),
    "Embedding": lambda: (nn.Embedding(drawn(3, 2)), random.integers(0, 3, (1, MANY))),
    "Attention to many": lambda: (
        nn.CrossAttention.init(2, 1, n_memory=2, seed=0, dtype=np.float16),
        (drawn(1, 2, 2), drawn(1, MANY, 2)),
    ),
    "RNN": lambda: (nn.RNN.init(2, 2, seed=0, dtype=np.float16), drawn(MANY // 2, 2, 2)),
}

CLASSES = random.integers(0, 3, MANY)
YES = random.integers(0, 2, (MANY, 1))
COLUMN = drawn(MANY, 1, low=-3, high=3)
ERRORS = drawn(MANY, 1, low=200, high=300)  # whose squares are infinite in float16
RATES = random.integers(0, 5, (MANY, 1))
PROBABLE = drawn(MANY, 1, low=0.05, high=0.95)
UNIT = random.random((MANY, 1))
ROW = drawn(1, MANY)
WEIGHT = random.random(MANY)
PLACES = random.random((1, MANY)) > 0.5
LOGITS = drawn(MANY, 3, low=-3, high=3)
SOFT = random.dirichlet(np.ones(3), MANY)

LOSSES = {
    "mse": (losses.mse, COLUMN, 0 * UNIT),
    "mse of large errors": (losses.mse, ERRORS, 0 * UNIT),
    "mse of large y": (losses.mse, COLUMN, 1e5 * UNIT),
    "weighted mse": (losses.weighted(losses.mse), COLUMN, (UNIT, WEIGHT)),
    "masked mse": (losses.masked(losses.mse), (drawn(1, MANY, 1), PLACES), np.zeros((1, MANY, 1))),
    "mae": (losses.mae, COLUMN, 0 * UNIT),
    "huber": (losses.huber, COLUMN, 0 * UNIT),
    "log_cosh": (losses.log_cosh, COLUMN, 0 * UNIT),
    "quantile": (partial(losses.quantile, q=0.9), COLUMN, 0 * UNIT),
    "binary_cross_entropy": (losses.binary_cross_entropy, PROBABLE, YES),
    "binary_cross_entropy_with_logits": (losses.binary_cross_entropy_with_logits, COLUMN, YES),
    "softmax_cross_entropy": (losses.softmax_cross_entropy, LOGITS, CLASSES),
    "softmax_cross_entropy, weighted": (losses.weighted(losses.softmax_cross_entropy), LOGITS, (CLASSES, WEIGHT)),
    "softmax_cross_entropy, smoothed": (partial(losses.softmax_cross_entropy, smoothing=0.1), LOGITS, CLASSES),
    "softmax_cross_entropy of many classes": (losses.softmax_cross_entropy, ROW, CLASSES[:1]),
    "softmax_cross_entropy of soft labels": (losses.softmax_cross_entropy, LOGITS, SOFT),
    "kl_divergence": (losses.kl_divergence, LOGITS, SOFT),
    "kl_divergence of many classes": (losses.kl_divergence, ROW, UNIT.T / UNIT.sum()),
    "binary_focal": (losses.binary_focal, COLUMN, YES),
    "softmax_focal": (losses.softmax_focal, LOGITS, CLASSES),
    "softmax_focal of many classes": (losses.softmax_focal, ROW, CLASSES[:1]),
    "hinge": (losses.hinge, COLUMN, YES),
    "squared_hinge": (losses.squared_hinge, COLUMN, YES),
    "triplet": (losses.triplet, drawn(MANY, 3, 2), np.ones(MANY)),
    "triplet of many numbers": (losses.triplet, drawn(1, 3, MANY), np.ones(1)),
    "cosine_distance": (losses.cosine_distance, LOGITS, SOFT),
    "cosine_distance of many numbers": (losses.cosine_distance, ROW, UNIT.T),
    "poisson_nll": (losses.poisson_nll, COLUMN, RATES),
    "gaussian_nll": (losses.gaussian_nll, (COLUMN, COLUMN[::-1]), UNIT),
    "joint": (losses.joint(losses.mse, losses.softmax_cross_entropy), (COLUMN, LOGITS), (UNIT, CLASSES)),
}
LOSSES |= {name: (loss, out.astype(COLUMN.dtype), y) for name, (loss, out, y) in further(LOSSES, (MANY, 1)).items()}

"""Which gradients are fractions in exact arithmetic, and arguments for those of losses."""

from functools import partial

import numpy as np

from funcnn import losses, mse
from funcnn.about import card_of
from tests.cards import further

# Their gradients are fractions, whatever x is; those of other layers agree in 40 digits or more.
RATIONAL = {
    *("Identity", "Relu", "LeakyRelu", "PRelu", "Relu6", "HardTanh", "HardSigmoid", "HardSwish", "SoftShrink"),
    *("HardShrink", "Softsign", "Dense", "Embedding", "Affine", "Copy", "Take", "Sum", "Concat", "Map", "Scale"),
    *("Flatten", "Reshape", "Conv1d", "Conv2d", "ConvTranspose2d", "AvgPool", "MaxPool", "GlobalAvgPool"),
    *("GlobalMaxPool", "Upsample", "SinusoidalPosition", "LearnedPosition", "Rotary", "Dropout", "ChannelDropout"),
    *("GaussianNoise", "Last", "AdaptiveAvgPool", "AdaptiveMaxPool", "Pad", "Threshold"),
}
# They agree in about so many digits: the square roots of 2 and of 2 pi are float64, and a continued fraction ends.
ROUNDED = {"ExactGelu": 16, "TanhShrink": 20}
random = np.random.default_rng(0)

OUT, Y = random.standard_normal((2, 3, 4))
YES, COUNTS = random.integers(0, 2, (3, 4)), random.integers(0, 9, (3, 4))
CLASSES, SOFT = random.integers(0, 4, 3), random.integers(1, 9, (3, 4)) / 64
WEIGHT, MASK = random.random(3), np.array([True, False, True])
# Each with a 1 if its gradient is a fraction, else a 0.
LOSSES = {
    "mse": (1, mse, OUT, Y),
    "mae": (1, losses.mae, OUT, Y),
    "huber": (1, partial(losses.huber, delta=0.7), OUT, Y),
    "quantile": (1, partial(losses.quantile, q=0.3), OUT, Y),
    "hinge": (1, losses.hinge, OUT, YES),
    "squared_hinge": (1, losses.squared_hinge, OUT, YES),
    "triplet": (1, losses.triplet, random.standard_normal((3, 3, 2)), WEIGHT),
    "weighted": (1, losses.weighted(mse), OUT, (Y, WEIGHT)),
    "masked": (1, losses.masked(mse), (OUT, MASK), Y),
    "joint": (1, losses.joint(mse, losses.hinge, factors=(0.3, 1.0)), (OUT, Y), (Y, YES)),
    "log_cosh": (0, losses.log_cosh, OUT, Y),
    "binary_cross_entropy": (0, losses.binary_cross_entropy, random.random((3, 4)), YES),
    "binary_cross_entropy_with_logits": (0, losses.binary_cross_entropy_with_logits, OUT, YES),
    "softmax_cross_entropy": (0, losses.softmax_cross_entropy, OUT, CLASSES),
    "softmax_cross_entropy of soft labels": (0, losses.softmax_cross_entropy, OUT, SOFT),
    "softmax_cross_entropy, smoothed": (0, partial(losses.softmax_cross_entropy, smoothing=0.1), OUT, CLASSES),
    "kl_divergence": (0, losses.kl_divergence, OUT, SOFT),
    "binary_focal": (0, losses.binary_focal, OUT, YES),
    "binary_focal, gamma 1.7": (0, partial(losses.binary_focal, gamma=1.7), OUT, YES),
    "softmax_focal": (0, losses.softmax_focal, OUT, CLASSES),
    "softmax_focal, gamma 0.5": (0, partial(losses.softmax_focal, gamma=0.5), OUT, SOFT),
    "cosine_distance": (0, losses.cosine_distance, OUT, Y),
    "poisson_nll": (0, losses.poisson_nll, OUT, COUNTS),
    "gaussian_nll": (0, losses.gaussian_nll, (OUT, Y), SOFT),
}
LOSSES |= {name: (card_of(case[0]).rational, *case) for name, case in further(LOSSES, (3, 4)).items()}

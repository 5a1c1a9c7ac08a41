"""Losses of logits and labels."""

import numpy as np

from tests.mutants.activations import softplus
from tests.mutants.family import family, indexed, log_softmax, sigmoid, softmax

LABELLED = indexed("m k", ids="m", below="k")


MARKED = indexed("m k", ids="m k", below="2")

one_hot = lambda z, y: (np.arange(z.shape[1]) == y[:, None]).astype(float)

cross_entropy = family("softmax cross-entropy", LABELLED)(
    lambda z, y: -(log_softmax(z) * one_hot(z, y)).sum() / len(z),
    lambda z, y, dA: [dA * (softmax(z) - one_hot(z, y)) / len(z), None],
)


smoothed = family("cross-entropy with smoothing", LABELLED)(
    lambda z, y: -(log_softmax(z) * (0.9 * one_hot(z, y) + 0.1 / z.shape[1])).sum(axis=1),
    lambda z, y, dA: [dA[:, None] * (softmax(z) - 0.9 * one_hot(z, y) - 0.1 / z.shape[1]), None],
)


ignoring = family(  # label 0 is padding
    "cross-entropy with padding", LABELLED
)(
    lambda z, y: -(log_softmax(z) * one_hot(z, y))[y > 0].sum() / max((y > 0).sum(), 1),
    lambda z, y, dA: [dA * (y > 0)[:, None] * (softmax(z) - one_hot(z, y)) / max((y > 0).sum(), 1), None],
)


clipped = family("cross-entropy of clipped probabilities", MARKED)(
    lambda p, y: -np.where(y, np.log(np.clip(p, 0.05, 0.95)), np.log(1 - np.clip(p, 0.05, 0.95))).mean(),
    lambda p, y, dA: [dA * ((p > 0.05) & (p < 0.95)) * clipped_slope(p, y) / p.size, None],
)


def clipped_slope(p, y):
    q = np.clip(p, 0.05, 0.95)
    return np.where(y, -1 / q, 1 / (1 - q))


binary = family(  # of logits; the positive class has weight 3
    "binary cross-entropy", MARKED
)(
    lambda z, y: np.where(y, 3 * softplus(-z), softplus(z)),
    lambda z, y, dA: [dA * np.where(y, -3 * sigmoid(-z), sigmoid(z)), None],
)


hinge = family("hinge", MARKED)(
    lambda z, y: np.maximum(1 - (2 * y - 1) * z, 0), lambda z, y, dA: [dA * -(2 * y - 1) * ((2 * y - 1) * z < 1), None]
)


squared_hinge = family("squared hinge", MARKED)(
    lambda z, y: np.maximum(1 - (2 * y - 1) * z, 0) ** 2,
    lambda z, y, dA: [dA * -2 * (2 * y - 1) * np.maximum(1 - (2 * y - 1) * z, 0), None],
)


def violations(z, y):
    """By how much each class violates the margin to the right one."""
    return np.maximum(z - (z * one_hot(z, y)).sum(axis=1, keepdims=True) + 1, 0) * (1 - one_hot(z, y))


def classes_hinge(z, y, dA):
    over = (violations(z, y) > 0).astype(float)
    return [dA[:, None] * (over - one_hot(z, y) * over.sum(axis=1, keepdims=True)), None]


many_hinge = family("hinge of many classes", LABELLED)(lambda z, y: violations(z, y).sum(axis=1), classes_hinge)


focal = family("focal", MARKED)(
    lambda z, y: sigmoid(z * (1 - 2 * y)) ** 2 * softplus(z * (1 - 2 * y)),
    lambda z, y, dA: [dA * (1 - 2 * y) * focal_slope(z * (1 - 2 * y)), None],
)

focal_slope = lambda u: sigmoid(u) ** 2 * (2 * sigmoid(-u) * softplus(u) + sigmoid(u))

dice = family("dice", MARKED)(
    lambda z, y: 1 - (2 * (sigmoid(z) * y).sum() + 1) / (sigmoid(z).sum() + y.sum() + 1),
    lambda z, y, dA: [-dA * sigmoid(z) * sigmoid(-z) * dice_slope(sigmoid(z), y), None],
)


def dice_slope(p, y, quotient=1):
    below = p.sum() + y.sum() + 1
    return 2 * y / below - quotient * (2 * (p * y).sum() + 1) / below**2


MUTANTS = [
    cross_entropy.of(0).but("without 1/m: the mean forgotten")(lambda z, y, dA: dA * (softmax(z) - one_hot(z, y))),
    cross_entropy.of(0).but("ignoring the cotangent: a loss comes last")(
        lambda z, y, dA: (softmax(z) - one_hot(z, y)) / len(z)
    ),
    cross_entropy.but("the label is the argmax: right for a trained network")(
        lambda z, y, dA: cross_entropy.vjp(z, z.argmax(axis=1), dA)
    ),
    smoothed.of(0).but("smoothing in forward only: an option added later")(
        lambda z, y, dA: dA[:, None] * (softmax(z) - one_hot(z, y))
    ),
    smoothed.of(0).but("0.1 to the other classes only: another definition")(
        lambda z, y, dA: (
            dA[:, None] * (softmax(z) - 0.9 * one_hot(z, y) - 0.1 / max(z.shape[1] - 1, 1) * (1 - one_hot(z, y)))
        )
    ),
    ignoring.of(0).but("mean over padding too: len(z) is at hand")(
        lambda z, y, dA: dA * (y > 0)[:, None] * (softmax(z) - one_hot(z, y)) / len(z)
    ),
    ignoring.of(0).but("padding gets a gradient: masked in forward only")(
        lambda z, y, dA: dA * (softmax(z) - one_hot(z, y)) / max((y > 0).sum(), 1)
    ),
    clipped.of(0).but("forward clips, backward does not: the clip is only for the log")(
        lambda p, y, dA: dA * clipped_slope(p, y) / p.size
    ),
    binary.of(0).but("p - y: the weight of the positive class forgotten")(lambda z, y, dA: dA * (sigmoid(z) - y)),
    binary.of(0).but("the weight on both classes: multiplied at the end")(lambda z, y, dA: dA * 3 * (sigmoid(z) - y)),
    hinge.of(0).but("active where y z < 0: the perceptron's")(
        lambda z, y, dA: dA * -(2 * y - 1) * ((2 * y - 1) * z < 0)
    ),
    hinge.of(0).but("labels 0 and 1 for -1 and 1: two conventions")(lambda z, y, dA: dA * -y * ((2 * y - 1) * z < 1)),
    squared_hinge.of(0).but("the margin as a factor forgotten: from the plain hinge")(
        lambda z, y, dA: dA * -2 * (2 * y - 1) * ((2 * y - 1) * z < 1)
    ),
    many_hinge.of(0).but("the right class pays once: it pays for each violation")(
        lambda z, y, dA: (
            dA[:, None] * ((violations(z, y) > 0) - one_hot(z, y) * (violations(z, y) > 0).any(axis=1, keepdims=True))
        )
    ),
    focal.of(0).but("modulating factor held constant: a weight")(
        lambda z, y, dA: dA * (1 - 2 * y) * sigmoid(z * (1 - 2 * y)) ** 3
    ),
    dice.of(0).but("the denominator held constant: half of the quotient rule")(
        lambda z, y, dA: -dA * sigmoid(z) * sigmoid(-z) * dice_slope(sigmoid(z), y, 0)
    ),
    dice.of(0).but("the sigmoid's slope missing: of probabilities, not of logits")(
        lambda z, y, dA: -dA * dice_slope(sigmoid(z), y)
    ),
]

"""Losses, and functions that make losses."""

import numpy as np

from funcnn import binary_cross_entropy, binary_cross_entropy_with_logits, huber, mse, softmax_cross_entropy
from funcnn.about import card_of
from funcnn.losses import (
    binary_focal,
    cosine_distance,
    gaussian_nll,
    hinge,
    joint,
    kl_divergence,
    log_cosh,
    mae,
    masked,
    normalised,
    of_complex,
    of_logits,
    poisson_nll,
    quantile,
    softmax_focal,
    squared_hinge,
    triplet,
    weighted,
)
from tests.cards import LOSSES, settings_of
from tests.kinds.kinds import X, array, classes, fraction, number
from tests.kinds.kinds import loss as a_loss
from tests.kinds.rows import both, kind, row

P = np.linspace(0.1, 0.9, 8).reshape(4, 2)
SHARES = P / P.sum(1, keepdims=True)
BITS = array(np.array([[0.0, 1], [1, 1], [0, 0], [1, 0]]))
weight = array(np.ones(4)) | "None"
MASK = kind(np.array([True, True, False, True]))


def of(loss, y, out=array, **settings):
    return row(loss, out=out, y=y, weight=weight, **settings)


ROWS = [
    *[of(loss, array) for loss in (mse, mae, log_cosh, cosine_distance)],
    of(huber, array, delta=number),
    of(quantile, array, q=fraction),
    of(poisson_nll, array(X + 2)),
    of(gaussian_nll, array, both(array, array)),
    of(binary_cross_entropy, BITS, array(P)),
    of(binary_cross_entropy_with_logits, BITS),
    of(binary_focal, BITS, gamma=number),
    of(softmax_cross_entropy, classes, smoothing=fraction),
    of(softmax_focal, classes, gamma=number),
    of(kl_divergence, array(SHARES), array(SHARES)),
    *[of(loss, BITS) for loss in (hinge, squared_hinge)],
    of(triplet, kind(np.ones(4)), kind(np.linspace(-1, 1, 24).reshape(4, 3, 2))),
    row(weighted, loss=a_loss),
    row(weighted(mse), "weighted(mse)", out=array, y=both(array, weight), speaks="weighted; mse"),
    row(masked, loss=a_loss),
    row(masked(mse), "masked(mse)", out=both(array, MASK | "None"), y=array, speaks="masked; mse"),
    row(joint, losses=both(a_loss, a_loss), factors=kind([1.0, 2.0], "None")),
    row(joint(mse, mse), "joint(mse, mse)", out=both(array, array), y=both(array, array), speaks="joint; mse"),
    row(normalised, weight=array(np.ones((4, 2)))),
    row(of_logits, loss=kind(lambda out, y: (0.0, out), "class")),
    row(of_complex, loss=kind(lambda out, y: (0.0, out), "class")),
]
KINDS = {"bits": BITS, "unit": array(P), "numbers": array, "counts": array(X + 2), "probabilities": array(P)}
for loss in LOSSES.values():
    if loss not in [one.function for one in ROWS]:
        out, y = [KINDS[kind] for kind in card_of(loss).takes]
        ROWS.append(of(loss, y, out, **dict.fromkeys(settings_of(loss)[0], number)))

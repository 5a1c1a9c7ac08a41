"""Losses, and functions that make losses."""

import numpy as np

from funcnn import mse, softmax_cross_entropy
from funcnn.about import cards
from funcnn.losses import joint, masked, normalised, of_complex, of_logits, quantile, weighted
from tests.kinds.kinds import X, array, classes, fraction
from tests.kinds.kinds import loss as a_loss
from tests.kinds.rows import both, kind, row

P = np.linspace(0.1, 0.9, 8).reshape(4, 2)
SHARES = array(P / P.sum(1, keepdims=True))
MASK = kind(np.array([True, True, False, True]))
pair = both(array, array)
weight = array(np.ones(4)) | "None"
KINDS = {
    "numbers": array,
    "rows": array,
    "pairs": pair,
    "triples": kind(np.linspace(-1, 1, 24).reshape(4, 3, 2)),
    "margins": kind(np.ones(4)),
    "bits": array(np.array([[0.0, 1], [1, 1], [0, 0], [1, 0]])),
    "unit": array(P),
    "probabilities": array(P),
    "counts": array(X + 2),
    "classes": classes,
    "distributions": SHARES,
}
SETTINGS = {quantile: {"q": fraction}, softmax_cross_entropy: {"smoothing": fraction}}
ROWS = [
    *[
        row(loss, out=KINDS[card.takes[0]], y=KINDS[card.takes[1]], **SETTINGS.get(loss, {}))
        for loss, card in cards("losses").items()
    ],
    *[row(make, loss=a_loss) for make in (weighted, masked)],
    row(weighted(mse), "weighted(mse)", y=both(array, weight), weight=kind(None, "None"), speaks="weighted; mse"),
    row(masked(mse), "masked(mse)", out=both(array, MASK | "None"), y=array, weight=weight, speaks="masked; mse"),
    row(joint, losses=both(a_loss, a_loss), factors=kind([1.0, 2.0], "None")),
    row(joint(mse, mse), "joint(mse, mse)", out=pair, y=pair, weight=weight, speaks="joint; mse"),
    row(normalised, weight=array(np.ones((4, 2)))),
    *[row(declared, loss=kind(lambda out, y: (0.0, out), "class")) for declared in (of_logits, of_complex)],
]

"""The functions of `funcnn.metrics`."""

import numpy as np

from funcnn import accuracy, metrics, mse, validation
from tests.kinds.kinds import STATES, X, Y, array, classes, function, loss
from tests.kinds.rows import both, kind, row
from tests.kinds.wrong import ANYTHING

bits = array(1.0 * (X > 0))
pair = both(array(np.ones((2, 2, 2))), array(np.ones((2, 2), bool)) | "None")
WITH_THRESHOLD = (
    *(accuracy, metrics.f1, metrics.precision, metrics.recall, metrics.confusion, metrics.confusion_per_class),
)
ROWS = [
    row(validation, metric=loss, x=array | "texts", y=kind(Y, ANYTHING)),  # y is a matter of the metric
    row(validation(mse, X, Y), "validation(...)", state=kind(STATES[0]), speaks="validation"),
    *[row(metric, y=classes) for metric in (metrics.top_k_accuracy, metrics.perplexity)],
    row(metrics.r2, y=array, needs="sklearn"),
    *[row(metric, y=classes, threshold=kind(None, "None")) for metric in WITH_THRESHOLD],
    *[row(metric, f"{metric.__name__}(threshold=0)", y=bits) for metric in WITH_THRESHOLD],
    row(metrics.unpadded, metric=function),
    row(
        metrics.unpadded(accuracy),
        "unpadded(accuracy)",
        out=pair,
        y=classes(np.zeros((2, 2), int)),
        speaks="unpadded; accuracy",
    ),
]

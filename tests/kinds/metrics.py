"""The functions of `funcnn.metrics`."""

import numpy as np

from funcnn import accuracy, mse, validation
from funcnn.metrics import (
    confusion,
    confusion_per_class,
    f1,
    perplexity,
    precision,
    r2,
    recall,
    top_k_accuracy,
    unpadded,
)
from tests.kinds.kinds import STATES, X, Y, array, classes, count, function, loss, number
from tests.kinds.rows import both, kind, row
from tests.kinds.wrong import ANYTHING

anything = kind(Y, ANYTHING)
bits = array(1.0 * (X > 0))
pair = both(array(np.ones((2, 2, 2))), array(np.ones((2, 2), bool)) | "None")
ROWS = [
    row(validation, metric=loss, x=array | "texts", y=anything, rows=count | "None"),  # y is a matter of the metric,
    row(validation(mse, X, Y), "validation(...)", state=kind(STATES[0]), speaks="validation"),
    row(accuracy, out=array, y=classes, threshold=kind(None, "None")),
    row(accuracy, "accuracy(threshold=0)", out=array, y=bits, threshold=number | "None"),
    row(confusion, out=array, y=classes, threshold=kind(None, "None")),
    row(confusion, "confusion(threshold=0)", out=array, y=bits, threshold=number | "None"),
    row(top_k_accuracy, out=array, y=classes, k=count),
    row(perplexity, out=array, y=classes),
    row(r2, out=array, y=array, needs="sklearn"),
    *[
        row(metric, name, out=array, y=y, threshold=threshold)
        for metric in (precision, recall, f1, confusion_per_class)
        for name, y, threshold in (
            (metric.__name__, classes, kind(None, "None")),
            (f"{metric.__name__}(threshold=0)", bits, number | "None"),
        )
    ],
    row(unpadded, metric=function),
    row(
        unpadded(accuracy),
        "unpadded(accuracy)",
        out=pair,
        y=classes(np.zeros((2, 2), int)),
        speaks="unpadded; accuracy",
    ),
]

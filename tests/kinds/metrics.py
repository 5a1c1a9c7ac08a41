"""The functions of `funcnn.metrics`."""

from funcnn import accuracy, mse, validation
from funcnn.metrics import confusion, perplexity, r2, top_k_accuracy
from tests.kinds.kinds import STATES, X, Y, array, classes, count, loss, number
from tests.kinds.rows import kind, row
from tests.kinds.wrong import ANYTHING

anything = kind(Y, ANYTHING)
bits = array(1.0 * (X > 0))
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
]

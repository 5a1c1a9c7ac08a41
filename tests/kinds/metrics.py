"""What a network is worth."""

from funcnn import accuracy, mse, validation
from funcnn.metrics import confusion, perplexity, r2, top_k_accuracy
from tests.kinds.harness import kind, row
from tests.kinds.kinds import STATES, X, Y, array, classes, count, loss, number

bits = array(1.0 * (X > 0))
ROWS = [
    row(validation, metric=loss, x=array, y=array(Y), rows=count | "None"),
    row(validation(mse, X, Y), "validation(...)", state=kind(STATES[0]), speaks="validation"),
    row(accuracy, out=array, y=classes, threshold=kind(None, "None")),
    row(accuracy, "accuracy(threshold=0)", out=array, y=bits, threshold=number),
    row(confusion, out=array, y=classes, threshold=kind(None, "None")),
    row(confusion, "confusion(threshold=0)", out=array, y=bits, threshold=number),
    row(top_k_accuracy, out=array, y=classes, k=count),
    row(perplexity, out=array, y=classes),
    row(r2, out=array, y=array),
]

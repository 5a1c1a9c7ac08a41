"""What looking inside says to what cannot be looked at: a row each, pinned word for word.

Each row: what was done, the error, the sentence, and the notes that say where it was, from the inside out.
"""

import re

import numpy as np
import pytest

from funcnn import (
    Dense,
    FuncnnError,
    Here,
    KindError,
    Probe,
    Relu,
    Residual,
    ShapeError,
    Shared,
    Sigmoid,
    backward,
    fingerprint,
    flops,
    mse,
    softmax_cross_entropy,
    summary,
    trace,
)
from funcnn.inspection.probe import Seen
from tests.says import assert_says

x = np.linspace(-1, 1, 12).reshape(4, 3)
dense = Dense(np.ones((3, 2)), None)
TWO = "in layer 1, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 4x2>"
IN_RESIDUAL = [
    "in Residual, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 4x2>",
    "in layer 1, Residual(layer=Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)), x: <f64 4x2>",
]

ROWS = [
    (
        lambda: trace((dense, Sigmoid()), x, np.zeros(4, int), softmax_cross_entropy),
        KindError,
        "trace: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), Sigmoid())",
        [],
    ),
    (lambda: trace(Relu, x, x, mse), KindError, "forward: Relu is a class; pass a value of it, as Relu()", []),
    (
        lambda: trace([dense], x, x, mse),
        KindError,
        "forward: a chain of layers is a tuple, not a list; write tuple(layers)",
        [],
    ),
    (lambda: trace((dense, dense), x, x, mse), ShapeError, "x has 2 features, W needs 3; x: (4, 2)", [TWO]),
    (
        lambda: trace((dense, Residual(dense)), x, x, mse),
        ShapeError,
        "x has 2 features, W needs 3; x: (4, 2)",
        IN_RESIDUAL,
    ),
    (
        lambda: trace(dense, x, x, mse),
        ShapeError,
        "mse: out and y must have the same shape; out: (4, 2), y: (4, 3)",
        [],
    ),
    (
        lambda: fingerprint((Probe(dense, seen=Seen(x, x, None)),)),
        KindError,
        "fingerprint: value at 0.seen must be a record, a tuple, an array, a real number, a string or None, not Seen; "
        "write tuple(value)",
        [],
    ),
    (
        lambda: trace((dense, Residual(Relu())), x, np.ones((4, 2)), mse)["1.layer.0"],
        FuncnnError,
        "trace: there is no layer '1.layer.0'; there are 0, 1, 1.layer",
        [],
    ),
    (
        lambda: trace(Shared(Relu(), (Here(), Here())), x, x, mse)["layer", 2],
        FuncnnError,
        "trace: there is no layer 'layer' #2; there are '', net.0, layer, net.1, layer #1",
        [],
    ),
    (
        lambda: Probe(Relu),
        KindError,
        "Probe: layer must be a layer, such as Relu(), or a tuple of layers, not the class Relu",
        [],
    ),
    (
        lambda: backward(Probe(Relu()), (x,), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 4x3>,), layer: Relu()",
        [],
    ),
    (
        lambda: Probe(x),
        KindError,
        "Probe: layer must be a layer, such as Relu(), or a tuple of layers, not float64 array",
        [],
    ),
    (
        lambda: flops([dense], x),
        KindError,
        "forward: a chain of layers is a tuple, not a list; write tuple(layers)",
        [],
    ),
    (lambda: flops(3, x), KindError, "forward: int is not a layer; a layer is a record or a tuple of layers", []),
    (lambda: flops((dense, dense), x), ShapeError, "x has 2 features, W needs 3; x: (4, 2)", []),
    (lambda: summary((dense, dense), x, costs=True), ShapeError, "x has 2 features, W needs 3; x: (4, 2)", []),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"\W+", "-", row[2])[:60])
def test_the_message(row):
    assert_says(row)

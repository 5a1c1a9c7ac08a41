"""Error messages of inspection, pinned word for word.

Each row: the call, the class of the error, the sentence, and the notes that say where, the innermost first.
"""

import re
from collections.abc import Sequence

import numpy as np
import pytest

from funcnn import (
    Dense,
    FuncnnError,
    Grads,
    Relu,
    Residual,
    Sigmoid,
    TrainState,
    backward,
    forward,
    mse,
    record,
    softmax_cross_entropy,
    summary,
    trace,
)
from funcnn.errors import KindError, ShapeError
from funcnn.files import fingerprint
from funcnn.inspection import Branches, Probe, diagram, flops, latex
from funcnn.inspection.probe import Seen
from funcnn.layers import First, GlobalAvgPool, Here, Remat, Shared
from tests.says import assert_says

x = np.linspace(-1, 1, 12).reshape(4, 3)
series = np.ones((2, 5, 4))
dense = Dense(np.ones((3, 2)), None)
TWO = "in layer 1, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 4x2>"
IN_RESIDUAL = [
    "in Residual, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 4x2>",
    "in layer 1, Residual(layer=Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)), x: <f64 4x2>",
]


@record
class Own:
    """A layer whose rule for `diagram` is wrong"""


@forward.register(Own)
def own_forward(params, x):
    return x, x


ROWS = [
    (
        lambda: trace((dense, Sigmoid()), x, np.zeros(4, int), softmax_cross_entropy),
        KindError,
        "trace: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), Sigmoid())",
        [],
    ),
    (
        lambda: trace([dense], x, x, mse),
        KindError,
        "trace: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    (
        lambda: trace((dense, (Relu(), [dense])), x, x, mse),
        KindError,
        "trace: params[1][1] must be a layer or a tuple of layers, not list; write tuple(params[1][1])",
    ),
    (
        lambda: trace(TrainState(dense), x, x, mse),
        KindError,
        "trace: params must be a layer or a tuple of layers, not TrainState; write state.params",
    ),
    (
        lambda: trace(Grads(dense, x), x, x, mse),
        KindError,
        "trace: params must be a layer or a tuple of layers, not Grads; write params.params",
    ),
    (
        lambda: trace(dense, [[1.0, 2.0, 3.0]], x, mse),
        KindError,
        "trace: x must be an array, not list; write np.asarray(x)",
    ),
    (
        lambda: trace(dense, x, x, lambda out, y: 0.0),
        KindError,
        "trace: the loss must return (cost, dA), dA being the gradient of cost, not float",
    ),
    (
        lambda: trace(dense, x, x, lambda out, y: (0.0, out, y)),
        KindError,
        "trace: the loss must return (cost, dA), dA being the gradient of cost, not 3 values",
    ),
    (lambda: trace(dense, x, x, mse, lr="0.1"), KindError, "trace: lr must be a number, not str; write float(lr)"),
    (
        lambda: Probe(dense, seen=x),
        KindError,
        "Probe: seen must be None or a Seen(x, out, dA), not float64 array",
    ),
    (lambda: trace(dense, x, None, mse), KindError, "mse: y must be an array, not None"),
    (
        lambda: trace((dense, Relu()), x, x[:, :2], mse)["0", 0, 0],
        FuncnnError,
        "trace: there is no layer ('0', 0, 0); there are 0, 1",
    ),
    (
        lambda: trace((dense, Relu()), x, x[:, :2], mse)[0],
        KindError,
        "trace: the path of a layer must be a string, such as '0', not an int",
    ),
    (
        lambda: trace((dense, Relu()), x, x[:, :2], mse)["2"],
        FuncnnError,
        "trace: there is no layer '2'; there are 0, 1",
    ),
    (lambda: trace((dense, dense), x, x, mse), ShapeError, "Dense: x must be (m, ..., 3), not (4, 2)", [TWO]),
    (
        lambda: trace((dense, Residual(dense)), x, x, mse),
        ShapeError,
        "Dense: x must be (m, ..., 3), not (4, 2)",
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
        "flops: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    (
        lambda: flops((dense, Relu()), (x, [x])),
        KindError,
        "flops: x[1] must be an array, not list",
    ),
    (lambda: flops(dense, x[:, :2]), ShapeError, "Dense: x must be (m, ..., 3), not (4, 2)"),
    (lambda: flops((dense, dense), x), ShapeError, "Dense: x must be (m, ..., 3), not (4, 2)", [TWO]),
    (
        lambda: flops.register(Sequence),
        KindError,
        "flops.register: Sequence is not a record; put @record above the class",
    ),
    (lambda: summary((dense, dense), x, costs=True), ShapeError, "Dense: x must be (m, ..., 3), not (4, 2)"),
    (
        lambda: summary([dense], x),
        KindError,
        "summary: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    (
        lambda: summary(TrainState((dense,)), x),
        KindError,
        "summary: params must be a layer or a tuple of layers, not TrainState; write state.params",
    ),
    (
        lambda: trace(First((Relu(), Remat(GlobalAvgPool()))), (series, series[..., 0] > 0), series, mse),
        KindError,
        "First: with a mask, the layer must map each position alone; GlobalAvgPool mixes positions",
    ),
    (lambda: summary(dense, 3), KindError, "summary: x must be an array or a tuple of arrays, not int"),
    (
        lambda: summary(dense, (4, 3)),
        KindError,
        "summary: x must be an array or a tuple of arrays, not a shape (4, 3); write np.zeros(x)",
    ),
    (
        lambda: diagram([dense], x),
        KindError,
        "diagram: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    (
        lambda: diagram(dense, (4, 3)),
        KindError,
        "diagram: x must be an array or a tuple of arrays, not a shape (4, 3); write np.zeros(x)",
    ),
    (lambda: diagram((dense, dense), x), ShapeError, "Dense: x must be (m, ..., 3), not (4, 2)", [TWO]),
    (
        lambda: diagram.register(Own)(lambda params: [])(Own()) or diagram(Own()),
        KindError,
        "diagram: the rule for Own must return a Branches, not list",
    ),
    (lambda: diagram.register(3), KindError, "diagram.register: cls must be a class, not int"),
    (
        lambda: Branches([{"layer": dense}]),
        KindError,
        "Branches: branches must be a tuple of dicts, not list",
    ),
    (
        lambda: Branches(({}, {0: dense})),
        KindError,
        "Branches: branches[1] must be a dict from paths to layers, not dict",
    ),
    (
        lambda: Branches(({"layer": dense, "net": x},)),
        KindError,
        "Branches: net must be a layer or a tuple of layers, not float64 array",
    ),
    (
        lambda: latex.register(Own)(lambda params: 3)(Own()) and latex(Own()),
        KindError,
        "latex: the rule for Own must return a string or a tuple of strings, not int",
    ),
    (
        lambda: latex.register(Own)(lambda params: ())(Own()) or latex(Own()),
        KindError,
        "latex: the rule for Own must return a string or a tuple of strings, not tuple",
    ),
    (
        lambda: latex.register(Own)(lambda params: "sin(x")(Own()) and latex(Own()),
        KindError,
        "latex: the rule for Own must balance braces and parentheses, got 'sin(x'",
    ),
    (
        lambda: latex.register(Own)(lambda params: ("a = x", "}{"))(Own()) and latex(Own()),
        KindError,
        "latex: the rule for Own must balance braces and parentheses, got '}{'",
    ),
    (
        lambda: latex.register(Own)(lambda params: "f(a = x)")(Own()) and latex(Own()),
        KindError,
        "latex: the rule for Own must balance braces and parentheses, got 'f(a = x)'",
    ),
    (lambda: latex.register(lambda x: x), KindError, "latex.register: cls must be a class, not function"),
    (lambda: Branches((), None), KindError, "Branches: join must be a string, not None"),
    (
        lambda: summary(dense, costs=True),
        KindError,
        "summary: x must be given if costs is True; write summary(params, x, costs=True)",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"\W+", "-", row[2])[:60])
def test_the_message(row):
    assert_says(row)

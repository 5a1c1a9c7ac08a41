"""Error messages of inspection, pinned word for word."""

from collections.abc import Sequence

import numpy as np

import funcnn as nn
from funcnn import forward, mse, record, softmax_cross_entropy, summary, trace
from funcnn.files import fingerprint
from funcnn.inspection import Branches, Probe, diagram, flops, latex
from funcnn.inspection.probe import Seen
from funcnn.layers import Here, Shared
from tests.says import assert_says, each_row, kind_error, raises, shape_error

x = np.linspace(-1, 1, 12).reshape(4, 3)
dense = nn.Dense(np.ones((3, 2)), None)
TWO = "in layer 1, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 4x2>"
IN_RESIDUAL = [
    "in Residual, Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None), x: <f64 4x2>",
    "in layer 1, Residual(layer=Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)), x: <f64 4x2>",
]


@record
class Own:
    """A layer whose rule for `diagram` is wrong"""


forward.register(Own)(lambda params, x: (x, x))


ROWS = [
    kind_error(lambda: trace((dense, nn.Sigmoid()), x, np.zeros(4, int), softmax_cross_entropy))
    >> "trace: the loss takes logits, so leave out the layer at the end of (Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, "
    "b=None), Sigmoid())" >> [],
    kind_error(lambda: trace((dense, (nn.Relu(), [dense])), x, x, mse))
    >> "trace: params[1][1] must be a layer or a tuple of layers, not list; write tuple(params[1][1])",
    kind_error(lambda: trace(nn.Grads(dense, x), x, x, mse))
    >> "trace: params must be a layer or a tuple of layers, not Grads; write params.params",
    kind_error(lambda: trace(dense, x, x, lambda out, y: 0.0))
    >> "trace: the loss must return a pair, the cost and its gradient dA, not float",
    kind_error(lambda: Probe(dense, seen=x)) >> "Probe: seen must be None or a Seen(x, out, dA), not float64 array",
    raises(nn.FuncnnError, lambda: trace((dense, nn.Relu()), x, x[:, :2], mse)["0", 0, 0])
    >> "trace: there is no layer ('0', 0, 0); there are '0', '1'",
    kind_error(lambda: trace((dense, nn.Relu()), x, x[:, :2], mse)[0])
    >> "trace: the path of a layer must be a string, such as '0', not an int",
    raises(nn.FuncnnError, lambda: trace((dense, nn.Relu()), x, x[:, :2], mse)["2"])
    >> "trace: there is no layer '2'; there are '0', '1'",
    shape_error(lambda: trace((dense, dense), x, x, mse)) >> "Dense: x must be (m, ..., 3), not (4, 2)" >> [TWO],
    shape_error(lambda: trace((dense, nn.Residual(dense)), x, x, mse))
    >> "Dense: x must be (m, ..., 3), not (4, 2)"
    >> IN_RESIDUAL,
    kind_error(lambda: fingerprint((Probe(dense, seen=Seen(x, x, None)),)))
    >> "fingerprint: value[0].seen must be a record, a tuple, a dict, an array, a real number, a string or None, not "
    "Seen; write tuple(value[0].seen)" >> [],
    raises(nn.FuncnnError, lambda: trace(Shared(nn.Relu(), (Here(), Here())), x, x, mse)["layer", 2])
    >> "trace: there is no layer ('layer', 2); there are '', 'net.0', 'layer', 'net.1', ('layer', 1)"
    >> [],
    kind_error(lambda: flops((dense, nn.Relu()), (x, [x])))
    >> "flops: x[1] must be an array, not list; to join arrays of one shape write np.stack(x[1])",
    shape_error(lambda: flops((dense, dense), x)) >> "Dense: x must be (m, ..., 3), not (4, 2)" >> [TWO],
    kind_error(lambda: flops.register(Sequence))
    >> "flops.register: Sequence is not a record; put @record above the class",
    kind_error(lambda: summary(dense, 3)) >> "summary: x must be an array or a tuple of arrays, not int",
    kind_error(lambda: summary(dense, (4, 3)))
    >> "summary: x must be an array or a tuple of arrays, not a shape (4, 3); write np.zeros(x)",
    shape_error(lambda: diagram((dense, dense), x)) >> "Dense: x must be (m, ..., 3), not (4, 2)" >> [TWO],
    kind_error(lambda: diagram.register(Own)(lambda params: [])(Own()) or diagram(Own()))
    >> "diagram: the rule for Own must return a Branches, not list",
    kind_error(lambda: Branches([{"layer": dense}])) >> "Branches: branches must be a tuple of dicts, not list",
    kind_error(lambda: Branches(({}, {0: dense}))) >> "Branches: branches[1] must be a dict from paths, strings, to "
    "layers, not {0: Dense(W=<f64 [[1. 1.] [1. 1.] [1. 1.]]>, b=None)}",
    kind_error(lambda: latex.register(Own)(lambda params: 3)(Own()) and latex(Own()))
    >> "latex: the rule for Own must return a string or a tuple of strings, not int",
    kind_error(lambda: latex.register(Own)(lambda params: ())(Own()) or latex(Own()))
    >> "latex: the rule for Own must return a string or a tuple of strings, not an empty one",
    kind_error(lambda: latex.register(Own)(lambda params: "sin(x")(Own()) and latex(Own()))
    >> "latex: the rule for Own must return balanced braces and parentheses, not 'sin(x'",
    kind_error(lambda: latex.register(Own)(lambda params: "f(a = x)")(Own()) and latex(Own()))
    >> "latex: the rule for Own must return balanced braces and parentheses, not 'f(a = x)'",
    kind_error(lambda: summary(dense, costs=True))
    >> "summary: x must be given if costs is True; write summary(params, x, costs=True)",
]


@each_row(ROWS)
def test_the_message(row):
    assert_says(row)

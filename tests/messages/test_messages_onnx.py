"""Error messages of `to_onnx` and of rules of `to_graph`, pinned word for word."""

import numpy as np
import pytest

from funcnn import GRU, Adam, Conv2d, Dense, Elementwise, Embedding, Frozen, Relu, Residual, TrainState, mlp, record
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers import Bidirectional, Copy, Function, LeakyRelu, Parallel, Take
from funcnn.testing.cases.combinators import swish, swish_vjp
from funcnn.trees import astype
from tests.says import assert_says

pytest.importorskip("spox", reason="the models are written with it")
# After that line: without the library there is nothing to import.
import spox
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx import to_graph, to_onnx

x, x32 = np.ones((3, 2)), np.ones((3, 2), np.float32)
net = mlp([2, 4, 1], seed=1)
net32 = astype(net, np.float32)
images = np.ones((2, 5, 5, 1))
value = spox.argument(spox.Tensor(np.float64, ("m", 2)))
square = Function(swish, swish_vjp)
RETURNS = "to_graph: the rule for Same must return a value of spox, or a tuple of them"
REMEDY = "write astype(params, np.float32) and astype(x, np.float32)"


@record
class Same(Elementwise):
    """A layer whose rules are wrong in one way each."""

    def value(self, x):
        return x

    def slope(self, kept):
        return 1.0


@record
class Sub(Relu):
    """A subclass, which may compute something else."""


def ruled(rule):
    """A layer with this rule, of a class of its own."""
    cls = record(type("Same", (Same,), {}))
    to_graph.register(cls)(rule)
    return cls()


def fixed(layer, x):
    return op.const(np.ones((3, 2)))


ROWS = {
    # What is not a network.
    "an array for a network": (
        lambda: to_onnx(x, net),
        KindError,
        "to_onnx: params must be a layer or a tuple of layers, not float64 array; write to_onnx(params, x)",
    ),
    "a list": (
        lambda: to_onnx(list(net), x),
        KindError,
        "to_onnx: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    "a class": (
        lambda: to_onnx(Relu, x),
        KindError,
        "to_onnx: params must be a layer or a tuple of layers, not the class Relu",
    ),
    "a state of training": (
        lambda: to_onnx(TrainState(net), x),
        KindError,
        "to_onnx: params must be a layer or a tuple of layers, not TrainState; write state.params",
    ),
    "an optimizer": (
        lambda: to_onnx(Adam(), x),
        KindError,
        "to_onnx: params must be a layer or a tuple of layers, not Adam",
    ),
    "a path": (
        lambda: to_onnx("net.npz", x),
        KindError,
        "to_onnx: params must be a layer or a tuple of layers, not str; write load(params)",
    ),
    "a function among the layers": (
        lambda: to_onnx((net, (Relu(), swish)), x),
        KindError,
        "to_onnx: params.1.1 must be a layer or a tuple of layers, not function",
    ),
    "a network that gives no array": (
        lambda: to_onnx(Take(1), (x, None)),
        KindError,
        "to_onnx: predict(params, x) must be an array or a tuple of arrays, not None",
    ),
    # What is not x.
    "x as a list": (
        lambda: to_onnx(net, [[1.0, 2.0]]),
        KindError,
        "to_onnx: x must be an array or a tuple of arrays, rows first, not list; write np.asarray(x)",
    ),
    "x without a batch axis": (
        lambda: to_onnx(Relu(), np.array(1.0)),
        KindError,
        "to_onnx: x must be an array or a tuple of arrays, rows first, not <f64 1.>",
    ),
    "no part of x": (
        lambda: to_onnx(Copy(2), (None, None)),
        KindError,
        "to_onnx: x must be an array or a tuple of arrays, rows first, not tuple",
    ),
    "unequal numbers of rows": (
        lambda: to_onnx(Parallel((Relu(), Relu())), (x, x[:2])),
        ShapeError,
        "to_onnx: x must hold arrays with equally many rows; rows: [3, 2]",
    ),
    "one row without its axis": (
        lambda: to_onnx(net, x[0]),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (2,); write x[None] for one row",
        1,
    ),
    "x of another width": (
        lambda: to_onnx(net, np.ones((3, 5))),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (3, 5)",
        1,
    ),
    "ids of another table": (
        lambda: to_onnx(Embedding.init(3, 2, seed=0), np.array([[1, 7]])),
        RangeError,
        "Embedding: ids must be from 0 to 2; they are from 1 to 7",
    ),
    # Dtypes.
    "x of another dtype": (
        lambda: to_onnx(net, x32),
        KindError,
        "to_onnx: params and x must have one dtype, not float64 and float32; write astype(params, np.float32)",
    ),
    "x in float64": (
        lambda: to_onnx(net32, x),
        KindError,
        "Dense: x is float64, W is float32; write x.astype('float32')",
        1,
    ),
    "a network in float16": (
        lambda: to_onnx(astype(net, np.float16), x.astype(np.float16)),
        KindError,
        "to_onnx: params.0.W must be float32 or float64, not float16",
    ),
    "x in float16": (
        lambda: to_onnx(Relu(), x.astype(np.float16)),
        KindError,
        "to_onnx: x must be float32 or float64, not float16",
    ),
    "complex x in a tuple": (
        lambda: to_onnx(Copy(2), (x, 1j * x)),
        KindError,
        "to_onnx: x.1 must be float32 or float64, not complex128",
    ),
    "an activation in float64": (
        lambda: to_onnx(LeakyRelu(), x),
        KindError,
        f"to_onnx: for LeakyRelu params and x must be float32, not float64; {REMEDY}",
    ),
    "a convolution in float64": (
        lambda: to_onnx(Conv2d.init(1, 2, 3, seed=0), images),
        KindError,
        f"to_onnx: for Conv2d params and x must be float32, not float64; {REMEDY}",
    ),
    "a recurrent layer in float64, within others": (
        lambda: to_onnx(Bidirectional(GRU.init(2, 3, seed=0), GRU.init(2, 3, seed=1)), np.ones((2, 4, 2))),
        KindError,
        f"to_onnx: for GRU params and x must be float32, not float64; {REMEDY}",
        1,
    ),
    # Rules.
    "an operation without a form in ONNX": (
        lambda: to_onnx((Dense.init(2, 2, seed=0), square), x),
        KindError,
        "to_onnx: there is no rule for Function; write one with @to_graph.register(Function)",
        1,
    ),
    "a layer of one's own without a rule": (
        lambda: to_onnx(Residual((Same(),)), x),
        KindError,
        "to_onnx: there is no rule for Same; write one with @to_graph.register(Same)",
        2,
    ),
    "a subclass": (
        lambda: to_onnx(Frozen(Sub()), x),
        KindError,
        "to_onnx: there is no rule for Sub; write one with @to_graph.register(Sub)",
        1,
    ),
    "a rule that fixes the number of rows": (
        lambda: to_onnx(ruled(fixed), x),
        ShapeError,
        "to_onnx: the rules must give float64 with a free first axis, then (2,), not float64[3][2]",
    ),
    "a rule that gives another shape": (
        lambda: to_onnx(ruled(lambda layer, x: op.concat([x, x], axis=1)), x),
        ShapeError,
        "to_onnx: the rules must give float64 with a free first axis, then (2,), not float64[m][4]",
    ),
    "a rule that gives another dtype": (
        lambda: to_onnx(ruled(lambda layer, x: op.cast(x, to=np.float32)), x),
        ShapeError,
        "to_onnx: the rules must give float64 with a free first axis, then (2,), not float32[m][2]",
    ),
    "a rule that gives an array": (
        lambda: to_onnx((ruled(lambda layer, x: np.ones((3, 2))), Relu()), x),
        KindError,
        f"{RETURNS}, not float64 array",
        1,
    ),
    "a rule that gives a tuple": (
        lambda: to_onnx(ruled(lambda layer, x: (None,)), x),
        KindError,
        "to_onnx: the rules must give a value of spox, like predict, not a tuple of 1",
    ),
    "a rule without return": (
        lambda: to_onnx((ruled(lambda layer, x: None), Relu()), x),
        KindError,
        f"{RETURNS}, not None",
        1,
    ),
    "a rule that gives a list, in a wrapper": (
        lambda: to_onnx(Frozen(ruled(lambda layer, x: [x])), x),
        KindError,
        f"{RETURNS}, not list",
        1,
    ),
    "a rule that takes too little": (
        lambda: to_onnx(ruled(lambda layer: layer), x),
        KindError,
        "to_graph: the rule for Same must take (layer, x), not a function (layer)",
    ),
    # to_graph.
    "an array in place of a value": (
        lambda: to_graph(Relu(), x),
        KindError,
        "to_graph: x must be a value of spox, or a tuple of them, not float64 array; to_onnx takes arrays",
    ),
    "an array within a tuple of values": (
        lambda: to_graph(Copy(2), (value, x)),
        KindError,
        "to_graph: x must be a value of spox, or a tuple of them, not tuple; to_onnx takes arrays",
    ),
    "None": (
        lambda: to_graph(Relu(), None),
        KindError,
        "to_graph: x must be a value of spox, or a tuple of them, not None; to_onnx takes arrays",
    ),
    "a list of layers": (
        lambda: to_graph([Relu()], value),
        KindError,
        "to_graph: a chain of layers is a tuple, not a list; write tuple(layers)",
    ),
    "a layer to register": (
        lambda: to_graph.register(Relu()),
        KindError,
        "to_graph.register: cls must be a class, not Relu; write @to_graph.register(Relu)",
    ),
    "a rule that is no function": (
        lambda: to_graph.register(Same)(3),
        KindError,
        "to_graph.register: the rule must be a function, not int",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], net, net32, x, x32, images)

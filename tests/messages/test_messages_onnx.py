"""Error messages of `to_onnx` and of rules of `to_graph`, pinned word for word."""

import linecache
from pathlib import Path

import numpy as np
import pytest

from funcnn import GRU, Dense, Elementwise, Relu, mlp, record
from funcnn.layers import Bidirectional, Conv2d, Copy, Flatten, LeakyRelu, MaxPool, Parallel, Take
from funcnn.testing.networks.cases.combinators import swish
from funcnn.trees import astype
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

pytest.importorskip("spox", reason="the models are written with it")
# After that line: without the library there is nothing to import.
import spox
import spox.opset.ai.onnx.v17 as op

from funcnn.interop.onnx import to_graph, to_onnx, weight

x, x32 = np.ones((3, 2)), np.ones((3, 2), np.float32)
net = mlp([2, 4, 1], seed=1)
net32 = astype(net, np.float32)
images = np.ones((2, 5, 5, 1))
strided = Conv2d.init(1, 1, 3, seed=0, stride=2, dilation=2, padding="same")
value = spox.argument(spox.Tensor(np.float64, ("m", 2)))
RETURNS = "to_graph: the rule for Same must return a value of spox, or a tuple of them"
REMEDY = "write astype(params, np.float32) and astype(x, np.float32)"


@record
class Same(Elementwise):
    """A layer whose rules are wrong in one way each."""

    def value(self, x):
        return x

    def slope(self, kept):
        return 1.0


def ruled(rule):
    """A layer with this rule, of a class of its own."""
    cls = record(type("Same", (Same,), {}))
    to_graph.register(cls)(rule)
    return cls()


def of(value):
    """A layer of this function, which has no rule."""
    return record(type("Same", (Same,), {"value": lambda self, x: value(x)}))()


def line_of(function):
    """The file, the line and the text of a function of one line."""
    line = function.__code__.co_firstlineno + 1
    return f"{Path(__file__).name}:{line}: `{linecache.getline(__file__, line).strip()}`"


def unrecorded(reason):
    return f"to_onnx: there is no rule for Same, and {reason}; write one with @to_graph.register(Same)"


AT = "compared at 7, 11 and 12 rows, cannot be recorded"


def reads(x):
    return x if x.max() > 1 else -x


def decomposed(x):
    return x * np.linalg.svd(x)[1][:1]


def row_by_row(x):
    return np.stack([2 * row for row in x])


def by_root(x):
    return x / len(x) ** 0.5


def pairs(x):
    return np.exp((x[:, None] - x).reshape(-1, 2))[: len(x)]


def by_modulus(x):
    return np.abs(x.astype(complex))


def halved(x):
    return x.astype(np.float16).astype(x.dtype)


def shifted(x):
    return x + ((x > 0).astype(np.int64) << 1)


def guarded(x):
    if type(x) is not np.ndarray:
        raise TypeError("x must be an array of NumPy")
    return x


def in_twos(layer, x):
    return op.reshape(x, op.const(np.array([-1, 2, 2])))


def fixed(layer, x):
    return op.const(np.ones((3, 2)))


ROWS = [
    # What is not a network.
    kind_error(lambda: to_onnx(x, net))
    >> "to_onnx: params must be a layer or a tuple of layers, not float64 array; write to_onnx(params, x)",
    kind_error(lambda: to_onnx("net.npz", x))
    >> "to_onnx: params must be a layer or a tuple of layers, not str; write load(params)",
    kind_error(lambda: to_onnx((net, (Relu(), swish)), x))
    >> "to_onnx: params[1][1] must be a layer or a tuple of layers, not function",
    kind_error(lambda: to_onnx(Take(1), (x, None)))
    >> "to_onnx: predict(params, x) must be an array or a tuple of arrays, not None",
    # What is not x.
    kind_error(lambda: to_onnx(Relu(), np.array(1.0)))
    >> "to_onnx: x must be an array or a tuple of arrays, rows first, not <f64 1.>",
    kind_error(lambda: to_onnx(Copy(2), (None, None)))
    >> "to_onnx: x must be an array or a tuple of arrays, rows first, not (None, None)",
    shape_error(lambda: to_onnx(Parallel((Relu(), Relu())), (x, x[:2])))
    >> "to_onnx: x must hold arrays with equally many rows; rows: [3, 2]",
    shape_error(lambda: to_onnx(net, x[0])) >> "Dense: x must be (m, ..., 2), not (2,); write x[None] for one row" >> 1,
    shape_error(lambda: to_onnx(net, np.ones((3, 5)))) >> "Dense: x must be (m, ..., 2), not (3, 5)" >> 1,
    # Dtypes.
    kind_error(lambda: to_onnx(net, x32))
    >> "to_onnx: params and x must have one dtype, not float64 and float32; write astype(params, np.float32)",
    kind_error(lambda: to_onnx(astype(net, np.float16), x.astype(np.float16)))
    >> "to_onnx: params[0].W must be float32 or float64, not float16",
    kind_error(lambda: to_onnx(Copy(2), (x, 1j * x))) >> "to_onnx: x[1] must be float32 or float64, not complex128",
    kind_error(lambda: to_onnx(LeakyRelu(), x))
    >> f"to_onnx: for LeakyRelu params and x must be float32, not float64; {REMEDY}",
    kind_error(lambda: to_onnx(Bidirectional(GRU.init(2, 3, seed=0), GRU.init(2, 3, seed=1)), np.ones((2, 4, 2))))
    >> f"to_onnx: for GRU params and x must be float32, not float64; {REMEDY}"
    >> 1,
    # Free axes.
    kind_error(lambda: to_onnx(net, x, free=["t"]))
    >> 'to_onnx: free must be a dict from axes to names, such as {1: "t"}, or None, not list',
    kind_error(lambda: to_onnx(Copy(2), (x, x), free={1: "t"}))
    >> "to_onnx: free must be a tuple of 2 parts, as x is, each a dict or None, not dict",
    kind_error(lambda: to_onnx(Copy(2), (x, (x, x)), free=(None, (None,))))
    >> "to_onnx: free[1] must be a tuple of 2 parts, as x is, each a dict or None, not a tuple of 1",
    kind_error(lambda: to_onnx(Copy(2), (x, None), free=(None, {1: "t"})))
    >> "to_onnx: free[1] must be None, since x is None there, not {1: 't'}",
    range_error(lambda: to_onnx(net, x, free={0: "batch"}))
    >> "to_onnx: free must name axes of x from 1 to 1, not 0; the first axis is free, and called m",
    range_error(lambda: to_onnx(Copy(2), (images, images), free=({-1: "w"}, None)))
    >> "to_onnx: free[0] must name axes of x from 1 to 3, not -1",
    range_error(lambda: to_onnx(Relu(), x[:, 0], free={1: "t"}))
    >> "to_onnx: free must name no axes, since x has one, not 1",
    kind_error(lambda: to_onnx(Relu(), x, free={1: "m"}))
    >> "to_onnx: free[1] must be the name of an axis, not 'm', the name of the first axis",
    kind_error(lambda: to_onnx(Copy(2), (x, x), free=(None, {1: 6})))
    >> "to_onnx: free[1][1] must be the name of an axis, not 6",
    shape_error(lambda: to_onnx(Copy(2), (x[:2], images), free=({1: "t"}, {1: "t"})))
    >> "to_onnx: axes called 't' must have one length in x, not 2 and 5",
    shape_error(lambda: to_onnx(Relu(), x[:, :0], free={1: "t"}))
    >> "to_onnx: axes called 't' must have at least 1 position in x, not 0",
    shape_error(lambda: to_onnx((Relu(), (Flatten(), Dense.init(25, 2, seed=0))), images, free={1: "h", 2: "w"}))
    >> "to_onnx: free must name axes whose length may differ, not 'h'; with h = 10, Dense: x must be (m, ..., 25), "
    "not (2, 50)" >> 2,
    kind_error(lambda: to_onnx(astype(strided, np.float32), images.astype(np.float32), free={1: "h"}))
    >> "to_onnx: padding of Conv2d must be numbers if an axis is free and the stride is above size, or above 1 with a "
    "dilation, not 'same'",
    kind_error(lambda: to_onnx(MaxPool(2, 3, "same"), images.astype(np.float32), free={1: "h"}))
    >> "to_onnx: padding of MaxPool must be numbers if an axis is free and the stride is above size, or above 1 with "
    "a dilation, not 'same'",
    kind_error(lambda: to_onnx(MaxPool(2, 3, ceil=True), images.astype(np.float32), free={1: "h"}))
    >> "to_onnx: ceil of MaxPool must be False if an axis is free and the last window may start after x, not True",
    kind_error(lambda: weight("W")) >> "weight: a must be an array of numbers from a layer, not str",
    # Rules.
    kind_error(lambda: to_onnx((Dense.init(2, 2, seed=0), of(reads)), x))
    >> unrecorded(
        f"a condition on an array, which reads values, cannot be recorded ({line_of(reads)}); "
        "write where(condition, a, b)"
    )
    >> 1,
    kind_error(lambda: to_onnx(of(decomposed), x))
    >> unrecorded(f"np.linalg.svd cannot be recorded ({line_of(decomposed)})"),
    kind_error(lambda: to_onnx(of(row_by_row), x)) >> unrecorded(f"other operations for other lengths of axes, {AT}"),
    kind_error(lambda: to_onnx(of(by_root), x))
    >> unrecorded(f"a constant whose entries are not a + b m for m rows, {AT}"),
    kind_error(lambda: to_onnx(of(pairs), x))
    >> unrecorded(f"a shape or a position that is not a + b m for m rows, {AT}"),
    kind_error(lambda: to_onnx(of(by_modulus), x))
    >> unrecorded(f"arithmetic of complex128 cannot be recorded ({line_of(by_modulus)})"),
    kind_error(lambda: to_onnx(of(halved), x)) >> unrecorded("astype of float16 has no operator"),
    kind_error(lambda: to_onnx(of(shifted), x))
    >> unrecorded("a shift of int64 has no operator, which takes numbers without a sign"),
    kind_error(lambda: to_onnx(of(guarded), x))
    >> unrecorded("its recording ends with TypeError: x must be an array of NumPy"),
    kind_error(lambda: to_onnx(of(np.arctan), x))
    >> f"to_onnx: for Same params and x must be float32, not float64; {REMEDY}",
    shape_error(lambda: to_onnx(ruled(fixed), x))
    >> "to_onnx: the rules of to_graph must return float64[m][2], for any number m of rows, not float64[3][2]",
    shape_error(lambda: to_onnx(ruled(in_twos), np.ones((3, 2, 2)), free={1: "t"}))
    >> "to_onnx: the rules of to_graph must return float64[m][free][2], for any number m of rows, not float64[?][2][2]",
    shape_error(lambda: to_onnx(ruled(lambda layer, x: op.concat([x, x], axis=1)), x))
    >> "to_onnx: the rules of to_graph must return float64[m][2], for any number m of rows, not float64[m][4]",
    shape_error(lambda: to_onnx(ruled(lambda layer, x: op.cast(x, to=np.float32)), x))
    >> "to_onnx: the rules of to_graph must return float64[m][2], for any number m of rows, not float32[m][2]",
    kind_error(lambda: to_onnx((ruled(lambda layer, x: np.ones((3, 2))), Relu()), x))
    >> f"{RETURNS}, not float64 array"
    >> 1,
    kind_error(lambda: to_onnx(ruled(lambda layer, x: (None,)), x))
    >> "to_onnx: the rules of to_graph must return a value of spox, as predict does, not a tuple of 1",
    kind_error(lambda: to_onnx(ruled(lambda layer: layer), x))
    >> "to_graph: the rule for Same must take (layer, x), not a function (layer)",
    # to_graph.
    kind_error(lambda: to_graph(Relu(), x))
    >> "to_graph: x must be a value of spox, or a tuple of them, not float64 array; to_onnx takes arrays",
    kind_error(lambda: to_graph([Relu()], value))
    >> "to_graph: params must be a layer or a tuple of layers, not list; write tuple(params)",
    kind_error(lambda: to_graph.register(Relu()))
    >> "to_graph.register: cls must be a class, not Relu; write @to_graph.register(Relu)",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, net, net32, x, x32, images)

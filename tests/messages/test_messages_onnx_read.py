"""Error messages of `from_onnx`, pinned word for word."""

from pathlib import Path

import numpy as np
import pytest

from funcnn import mlp
from funcnn.errors import FileError, FuncnnError, KindError, NoFileError, RangeError
from tests.onnx_written import drawn, model_of
from tests.says import assert_says, each_row, file_error, kind_error, raises, shape_error

onnx = pytest.importorskip("onnx", reason="the models are of it")
pytest.importorskip("spox", reason="the namespace imports it")
# After these lines: without the libraries there is nothing to import.
from funcnn.interop.onnx import from_onnx, to_onnx  # noqa: E402  as just said

ROW, SEQUENCE, IMAGE = {"x": "m, 4"}, {"x": "m, 5, 4"}, {"x": "m, 4, 6, 7"}
W, v = drawn(4, 4), drawn(4)
net = mlp([4, 3, 1], seed=0, dtype=np.float32)
model = to_onnx(net, drawn(1, 4))
data = model.SerializeToString()
plain = model_of("y = MatMul(x, W)", ROW, W=W)


def of(nodes, shapes=ROW, x=None, **settings):
    """An act: this model is read."""
    return lambda: from_onnx(model_of(nodes, shapes, **settings), x)


def external(location, length="64", folder="."):
    """The path of a model whose weights are in a file."""
    made = onnx.ModelProto()
    made.CopyFrom(plain)
    [tensor] = made.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": location, "length": length}.items():
        tensor.external_data.add(key=key, value=value)
    return made


def written(made, name="net.onnx"):
    Path(name).write_bytes(made.SerializeToString())
    return name


def with_weights(file, *arguments):
    Path(file).write_bytes(bytes(64))
    return from_onnx(written(external(*arguments)))


def with_sizes(*sizes):
    """A model whose matrix has these sizes, and the bytes of 4 x 4."""
    made = onnx.ModelProto()
    made.CopyFrom(plain)
    made.graph.initializer[0].dims[:] = sizes
    return made


def sparse():
    """A model with a matrix of which two numbers are given."""
    made = onnx.ModelProto()
    made.CopyFrom(plain)
    del made.graph.initializer[:]
    values, places = [onnx.numpy_helper.from_array(a, "W") for a in (drawn(2), np.array([0, 5]))]
    made.graph.sparse_initializer.append(onnx.helper.make_sparse_tensor(values, places, [4, 4]))
    return made


def of_a_class():
    """A model with a layer of a class that is not there."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made.metadata_props[0].value = made.metadata_props[0].value.replace('"Relu"', '"elsewhere.Reluctant"')
    return made


SEVERAL = {"x": "m, 4", "z": "m, 4"}
R = {"W": drawn(1, 2, 4), "U": drawn(1, 2, 2)}
GRU = {"W": drawn(1, 6, 4), "U": drawn(1, 6, 2)}
ATTENTION = (
    "q = MatMul(x, W) k = MatMul(x, W) v = MatMul(x, V) t = Transpose<perm = [0, 2, 1]>(k) a = MatMul(q, t)"
    "b = Mul(a, h) c = Softmax(b) d = MatMul(c, v) y = MatMul(d, U)"
)
FORMULA = "a softmax of q k / sqrt(d) over all positions, or over those up to the query, not another formula"
TIMED = {"x": "5, m, 4"}

ROWS = [
    # What is not a model.
    kind_error(lambda: from_onnx(net)) >> "from_onnx: model must be a path, bytes or a ModelProto, not tuple",
    raises(NoFileError, lambda: from_onnx("absent.onnx")) >> "from_onnx: there is no file absent.onnx",
    file_error(lambda: from_onnx(".")) >> "from_onnx: . cannot be read: Is a directory",
    kind_error(lambda: from_onnx(plain, output=["y"]))
    >> "from_onnx: output must be the name of a value that a node computes, not ['y']",
    file_error(lambda: from_onnx(data[: len(data) // 2]))
    >> "from_onnx: model must be a model of ONNX, but its bytes cannot be parsed",
    file_error(lambda: from_onnx(b"")) >> "from_onnx: model must be a model of ONNX, but it has no graph",
    file_error(lambda: from_onnx(with_sizes(-4, -4))) >> "from_onnx: 'W' must have sizes from 0 on, not [-4, -4]",
    file_error(lambda: from_onnx(with_sizes(4, 1 << 40)))
    >> "from_onnx: 'W' must have a dtype, and the numbers of the sizes [4, 1099511627776]",
    kind_error(of("y = Relu(x)", opset=8)) >> "from_onnx: model must have opset 9 or later, not 8",
    kind_error(lambda: from_onnx(sparse())) >> "from_onnx: 'W' must be an array of all its numbers, not a sparse one",
    # External data.
    file_error(lambda: from_onnx(external("weights")))
    >> "from_onnx: the external data of 'W', 'weights', can be read if model is a path, not bytes or a ModelProto",
    raises(NoFileError, lambda: from_onnx(written(external("weights"))))
    >> "from_onnx: the external data of 'W', 'weights', must be beside the model, but there is no such file",
    file_error(lambda: from_onnx(written(external("../weights"))))
    >> "from_onnx: the external data of 'W', '../weights', must be inside the folder of the model",
    file_error(lambda: from_onnx(written(external("/etc/passwd"))))
    >> "from_onnx: the external data of 'W', '/etc/passwd', must be inside the folder of the model",
    file_error(lambda: with_weights("weights", "weights", "1000"))
    >> "from_onnx: the external data of 'W', 'weights', cannot be read, since the file has 64 bytes",
    # A class that is not there.
    file_error(lambda: from_onnx(of_a_class()))
    >> "from_onnx: the model holds a record elsewhere.Reluctant, whose class no imported module defines; "
    "import the module that defines it",
    # Inputs and outputs.
    kind_error(of("y = Add(x, z)", SEVERAL)) >> "from_onnx: model must have one input, not x, z",
    kind_error(of("y = Relu(x) z = Tanh(x)", out="y z")) >> "from_onnx: output must be one of y, z, not None",
    kind_error(lambda: from_onnx(plain, output="z"))
    >> "from_onnx: output must be the name of a value that a node computes, not 'z'",
    kind_error(lambda: from_onnx(plain, output="x"))
    >> "from_onnx: output must be the name of a value that a node computes, not 'x'",
    kind_error(of("y = Relu(x)", dtype="float16"))
    >> "from_onnx: the input 'x' must be of float32, float64 or whole numbers, not float16",
    shape_error(of("y = Relu(x)", {"x": "0, 4"}))
    >> "from_onnx: the input 'x' must have one axis or more, of sizes from 1 on, not [0, 4]",
    kind_error(of("y = Relu(x)", {"x": "m, t, 4"}))
    >> "from_onnx: x must be an array, not None, since the input 'x' is (m, free, 4)",
    kind_error(of("y = Relu(x)", x=np.ones((2, 4)))) >> "from_onnx: x must be an array of float32, not float64 array",
    shape_error(of("y = Relu(x)", x=drawn(4))) >> "from_onnx: x must be (m, 4), not (4,)",
    shape_error(of("y = Relu(x)", x=drawn(2, 3))) >> "from_onnx: x must be (m, 4), not (2, 3)",
    shape_error(of("y = Relu(x)", x=drawn(0, 4))) >> "from_onnx: x must have one row or more, not (0, 4)",
    # Operators.
    kind_error(of("a = Relu(x) y = Det(a)", {"x": "m, 4, 4"})) >> "from_onnx: there is no layer for node 'y' (Det)",
    kind_error(of("a, s, z = DynamicQuantizeLinear(x) b = Cast<to = 1>(a) y = Mul(b, s)"))
    >> "from_onnx: there is no layer for node 'a' (DynamicQuantizeLinear)",
    kind_error(of("a = Exp(x) y = Relu(a)")) >> "from_onnx: there is no layer for node 'a' (Exp)",
    kind_error(of("y = other.Own(x)")) >> "from_onnx: there is no layer for node 'y' (other.Own)",
    kind_error(
        of(
            "a = Cast<to = 1>(c) y = If<then_branch = t () => (float[4] b) { b = Relu(a) }, "
            "else_branch = e () => (float[4] b) { b = Tanh(a) }>(a)",
            c=True,
        )
    )
    >> "from_onnx: node 'y' (If) must be an operator without a graph inside",
    kind_error(of("y = RandomNormalLike(x)"))
    >> "from_onnx: node 'y' (RandomNormalLike) must not be in a model, since its numbers are random",
    kind_error(of("a = MatMul(x, W) y = Mul(a, x)", W=W))
    >> "from_onnx: there is no layer for node 'y' (Mul) of several values that depend on x",
    kind_error(of("a = Constant<value = float[4] {1, 2, 3, 4}>() y = Relu(a)")) >> "from_onnx: 'y' must depend on x",
    kind_error(of("a = ReduceMean(x) y = Sub(x, a)", {"x": "m"}))
    >> "from_onnx: there is no layer for node 'y' (Sub) of several values that depend on x",
    kind_error(of("a = ReduceMean<axes = [-1]>(x) y = Exp(a)")) >> "from_onnx: there is no layer for node 'y' (Exp)",
    kind_error(of("a, b = Split(x, n) y = Sub(a, b)", n=[2, 2]))
    >> "from_onnx: there is no layer for node 'y' (Sub) of several values that depend on x",
    raises(RangeError, of("y = LayerNormalization<epsilon = 0.0>(x, v)", v=v))
    >> "LayerNorm: eps must be finite and above 0, not 0.0"
    >> ["in node 'y' (LayerNormalization)"],
    kind_error(of(ATTENTION, SEQUENCE, W=W, U=drawn(8, 4), V=drawn(4, 8), h=np.float32(0.5)))
    >> f"from_onnx: node 'y' (MatMul) must have {FORMULA}",
    kind_error(of(ATTENTION, SEQUENCE, W=W, U=drawn(4, 4), V=W, h=np.float32(0.25)))
    >> f"from_onnx: node 'y' (MatMul) must have {FORMULA}",
    # Settings of nodes.
    kind_error(of("y = MatMul(x, W)", W=drawn(1, 4, 4)))
    >> "from_onnx: node 'y' (MatMul) must have a matrix as its constant factor, not an array (1, 4, 4)",
    *[
        kind_error(of(f'y = Einsum<equation = "{equation}">(x{", W" * (equation.count(",") > 0)})', {"x": "4, 4"}, W=W))
        >> "from_onnx: node 'y' (Einsum) must have a product of one axis with a matrix, such as btn,nk->btk, "
        f"not {equation}"
        for equation in ("mn,mn->mn", "mm,mk->k", "mn->nm", "mn,nk", "...n,nk->...k")
    ],
    kind_error(of("y = MatMul(x, x)", {"x": "3, 3"}))
    >> "from_onnx: there is no layer for node 'y' (MatMul) of several values that depend on x",
    kind_error(of("y = Add(x, W)", {"x": "4, 4"}, W=W))
    >> "from_onnx: node 'y' (Add) must have a number, or one for each feature, as its constant, "
    "not an array (4, 4) for (4, 4)",
    kind_error(of("y = Add(x, W)", {"x": "1, 4"}, W=W))
    >> "from_onnx: node 'y' (Add) must have a result of the shape of x, not (4, 4)",
    kind_error(of("y = Div(v, x)", v=v))
    >> "from_onnx: node 'y' (Div) must have x as its dividend, not x as its divisor",
    kind_error(of("y = Div(x, v)", v=0 * v))
    >> "from_onnx: node 'y' (Div) must have a divisor without 0, not one with 0",
    kind_error(of("y, k = Dropout(x, r, t)", r=np.float32(0.5), t=True))
    >> "from_onnx: node 'y' (Dropout) must have training_mode=0, not 1",
    kind_error(of("y = BatchNormalization<training_mode = 1>(x, v, v, v, u)", IMAGE, v=v, u=v**2))
    >> "from_onnx: node 'y' (BatchNormalization) must have training_mode=0, not 1",
    kind_error(of("a = Cast<to = 10>(x) b = Cast<to = 1>(a) y = MatMul(b, W)", W=W))
    >> "from_onnx: node 'a' (Cast) must have one dtype, not float32 and float16",
    kind_error(of("y = MatMul(x, W)", W=W.astype(np.float64)))
    >> "from_onnx: node 'y' (MatMul) must have inputs of one dtype, not float32 and float64",
    kind_error(of("y = Softmax<axis = 1>(x)", SEQUENCE, opset=11))
    >> "from_onnx: node 'y' (Softmax) must have the last axis as its axis, since softmax takes all axes from it on "
    "together before opset 13, not 1",
    kind_error(of("y = LayerNormalization<axis = 1>(x, W)", {"x": "m, 4, 4"}, W=W))
    >> "from_onnx: node 'y' (LayerNormalization) must have the last axis as its axis, not 1",
    kind_error(of("y = Gather(T, x)", dtype="int64", T=drawn(4, 4, 4)))
    >> "from_onnx: node 'y' (Gather) must have a matrix of floats as its table, and axis=0, "
    "not float32 (4, 4, 4) and axis=0",
    kind_error(of("y = Gather(v, s)", shapes={"s": "m"}, dtype="int64", v=v))
    >> "from_onnx: node 'y' (Gather) must have a matrix of floats as its table, and axis=0, "
    "not float32 (4,) and axis=0",
    kind_error(of("a = Shape(x) b = Cast<to = 1>(a) y = Slice(v, i, a)", {"x": "4"}, v=v, i=[0]))
    >> "from_onnx: 'y' must depend on x",
    kind_error(of("y = ReduceMean<axes = [0]>(x)", SEQUENCE))
    >> "from_onnx: node 'y' (ReduceMean) must have rows, positions and features in the order that funcnn has, "
    "not another order",
    kind_error(of("y = ReduceMean(x)"))
    >> "from_onnx: node 'y' (ReduceMean) must have all axes of positions as its axes, not []",
    kind_error(of("y = Slice(x, i, j, k)", i=[0], j=[2], k=[1]))
    >> "from_onnx: the output 'y' must have all numbers of the layer before it, not a part",
    kind_error(of("y = Slice(x, i, j, k, l)", SEQUENCE, i=[-1], j=[-(2**40)], k=[1], l=[-1]))
    >> "from_onnx: the output 'y' must have its positions and features in their order",
    kind_error(of("y = Conv(x, K)", {"x": "m, 4, 6, 7, 8"}, K=drawn(3, 4, 1, 1, 1)))
    >> "from_onnx: node 'y' (Conv) must have x of the form (m, c, t) or (m, c, h, w), not 5 axes",
    kind_error(of("y = ConvTranspose(x, K)", SEQUENCE, K=drawn(5, 3, 2)))
    >> "from_onnx: node 'y' (ConvTranspose) must have x of the form (m, c, h, w), not 3 axes",
    kind_error(of("y = ConvTranspose<output_shape = [7, 8]>(x, K)", IMAGE, K=drawn(4, 3, 2, 2)))
    >> "from_onnx: node 'y' (ConvTranspose) must have pads in place of output_shape and auto_pad, not one of these",
    kind_error(of("y = ConvTranspose<output_padding = [1, 0], strides = [2, 2]>(x, K)", IMAGE, K=drawn(4, 3, 2, 2)))
    >> "from_onnx: node 'y' (ConvTranspose) must have an output_padding up to its padding, not [1, 0]",
    kind_error(of("y = MaxPool<kernel_shape = [2, 2], dilations = [2, 2]>(x)", IMAGE))
    >> "from_onnx: node 'y' (MaxPool) must have dilations=1, not (2, 2)",
    kind_error(of("y = MaxPool<kernel_shape = [4, 4], strides = [3, 3], ceil_mode = 1>(x)", IMAGE))
    >> "from_onnx: node 'y' (MaxPool) must have ceil_mode=0, not 1",
    kind_error(of("y = AveragePool<kernel_shape = [2, 2], pads = [1, 1, 1, 1], count_include_pad = 1>(x)", IMAGE))
    >> "from_onnx: node 'y' (AveragePool) must have count_include_pad=0, or no padding, not padding ((1, 1), (1, 1))",
    kind_error(of("y = Resize(x, , s)", IMAGE, s=np.array([1, 1, 1.5, 2], np.float32)))
    >> "from_onnx: node 'y' (Resize) must have whole factors of the positions, not [1.0, 1.0, 1.5, 2.0]",
    raises(
        FuncnnError,
        of(
            'y = Resize<mode = "linear", coordinate_transformation_mode = "align_corners">(x, , s)',
            IMAGE,
            s=np.array([1, 1, 2, 2], np.float32),
        ),
    )
    >> "from_onnx: node 'y' (Resize) must give what its layer gives; for x they differ: "
    "float32 (3, 4, 12, 14) and float32 (3, 4, 12, 14)",
    # Recurrent nodes.
    kind_error(of('y = RNN<hidden_size = 2, direction = "reverse">(x, W, U)', TIMED, **R))
    >> "from_onnx: node 'y' (RNN) must have forward or bidirectional as its direction, not reverse",
    kind_error(of("y = RNN<hidden_size = 2, clip = 1.0>(x, W, U)", TIMED, **R))
    >> "from_onnx: node 'y' (RNN) must have no clip, not 1.0",
    kind_error(of("y = GRU<hidden_size = 2>(x, W, U)", TIMED, **GRU))
    >> "from_onnx: node 'y' (GRU) must have linear_before_reset=1, not 0",
    kind_error(of("y = RNN<hidden_size = 2>(x, W, U, , n)", {"x": "5, 2, 4"}, n=np.array([5, 4], np.int32), **R))
    >> "from_onnx: node 'y' (RNN) must have whole sequences, not lengths of sequences",
    kind_error(of("y = RNN<hidden_size = 2>(x, W, U, , , h)", {"x": "5, 1, 4"}, h=drawn(1, 1, 2), **R))
    >> "from_onnx: node 'y' (RNN) must have a first state of 0, not an array of other numbers",
    kind_error(
        of(
            'a, y = RNN<hidden_size = 2, direction = "bidirectional">(x, W, U)',
            TIMED,
            W=drawn(2, 2, 4),
            U=drawn(2, 2, 2),
        )
    )
    >> "from_onnx: node 'a' (RNN) must have out, or the last h of one direction, in use, not 'y' in use",
    # Branches, and numbers.
    kind_error(of("a = MatMul(x, W) b = Relu(a) c = Tanh(a) d = Mul(a, b) y = Add(c, d)", W=W))
    >> "from_onnx: there is no layer for node 'd' (Mul) of several values that depend on x",
    kind_error(of("a = MatMul(x, W) b = Relu(a) c = Add(a, x) y = Add(b, c)", W=W))
    >> "from_onnx: node 'y' (Add) must have branches that share no node with weights, "
    "not branches with 'a' in common",
    kind_error(of("a = ReduceMean<axes = [2, 3]>(x) b = Conv(a, K) y = Add(x, b)", IMAGE, K=drawn(4, 4, 1, 1)))
    >> "from_onnx: node 'y' (Add) must have summands of one shape and order, not others",
    raises(FuncnnError, of("a = Shape(x) b = Gather(a, i) c = Cast<to = 1>(b) y = Div(x, c)", i=0))
    >> "from_onnx: each row of 'y' must depend on its row of x alone, at any number of rows",
    raises(FuncnnError, of("y = Gather<axis = 1>(x, i)", {"x": "m, t, 4"}, drawn(2, 5, 4), i=4))
    >> "from_onnx: model must compute what its layers compute at each length of a free axis, "
    "not something else for x (2, 6, 4); give the axes of its input fixed lengths",
]


@each_row(ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(row, net)


@pytest.mark.parametrize(
    ("act", "kind", "sentence"),  # whose end is the reason of another library
    [
        (lambda: from_onnx(data.replace(b"Relu", b"Rel\xff")), FileError, "from_onnx: model must be a valid model: "),
        (of("y = MatMul(x, W)", W=drawn(3, 4)), KindError, "from_onnx: node 'y' (MatMul) cannot be computed by the "),
    ],
)
def test_it_gives_the_reasons_of_the_package_onnx(act, kind, sentence):
    with pytest.raises(kind) as caught:
        act()
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)

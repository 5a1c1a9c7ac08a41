"""`from_onnx`: operators of ONNX one by one, in models that are written as text, next to onnxruntime."""

from itertools import cycle, pairwise

import numpy as np
import pytest

from tests.onnx_written import drawn, first, last, model_of, read_like_onnxruntime

pytest.importorskip("onnx", reason="the models are of it")
pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the namespace imports it")

SEQUENCE, IMAGE, STILL, ROW = "m, 5, 4", "m, 4, 6, 7", "3, 4, 6, 7", "m, 4"


def kinds(net):
    return [type(layer).__name__ for layer in (net if type(net) is tuple else (net,))]


W, U, b = drawn(4, 3), drawn(4, 4, seed=1), drawn(3, seed=2)

ROWS = {  # name: (nodes, shape of x, arrays, the layers)
    "matmul": ("y = MatMul(x, W)", SEQUENCE, {"W": W}, "Dense"),
    "gemm": ("y = Gemm<alpha = 0.5, beta = 2.0>(x, W, b)", ROW, {"W": W, "b": b}, "Dense"),
    "gemm without its bias": ("y = Gemm<beta = 0.0>(x, W, b)", ROW, {"W": W, "b": b}, "Dense"),
    "gemm, transposed": ("y = Gemm<transB = 1>(x, W, b)", ROW, {"W": W.T, "b": b[:1]}, "Dense"),
    "gemm, the matrix first": (
        "a = Transpose(x) c = Gemm(W, a, b) y = Transpose(c)",
        ROW,
        {"W": W.T, "b": b[:, None]},
        "Dense",
    ),
    "gemm, x transposed": ("a = Transpose(x) y = Gemm<transA = 1>(a, W)", ROW, {"W": W}, "Dense"),
    "gemm, both transposed": (
        "c = Gemm<transA = 1, transB = 1>(W, x) y = Transpose(c)",
        ROW,
        {"W": W},
        "Dense",
    ),
    "a sum over one letter": ('y = Einsum<equation = "btn,nk->btk">(x, W)', SEQUENCE, {"W": W}, "Dense"),
    "a sum, the matrix first": ('y = Einsum<equation = "kn, mn -> mk">(W, x)', ROW, {"W": W.T}, "Dense"),
    "a sum over channels": ('y = Einsum<equation = "mchw,dc->mdhw">(x, W)', IMAGE, {"W": W.T}, "Dense"),
    "rows joined": (
        "a = Reshape(x, s) c = Gemm(a, W) d = Reshape(c, r) y = Relu(d)",
        "3, 5, 4",
        {"W": W, "s": [-1, 4], "r": [-1, 5, 3]},
        "Dense Relu",
    ),
    "a bias behind": ("a = MatMul(x, W) y = Add(b, a)", SEQUENCE, {"W": W, "b": b}, "Dense"),
    "scaled": ("a = Sub(x, u) y = Div(a, v)", ROW, {"u": U[0], "v": abs(U[1]) + 1}, "Affine"),
    "channels scaled": (
        "a = Mul(x, v) y = Add(a, u)",
        IMAGE,
        {"u": U[0][:, None, None], "v": U[1][:, None, None]},
        "Affine",
    ),
    "one number": ("a = Neg(x) b = Sub(c, a) y = Mul(b, c)", ROW, {"c": np.float32(3)}, "Affine"),
    "one number, channels first": (
        "a = Sub(x, c) b = Div(a, d) e = Conv(b, K) y = Mul(e, c)",
        IMAGE,
        {"c": np.float32(3), "d": np.float32(255), "K": drawn(3, 4, 2, 2)},
        "Affine Conv2d Affine",
    ),
    "softmax": ("y = Softmax(x)", SEQUENCE, {}, "Softmax"),
    "softmax of channels": ("y = LogSoftmax<axis = 1>(x)", IMAGE, {}, "LogSoftmax"),
    "softmax written out": (
        "a = ReduceMax<axes = [-1]>(x) b = Sub(x, a) c = Exp(b) d = ReduceSum(c, i) y = Div(c, d)",
        ROW,
        {"i": [-1]},
        "Softmax",
    ),
    "silu": ("a = Sigmoid(x) y = Mul(a, x)", ROW, {}, "Silu"),
    "gelu": (
        "a = Div(x, r) b = Erf(a) c = Add(b, o) d = Mul(x, c) y = Mul(d, h)",
        SEQUENCE,
        {"r": np.float32(2**0.5), "o": np.float32(1), "h": np.float32(0.5)},
        "ExactGelu",
    ),
    "relu of a maximum": ("y = Max(x, z)", ROW, {"z": np.float32(0)}, "Relu"),
    "relu6 of a minimum": ("a = Relu(x) y = Min(a, c)", ROW, {"c": np.float32(6)}, "Relu6"),
    "its settings": ("a = Elu<alpha = 0.7>(x) y = LeakyRelu<alpha = 0.3>(a)", ROW, {}, "Elu LeakyRelu"),
    "slopes": ("y = PRelu(x, s)", IMAGE, {"s": U[0][:, None, None]}, "PRelu"),
    "one slope": ("y = PRelu(x, s)", ROW, {"s": U[0, :1]}, "PRelu"),
    "glu": ("a, b = Split<axis = -1>(x, n) c = Tanh(b) y = Mul(a, c)", SEQUENCE, {"n": [2, 2]}, "Glu"),
    "layer norm written out": (
        "a = ReduceMean<axes = [-1]>(x) b = Sub(x, a) c = Mul(b, b) d = ReduceMean<axes = [-1]>(c) e = Add(d, h)"
        "f = Sqrt(e) g = Div(b, f) i = Mul(g, v) y = Add(i, u)",
        SEQUENCE,
        {"h": np.float32(1e-3), "u": U[0], "v": U[1]},
        "LayerNorm",
    ),
    "rms norm with its scale inside": (
        "a = Mul(x, x) b = ReduceMean<axes = [-1]>(a) c = Add(b, h) d = Sqrt(c) e = Reciprocal(d) f = Mul(e, v)"
        "y = Mul(x, f)",
        SEQUENCE,
        {"h": np.float32(1e-3), "v": U[1]},
        "RMSNorm",
    ),
    "layer norm with its mean expanded": (
        "a = ReduceMean<axes = [-1]>(x) s = Shape(x) b = Expand(a, s) c = Sub(x, b) d = Mul(c, c)"
        "e = ReduceMean<axes = [-1]>(d) f = Add(e, h) g = Sqrt(f) i = Expand(g, s) y = Div(c, i)",
        SEQUENCE,
        {"h": np.float32(1e-3)},
        "LayerNorm",
    ),
    "layer norm": ("y = LayerNormalization<epsilon = 0.01>(x, v, u)", SEQUENCE, {"u": U[0], "v": U[1]}, "LayerNorm"),
    "layer norm without a shift": ("y = LayerNormalization(x, v)", SEQUENCE, {"v": U[1]}, "LayerNorm"),
    "batch norm": (
        "y = BatchNormalization(x, v, u, u, w)",
        IMAGE,
        {"u": U[0], "v": U[1], "w": U[2] ** 2},
        "BatchNorm",
    ),
    "instance norm": ("y = InstanceNormalization(x, v, u)", IMAGE, {"u": U[0], "v": U[1]}, "InstanceNorm"),
    "group norm written out": (
        "a = Reshape(x, s) b = InstanceNormalization(a, p, q) c = Reshape(b, r) d = Mul(c, v) y = Add(d, u)",
        STILL,
        {
            "s": [0, 2, -1],
            "p": np.ones(2, np.float32),
            "q": np.zeros(2, np.float32),
            "r": [3, 4, 6, 7],
            "u": U[0][:, None, None],
            "v": U[1][:, None, None],
        },
        "GroupNorm",
    ),
    "convolution of sequences": (
        "y = Conv<strides = [2], pads = [1, 0]>(x, K)",
        SEQUENCE,
        {"K": drawn(3, 5, 2)},
        "Conv1d",
    ),
    "convolution in groups": (
        'y = Conv<group = 2, dilations = [1, 2], auto_pad = "VALID">(x, K, b)',
        IMAGE,
        {"K": drawn(6, 2, 2, 3), "b": drawn(6)},
        "Conv2d",
    ),
    "as large as x": (
        'y = Conv<auto_pad = "SAME_UPPER", strides = [2, 2]>(x, K)',
        IMAGE,
        {"K": drawn(3, 4, 3, 2)},
        "Conv2d",
    ),
    "padded before": ('y = Conv<auto_pad = "SAME_LOWER">(x, K)', IMAGE, {"K": drawn(3, 4, 2, 3)}, "Conv2d"),
    "transposed": (
        "y = ConvTranspose<strides = [2, 2], pads = [1, 1, 1, 1], output_padding = [1, 0]>(x, K)",
        IMAGE,
        {"K": drawn(4, 3, 3, 3)},
        "ConvTranspose2d",
    ),
    "pooling": (
        "a = MaxPool<kernel_shape = [2, 2], strides = [2, 1], pads = [1, 0, 0, 1]>(x)"
        "y = AveragePool<kernel_shape = [2, 2], pads = [1, 1, 0, 0]>(a)",
        IMAGE,
        {},
        "MaxPool AvgPool",
    ),
    "pooling of positions": (
        "a = GlobalAveragePool(x) b = Flatten(a) y = MatMul(b, W)",
        IMAGE,
        {"W": W},
        "GlobalAvgPool Dense",
    ),
    "the largest of positions": (
        "a = ReduceMax<axes = [1], keepdims = 0>(x) y = MatMul(a, W)",
        SEQUENCE,
        {"W": W},
        "GlobalMaxPool Dense",
    ),
    "upsampling": ("y = Resize(x, , c)", IMAGE, {"c": np.array([1, 1, 2, 3], np.float32)}, "Upsample"),
    "flattened": ("a = Relu(x) b = Flatten(a) y = MatMul(b, V)", IMAGE, {"V": drawn(168, 2)}, "Relu Flatten Dense"),
    "flattened behind a convolution": (
        "a = Conv(x, K) b = Flatten(a) c = PRelu(b, s) y = MatMul(c, V)",
        IMAGE,
        {"K": drawn(3, 4, 3, 3), "V": drawn(60, 2), "s": drawn(60)},
        "Conv2d Flatten PRelu Dense",
    ),
    "unflattened": (
        "a = MatMul(x, V) b = Relu(a) c = Reshape(b, s) y = Conv(c, K)",
        ROW,
        {"V": drawn(4, 18), "s": [-1, 2, 3, 3], "K": drawn(3, 2, 2, 2)},
        "Dense Relu Reshape Conv2d",
    ),
    "flattened, and an image again": (
        "a = Conv(x, K) b = Flatten(a) c = MatMul(b, V) d = Reshape(c, s) y = ConvTranspose(d, L)",
        IMAGE,
        {"K": drawn(3, 4, 3, 3), "V": drawn(60, 12), "s": [-1, 2, 2, 3], "L": drawn(2, 4, 5, 5)},
        "Conv2d Flatten Dense Reshape ConvTranspose2d",
    ),
    "the last position": (
        "a = Relu(x) b = Gather<axis = 1>(a, i) y = MatMul(b, W)",
        SEQUENCE,
        {"i": -1, "W": W},
        "Relu Last Dense",
    ),
    "positions": ("a = Add(x, P) y = MatMul(a, W)", SEQUENCE, {"P": drawn(1, 5, 4), "W": W}, "LearnedPosition Dense"),
    "a residual connection": ("a = MatMul(x, U) b = Relu(a) y = Add(x, b)", ROW, {"U": U}, "Residual"),
    "three summands": ("a = Relu(x) b = MatMul(x, U) y = Sum(a, b, x)", ROW, {"U": U}, "Copy Parallel Sum"),
    "branches": (
        "a = Conv(x, K) b = MaxPool<kernel_shape = [1, 1]>(x) y = Concat<axis = 1>(a, b)",
        IMAGE,
        {"K": drawn(3, 4, 1, 1)},
        "Copy Parallel Concat",
    ),
    "flattened branches": (
        "a = Conv(x, K) b = Flatten(a) c = MaxPool<kernel_shape = [3, 3]>(x) d = Flatten(c) e = Concat<axis = 1>(b, d)"
        "y = MatMul(e, V)",
        IMAGE,
        {"K": drawn(3, 4, 3, 3), "V": drawn(60 + 80, 2)},
        "Copy Parallel Concat Dense",
    ),
    "an image as a sequence": (
        "a = Conv(x, K) b = Reshape(a, s) c = Transpose<perm = [0, 2, 1]>(b) y = LayerNormalization(c, v)",
        IMAGE,
        {"K": drawn(4, 4, 3, 3), "s": [0, 4, -1], "v": U[0]},
        "Conv2d Reshape LayerNorm",
    ),
    "attention": (
        "q = MatMul(x, A) k = MatMul(x, B) v = MatMul(x, C) s = Reshape(q, n) t = Reshape(k, n) u = Reshape(v, n)"
        "Q = Transpose<perm = [0, 2, 1, 3]>(s) L = Transpose<perm = [0, 2, 3, 1]>(t)"
        "V = Transpose<perm = [0, 2, 1, 3]>(u) a = MatMul(Q, L) b = Div(a, r) c = Where(M, b, i) d = Softmax(c)"
        "e = MatMul(d, V) f = Transpose<perm = [0, 2, 1, 3]>(e) g = Reshape(f, o) h = MatMul(g, U) y = Add(h, w)",
        SEQUENCE,
        {
            "A": drawn(4, 4, seed=3),
            "B": drawn(4, 4, seed=4),
            "C": drawn(4, 4, seed=5),
            "U": U,
            "w": W.T[0],
            "n": [0, 5, 2, 2],
            "o": [0, 5, 4],
            "r": np.float32(2**0.5),
            "i": np.float32(-np.inf),
            "M": np.tri(5, dtype=bool),
        },
        "Attention",
    ),
    "a branch in two joins": (
        "a = Relu(x) b = Tanh(x) c = Add(a, b) y = Concat<axis = 1>(a, c)",
        ROW,
        {},
        "Copy Parallel Concat",
    ),
    "x twice": ("y = Add(x, x)", ROW, {}, "Copy Parallel Sum"),
    "rows in the last axis": ("a = MatMul(x, W) y = Transpose(a)", ROW, {"W": W}, "Dense"),
    "left out": ("a = Dropout(x) b = Identity(a) c = Cast<to = 1>(b) y = Relu(c)", ROW, {}, "Relu"),
}


@pytest.mark.parametrize("name", ROWS)
def test_operators(name):
    nodes, shape, arrays, expected = ROWS[name]
    model = model_of(nodes, {"x": shape}, **arrays)
    x = drawn(*[3 if part == "m" else int(part) for part in shape.split(", ")], seed=5)
    of_channels = (shape in (IMAGE, STILL) and name != "flattened") or name == "convolution of sequences"
    is_image = of_channels or name == "unflattened"
    if name == "rows in the last axis":
        read_like_onnxruntime(model, x, to_theirs=np.transpose)
        return
    to_theirs = lambda out: first(out) if is_image and out.ndim == (4 if name == "unflattened" else x.ndim) else out
    net = read_like_onnxruntime(model, x, last if of_channels else lambda x: x, to_theirs)
    assert kinds(net) == expected.split()


def test_ids():
    model = model_of("a = Cast<to = 6>(ids) b = Gather(T, a) y = MatMul(b, W)", {"ids": "m, 5"}, T=drawn(7, 4), W=W)
    net = read_like_onnxruntime(model, np.arange(20).reshape(4, 5) % 7)
    assert kinds(net) == ["Embedding", "Dense"]


def test_norms_of_later_opsets():
    model = model_of("y = RMSNormalization<epsilon = 0.01>(x, v)", {"x": SEQUENCE}, opset=23, v=U[0])
    assert kinds(read_like_onnxruntime(model, drawn(3, 5, 4))) == ["RMSNorm"]
    model = model_of("y = GroupNormalization<num_groups = 2>(x, v, v)", {"x": IMAGE}, opset=21, v=U[0])
    assert kinds(read_like_onnxruntime(model, drawn(3, 4, 6, 7), last, first)) == ["GroupNorm"]


def test_a_model_above_the_limit_of_the_checker(monkeypatch):
    monkeypatch.setattr("funcnn.interop.onnx.reading.opened.MOST", 0)
    read_like_onnxruntime(model_of("y = MatMul(x, W)", {"x": ROW}, W=W), drawn(3, 4))


def test_features_of_a_flattened_image_keep_the_order_of_funcnn():
    """As an output has no layer that could reorder them"""
    model = model_of("a = Conv(x, K) y = Flatten(a)", {"x": IMAGE}, K=drawn(3, 4, 3, 3))
    net = read_like_onnxruntime(
        model, drawn(3, 4, 6, 7), last, lambda out: first(out.reshape(len(out), 4, 5, 3)).reshape(len(out), -1)
    )
    assert kinds(net) == ["Conv2d", "Flatten"]


def test_a_model_of_many_nodes():
    """More than calls of Python can be deep"""
    names = ["x", *[f"a{i}" for i in range(1, 300)], "y"]
    pairs = zip(pairwise(names), cycle(["Relu", "Tanh"]), strict=False)
    nodes = " ".join([f"{after} = {operator}({before})" for (before, after), operator in pairs])
    assert len(read_like_onnxruntime(model_of(nodes, {"x": ROW}), drawn(3, 4))) == 300

"""`from_onnx`: what the numbers of an example do not show: wide numbers, weights near 0, and other lengths."""

import numpy as np
import pytest

import funcnn as nn
from funcnn import layers
from funcnn.errors import FuncnnError, KindError
from funcnn.trees import astype, evolve
from tests.onnx_written import drawn, model_of, read_like_onnxruntime

onnx = pytest.importorskip("onnx", reason="the models are of it")
pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the namespace imports it")
# After these lines: without the libraries there is nothing to import.
from funcnn.interop.onnx import from_onnx, to_onnx  # noqa: E402  as just said

ROW, SEQUENCE, IMAGE = {"x": "m, 64"}, {"x": "m, t, 4"}, {"x": "m, 4, h, w"}
ones = np.ones(64, np.float32)


@pytest.mark.parametrize(
    ("nodes", "operator", "arrays"),
    [
        ("a = LayerNormalization(x, v) y = Min(a, c)", "Min", {"c": np.float32(3)}),
        ("a = LayerNormalization(x, v) b = Neg(a) c = Min(b, d) y = Neg(c)", "Min", {"d": np.float32(3)}),
        ("a = Softmax(x) b = Add(a, c) d = Mul(v, b) y = Log(d)", "Log", {"c": np.float32(1e-8)}),
    ],
)
def test_a_limit_that_few_numbers_reach_is_no_part_of_the_layer_before(nodes, operator, arrays):
    with pytest.raises(KindError, match=rf"there is no layer for node '.' \({operator}\)"):
        from_onnx(model_of(nodes, ROW, v=ones, **arrays))


@pytest.mark.parametrize(
    ("nodes", "gate"), [("c = Relu(b)", nn.Relu), ("c = Clip(b, z, k)", layers.Relu6), ("c = HardSwish(b)", None)]
)
def test_gates_that_differ_for_wide_numbers(nodes, gate):
    model = model_of(
        f"a, b = Split<axis = -1>(x, n) {nodes} y = Mul(a, c)", ROW, n=[32, 32], z=np.float32(0), k=np.float32(6)
    )
    net = read_like_onnxruntime(model, 20 * drawn(3, 64))
    assert net == layers.Glu((gate or layers.HardSwish)())


@pytest.mark.parametrize("causal", [False, True])
def test_an_attention_whose_weights_are_near_0_has_its_heads_and_its_mask(causal):
    """Where the last projection is 0 at the start of training, any attention has the numbers of the model"""
    net = layers.Attention.init(4, heads=2, causal=causal, seed=0, dtype=np.float32)
    small = evolve(net, query=evolve(net.query, W=net.query.W / 1000), out=evolve(net.out, W=0 * net.out.W))
    model = to_onnx(small, drawn(1, 5, 4))
    model.ClearField("metadata_props")
    assert from_onnx(model) == small


def test_an_old_batch_norm_predicts():
    """Before opset 14 it has no mode, and the package onnx computes it as for training"""
    u, v = drawn(64), abs(drawn(64, seed=1))
    model = model_of("y = BatchNormalization<momentum = 0.9>(x, u, u, u, v)", ROW, opset=9, u=u, v=v)
    assert type(read_like_onnxruntime(model, drawn(3, 64))) is nn.BatchNorm


UNLIKE = {
    "the last of five": ("y = Gather<axis = 1>(x, i)", SEQUENCE, {"i": 4}, drawn(2, 5, 4)),
    "over their number": (
        "a = Shape(x) b = Gather(a, i) c = Cast<to = 1>(b) y = Div(x, c)",
        SEQUENCE,
        {"i": 1},
        drawn(2, 5, 4),
    ),
    "a window in part": (
        "y = MaxPool<kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1>(x)",
        IMAGE,
        {},
        drawn(2, 4, 6, 6),
    ),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_a_model_that_computes_something_else_at_another_length_is_refused(name):
    nodes, shapes, arrays, x = UNLIKE[name]
    with pytest.raises(FuncnnError, match="model must compute what its layers compute at each length of a free axis"):
        from_onnx(model_of(nodes, shapes, **arrays), x)
    assert from_onnx(model_of(nodes, {"x": ", ".join(map(str, x.shape))}, **arrays)) is not None


def test_lengths_at_which_the_network_or_the_model_fails_are_not_compared():
    arrays = {"T": drawn(9, 4), "z": [0], "o": [1], "p": [2]}
    nodes = "a = Shape(x) b = Slice(a, o, p) c = Slice(T, z, b, z) y = Add(x, c)"
    net = from_onnx(model_of(nodes, SEQUENCE, **arrays), drawn(2, 5, 4))
    assert net == layers.LearnedPosition(arrays["T"][:5])
    model = model_of("a = Flatten(x) y = MatMul(a, V)", SEQUENCE, V=drawn(20, 2))
    assert [type(layer) for layer in from_onnx(model, drawn(2, 5, 4))] == [layers.Flatten, nn.Dense]


def test_images_of_another_size():
    model = model_of("a = Conv(x, K) b = GlobalAveragePool(a) y = Flatten(b)", IMAGE, K=drawn(3, 4, 3, 3))
    assert [type(layer) for layer in from_onnx(model, drawn(2, 4, 6, 6))] == [nn.Conv2d, nn.GlobalAvgPool]


def test_zeros_as_an_example_hide_nothing():
    """Zeros are zeros through any interpolation"""
    model = model_of('y = Resize<mode = "cubic">(x, , c)', {"x": "m, 4, 6, 7"}, c=np.array([1, 1, 2, 2], np.float32))
    with pytest.raises(FuncnnError, match="must give what its layer gives"):
        from_onnx(model, np.zeros((2, 4, 6, 7), np.float32))


def test_positions_as_rows():
    net = from_onnx(model_of("y = Flatten<axis = 2>(x)", SEQUENCE), drawn(2, 5, 4))
    assert net == ()


def test_two_models_in_one():
    """onnx.compose takes two models of `to_onnx`, and the network is read from the nodes"""
    one, two = [astype((nn.Dense.init(3, 3, seed=seed), nn.Tanh()), np.float32) for seed in (0, 1)]
    models = [onnx.compose.add_prefix(to_onnx(net, drawn(1, 3)), f"{i}.") for i, net in enumerate((one, two))]
    assert from_onnx(onnx.compose.merge_models(*models, io_map=[("0.out", "1.x")])) == (*one, *two)


def test_a_model_with_functions_that_to_onnx_did_not_write_is_read_node_by_node():
    net = nn.Dense.init(3, 2, seed=0, dtype=np.float32)
    model = to_onnx((net, nn.Dropout(0.5, seed=0)), drawn(1, 3))
    model.functions.add(name="act", domain="own")
    assert from_onnx(model) == net

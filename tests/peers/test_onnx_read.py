"""`from_onnx`: models of other exporters, and of `to_onnx`, next to onnxruntime."""

import numpy as np
import pytest

import funcnn as nn
from funcnn import layers, predict
from funcnn.testing import check_layer
from funcnn.trees import astype
from tests.onnx_exported import FOLDER, exported, of_sklearn
from tests.onnx_written import drawn, last, model_of, read_like_onnxruntime

onnx = pytest.importorskip("onnx", reason="the models are of it")
pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the namespace imports it")
# After these lines: without the libraries there is nothing to import.
import spox.opset.ai.onnx.v17 as op  # noqa: E402  as just said

from funcnn.interop.onnx import from_onnx, to_graph, to_onnx, weight  # noqa: E402  as just said

RUN = {
    "torch_dynamo_mlp": "Dense ExactGelu Dense Mish Dense",
    "torch_dynamo_cnn": "Conv2d GroupNorm Silu Residual MaxPool Flatten Dense LogSoftmax",
    "torch_dynamo_lstm": "LSTM LSTM Last Dense",
    "torch_dynamo_block": "Residual LayerNorm Residual LayerNorm",
    "torch_dynamo_pre-norm_block": "Residual Residual",
    "torch_dynamo_time_first": "Residual LayerNorm Residual LayerNorm",
    "torch_script_cnn": "Conv2d GroupNorm Silu Residual MaxPool Flatten Dense LogSoftmax",
    "torch_script_lstm": "LSTM LSTM Last Dense",
    "torch_script_gru": "Bidirectional Last Dense",
    "torch_script_state": "LSTM Last Dense",
    "torch_script_text": "Embedding Residual LayerNorm Residual LayerNorm",
    "jax2onnx_mlp": "Silu Dense Softmax",
    "jax2onnx_block": "Residual LayerNorm Dense",
    "skl2onnx_three_classes": "Dense Relu Dense Softmax",
    "skl2onnx_two_classes": "Dense Sigmoid Dense Sigmoid Copy Parallel Concat",
    "skl2onnx_regressor": "Affine Dense Relu Dense",
}


def test_every_exported_model_is_run():
    assert {path.stem for path in FOLDER.iterdir()} == {*RUN, "skl2onnx_dict"}


@pytest.mark.parametrize("name", RUN)
def test_models_of_other_exporters(name):
    """Their outputs are onnxruntime's, at another number of rows than the exporter was given; and they train"""
    model = onnx.load(FOLDER / f"{name}.onnx")
    [given] = model.graph.input
    rows = int(name.endswith("time_first"))
    sizes = [one.dim_value for one in given.type.tensor_type.shape.dim]
    x = drawn(*[4 if i == rows else n for i, n in enumerate(sizes)])
    if name.endswith("text"):
        x = (x > 0).astype(np.int64)
    order = last if name.endswith("cnn") else turned if rows else same
    net = read_like_onnxruntime(model, x, order, turned if rows else same)
    assert [type(layer).__name__ for layer in net] == RUN[name].split()
    if name in ("torch_dynamo_block", "torch_dynamo_cnn", "skl2onnx_two_classes"):
        check_layer(astype(net, np.float64), order(x)[:2].astype(np.float64))


def same(x):
    return x


def turned(x):
    return x.swapaxes(0, 1)


def test_a_dict_of_probabilities_for_each_row_is_read_as_an_array():
    dicts, arrays = [from_onnx(str(FOLDER / f"skl2onnx_{name}.onnx")) for name in ("dict", "two_classes")]
    assert dicts == arrays


def test_models_that_torch_and_sklearn_write_today():
    torch = pytest.importorskip("torch", reason="it exports a model")
    pytest.importorskip("skl2onnx", reason="it writes a model")
    module, x = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.GELU(), torch.nn.Linear(8, 2)), torch.ones(2, 3)
    net = read_like_onnxruntime(exported(module, x, dynamo=False), drawn(5, 3))
    assert [type(layer) for layer in net] == [nn.Dense, layers.ExactGelu, nn.Dense]
    for name, model in of_sklearn().items():
        assert from_onnx(model) == from_onnx(str(FOLDER / f"skl2onnx_{name}.onnx".replace(" ", "_")))


# Models of `to_onnx` hold their network.


NET = (
    nn.layers.Dense.init(2, 3, seed=0, dtype=np.float32),
    nn.Dropout(0.5, seed=1),
    nn.BatchNorm.init(3, dtype=np.float32),
)
NET = (*NET, nn.layers.Silu(), nn.Dense.init(3, 1, seed=2, dtype=np.float32))
FEW = drawn(4, 2)


def test_the_very_network_comes_back_from_a_file(tmp_path):
    """With dropout and running statistics, which the graph does not have"""
    path = tmp_path / "net.onnx"
    onnx.save(to_onnx(NET, FEW), path)
    for model in (path, str(path), path.read_bytes(), onnx.load(path)):
        assert from_onnx(model) == from_onnx(model, FEW) == NET
    onnx.save(to_onnx(NET, FEW), path, save_as_external_data=True, size_threshold=0, location="weights")
    assert from_onnx(path) == NET


def test_only_arrays_that_the_graph_does_not_have_are_written_as_text():
    recurrent = nn.layers.Bidirectional(nn.LSTM.init(30, 32, seed=0), nn.GRU.init(30, 32, seed=1))
    images = nn.Conv2d.init(3, 40, (5, 5), seed=2), nn.layers.ConvTranspose2d.init(40, 3, 5, seed=3)
    for net, x in ((recurrent, np.ones((1, 2, 30))), (images, np.ones((1, 9, 9, 3)))):
        model = to_onnx(astype(net, np.float32), x.astype(np.float32))
        [text] = [one.value for one in model.metadata_props]
        assert len(text) < model.ByteSize() / 5


@nn.record
class Stretched(nn.Elementwise):
    """out = beta x; in a model, beta is there twice"""

    beta: nn.Array

    def value(self, x):
        return self.beta * x

    def slope(self, kept):
        return self.beta + 0 * kept

    def own_gradients(self, dA, kept):
        return {"beta": np.sum(dA * kept, axis=0)}


@to_graph.register(Stretched)
def stretched_to_graph(layer, x):
    twice = weight(layer.beta, "twice", lambda beta: np.stack([beta, beta]))
    return op.mul(x, op.reduce_mean(twice, axes=[0]))


def test_layers_of_users_come_back():
    """Also with an array that the graph has in a form of the user's own"""
    net = Stretched(np.array([2, 3], np.float32)), nn.Relu()
    assert from_onnx(to_onnx(net, FEW)) == net


def test_free_axes_come_back():
    net = nn.GRU.init(3, 4, seed=0, dtype=np.float32)
    model = to_onnx(net, drawn(2, 5, 3), free={1: "t"})
    assert from_onnx(model) == net


def test_weights_that_were_replaced_come_in():
    model = to_onnx(NET, FEW)
    for one in model.graph.initializer:
        if one.name == "0.W":
            one.CopyFrom(onnx.numpy_helper.from_array(np.full((2, 3), 0.25, np.float32), one.name))
    net = from_onnx(model)
    assert (net[0].W == 0.25).all()
    assert net[1:] == NET[1:]


def node(model, operator):
    return next(one for one in model.graph.node if one.op_type == operator)


def test_a_model_whose_graph_was_changed_is_read_node_by_node():
    """The network beside the graph is not what the graph computes"""
    net = nn.Dense.init(2, 3, seed=0, dtype=np.float32), nn.Relu(), nn.Dense.init(3, 1, seed=1, dtype=np.float32)
    model = to_onnx(net, FEW)
    node(model, "Relu").op_type = "Tanh"
    assert from_onnx(model) == (net[0], nn.Tanh(), net[2])
    model = to_onnx(NET, FEW)
    node(model, "Mul").op_type = "Sub"
    assert from_onnx(model)[:2] != NET[:2]


def test_a_later_opset_is_read_node_by_node():
    net = nn.LayerNorm.init(2, dtype=np.float32), layers.Conv1d.init(2, 3, 2, seed=0, dtype=np.float32)
    model = onnx.version_converter.convert_version(to_onnx(net, drawn(2, 4, 2)), 18)
    read = from_onnx(model)
    assert read[0] == net[0]
    assert (read[1].W == net[1].W).all()
    assert abs(predict(read, drawn(3, 4, 2)) - predict(net, drawn(3, 4, 2))).max() < 1e-5


@pytest.mark.parametrize(
    "text",
    [
        *("", "[" * 100_000, "{}", "null", '{"network": 1, "arrays": [], "x": null}'),
        '{"network": null, "arrays": [], "x": {"dtype": "<f4", "row": [1099511627776], "free": []}}',
        '{"network": {"array": 0, "dtype": "<f4", "shape": [9], "order": "C", "checksum": ""}, "arrays": '
        '[{"initializer": "0.W", "axes": [0, 1], "gates": [0]}], "x": null}',
    ],
)
def test_text_that_holds_no_network_is_left_aside(text):
    net = nn.mlp([2, 3, 1], seed=0, dtype=np.float32)
    model = to_onnx(net, FEW)
    model.metadata_props[0].value = text
    assert from_onnx(model) == net


def test_text_with_a_size_beyond_an_int_of_c_is_left_aside():
    net = layers.Upsample((2, 2))
    model = to_onnx(net, drawn(1, 4, 4, 3))
    [text] = model.metadata_props
    text.value = text.value.replace('"tuple": [2, 2]', f'"tuple": [{10**20}, 1]')
    assert str(10**20) in text.value
    assert from_onnx(model) == net


def test_an_output_by_name():
    model = model_of("a = Relu(x) b = Tanh(a) c = Exp(b)", {"x": "m, 3"}, out="b c")
    assert from_onnx(model, output="b") == (nn.Relu(), nn.Tanh())
    assert from_onnx(model, drawn(2, 3), output="a") == nn.Relu()


def test_a_function_of_a_model_is_read_as_its_nodes():
    text = """<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
    g (float[m, 3] x) => (float[m, 3] y) { y = own.act(x) }
    <domain: "own", opset_import: ["" : 17]> act (a) => (b) { c = Sigmoid(a) b = Mul(a, c) }"""
    assert from_onnx(onnx.parser.parse_model(text)) == layers.Silu()


def test_an_example_says_how_long_free_axes_are():
    model = model_of("a = Transpose<perm = [1, 0, 2]>(x) y = Identity(a)", {"x": "m, t, 3"})
    assert from_onnx(model, drawn(2, 5, 3)) == ()


def test_reading_changes_nothing_in_the_model():
    model = to_onnx(NET, FEW)
    data = model.SerializeToString()
    assert from_onnx(model) == from_onnx(model, FEW) == NET
    model.ClearField("metadata_props")
    data = model.SerializeToString()
    from_onnx(model)
    assert model.SerializeToString() == data

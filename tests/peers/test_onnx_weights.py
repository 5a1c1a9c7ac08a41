"""Weights in models: names, layouts, other programs that shrink them, and files beside the model."""

import numpy as np
import pytest

from funcnn import Array, Dense, Elementwise, Relu, layers, mlp, parameters, predict, record, tree_map
from funcnn.trees import astype
from tests.onnx_models import assert_near, assert_same, flat, run

pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the models are written with it")
pytest.importorskip("sklearn", reason="one of the models is an estimator")
# After these lines: without the libraries there is nothing to import.
import onnx
import onnxruntime as ort
import spox
from onnx.numpy_helper import to_array

from funcnn.interop.onnx import to_onnx
from funcnn.interop.sklearn import NetworkClassifier

x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def weights_of(model):
    return {one.name: to_array(one) for one in model.graph.initializer}


def test_weights_have_the_names_of_parameters():
    net = astype((mlp([4, 8, 2], seed=0), layers.LayerNorm.init(2), layers.PRelu.init()), np.float32)
    made = weights_of(to_onnx(net, x))
    assert list(made) == list(parameters(net))
    assert all(np.array_equal(made[path], a) for path, a in parameters(net).items())


def test_the_model_and_its_nodes_are_named():
    net = astype((Dense.init(4, 4, seed=0), layers.Residual((Dense.init(4, 4, seed=1), Relu()))), np.float32)
    model = to_onnx(net, x)
    assert (model.producer_name, model.producer_version, model.graph.name) == ("funcnn", "0.1.0", "network")
    names = [node.name for node in model.graph.node]
    assert names[:4] == ["0.MatMul", "0.Add", "1.layer.0.MatMul", "1.layer.0.Add"]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("layer", "name", "shape"),
    [
        (layers.Conv2d.init(4, 6, (3, 2), seed=0, groups=2), "W.channels_first", (6, 2, 3, 2)),
        (layers.ConvTranspose2d.init(4, 6, (3, 2), seed=0), "W.channels_first", (4, 6, 3, 2)),
        (layers.GRU.init(4, 3, seed=0), "b.gates_first", (1, 18)),
        (layers.LSTM.init(4, 3, seed=0), "U.gates_first", (1, 12, 3)),
    ],
)
def test_other_layouts_are_named(layer, name, shape):
    given = np.ones((1, 5, 5, 4) if "channels" in name else (1, 5, 4), np.float32)
    assert weights_of(to_onnx(astype(layer, np.float32), given))[name].shape == shape


def test_a_layer_in_several_places_is_written_once():
    shared = layers.Shared(Dense.init(4, 4, seed=0), (layers.Here(), Relu(), layers.Here()))
    assert len(weights_of(assert_same(shared, x, np.float32, 1e-5))) == 2
    tied = layers.Tied(Dense.init(9, 4, seed=0).W, Dense.init(4, 4, seed=1))
    ids = np.array([[1, 2, 8]])
    assert list(weights_of(assert_same(tied, ids, np.float32, 1e-5))) == ["W", "net.W", "net.b"]


def test_layers_with_one_array_in_common_keep_their_other_ones():
    """ONNX has the biases b and c of a GRU in one array."""
    one = astype(layers.GRU.init(4, 4, seed=0), np.float32)
    other = layers.GRU(one.W, one.U, one.b, one.c + 1)
    assert other.b is one.b
    sequences = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
    model = to_onnx((one, other), sequences)
    assert_near((one, other), sequences, run(model, sequences), 1e-5)
    assert [name for name in weights_of(model) if name.startswith("0.b")] == ["0.b.gates_first", "0.b.gates_first_1"]


def test_weights_that_the_outputs_do_not_need_are_not_written():
    branches = layers.Parallel((Dense.init(4, 2, seed=0), Dense.init(4, 3, seed=1)))
    model = assert_same((layers.Copy(2), branches, layers.Take(1)), x, np.float32, 1e-5)
    assert list(weights_of(model)) == ["1.layers.1.W", "1.layers.1.b"]


@record
class Named(Elementwise):
    """A layer whose parameters have the names of the input and of the output; one of them decides what is computed."""

    x: Array
    out: Array
    power: Array

    def value(self, given):
        scaled = self.x * given + self.out
        return scaled * scaled if self.power > 1 else scaled

    def slope(self, kept):
        return np.ones_like(kept)


def test_the_names_of_inputs_and_outputs_are_kept():
    layer = Named(np.full(4, 2.0), np.full(4, 3.0), np.array(1.0))
    model = assert_same(layer, x, np.float32, 1e-5)
    assert weights_of(model) == {}  # it depends on the numbers of its parameters, so they are constants
    assert_same(tree_map(lambda a: a + 1, layer), x, np.float32, 1e-5)  # and takes the other branch
    plain = record(type("Plain", (Named,), {"value": lambda self, given: self.x * given + self.out}))
    layer = astype(plain(layer.x, layer.out, layer.power), np.float32)
    model = to_onnx(layer, x)
    assert list(weights_of(model)) == ["x_", "out_"]
    assert_near(layer, x, run(model, x), 1e-5)


def test_weights_in_the_graph_of_an_operator_are_written():
    import spox.opset.ai.onnx.v17 as op

    from funcnn.interop.onnx import to_graph, weight

    cls = record(type("Chosen", (Dense,), {}))

    @to_graph.register(cls)
    def chosen_to_graph(layer, x):
        is_large = op.greater(op.reduce_max(x, keepdims=0), op.const(np.float32(0)))
        branch = lambda a: lambda: [op.matmul(x, a())]
        [out] = op.if_(
            is_large, then_branch=branch(lambda: weight(layer.W)), else_branch=branch(lambda: weight(layer.W))
        )
        return op.add(op.reshape(out, op.const(np.array([-1, 2]))), weight(layer.b))

    layer = astype(cls(Dense.init(4, 2, seed=0).W, np.ones(2)), np.float32)
    model = to_onnx(layer, x)
    assert set(weights_of(model)) == {"W", "b"}
    assert_near(layer, x, run(model, x), 1e-5)


def test_the_weights_of_an_estimator_are_named():
    model = NetworkClassifier(sizes=(6,), epochs=1, random_state=0).fit(np.float32(x), [0, 1, 0, 1, 2])
    assert list(weights_of(to_onnx(model, x))) == list(parameters(model.network_))


RNG = np.random.default_rng(0)
SHRUNK = {
    "dense": (mlp([64, 128, 10], seed=0), RNG.normal(size=(20, 64))),
    "convolutions": (
        (layers.Conv2d.init(8, 32, 3, seed=0), Relu(), layers.Conv2d.init(32, 32, 3, seed=1)),
        RNG.normal(size=(3, 7, 7, 8)),
    ),
    "LSTM": (layers.LSTM.init(32, 64, seed=0), RNG.normal(size=(3, 5, 32))),
    "attention": (layers.transformer_block(64, 2, 128, seed=0), RNG.normal(size=(3, 5, 64))),
    "embedding": (
        layers.Tied(RNG.normal(size=(400, 32)), layers.Dense.init(32, 32, seed=0)),
        RNG.integers(0, 400, (3, 5)),
    ),
}


@pytest.mark.parametrize("name", SHRUNK)
def test_quantization_finds_the_weights(name, tmp_path):
    from onnxruntime.quantization import quantize_dynamic

    params, given = astype(SHRUNK[name], np.float32)
    onnx.save(to_onnx(params, given), tmp_path / "net.onnx")
    quantize_dynamic(tmp_path / "net.onnx", tmp_path / "small.onnx")
    assert (tmp_path / "small.onnx").stat().st_size < 0.4 * (tmp_path / "net.onnx").stat().st_size
    [out] = run(onnx.load(tmp_path / "small.onnx"), given)
    [expected] = flat(predict(params, given))
    assert abs(out - expected).max() < 0.03 * abs(expected).max()


def test_weights_in_a_file_beside_the_model(tmp_path):
    net = astype(mlp([4, 200, 3], seed=0), np.float32)
    onnx.save(to_onnx(net, x), tmp_path / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    onnx.checker.check_model(tmp_path / "net.onnx", full_check=True)
    assert (tmp_path / "net.data").stat().st_size >= sum(a.nbytes for a in parameters(net).values())
    assert (tmp_path / "net.onnx").stat().st_size < 2000
    [out] = ort.InferenceSession(tmp_path / "net.onnx").run(None, {"x": x})
    np.testing.assert_allclose(out, predict(net, x), rtol=1e-5, atol=1e-6)


def test_no_message_with_all_weights_is_serialised(monkeypatch):
    """So that a model above 2 GB, of which there is no file without external data, can be made."""
    sizes, build = [], spox.build

    def measured(inputs, outputs):
        sizes.append(build(inputs, outputs).ByteSize())
        return build(inputs, outputs)

    monkeypatch.setattr(spox, "build", measured)
    model = to_onnx(astype(mlp([4, 2000, 3], seed=0), np.float32), x)
    assert model.ByteSize() > 60_000
    assert sizes[0] < 2000

"""`to_onnx`: every layer in onnxruntime, with another number of rows than the example had; networks; rules of users."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import layers, predict, record, tree_map
from funcnn.about import card_of
from funcnn.errors import KindError
from funcnn.testing import strategies as fst
from funcnn.trees import astype
from tests.counts import at_most
from tests.onnx_models import assert_same, moderate, run

onnx = pytest.importorskip("onnx", reason="the models are of it")
ort = pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the models are written with it")
# After these lines: without the libraries there is nothing to import.
import spox  # noqa: E402  as just said
import spox.opset.ai.onnx.v17 as op  # noqa: E402  as just said

from funcnn.interop.onnx import from_onnx, to_graph, to_onnx  # noqa: E402  as just said

PAGE = (Path(__file__).parents[2] / "docs" / "onnx.md").read_text("utf-8")
WRITTEN_PART = PAGE.split("## What is written\n")[1].split("\n## ")[0]
WRITTEN = fst.registered()
by_name = pytest.mark.parametrize("layer", WRITTEN, ids=lambda layer: layer.__name__)


def rows_of_the_page():
    """For each layer its row in the table: operators, opset, float64."""
    found = {}
    for line in WRITTEN_PART.splitlines():
        if line.startswith("| `"):
            names, operators, opset, double = [cell.strip() for cell in line.strip("|").split(" | ")]
            for name in re.findall(r"`(.+?)`", names):
                assert name not in found
                found[name] = operators, int(opset), double
    return found


TABLE = rows_of_the_page()


def row_of(layer):
    """The row of a layer, or what its card says if the page does not have it."""
    name = "tuple" if layer is tuple else layer.__name__
    return TABLE[name] if name in TABLE else ("those inside the card", 16, "yes" if card_of(layer).double else "no")


def test_the_page_has_every_layer_whose_card_names_no_function():
    names = {"tuple" if layer is tuple else layer.__name__ for layer in WRITTEN}
    assert TABLE.keys() <= names
    assert {layer for layer in WRITTEN if layer.__name__ not in TABLE and not card_of(layer).onnx} == set()


def operators(model):
    return {node.op_type for node in model.graph.node} - {"Constant", "Identity"}


def opset(model):
    [found] = [entry.version for entry in model.opset_import if entry.domain == ""]
    return found


RECURRENT = {layers.RNN, layers.GRU, layers.LSTM, layers.Bidirectional}


@by_name
@at_most(15)
@given(st.data())
def test_every_layer_in_float32(layer, data):
    case = data.draw(fst.cases(layer))
    params, x = moderate(case) if layer in RECURRENT else case
    model = assert_same(params, x, np.float32, 1e-5)
    if layer is not layers.Function:  # whose functions no file takes
        assert from_onnx(model) == astype(params, np.float32)
    listed, most, _ = row_of(layer)
    assert opset(model) <= most
    assert "inside" in listed or operators(model) <= set(re.findall(r"\w+", listed))


@by_name
@at_most(5)
@given(st.data())
def test_every_layer_in_float64(layer, data):
    params, x = data.draw(fst.cases(layer))
    double = row_of(layer)[2]
    refusal = None
    try:
        assert_same(params, x, np.float64, 1e-12)
    except KindError as error:
        refusal = str(error)
    assert refusal is None or "params and x must be float32, not float64" in refusal
    assert (refusal is None) in {"yes": {True}, "no": {False}, "as inside": {True, False}}[double]


def drawn(kind, n, k, rng):
    weights = [rng.normal(size=(n, kind.gates * k)), rng.normal(size=(k, kind.gates * k))]
    biases = [rng.normal(size=kind.gates * k), *([rng.normal(size=k)] if kind is layers.GRU else [])]
    return kind(*weights, *biases)


@pytest.mark.unwatched
@pytest.mark.parametrize("kind", [layers.RNN, layers.GRU, layers.LSTM])
@at_most(20)
@given(hnp.arrays(np.bool_, (4, 5)), st.booleans(), st.booleans(), st.integers(0, 2**31 - 1))
def test_masks_with_holes(kind, mask, both, with_state, seed):
    rng = np.random.default_rng(seed)
    ahead, behind = (drawn(kind, 3, 2, rng) for _ in range(2))
    mask[1], mask[2] = False, [False, True, False, True, False]  # padding alone; holes before, between and after
    x = rng.normal(size=(4, 5, 3))
    x[~mask] = np.nan  # is not read
    states = [rng.normal(size=(4, 2)) for _ in range(4)]
    one, other = (tuple(states[:2]), tuple(states[2:])) if kind is layers.LSTM else states[:2]
    given = (x, mask, (one, other) if both else one) if with_state else (x, mask)
    assert_same(layers.Bidirectional(ahead, behind) if both else ahead, given, np.float32, 1e-5)


def test_the_first_state_may_be_absent():
    x, mask = np.ones((3, 4, 2)), np.arange(12).reshape(3, 4) % 3 > 0
    behind = layers.GRU.init(2, 2, seed=1), layers.GRU.init(2, 2, seed=2)
    layer = layers.Bidirectional(layers.LSTM.init(2, 3, seed=0), behind)
    assert_same(layer, (x, mask), np.float32, 1e-5)
    assert_same(layer, (x, None), np.float32, 1e-5)
    assert_same(layers.LSTM.init(2, 3, seed=0), (x, mask, None), np.float32, 1e-5)
    assert_same(layers.LSTM.init(2, 3, seed=0), (x, None, None), np.float32, 1e-5)


CONV = (
    *(layers.Conv2d.init(1, 4, 3, seed=0, padding="same"), layers.BatchNorm.init(4), layers.Relu(), layers.MaxPool(2)),
    *(layers.Dropout(0.5, seed=1), layers.Flatten(), layers.Dense.init(4 * 3 * 3, 2, seed=2)),
)
TEXT = (
    *(layers.Embedding.init(9, 8, seed=0), layers.SinusoidalPosition()),
    *(layers.transformer_block(8, 2, 16, seed=1, causal=True), layers.GRU.init(8, 5, seed=2), layers.Last()),
    layers.Dense.init(5, 3, seed=3),
)


@pytest.mark.parametrize("m", [0, 1, 7])
def test_a_network_of_images(m):
    images = np.random.default_rng(m).normal(size=(m, 6, 6, 1)).astype(np.float32)
    assert opset(assert_same(CONV, images, np.float32, 1e-5)) == 14


@pytest.mark.parametrize("m", [1, 7])  # onnxruntime 1.32 crashes on a recurrent operator without rows
def test_a_network_of_sequences(m):
    rng = np.random.default_rng(m)
    ids, mask = rng.integers(0, 9, (m, 5)), rng.random((m, 5)) > 0.4
    assert opset(assert_same(TEXT, (ids, mask), np.float32, 1e-5)) == 16


def test_a_model_is_a_file_with_names(tmp_path):
    net = astype(layers.mlp([2, 8, 1], seed=0), np.float32)
    onnx.save(to_onnx(net, np.zeros((1, 2), np.float32)), tmp_path / "net.onnx")
    onnx.checker.check_model(tmp_path / "net.onnx", full_check=True)
    session = ort.InferenceSession(tmp_path / "net.onnx")
    [x], [out] = session.get_inputs(), session.get_outputs()
    assert (x.name, x.shape, x.type) == ("x", ["m", 2], "tensor(float)")
    assert (out.name, out.shape) == ("out", ["m", 1])


def test_a_model_asks_for_the_lowest_format():
    """onnxruntime refuses a newer one than it knows: 1.8 reads 7, and 1.11 reads 8."""
    image = np.zeros((1, 8, 8, 1), np.float32)
    flat_net = astype((layers.MaxPool(2), layers.Flatten(), layers.Dense.init(16, 3, seed=0)), np.float32)
    model = to_onnx(flat_net, image)
    assert (opset(model), model.ir_version) == (14, 7)
    assert ort.InferenceSession(model.SerializeToString()).get_outputs()[0].shape == ["m", 3]
    masked = to_onnx(astype(TEXT, np.float32), (np.zeros((1, 5), int), np.ones((1, 5), bool)))
    assert (opset(masked), masked.ir_version) == (16, 8)


def test_parts_of_tuples_are_numbered():
    state = np.ones((2, 3), np.float32)
    x = np.ones((2, 4, 1), np.float32), None, (state, state)
    layer = astype(layers.LSTM.init(1, 3, seed=0), np.float32)
    graph = to_onnx(layer, x).graph
    assert [given.name for given in graph.input] == ["x_0", "x_2_0", "x_2_1"]
    assert [made.name for made in graph.output] == ["out_0", "out_2_0", "out_2_1"]
    assert [given.name for given in to_onnx(layers.Take(0), (state, state)).graph.input] == ["x_0", "x_1"]


@pytest.mark.parametrize("rest", [(None,), ((np.ones((2, 1)),),), (np.ones((2, 4), np.int64),), ()])
def test_first_passes_what_is_no_mask(rest):
    assert_same(layers.First(layers.Relu()), (np.ones((2, 4, 3)), *rest), np.float32, 1e-5)


def test_a_rule_sees_layers_in_prediction():
    """`to_onnx` does so by itself; a rule of a user may make a layer anew."""
    value = spox.argument(spox.Tensor(np.float64, ("m", 2)))
    assert to_graph(layers.Dropout(0.5, seed=0), value) is value
    assert to_graph(layers.BatchNorm.init(2), value).type == value.type


def test_arrays_of_jax():
    jnp = pytest.importorskip("jax.numpy", reason="the arrays are of it")
    net = tree_map(lambda a: jnp.asarray(a, "float32"), layers.mlp([2, 3, 1], seed=0))
    x = jnp.ones((4, 2), "float32")
    [made] = run(to_onnx(net, x), x)
    np.testing.assert_allclose(made, predict(net, x), rtol=1e-5)


@record
class Leaky(layers.Relu):
    """A subclass that computes something else."""

    def value(self, x):
        return np.where(x > 0, x, 0.5 * x)


@record
class Named(layers.Relu):
    """A subclass with the rule of its base."""


def test_a_subclass_has_not_the_rule_of_its_base():
    x = np.array([[-1.0, 2.0]])
    assert operators(recorded := to_onnx((layers.Relu(), Leaky(), Leaky()), x)) == {"Relu", "Greater", "Mul", "Where"}
    assert run(recorded, x)[0].tolist() == [[0.0, 2.0]]
    assert operators(to_onnx(Named(), x)) == {"Max"}  # as it is recorded
    to_graph.register(Leaky)(lambda layer, x: op.max([x, op.mul(x, op.const(np.float64(0.5)))]))
    to_graph.register(Named)(to_graph.dispatch(layers.Relu))
    assert operators(ruled := to_onnx((Leaky(), Named(), Leaky()), x)) == {"Max", "Mul", "Relu"}
    assert run(ruled, x)[0].tolist() == [[0.0, 2.0]]


def test_a_note_says_where_the_layer_is():
    with pytest.raises(KindError) as raised:
        to_onnx((layers.Relu(), (layers.Conv2d.init(1, 1, 1, seed=0),)), np.ones((1, 2, 2, 1)))
    assert [note.split(",")[0] for note in raised.value.__notes__] == ["in layer 0", "in layer 1"]

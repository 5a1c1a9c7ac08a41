"""`to_onnx` by recording: every layer without its rule, and layers of users, in onnxruntime."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Array, Dense, Elementwise, Residual, Tanh, forward, predict, record, state
from funcnn.errors import KindError
from funcnn.testing import strategies as fst
from funcnn.trees import astype
from tests.counts import at_most

pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the models are written with it")
# After these lines: without the libraries there is nothing to import.
from funcnn.interop.onnx import to_onnx
from funcnn.interop.onnx.recorded import recorded_to_graph
from tests.onnx_models import assert_same, moderate, run

every_layer = pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
# Layers that cannot be recorded in float64.
SINGLE = {"ExactGelu": "onnxruntime has no kernel of Erf in float64"}


@every_layer
@at_most(4, quick=2)
@given(data=st.data())
def test_every_layer_by_its_recording_alone(layer, data):
    params, x = data.draw(fst.cases(layer))
    params = moderate(params)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("funcnn.interop.onnx.model.to_graph", recorded_to_graph)
        assert_same(params, x, np.float32, 1e-5)
        if layer.__name__ in SINGLE:
            with pytest.raises(KindError, match=f"for {layer.__name__} params and x must be float32"):
                assert_same(params, x, np.float64, 1e-12)
        else:
            assert_same(params, x, np.float64, 1e-12)


@record
class Computed:
    """A layer whose rule is an entry of `RULES`."""

    name: str
    W: Array


forward.register(Computed)(lambda layer, x: (RULES[layer.name](layer, x), ()))


def placed(layer, x):
    """Each number one place to the right, with changes in place"""
    out = np.zeros_like(x)
    out[:, 1:] = x[:, :-1]
    out[:, ::2] *= 2
    out[:, 0] = 1
    out += layer.W
    return out


def added(layer, x):
    """Columns added to columns, two of them to one"""
    out = np.zeros_like(x)
    np.add.at(out, (slice(None), np.array([0, 1, 0, 3])), x * layer.W)
    return out


def counted(layer, x):
    """Numbers added where another number says"""
    out = np.zeros_like(x)
    np.add.at(out, (np.arange(len(x))[:, None], (x > 0).astype(int)), 1)
    return out


def replaced(layer, x):
    """The largest of each row replaced by 0"""
    out = x.copy()
    out[np.arange(len(x)), np.argmax(x, axis=1)] = 0
    return out


def normed(layer, x):
    """Rows depend on each other"""
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1)


def with_ones(layer, x):
    return np.concatenate([x, np.ones((len(x), 1), x.dtype), np.full((len(x), 2), layer.W[0])], axis=1)


def filled(layer, x):
    out = x.copy()
    out[:, [0, 3]] = 7
    out[:, 1:3] = layer.W[:2]
    return out


def summed(layer, x):
    out = x.sum(axis=0)
    out[[0, 3, 1]] = layer.W[:3] * x[-1, :3]
    return x * out


def products(layer, x):
    """The last of two values at one place stays"""
    out = x @ x.T
    out[0, [0, 0]] = layer.W[:2]
    return out @ x


def turned(layer, x):
    out = np.zeros_like(x.T)
    out[[2, 0, 1]] = x.T[[3, 1, 0]]
    return out.T


RULES = {
    "elementary": lambda layer, x: x / (1 + np.exp(-layer.W * x)) + np.cbrt(x) + np.hypot(x, 1) + x % 3 - x // 2,
    "places": placed,
    "np.add.at": added,
    "np.add.at, computed": counted,
    "entries by a computed index": replaced,
    "np.einsum": lambda layer, x: np.einsum("mi,mj,j->mi", x, x, layer.W),
    "a matrix": lambda layer, x: x @ np.outer(layer.W, layer.W) + x @ x.T @ x,
    "windows": lambda layer, x: np.lib.stride_tricks.sliding_window_view(x, 3, axis=1).sum(axis=-1),
    "slices": lambda layer, x: sum([x[:, i : i + 3] for i in range(2)]) * x[:, :0:-1],
    "heads": lambda layer, x: x.reshape(len(x), 2, 2).transpose(2, 0, 1)[:, :, 1].T @ np.ones((2, 3), x.dtype),
    "repeated": lambda layer, x: np.tile(x, 2) + np.repeat(x, 2, axis=1) + np.broadcast_to(x[:, :1], (len(x), 8)),
    "padded": lambda layer, x: (
        np.pad(x, ((0, 0), (1, 2)), constant_values=3) + np.pad(x, ((0, 0), (0, 3)), mode="wrap")
    ),
    "rolled": lambda layer, x: np.roll(x, 1, axis=1),
    "sorted": lambda layer, x: np.sort(x, axis=1) + np.argsort(-x, axis=1, kind="stable"),
    "chosen": lambda layer, x: (
        layer.W[(x[:, 0] > 0).astype(int)][:, None] * np.take_along_axis(x, np.argmax(x, axis=1)[:, None], axis=1)
    ),
    "sums": lambda layer, x: np.cumsum(x, axis=1) + x.prod(axis=1, keepdims=True) + x.min(axis=1, keepdims=True),
    "conditions": lambda layer, x: np.where((x > 0) & (x < 1) | (x == 2) ^ ~(x <= 2), x, layer.W) * np.isfinite(x),
    "some and all": lambda layer, x: (np.any(x > 1, axis=1) ^ np.all(x < 1, axis=1))[:, None] * x,
    "numbers of bools": lambda layer, x: (
        np.cumsum(x > 0, axis=1) * np.maximum(x > 1, x < 0) * (x > 0).sum(1)[:, None] * x
    ),
    "orders of bools": lambda layer, x: (
        (np.argsort(x > 0, axis=1, kind="stable") + np.argmax(x > 0, axis=1)[:, None]) * x
    ),
    "choices of bools": lambda layer, x: np.where(np.where(x > 0, x > 1, x < -1), x, 0),
    "whole numbers": lambda layer, x: x * ((7 * (x > 0) - 3) // 2 + (5 - 9 * (x > 1)) % 4),
    "bits": lambda layer, x: x * (((x > 0) * 5 | 2) ^ ((x > 1) * 3 & ~4)),
    "bits without a sign": lambda layer, x: x * (((x > 0).astype(np.uint32) * 2654435769 >> 30) + (x > 1).astype("u1")),
    "other rows": lambda layer, x: x[::-1] + x - x[-1:] + np.arange(len(x))[:, None].astype(x.dtype),
    "rows that depend on each other": normed,
    "constants for each row": with_ones,
    "a few": lambda layer, x: x.reshape(-1)[: 2 * len(x)].reshape(len(x), 2),
    "the same for each row": lambda layer, x: np.zeros_like(x) + np.broadcast_to(layer.W, x.shape),
    "no columns": lambda layer, x: np.concatenate([np.exp(x[:, :0]), x.sum(axis=())], axis=1),
    "an entry that is not in one place of a row": lambda layer, x: x * x.reshape(-1)[2 * len(x)],
    "entries of sums over rows": lambda layer, x: x.sum(axis=0)[np.tile([0, 2, 1], (len(x), 1))],
    "a count": lambda layer, x: x * len(x) + np.full(x.shape, -np.inf).astype(x.dtype).clip(0),
    "columns that depend on the number of rows": lambda layer, x: np.tile(x, 8)[:, [len(x), len(x) + 2, 0]],
    "no entries, in another shape": lambda layer, x: x + np.exp(x[:, :0]).reshape(0, 2).sum(),
    "some places": filled,
    "places of columns": turned,
    "places of sums over rows": summed,
    "a place of products of rows": products,
    "a diagonal of products of rows": lambda layer, x: x * np.diagonal(x @ x.T)[:, None],
    "nothing": lambda layer, x: x,
    "truth": lambda layer, x: x > 0,
}
WITHOUT_ROWS = set(RULES) - {
    *("rows that depend on each other", "other rows", "an entry that is not in one place of a row"),
    *("a place of products of rows", "places of sums over rows"),
}  # others need a row


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_of_a_user(name, dtype):
    rng = np.random.default_rng(0)
    layer = Computed(name, rng.normal(size=4).astype(dtype))
    model = to_onnx(layer, np.ones((1, 4), dtype))
    for m in [1, 2, 7, *([0] if name in WITHOUT_ROWS else [])]:
        x = rng.normal(size=(m, 4)).astype(dtype)
        [made], expected = run(model, x), predict(layer, x)
        assert (made.dtype, made.shape) == (expected.dtype, expected.shape)
        np.testing.assert_allclose(made, expected, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-6)


def test_only_the_layer_without_a_rule_is_recorded():
    net = astype((Dense.init(4, 4, seed=0), Residual((Computed("np.einsum", np.ones(4)), Tanh()))), np.float32)
    model = assert_same(net, np.ones((3, 4)), np.float32, 1e-5)
    assert [node.op_type for node in model.graph.node if node.op_type in {"Tanh", "MatMul"}] == ["MatMul", "Tanh"]


@record
class Counting(Elementwise):
    """A layer whose state is a number, which predictions read."""

    W: Array
    step: int = state(default=3, kw_only=True)

    def value(self, x):
        return self.W * x + self.step

    def slope(self, kept):
        return self.W


def test_a_number_of_a_state_is_a_constant():
    model = assert_same(Counting(np.full(4, 2.0)), np.ones((3, 4)), np.float32, 1e-5)
    assert [given.name for given in model.graph.input] == ["x"]


def test_a_tuple_goes_through_a_recorded_layer():
    RULES["masked"] = lambda layer, x: (np.where(x[1], x[0], 0) * layer.W, x[1], None)
    x = np.random.default_rng(0).normal(size=(5, 4))
    made = to_onnx(Computed("masked", np.ones(4)), (x, x > 0, None))
    assert [out.name for out in made.graph.output] == ["out_0", "out_1"]
    assert_same(Computed("masked", np.ones(4)), (x, x > 0, None), np.float64, 1e-12)

"""`to_onnx(..., free=)`: models at other lengths of time and of images than the example has, next to `predict`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Array, Dense, Relu, forward, layers, predict, record
from funcnn.errors import FuncnnError, KindError, ShapeError
from funcnn.testing import strategies as fst
from funcnn.trees import astype
from tests.counts import at_most
from tests.onnx_models import assert_near, moderate, run

pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the models are written with it")
# After these lines: without the libraries there is nothing to import.
from funcnn.interop.onnx import to_onnx

every_layer = pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
# Layers that some of their settings, or parts of x of other lengths, keep from taking other lengths; and those whose
# windows are at positions that are rounded, so that they are not recorded for several lengths.
MAY_REFUSE = {
    *(layers.LearnedPosition, layers.Reshape, layers.Attention, layers.CrossAttention),
    *(layers.AdaptiveAvgPool, layers.AdaptiveMaxPool),
    *(layers.Conv1d, layers.Conv2d, layers.MaxPool, layers.AvgPool),  # padding "same", with a stride above the size
}
T, H_W = {1: "t"}, {1: "h", 2: "w"}


def names_of(x):
    """All axes of positions: all but the first, and but the features of floats"""
    if type(x) is tuple:
        return tuple(map(names_of, x))
    return None if x is None else {axis: f"axis_{axis}" for axis in range(1, x.ndim - (x.dtype.kind == "f"))}


def longer(x, free, more):
    """x with more positions along the free axes: its own again, from the last to the first"""
    if type(x) is tuple:
        return tuple([longer(part, names, more) for part, names in zip(x, free, strict=True)])
    for axis in free or {}:
        x = np.take(x, np.arange(x.shape[axis] + more)[::-1] % x.shape[axis], axis)
    return x


@every_layer
@at_most(10, quick=2)
@given(data=st.data())
def test_every_layer_at_other_lengths(layer, data):
    params, x = astype(moderate(data.draw(fst.cases(layer))), np.float32)
    free = names_of(x)
    try:
        model = to_onnx(params, x, free=free)
    except (KindError, ShapeError):
        assert layer in MAY_REFUSE
        return
    for more in (1, 4):
        there = longer(x, free, more)
        try:
            predict(params, there)
        except FuncnnError:  # positions behind the table of LearnedPosition
            assert layer in MAY_REFUSE
            continue
        assert_near(params, there, run(model, there), 1e-5)


RNG = np.random.default_rng(0)
BLOCK = layers.transformer_block(8, 2, 16, seed=1, causal=True)
ROTARY = layers.Attention.init(8, 2, seed=0, rotary=layers.Rotary(), causal=True)
EYE = (layers.Conv2d.init(4, 4, 3, seed=0, padding="same", stride=2), layers.BatchNorm.init(4), Relu())
JOINS = (
    *(layers.Copy(2), layers.Parallel((layers.Conv2d.init(4, 4, 3, seed=0, padding="same"), Dense.init(4, 4, seed=1)))),
    *(layers.Sum(), layers.Copy(2), layers.Concat(), layers.GroupNorm.init(8, groups=2), layers.Glu(layers.Tanh())),
)
GIVEN = {
    "floats": lambda m, *n: RNG.normal(size=(m, *n)),
    "padded": lambda m, t, k: (RNG.normal(size=(m, t, k)), RNG.random((m, t)) > 0.3),
    "ids": lambda m, t: RNG.integers(0, 9, (m, t)),
    "pairs": lambda m, t, k: (RNG.normal(size=(m, t, k)), RNG.random((m, t, t)) > 0.3),
    "state": lambda m, t, k: (RNG.normal(size=(m, t, k)), None, RNG.normal(size=(m, 3))),
    "memory": lambda m, t, s: (RNG.normal(size=(m, t, 8)), RNG.normal(size=(m, s, 8)), RNG.random((m, s)) > 0.3),
}
NETWORKS = {  # (network, what it is given, names, lengths of the example, other lengths, whether float64 is written)
    "text": ((layers.Embedding.init(9, 8, seed=0), layers.SinusoidalPosition(), *BLOCK), "ids", T, (6,), (300,), True),
    "table": (
        (layers.Embedding.init(9, 8, seed=0), layers.LearnedPosition.init(6, 8, seed=0)),
        "ids",
        T,
        (6,),
        (2,),
        True,
    ),
    "blocks": (BLOCK, "padded", (T, T), (6, 8), (9, 8), True),
    "rotary": ((ROTARY, layers.First(Dense.init(8, 3, seed=0))), "padded", (T, T), (6, 8), (200, 8), True),
    "pairs": (layers.Attention.init(8, 2, seed=0), "pairs", (T, {1: "t", 2: "t"}), (6, 8), (9, 8), True),
    "memory": (
        layers.CrossAttention.init(8, 2, n_memory=8, seed=0),
        "memory",
        (T, {1: "s"}, {1: "s"}),
        (6, 4),
        (3, 9),
        True,
    ),
    "recurrent": (layers.GRU.init(8, 3, seed=0), "padded", (T, T), (6, 8), (9, 8), False),
    "first state": (layers.GRU.init(8, 3, seed=0), "state", (T, None, None), (6, 8), (9, 8), False),
    "last": (layers.Last(), "padded", (T, T), (6, 8), (9, 8), True),
    "windows": ((layers.Conv1d.init(8, 4, 3, seed=0), layers.GlobalMaxPool()), "floats", T, (6, 8), (9, 8), False),
    "image": ((*EYE, layers.MaxPool(3, padding="same"), *EYE), "floats", H_W, (8, 8, 4), (13, 18, 4), False),
    "one axis": ((*EYE, layers.GlobalAvgPool()), "floats", {2: "w"}, (7, 8, 4), (7, 13, 4), False),
    "joins": (JOINS, "floats", H_W, (5, 5, 4), (6, 7, 4), False),
    "images in time": (
        layers.Map((*EYE, layers.Flatten())),
        "floats",
        {1: "t", 2: "h"},
        (3, 5, 4, 4),
        (2, 8, 4, 4),
        False,
    ),
    "upwards": (
        (layers.ConvTranspose2d.init(4, 4, 3, seed=0, stride=2), layers.Upsample(2)),
        "floats",
        H_W,
        (4, 4, 4),
        (3, 6, 4),
        False,
    ),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_at_other_lengths(name, dtype):
    net, kind, free, example, other, in_double = NETWORKS[name]
    if in_double or dtype is np.float32:
        params, x = astype((net, GIVEN[kind](2, *example)), dtype)
        model = to_onnx(params, x, free=free)
        for lengths in (example, other):
            x = astype(GIVEN[kind](3, *lengths), dtype)
            assert_near(params, x, run(model, x), 1e-5 if dtype is np.float32 else 1e-12)


def test_a_sum_of_other_lengths_is_not_broadcast():
    pools = layers.Parallel((layers.MaxPool(2), layers.MaxPool(2, padding="same")))
    model = to_onnx((layers.Copy(2), pools, layers.Sum()), np.ones((1, 4, 8)), free=T)
    assert_near((layers.Copy(2), pools, layers.Sum()), np.ones((1, 2, 8)), run(model, np.ones((1, 2, 8))), 0)
    with pytest.raises(Exception, match="Non-zero status code"):
        run(model, np.ones((1, 3, 8)))  # the sum of 1 and 2 positions


def test_axes_keep_their_names():
    net = astype(layers.CrossAttention.init(8, 2, n_memory=8, seed=0), np.float32)
    x = np.ones((1, 6, 8), np.float32), np.ones((1, 4, 8), np.float32)
    graph = to_onnx(net, x, free=(T, {1: "s"})).graph
    shapes = [[d.dim_param or d.dim_value for d in a.type.tensor_type.shape.dim] for a in (*graph.input, *graph.output)]
    assert shapes == [["m", "t", 8], ["m", "s", 8]] * 2


@record
class OnAxes:
    """A layer whose rule is an entry of `RULES`."""

    name: str
    W: Array


forward.register(OnAxes)(lambda layer, x: (RULES[layer.name](layer, x), ()))


def placed(layer, x):
    """Each number one position later, with changes in place"""
    out = np.zeros_like(x)
    out[:, 1:] = x[:, :-1]
    out[..., [0, 3]] = 7
    out[..., 1:3] = layer.W[:2]
    return out


def added(layer, x):
    out = np.zeros_like(x)
    np.add.at(out, (slice(None), slice(None), np.array([0, 1, 0, 3])), x * layer.W)
    return out


def counted(x):
    return (np.arange(x.shape[0])[:, None] * x.shape[1] + np.arange(x.shape[1]))[:, :, None].astype(x.dtype)


RULES = {
    "positions alone": lambda layer, x: x / (1 + np.exp(-layer.W * x)),
    "means": lambda layer, x: (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=(0, 1)) + 1),
    "differences": lambda layer, x: x[:, 1:] - x[:, :-1],
    "from the end": lambda layer, x: x[:, ::-1] * x[:, -1:],
    "features": lambda layer, x: np.roll(x[..., [0, 2, 1]], 1, axis=2),
    "numbers of positions": lambda layer, x: (
        x * (x.shape[0] * x.shape[1]) + np.arange(x.shape[1])[:, None].astype(x.dtype)
    ),
    "numbers of rows": lambda layer, x: x + counted(x),
    "products": lambda layer, x: np.einsum("mti,msi,msj->mtj", x, x, x) + x @ np.outer(layer.W, layer.W),
    "joined": lambda layer, x: np.concatenate([x, np.ones((len(x), x.shape[1], 1), x.dtype)], axis=2),
    "rows of positions": lambda layer, x: x.reshape(-1, 4).sum(axis=1).reshape(x.shape[:2]),
    "windows": lambda layer, x: np.lib.stride_tricks.sliding_window_view(x, 3, axis=1).sum(axis=-1),
    "heads": lambda layer, x: x.reshape(len(x), -1, 2, 2).transpose(0, 2, 1, 3).reshape(len(x), 2, -1),
    "places": placed,
    "np.add.at": added,
    "sums": lambda layer, x: np.cumsum(x, axis=1) + np.repeat(x, 2, axis=2)[..., ::2],
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_recorded_layer_at_other_lengths(name, dtype):
    layer, x = astype((OnAxes(name, np.array([0.5, -1, 2, 1])), RNG.normal(size=(2, 6, 4))), dtype)
    model = to_onnx(layer, x, free=T)
    for shape in ((2, 6, 4), (3, 9, 4), (1, 4, 4)):
        x = RNG.normal(size=shape).astype(dtype)
        assert_near(layer, x, run(model, x), 1e-5 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize(
    "rule",
    [
        lambda layer, x: x[:, : x.shape[1] // 2 * 2],
        lambda layer, x: x / x.shape[1] ** 0.5,
        lambda layer, x: x * np.tri(x.shape[1], 4, dtype=x.dtype),
        lambda layer, x: np.stack([x[:, i] for i in range(x.shape[1])], axis=1),
    ],
)
def test_a_recorded_layer_that_depends_on_the_length_in_another_way(rule):
    RULES["other"] = rule
    with pytest.raises(KindError, match=r"there is no rule for OnAxes, and .* length"):
        to_onnx(OnAxes("other", np.ones(4)), np.ones((2, 6, 4)), free=T)


def test_the_end_of_a_table_is_an_error_of_the_runtime():
    """A table of one position, which would be added to all positions, is not free."""
    table = astype(layers.LearnedPosition.init(2, 4, seed=0), np.float32)
    model = to_onnx(table, np.ones((1, 2, 4), np.float32), free=T)
    with pytest.raises(Exception, match="Non-zero status code"):
        run(model, np.ones((1, 3, 4), np.float32))
    with pytest.raises(ShapeError, match="free must name axes whose length may differ, not 't'; with t = 2"):
        to_onnx(layers.LearnedPosition.init(1, 4, seed=0), np.ones((1, 1, 4)), free=T)

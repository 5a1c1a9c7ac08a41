"""Programs of whole networks, and the names and rules that their operations have."""

import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import (
    GRU,
    LSTM,
    Adam,
    Attention,
    BatchNorm,
    ClipNorm,
    Conv2d,
    Dense,
    Dropout,
    Elementwise,
    Embedding,
    Flatten,
    Gelu,
    GlobalAvgPool,
    LayerNorm,
    MaxPool,
    Momentum,
    Relu,
    Residual,
    Tanh,
    backward,
    forward,
    mlp,
    mse,
    predict,
    record,
    sgd,
    softmax_cross_entropy,
    transformer_block,
    update,
)
from funcnn.errors import KindError
from funcnn.recording import record_prediction, record_step
from funcnn.recording.arrays import at_place
from funcnn.recording.leaves import leaves_of
from funcnn.recording.tape import recording
from funcnn.recording.variables import is_of_rules, note_names
from funcnn.testing import strategies as fst
from tests.counts import at_most

RNG = np.random.default_rng(0)


def rows(*shape):
    return RNG.normal(size=shape)


ROWS, IMAGES, SEQUENCES = rows(6, 3), rows(4, 6, 6, 1), rows(3, 5, 4)
LABELS, IDS = np.array([0, 2, 1, 0, 1, 2]), RNG.integers(0, 7, size=(3, 5))
MASK = np.array([[True] * 5, [True, True, True, False, False], [True, False, False, False, False]])
NETWORKS = {
    "mlp": (mlp([3, 4, 2], hidden=Gelu(), seed=0), ROWS, mse),
    "classes": (mlp([3, 4, 3], hidden=Relu(), seed=0), ROWS, softmax_cross_entropy),
    "one layer": (Dense.init(3, 2, seed=0), ROWS, mse),
    "batch norm": ((Dense.init(3, 4, seed=0), BatchNorm.init(4), Tanh()), ROWS, mse),
    "layer norm": ((LayerNorm.init(3), Dense.init(3, 2, seed=0)), ROWS, mse),
    "dropout": ((Dense.init(3, 4, seed=0), Dropout(0.5, seed=3), Dense.init(4, 1, seed=1)), ROWS, mse),
    "residual": ((Residual((Dense.init(3, 3, seed=0), Tanh())), Dense.init(3, 1, seed=1)), ROWS, mse),
    "images": (
        (Conv2d.init(1, 2, (3, 3), seed=0), Relu(), MaxPool(2), Flatten(), Dense.init(8, 2, seed=1)),
        IMAGES,
        mse,
    ),
    "pooled images": ((Conv2d.init(1, 2, (2, 2), seed=0), GlobalAvgPool()), IMAGES, mse),
    "gru": ((GRU.init(4, 3, seed=0), Dense.init(3, 1, seed=1)), SEQUENCES, mse),
    "lstm with a mask": ((LSTM.init(4, 3, seed=0),), (SEQUENCES, MASK), mse),
    "attention": ((Attention.init(4, 2, seed=0),), SEQUENCES, mse),
    "transformer": (transformer_block(4, 2, 8, seed=0), SEQUENCES, mse),
    "ids": ((Embedding.init(7, 4, seed=0), transformer_block(4, 2, 8, seed=1), Dense.init(4, 2, seed=2)), IDS, mse),
}
OPTIMIZERS = {"sgd": (), "momentum": Momentum(beta=0.9), "adam": Adam(), "chain": (ClipNorm(1.0), Adam())}


def like(tree, scale):
    """Other numbers of the same shapes."""
    if type(tree) is tuple:
        return tuple([like(part, scale) for part in tree])
    return tree * scale if tree.dtype.kind == "f" else tree[::-1].copy() if tree.dtype.kind == "i" else tree


def target_of(net, x, loss):
    out, _ = forward(net, x)
    out = out[0] if type(out) is tuple else out
    return LABELS[: len(out)] if loss is softmax_cross_entropy else np.cos(np.arange(out.size)).reshape(out.shape)


def assert_steps(net, x, loss, optimizer, steps=3, tolerance=1e-11):
    """Steps of the program are steps of the rules, each from where the one before has ended."""

    def cost_of(out, y):
        return loss(out, y)

    def of(out, y):
        if type(out) is not tuple:
            return cost_of(out, y)
        cost, dA = cost_of(out[0], y)
        return cost, (dA, None)

    y = target_of(net, x, loss)
    program, is_first = record_step(net, x, y, of, 0.1, optimizer=optimizer), True
    x, state = like(x, 0.5), leaves_of(net, "params")
    for _ in range(steps):
        given = {**state, **leaves_of(x, "x"), "y": y, "lr": 0.05}
        given |= leaves_of(optimizer, "optimizer")
        made = program({name: given[name] for name, *_ in program.inputs})
        out, cache = forward(net, x)
        cost, dA = of(out, y)
        grads = backward(net, cache, dA)
        moves, optimizer = update(optimizer, grads, net)
        expected = {**leaves_of(out, "out"), "cost": cost, **leaves_of(grads.params, "grads")}
        net = sgd(net, moves, 0.05)
        state = leaves_of(net, "params")
        expected |= {**state, **leaves_of(optimizer, "optimizer")}
        for name, a in expected.items():
            assert made[name].dtype == np.asarray(a).dtype or name == "cost", name  # a float of Python
            np.testing.assert_allclose(made[name], a, rtol=tolerance, atol=tolerance, err_msg=name)
        if is_first:  # the memory of the optimizer is there now
            program, is_first = record_step(net, x, y, of, 0.1, optimizer=optimizer), False


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    net, x, loss = NETWORKS[name]
    assert_steps(net, x, loss, OPTIMIZERS[["sgd", "momentum", "adam", "chain"][len(name) % 4]])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_stays_float32(name):
    net = mlp([3, 4, 1], hidden=Tanh(), seed=0, dtype=np.float32)
    assert_steps(net, ROWS.astype(np.float32), mse, OPTIMIZERS[name], tolerance=1e-4)


@at_most(20, quick=3)
@given(case=fst.networks(), name=st.sampled_from(sorted(OPTIMIZERS)))
def test_drawn_networks(case, name):
    net, x = case
    with np.errstate(all="ignore"):
        if np.isfinite(mse(forward(net, x)[0], target_of(net, x, mse))[0]) and x.size:
            assert_steps(net, x, mse, OPTIMIZERS[name], steps=2, tolerance=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions(name):
    net, x, _ = NETWORKS[name]
    program = record_prediction(net, x)
    other = like(x, 0.5)
    made, expected = program({**leaves_of(net, "params"), **leaves_of(other, "x")}), predict(net, other)
    for path, a in leaves_of(expected, "out").items():
        np.testing.assert_allclose(made[path], a, rtol=1e-12, atol=1e-12, err_msg=path)


def test_rules_are_steps_in_their_order():
    net = (Dense.init(3, 2, seed=0), Residual(Tanh()))
    program = record_step(net, ROWS, ROWS[:, :2], mse, 0.1, optimizer=Momentum(beta=0.9))
    assert program.steps == (
        ("forward", "0", "Dense"),
        ("forward", "1", "Residual"),
        ("forward", "1.layer", "Tanh"),
        ("loss", "", "mse"),
        ("backward", "1", "Residual"),
        ("backward", "1.layer", "Tanh"),
        ("backward", "0", "Dense"),
        ("update", "", "Momentum"),
        ("sgd", "", "sgd"),
    )
    rules = {program.steps[one.step] for one in program.operations if one.variable == "dx"}
    assert rules == {("backward", "1.layer", "Tanh"), ("backward", "1", "Residual")}


@record
class Halved(Elementwise):
    """out = x / 2 of a user, whose rule has names of its own"""

    def value(self, x):
        half = x / 2
        return half + 0 * x

    def slope(self, kept):
        return 0.5 + 0 * kept


@record
class Reading(Elementwise):
    """A rule that reads values"""

    def value(self, x):
        return x if x.sum() > 0 else -x

    def slope(self, kept):
        return 1 + 0 * kept


def test_variables_of_a_users_rule_are_named():
    program = record_step((Dense.init(3, 1, seed=0), Halved()), ROWS, ROWS[:, :1], mse, 0.1)
    assert "half" in {one.variable for one in program.operations}


def test_names_are_those_of_variables_of_rules():
    with recording() as tape:
        x = at_place(tape.input("x", np.ones(2)))
        half = x / 2
        known_ = np.ones_like(x)  # noqa: F841  it has no place
        note_names(tape, sys._getframe())
        assert tape.values[half.place()].variable == "half"
        again = half  # noqa: F841  the first name stays
        note_names(tape, sys._getframe())
        assert tape.values[half.place()].variable in {"half", "again"}
        other = x * 7
        note_names(tape, SimpleNamespace(f_globals={"__name__": "inspect"}, f_locals={"other": other}))
        assert tape.values[other.place()].variable == ""
    assert [is_of_rules(module) for module in ("funcnn.layers.dense", "__main__", "mine.layers")] == [True] * 3
    others = ("funcnn.layers.checks", "funcnn.dispatch", "inspect", "numpy.lib", "attr")
    assert not any(map(is_of_rules, others))


def test_the_name_of_a_loss():
    def own(out, y, k):
        return mse(out, y)

    program = record_step(Dense.init(3, 1, seed=0), ROWS, ROWS[:, :1], partial(partial(own, k=1)), 0.1)
    assert ("loss", "", "own") in program.steps


def test_no_names_where_a_profiler_is_at_work():
    def profile(*_):
        """A profiler that does nothing."""

    try:
        sys.setprofile(profile)
        program = record_step(Dense.init(3, 1, seed=0), ROWS, ROWS[:, :1], mse, 0.1)
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)
    assert {one.variable for one in program.operations} == {""}


def test_a_rule_that_reads_values_is_named_with_its_layer():
    with pytest.raises(KindError) as caught:
        record_step((Dense.init(3, 1, seed=0), Reading()), ROWS, ROWS[:, :1], mse, 0.1)
    assert "`return x if x.sum() > 0 else -x`" in str(caught.value)
    assert "in layer 1, Reading()" in "\n".join(caught.value.__notes__)
    with pytest.raises(KindError, match="a condition on an array"):
        record_prediction((Dense.init(3, 1, seed=0), Reading()), ROWS)

"""Prediction by blocks of rows, from memory maps and into arrays of the caller."""

import gc
import tracemalloc

import numpy as np
import pytest

from funcnn import GRU, Dropout, Tanh, forward, inference, mlp, predict, prediction, record
from funcnn.layers import Affine, BatchNorm, Parallel
from funcnn.prediction import _fixed

net = (*mlp([3, 8, 2], hidden=Tanh(), seed=0), Dropout(0.5, seed=0))
x = np.random.default_rng(0).normal(size=(100, 3))


@pytest.fixture(autouse=True)
def _nothing_is_kept():
    _fixed.clear()


@pytest.fixture
def mapped(tmp_path):
    """An array as a memory map."""

    def mapped(array, mode="r"):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npy"
        np.save(path, array)
        return np.load(path, mmap_mode=mode)

    return mapped


@pytest.mark.parametrize("rows", [None, 1, 7, 50, 100, 200])
def test_out_has_what_is_returned_without_it(mapped, rows):
    plain = predict(net, x, rows)
    for out in (
        np.empty((100, 2)),
        mapped(np.empty((100, 2)), "r+"),
        np.empty((2, 100)).T,
        np.empty((200, 4))[::2, ::2],
    ):
        assert predict(net, x, rows, out=out) is out
        assert np.array_equal(out, plain)
    assert np.array_equal(predict(net, mapped(x), rows), plain)
    written = mapped(np.empty((100, 2)), "r+")
    predict(net, mapped(x), rows, out=written)
    written.flush()
    assert np.array_equal(np.load(written.filename), plain)


def test_several_outputs_and_masks_are_written_side_by_side(mapped):
    two = Parallel((mlp([3, 2], seed=0), mlp([3, 4], seed=1)))
    out = np.empty((100, 2)), mapped(np.empty((100, 4)), "r+")
    assert predict(two, (x, x), 30, out=out) is out
    for a, b in zip(out, predict(two, (x, x), 30), strict=True):
        assert np.array_equal(a, b)
    sequences, mask = x.reshape(10, 10, 3), np.ones((10, 10), bool)
    cell = GRU.init(3, 4, seed=0)
    for given, room in ((mask, np.zeros((10, 10), bool)), (None, None)):
        out = np.empty((10, 10, 4)), room
        predict(cell, (sequences, given), 3, out=out)
        expected = predict(cell, (sequences, given), 3)
        assert np.array_equal(out[0], expected[0])
        assert room is None or np.array_equal(out[1], mask)


def test_no_rows_give_no_rows():
    assert predict(net, x[:0], 5, out=(out := np.empty((0, 2)))) is out
    assert predict(net, x[:0], 5).shape == (0, 2)


def test_a_block_at_a_time_is_in_memory(mapped):
    def peak(m):
        source, out = mapped(np.zeros((m, 3))), mapped(np.zeros((m, 2)), "r+")
        tracemalloc.start()
        try:
            predict(net, source, 500, out=out)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1000)  # what is kept from a first call
    few, many = peak(1000), peak(20_000)
    assert many < 1.2 * few < 20_000 * 2 * 8


@record
class Counted:
    """A layer whose rule for prediction is counted."""


calls = []
forward.register(Counted)(lambda params, x: (x, ()))
inference.register(Counted)(lambda params: calls.append(0) or Affine(np.full(3, 2.0), np.zeros(3)))


def test_a_network_for_prediction_is_made_once_and_forgotten_with_its_layers():
    calls.clear()
    layer = Counted()
    deep = ((layer, Tanh()), *mlp([3, 2], seed=0))
    assert np.array_equal(predict(deep, x), predict(deep, x))
    assert (len(calls), len(_fixed)) == (1, 1)
    assert np.array_equal(predict(layer, x), predict(layer, x))
    assert (len(calls), len(_fixed)) == (2, 2)
    del layer, deep
    gc.collect()
    assert not _fixed


def test_a_new_rule_holds_at_once():
    layer = Counted()
    assert np.array_equal(predict(layer, x), 2 * x)
    old = inference.dispatch(Counted)
    inference.register(Counted)(lambda params: Affine(np.ones(3), np.zeros(3)))
    try:
        assert np.array_equal(predict(layer, x), x)
    finally:
        inference.register(Counted)(old)


def test_another_network_with_the_same_id_is_another(monkeypatch):
    norm, tanh = BatchNorm(np.full(3, 2.0), None, np.zeros(3), np.ones(3)), Tanh()
    monkeypatch.setattr(prediction, "id", lambda _: 1, raising=False)
    expected = predict((norm,), x)
    assert np.allclose(predict((norm, tanh), x), np.tanh(expected))
    assert np.array_equal(predict((norm,), x), expected)
    other = BatchNorm(np.full(3, 3.0), None, np.zeros(3), np.ones(3))
    assert np.allclose(predict((other,), x), 1.5 * expected)


def test_few_networks_for_prediction_are_kept():
    nets = [(BatchNorm.init(3), Tanh()) for _ in range(40)]
    for each in nets:
        predict(each, x)
    assert len(_fixed) == 16
    assert predict(mlp([3, 2], seed=0), x).shape == (100, 2)
    assert len(_fixed) == 16  # nothing is kept of a network that inference does not change

"""Batches that are shuffled within windows of blocks: from memory maps, and with little in memory."""

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Adam, Tanh, TrainState, batches, history, mlp, mse, train, value_and_grad
from funcnn.data import prefetch, windowed_batches
from funcnn.data.windows import Order
from funcnn.files import fingerprint
from funcnn.parallel import sharded

sizes = st.integers(1, 40)


@given(sizes, sizes, sizes, st.integers(1, 9), st.integers(0, 99))
def test_an_epoch_has_each_row_once_and_blocks_stay_in_one_window(rows, size, block, window, seed):
    size, block = min(size, rows), min(block, rows)
    x = np.arange(rows)
    data = windowed_batches((x, None), x[:, None] * 1.0, size, block=block, window=window, epochs=3, seed=seed)
    assert len(data) == 3 * data.per_epoch
    for e in range(3):
        epoch = data[e * data.per_epoch : (e + 1) * data.per_epoch]
        assert [len(y) for _, y in epoch][:-1] == [size] * (data.per_epoch - 1)
        order = np.concatenate([x for (x, _), _ in epoch])
        assert np.array_equal(order, np.concatenate([y[:, 0] for _, y in epoch]))
        assert np.array_equal(np.sort(order), x)
        assert np.array_equal(order, np.concatenate([data[i][0][0] for i in epoch.steps]))
        blocks, ends = order // block, Order(data.source, e)._ends
        for number in set(blocks.tolist()):
            first, last = np.flatnonzero(blocks == number)[[0, -1]]
            assert np.searchsorted(ends, first, "right") == np.searchsorted(ends, last, "right")


def test_one_window_of_all_blocks_is_every_order():
    x = np.arange(3)
    data = windowed_batches(x, x, 3, block=1, window=3, epochs=600, seed=0)
    _, counts = np.unique([x for x, _ in data], axis=0, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 70  # 100 each; the deviation is 9


def test_seeds_and_epochs_draw_other_orders_and_it_pickles():
    x = np.arange(100)
    first, second = (windowed_batches(x, x, 100, block=10, window=5, epochs=2, seed=s) for s in (0, 1))
    assert len({tuple(batch[0].tolist()) for batch in (*first, *second)}) == 4
    assert np.array_equal(pickle.loads(pickle.dumps(first))[1][0], first[1][0])
    blocks = "Windowed(blocks=Cut(block=10), size=100, seed=(0,), per_epoch=1, window=5)"
    assert repr(first) == f"Batches(source={blocks}, steps=range(0, 2))"


@pytest.fixture
def maps(tmp_path):
    """x and y of 3000 rows as memory maps."""

    def maps(rows=3000):
        x = np.random.default_rng(0).normal(size=(rows, 8))
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "y.npy", x[:, :1] * x[:, 1:2])
        return [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "xy"]

    return maps


WAYS = {
    "batches": lambda x, y: batches(x, y, 100, epochs=2, seed=0),
    "windowed_batches": lambda x, y: windowed_batches(x, y, 100, block=50, window=4, epochs=2, seed=0),
}


@pytest.mark.parametrize("way", WAYS)
def test_batches_of_memory_maps_are_those_of_arrays_and_resume(maps, way):
    x, y = maps()
    mapped, loaded = WAYS[way](x, y), WAYS[way](np.array(x), np.array(y))
    for (x_i, y_i), (a, b) in zip(mapped, loaded, strict=True):
        assert type(x_i) is type(y_i) is np.ndarray
        assert np.array_equal(x_i, a)
        assert np.array_equal(y_i, b)
        assert not np.may_share_memory(x_i, x)
        assert not x_i.flags.writeable
    start, gradient = TrainState(mlp([8, 5, 1], hidden=Tanh(), seed=1), Adam()), value_and_grad(mse)
    *_, whole = train(start, loaded, gradient, 0.01)
    half, _ = history(train(start, mapped[:23], gradient, 0.01))
    ahead = prefetch(mapped, 2)[half.step :]
    *_, resumed = train(half, ahead, sharded(gradient, rows=100), 0.01)  # one block
    assert fingerprint(resumed) == fingerprint(whole)


def peak(act):
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_loop_holds_one_window_however_many_rows_there_are(maps):
    def loop(data):
        for _ in data:
            pass

    loop(windowed_batches(*maps(1000), 100, block=250, window=2, seed=0))  # caches
    peaks = [
        peak(lambda: loop(windowed_batches(*data, 100, block=250, window=2, seed=0)))  # noqa: B023  called at once
        for data in (maps(1000), maps(16000))
    ]
    window = 500 * (9 + 1) * 8  # x, y and their order
    assert window < peaks[0] < peaks[1] < 2 * window

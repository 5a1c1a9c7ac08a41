"""What is sent to other processes, and what is not sent again."""

import os
from functools import partial
from itertools import count

import numpy as np
import pytest

import funcnn as nn
from funcnn.arrays import freeze
from funcnn.parallel import sharded, store, worker
from funcnn.parallel.packing import packed, unpacked
from funcnn.parallel.sent import Sent
from tests.sharding import Copying, after

pytest.importorskip("threadpoolctl", reason="matrix products are computed in one thread by it")
FUNCTION = nn.value_and_grad(nn.mse)
NET = nn.mlp([64, 5, 1], hidden=nn.Tanh(), seed=0)
random = np.random.default_rng(0)
X, Y = random.normal(size=(400, 64)), random.normal(size=(400, 1))
SIZE = X.nbytes


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    monkeypatch.setattr(store, "_arrays", type(store._arrays)())
    worker._function.cache_clear()


def bytes_of_steps(step, x, steps=4, net=NET):
    found = []
    for _ in range(steps):
        _, grads = step(net, x, Y)
        net = nn.sgd(net, grads, 0.01)
        found.append(step.traffic.sent)
    return found, net


@pytest.mark.parametrize("x", [X, freeze(X.copy())], ids=["an array that can be written to", "a read-only one"])
def test_rows_that_stay_are_sent_twice(x):
    step = sharded(FUNCTION, rows=100, executor=Copying())
    (first, second, third, fourth), _ = bytes_of_steps(step, x)
    assert first > SIZE
    assert second > SIZE
    assert third == fourth < 0.1 * SIZE
    assert step.traffic.returned > 0
    assert step.traffic.missed == 0


def test_rows_that_were_written_to_are_sent_again():
    x = X.copy()
    step = sharded(FUNCTION, rows=100, executor=Copying())
    bytes_of_steps(step, x)
    x[250] = 0
    assert step(NET, x, Y) == sharded(FUNCTION, rows=100)(NET, x, Y)
    assert 0.2 * SIZE < step.traffic.sent < 0.35 * SIZE


def test_a_worker_that_has_not_the_rows_asks_for_them(monkeypatch):
    step = sharded(FUNCTION, rows=100, executor=Copying())
    _, net = bytes_of_steps(step, X)
    store._arrays.clear()
    assert step(net, X, Y) == sharded(FUNCTION, rows=100)(net, X, Y)
    assert step.traffic.missed == 4
    assert step.traffic.sent > SIZE
    assert bytes_of_steps(step, X, 1)[0][0] < 0.1 * SIZE


def test_where_there_is_no_memory_rows_are_sent_each_time(monkeypatch):
    monkeypatch.setattr(store, "MOST_BYTES", 60_000)  # one block
    step = sharded(FUNCTION, rows=100, executor=Copying())
    alone = after(sharded(FUNCTION, rows=100), NET, (), X, Y, 14)
    assert after(step, NET, (), X, Y, 14) == alone
    assert len(store._arrays) == 1
    assert step.traffic.missed <= 1  # for the one block that is held
    assert step.traffic.sent > 0.7 * SIZE


def test_batches_are_neither_hashed_nor_held():
    step = sharded(FUNCTION, rows=50, executor=Copying())
    for x, y in nn.batches(X, Y, 100, epochs=2, seed=0):
        step(NET, x, y)
        assert step.traffic.sent > x.nbytes
    assert not store._arrays


def test_frozen_arrays_of_the_network_are_not_sent_again():
    net = (nn.Frozen(nn.mlp([64, 300], seed=1)), *nn.mlp([300, 1], seed=2))
    step = sharded(FUNCTION, rows=100, executor=Copying())
    sent, _ = bytes_of_steps(step, X, 4, net)
    assert sent[0] - sent[2] > 4 * net[0].layer[0].W.nbytes


def test_rows_of_a_memory_map_travel_as_their_place(tmp_path):
    np.save(tmp_path / "x.npy", X)
    step, alone = sharded(FUNCTION, rows=100, executor=Copying()), sharded(FUNCTION, rows=100)(NET, X, Y)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert sharded(FUNCTION, rows=100)(NET, x, Y) == alone
    for part, rows in ((x, X), (x[100:], X[100:])):
        assert step(NET, part, Y[: len(rows)]) == sharded(FUNCTION, rows=100)(NET, rows, Y[: len(rows)])
        assert step.traffic.sent < 0.15 * SIZE
        assert step.traffic.missed == 0
    np.save(tmp_path / "f.npy", np.asfortranarray(X[:, :1]))
    column = np.load(tmp_path / "f.npy", mmap_mode="r")
    assert step(nn.mlp([1, 1], seed=0), column, Y) == sharded(FUNCTION, rows=100)(nn.mlp([1, 1], seed=0), column, Y)


class Elsewhere(Copying):
    """A machine on which something happened to the file before the task came."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def computed(self, function, *given):
        """The result, after the change"""
        self.change()
        return function(*given)


def test_a_memory_map_that_workers_do_not_find_is_sent(tmp_path):
    np.save(tmp_path / "x.npy", X)
    x, times = np.load(tmp_path / "x.npy", mmap_mode="r"), count(1)
    alone = sharded(FUNCTION, rows=100)(NET, X, Y)
    step = sharded(FUNCTION, rows=100, executor=Elsewhere(lambda: os.utime(tmp_path / "x.npy", ns=(0, next(times)))))
    assert step(NET, x, Y) == alone
    assert step.traffic.missed == 4
    gone = sharded(FUNCTION, rows=100, executor=Elsewhere(lambda: (tmp_path / "x.npy").unlink(missing_ok=True)))
    assert gone(NET, x, Y) == alone
    assert gone.traffic.missed == 1
    assert gone(NET, x, Y) == alone  # the file is gone, the map is not
    assert gone.traffic.missed == 0


def test_a_memory_map_whose_file_is_replaced_keeps_its_rows(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "new.npy", 2 * X)
    x, step = np.load(tmp_path / "x.npy", mmap_mode="r"), sharded(FUNCTION, rows=100, executor=Copying())
    alone = step(NET, x, Y)
    (tmp_path / "new.npy").replace(tmp_path / "x.npy")
    assert step(NET, x, Y) == alone == sharded(FUNCTION, rows=100)(NET, x, Y)
    assert step(NET, np.load(tmp_path / "x.npy", mmap_mode="r"), Y) == sharded(FUNCTION, rows=100)(NET, 2 * X, Y)


@pytest.mark.parametrize("mode", ["c", "r+"])
def test_a_memory_map_that_may_be_written_to_is_sent(mode, tmp_path):
    np.save(tmp_path / "x.npy", X)
    written = np.load(tmp_path / "x.npy", mmap_mode=mode)
    written[0] = 0
    step = sharded(FUNCTION, rows=100, executor=Copying())
    assert step(NET, written, Y) == sharded(FUNCTION, rows=100)(NET, np.array(written), Y)
    assert step.traffic.sent > SIZE


def test_arrays_of_two_processes_after_a_fork_have_tokens_of_their_own(monkeypatch):
    """Both may send to the workers of one cluster, which keep arrays by token."""
    sent, tokens = Sent(), set()
    for process in (1, 2):
        monkeypatch.setattr(os, "getpid", lambda process=process: process)
        sent._numbers = count()  # as a fork copies it
        tokens.add(sent._entry(X, None).token)
    assert len(tokens) == 2


def test_an_array_that_occurs_twice_is_sent_once():
    a = np.zeros(1000)
    stream, arrays = packed(((a, 3), a), by_value=False)
    assert len(arrays) == 1
    (first, _), second = unpacked(stream, arrays)
    assert first is second is a


def test_functions_are_loaded_once():
    loaded = []

    class Counting(Copying):
        """An executor that sees what is held."""

        def computed(self, function, *given):
            made = function(*given)
            loaded.append(worker._function.cache_info().misses)
            return made

    step = sharded(FUNCTION, rows=200, executor=Counting())
    bytes_of_steps(step, X, 3)
    assert set(loaded) == {1}
    for delta in range(1, 12):
        sharded(nn.value_and_grad(partial(nn.huber, delta=delta)), rows=200, executor=Copying())(NET, X, Y)
    assert worker._function.cache_info().currsize == 8

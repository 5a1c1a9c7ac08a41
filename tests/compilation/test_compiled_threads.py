"""Helper threads take shards of a kernel, start late or never, and change no bit."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module

import numpy as np
import pytest

from funcnn import BatchNorm, Dense, Tanh, mlp, mse
from funcnn.compilation import compiled

pytest.importorskip("llvmlite", reason="kernels need llvmlite")
sharing = import_module("funcnn.compilation.sharing")
rng = np.random.default_rng(0)
x, y = rng.normal(size=(5000, 2)), rng.normal(size=(5000, 1))
net = mlp([2, 5, 1], hidden=Tanh(), seed=0)
coupled = (Dense(np.ones((2, 3)), None), BatchNorm.init(3), Dense(np.ones((3, 1)), None))  # several rounds


class Absent:
    """A pool whose threads never start."""

    def __init__(self):
        self.asked = 0

    def submit(self, *_):
        self.asked += 1


def memory_of(function):
    """The kernel's functions and the memory of its last call."""
    step = function.step(net, x, y, [], [])
    return step.functions, step._memories._idle[-1]


@pytest.mark.parametrize("params", [net, coupled], ids=["one round", "several rounds"])
def test_helpers_that_never_come_are_not_waited_for(params, monkeypatch):
    expected = compiled(mse)(params, x, y)
    pool = Absent()
    monkeypatch.setattr(sharing, "_pool", lambda _: pool)
    function = compiled(mse, threads=3)
    for _ in range(3):
        assert function(params, x, y) == expected
    assert pool.asked == 2  # once each: they are still to start


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not tell threads their cores")
def test_a_helper_leaves_the_core_of_its_caller_if_there_is_another(monkeypatch):
    moved = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, cores: moved.append(cores))
    sharing._leave(1)
    sharing._leave(-1)  # the core of the caller is not known
    assert moved == [{0, 2}, {0, 1, 2}]


def test_each_process_has_helpers_of_its_own():
    assert sharing._pool(-1) is sharing._pool(-1)
    assert sharing._pool(-1) is not sharing._pool(-2)


def test_a_helper_computes_all_shards_that_nobody_else_takes(monkeypatch):
    monkeypatch.setattr(sharing, "_pool", lambda _: Absent())
    function = compiled(mse, threads=2)
    cost, _ = function(net, x, y)
    functions, memory = memory_of(function)
    by_the_caller, shards = memory.sums.copy(), memory._block[sharing.DONE]
    memory.sums[:] = 0
    memory._block[sharing.DONE] = memory._block[sharing.NEXT] = 0  # as `share` opens a round
    memory.set_batch(x.ctypes.data, y.ctypes.data)
    sharing._help(functions, memory, 0, -1)
    assert memory._block[sharing.DONE] == shards == 4
    assert memory.helpers[0] == 0  # it polled for more work, and returned
    size = len(memory.sums) // shards
    assert np.array_equal(memory.sums[size:], by_the_caller[size:])  # the first has the totals of all shards since
    assert function(net, x, y)[0] == cost


def test_many_short_steps_with_more_threads_than_cores():
    one, function = compiled(mse), compiled(mse, threads=4)
    for i in range(200):
        m = 4096 + i % 3
        assert function(net, x[:m], y[:m]) == one(net, x[:m], y[:m])


def test_a_helper_starts_on_another_core_and_may_use_all(monkeypatch):
    cores = {0, 1, 2}
    chosen = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, which: chosen.append(which), raising=False)
    sharing._leave(1)
    assert chosen == [{0, 2}, {0, 1, 2}]
    sharing._leave(-1)  # the system does not say which core it is
    cores = {1}
    sharing._leave(1)
    assert len(chosen) == 2

    def forbidden(*_):
        raise PermissionError

    cores = {0, 1}
    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    sharing._leave(1)


def test_threads_of_python_may_share_one_function_with_helpers():
    function, expected = compiled(mse, threads=2), compiled(mse)(net, x, y)
    wrong = []

    def work():
        wrong.extend([i for i in range(20) if function(net, x, y) != expected])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_threads_that_compile_for_the_first_time_share_one_compiler(monkeypatch):
    """The code of a second one would be freed with it, while a kernel still has its address."""
    compilers = import_module("funcnn.compilation.engine")

    def slow():
        time.sleep(0.05)
        return compilers.Engine()

    monkeypatch.setattr(compilers, "_engine", cache(slow))
    start = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: start.wait() >= 0 and compilers.engine(), range(4)))
    assert [one is found[0] for one in found] == [True] * 4

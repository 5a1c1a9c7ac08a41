"""Worker processes end after a parent that was killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from funcnn.parallel import end_with_parent, orphans

pytest.importorskip("threadpoolctl", reason="sharded needs it")
SCRIPT = """
import sys, time
import numpy as np
from concurrent.futures import ProcessPoolExecutor
from funcnn import TrainState, mlp, mse, train, value_and_grad
from funcnn.parallel import sharded

def workers():
    if sys.argv[1] == "loky":
        from loky import get_reusable_executor
        return get_reusable_executor(2)
    return ProcessPoolExecutor(2)

if __name__ == "__main__":
    x, pool = np.ones((400, 2)), workers()
    list(pool.map(time.sleep, [0.5, 0.5]))  # both have begun
    step = sharded(value_and_grad(mse), rows=100, executor=pool)
    for state in train(TrainState(mlp([2, 8, 1], seed=0)), [(x, x[:, :1])] * 10**6, step, 1e-6):
        if state.step == 100:
            print(*(pool._processes), flush=True)
"""


PROCESSES = Path("/proc")
KILLS = [("processes", signal.SIGTERM), ("processes", signal.SIGKILL), ("loky", signal.SIGKILL)]


def is_alive(pid):
    try:
        status = PROCESSES.joinpath(str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"  # a zombie has ended


@pytest.mark.skipif(not PROCESSES.joinpath("self/stat").exists(), reason="it reads the states of processes")
@pytest.mark.parametrize(("engine", "number"), KILLS)
def test_no_worker_stays(engine, number, tmp_path):
    if engine == "loky" and not find_spec("loky"):
        pytest.skip("loky is not installed")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen([sys.executable, script, engine], stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(is_alive, pids))
        parent.send_signal(number)
        assert parent.wait() == -number
        deadline = time.monotonic() + 30
        while any(map(is_alive, pids)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(is_alive, pids))


@pytest.fixture
def ended(monkeypatch):
    """The codes with which this process would have ended."""
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    orphans._watch.cache_clear()
    yield codes
    orphans._watch.cache_clear()


class Parent:
    """A parent that has ended."""

    pid = 7

    def join(self):
        pass


@pytest.mark.parametrize("pids", [[7, 7, 7, 1], [2]], ids=["a parent", "a forkserver"])
@pytest.mark.skipif(os.name != "posix", reason="elsewhere the number of a parent stays when it has ended")
def test_a_worker_ends_with_a_parent_that_has_ended(ended, monkeypatch, pids):
    pids = iter(pids)
    monkeypatch.setattr(multiprocessing, "parent_process", Parent)
    monkeypatch.setattr(os, "getppid", lambda: next(pids))
    monkeypatch.setattr(orphans, "sleep", lambda _: None)
    monkeypatch.setattr(orphans, "Thread", AtOnce)
    end_with_parent()
    end_with_parent()
    assert ended == [1]


class AtOnce:
    """A thread that does its work when it is started."""

    def __init__(self, target, args, daemon):
        assert daemon
        self.start = lambda: target(*args)


def test_a_process_that_nobody_started_as_a_worker_goes_on(ended):
    assert multiprocessing.parent_process() is None
    end_with_parent()
    assert ended == []

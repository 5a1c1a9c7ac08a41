"""The example `sweep.py`: killed and resumed, in threads, in processes and with Dask, it makes the same table."""

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.unwatched

SCRIPT = Path(__file__).parents[2] / "examples" / "sweep.py"
TINY = ["--depths", "2", "3", "--widths", "7", "9", "--steps", "8", "--side", "30"]
STAGES = 16  # two depths, two widths, four stages
random = np.random.default_rng(0)


def start(*arguments):
    """The script in this process."""
    sys.argv, sys.path[:0] = [str(SCRIPT), *TINY, *arguments], [str(SCRIPT.parent)]
    runpy.run_path(str(SCRIPT), run_name="__main__")


def halt_after(results):
    """Once there are so many results, no further one is renamed to its place; the file beside it is complete."""
    real, left, lock = os.replace, iter(range(results)), threading.Lock()

    def replace(*args):
        with lock:
            halted = next(left, None) is None
        if halted:
            print("halted", flush=True)  # noqa: T201  for the process that kills this one
            time.sleep(600)
        return real(*args)

    os.replace = replace


def printed(folder, *arguments):
    """What the script prints, less the progress, in a process of its own, whose functions no test has changed."""
    command = [sys.executable, str(SCRIPT), *TINY, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("  cost")) :]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The table of a sweep in threads that nothing disturbs."""
    for package in ("joblib", "matplotlib", "PIL", "skimage", "threadpoolctl"):
        pytest.importorskip(package, reason=f"examples/sweep.py uses {package}")
    return printed(tmp_path_factory.mktemp("sweep"), "--backend", "threading", "--folder", "undisturbed")


def identity(folder):
    """Of each result, when it was written, and where."""
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.glob("stage-*.npz")}


def killed(folder, results):
    """The sweep, killed while it saves a further result, in the middle of the work of its other thread."""
    command = [sys.executable, __file__, str(results), "--backend", "threading", "--folder", folder]
    with subprocess.Popen(command, cwd=folder.parent, stdout=subprocess.PIPE, text=True) as process:
        while "halted" not in (line := process.stdout.readline()):  # other threads print into the same line
            assert line or process.poll() is None
        time.sleep(random.uniform(0, 0.01))
        process.kill()
    assert process.returncode != 0


def test_a_sweep_that_is_killed_computes_nothing_twice_and_ends_in_the_same_table(undisturbed, tmp_path):
    folder, known = tmp_path / "killed", {}
    for results in (3, 1, 5):
        killed(folder, results)
        now = identity(folder)
        assert known.items() <= now.items()
        assert len(now) == len(known) + results
        known = now
    assert len(list(folder.glob(".funcnn-*.tmp"))) >= 3  # each of them died while it saved
    resumed = printed(tmp_path, "--backend", "threading", "--folder", "killed")
    now = identity(folder)
    assert known.items() <= now.items()
    assert len(now) == STAGES
    assert resumed == undisturbed
    assert resumed == printed(tmp_path, "--backend", "threading", "--folder", "killed")
    assert identity(folder) == now
    assert len(resumed) == 2 + 4
    costs = [float(line.split()[0]) for line in resumed[1:-1]]
    assert costs == sorted(costs)
    assert 0 < costs[0] < 0.65
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")


def killed_with_its_workers(backend, folder):
    """The sweep and all its processes, killed at a random moment after the first result."""
    command = [sys.executable, str(SCRIPT), *TINY, "--backend", backend, "--folder", folder]
    with subprocess.Popen(command, cwd=folder.parent, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        while not identity(folder):
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.05))
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_killed_processes_are_resumed_and_make_the_table_of_threads(undisturbed, tmp_path, backend):
    pytest.importorskip("distributed", reason="Dask computes")
    killed_with_its_workers(backend, tmp_path / backend)
    known = identity(tmp_path / backend)
    resumed = printed(tmp_path, "--backend", backend, "--folder", backend)
    assert known.items() <= identity(tmp_path / backend).items()
    assert resumed == undisturbed


if __name__ == "__main__":
    halt_after(int(sys.argv[1]))
    start(*sys.argv[2:])

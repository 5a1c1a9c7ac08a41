"""The same bits on other engines: processes, loky, Dask, and MPI."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest

pytest.importorskip("threadpoolctl", reason="matrix products are computed in one thread by it")
from tests.sharding import NETS, OPTIMIZERS, run, run_in_parts, write_parts

pytestmark = pytest.mark.unwatched

RUNS = [*[(net, "Adam") for net in NETS], *[("images in float32", name) for name in OPTIMIZERS if name != "Adam"]]
ROOT = Path(__file__).parents[2]


@contextmanager
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@contextmanager
def loky():
    pool = pytest.importorskip("loky", reason="the engine").get_reusable_executor(2)
    yield pool
    pool.shutdown(wait=True)


@contextmanager
def dask():
    distributed = pytest.importorskip("distributed", reason="the engine")
    options = {"processes": False, "n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.Client(**options) as client:
        yield client.get_executor()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for each network, with its rows in files."""
    folder = tmp_path_factory.mktemp("parts")
    for i, (*_, x, y) in enumerate(NETS.values()):
        (folder / str(i)).mkdir()
        write_parts((x, y), folder / str(i))
    return folder


def runs(folder, executor=None):
    """The fingerprints of all runs: rows that are sent, and rows that workers read."""
    yield from [run(net, OPTIMIZERS[name], executor=executor) for net, name in RUNS]
    yield from [run_in_parts(net, folder and folder / str(i), executor=executor) for i, net in enumerate(NETS)]


@pytest.fixture(scope="module")
def alone():
    """The fingerprints without an executor, of arrays."""
    return [*runs(None)]


@pytest.mark.parametrize("engine", [processes, loky, dask], ids=lambda engine: engine.__name__)
def test_every_kind_of_state_and_every_optimizer_have_the_same_bits(engine, alone, folder):
    with engine() as executor:
        assert [*runs(folder, executor)] == alone


def test_mpi_has_the_same_bits(alone, folder):
    pytest.importorskip("mpi4py", reason="the engine")
    here = Path(sys.executable).with_name("mpiexec")
    mpiexec = str(here) if here.exists() else shutil.which("mpiexec")
    if mpiexec is None:
        pytest.skip("there is no mpiexec")
    command = [mpiexec, "-n", "2", sys.executable, "-W", "error", "-m", "mpi4py.futures", __file__, str(folder)]
    outside = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=outside, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(mark) for mark in alone]


if __name__ == "__main__":
    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor() as pool:
        print(*runs(Path(sys.argv[1]), pool), sep="\n")  # noqa: T201  to the process that compares

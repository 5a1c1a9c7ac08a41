"""Data parallel: one training on threads, processes, Dask and MPI, which ends in the same bits on each of them."""

import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import funcnn as nn
from funcnn.files import fingerprint
from funcnn.parallel import sharded, threads

mpl.use("Agg")
x = np.random.default_rng(0).uniform(-3, 3, (4000, 2))
y = np.sin(x[:, :1]) * np.cos(x[:, 1:])
data = nn.batches(x, y, 1000, epochs=5, seed=1)
net = (*nn.mlp([2, 32], seed=2), nn.BatchNorm.init(32), nn.Tanh(), nn.Dropout(0.1, seed=3), *nn.mlp([32, 1], seed=4))
start = nn.TrainState(net, nn.Adam())
MPI = [
    shutil.which("mpiexec", path=f"{Path(sys.executable).parent}"),
    "-n",
    "2",
    sys.executable,
    "-m",
    "mpi4py.futures",
]


def trained(executor=None):
    """The fingerprint of the run in blocks of 250 rows, its cost, and seconds a step."""
    step, began = sharded(nn.value_and_grad(nn.mse), rows=250, executor=executor), time.perf_counter()
    *_, last = nn.train(start, data, step, 0.01)
    return fingerprint(last), last.cost, (time.perf_counter() - began) / len(data)


def by_mpi():
    """What the same script prints on two processes of MPI: one that trains and one that computes blocks."""
    done = subprocess.run([*MPI, __file__, "mpi"], capture_output=True, text=True, check=True)  # noqa: S603  this very file
    mark, *numbers = done.stdout.split()
    return mark, *map(float, numbers)


def main():
    """All engines that are installed."""
    engines = {"none": nullcontext(), "1 thread": threads(1), "3 threads": threads(3)}
    engines["2 processes"] = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    if find_spec("distributed"):
        cluster = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
        engines["Dask"] = import_module("distributed").Client(**cluster)
    found = {}
    for name, engine in engines.items():
        with engine as executor:
            found[name] = trained(executor.get_executor() if name == "Dask" else executor)
    if find_spec("mpi4py") and MPI[0]:
        found["MPI"] = by_mpi()
    for name, (mark, cost, seconds) in found.items():
        print(f"{name:12} {mark}  cost {cost:.6f}  {seconds * 1000:6.1f} ms a step")
    assert len({mark for mark, _, _ in found.values()}) == 1

    plt.barh([*found], [1000 * seconds for _, _, seconds in found.values()])
    plt.xlabel("ms a step, with the start of the engine")
    plt.savefig("data_parallel.png", dpi=150, bbox_inches="tight")


if __name__ == "__main__":
    if "mpi" not in sys.argv:
        main()
    else:
        with import_module("mpi4py.futures").MPIPoolExecutor() as pool:
            print(*trained(pool))

"""The engines of the soak, each with a number of workers, and workers that are killed too."""

import os
import random
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

from funcnn.parallel import threads

MPI, RAY = "MPI", "Ray"
# The numbers of workers of each engine. Without an executor there is no worker beside the process that trains.
WORKERS = {
    "none": [0],
    "threads": [1, 2, 3, 5],
    "processes": [1, 2, 3],
    "loky": [1, 2, 3],
    "Dask": [1, 2, 3],
    "Dask, processes": [1, 2],
    MPI: [1, 2],
    RAY: [1, 2],
}
LIBRARIES = {"loky": "loky", "Dask": "distributed", "Dask, processes": "distributed", MPI: "mpi4py", RAY: "ray"}
SHORTEST, LONGEST = 0.1, 3.0  # seconds until a worker of the first pool of a process is killed, drawn evenly


def mpiexec():
    """The command beside this Python, or on PATH."""
    here = Path(sys.executable).with_name("mpiexec")
    return str(here) if here.exists() else shutil.which("mpiexec")


def installed():
    """The engines that this machine has."""
    has = {name for name in WORKERS if name not in LIBRARIES or find_spec(LIBRARIES[name])}
    return [name for name in WORKERS if name in has and (name != MPI or mpiexec())]


def mortal(folder, parent, seed):
    """Start a thread that kills this worker once its parent is dead; given a seed, at a moment drawn from it too."""
    lot = random.Random(f"{seed} {os.getpid()}")
    end = time.monotonic() + (lot.uniform(SHORTEST, LONGEST) if seed is not None else float("inf"))

    def wait():
        while os.getppid() == parent and time.monotonic() < end:
            time.sleep(0.02)
        if os.getppid() == parent:
            (Path(folder) / f"killed-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def kill_one(executor, folder, seed):
    """Kill a worker of Ray, at a moment drawn from the seed."""
    lot = random.Random(seed)
    pid = executor.submit(os.getpid).result()

    def kill():
        time.sleep(lot.uniform(SHORTEST, LONGEST))
        os.kill(pid, signal.SIGKILL)
        (Path(folder) / f"killed-{pid}").touch()

    threading.Thread(target=kill, daemon=True).start()


class Pools:
    """A function that makes pools of processes: workers of the first one are killed, those of later ones live on."""

    def __init__(self, make, folder, seed):
        self.make, self.folder, self.seed = make, folder, seed

    def __call__(self):
        """A fresh pool."""
        seed, self.seed = self.seed, None
        return self.make(initializer=mortal, initargs=(str(self.folder), os.getpid(), seed))


@contextmanager
def executor(name, n, folder, seed):
    """What `sharded` takes as its executor."""
    if name == "none":
        yield None
    elif name == "threads":
        with threads(n) as pool:
            yield pool
    elif name == "processes":
        yield Pools(lambda **rest: ProcessPoolExecutor(n, mp_context=get_context("spawn"), **rest), folder, seed)
    elif name == "loky":
        from loky import get_reusable_executor

        yield Pools(lambda **rest: get_reusable_executor(n, reuse=False, **rest), folder, seed)
    elif name == MPI:
        from mpi4py.futures import MPIPoolExecutor

        with MPIPoolExecutor() as pool:
            yield pool
    elif name == RAY:
        import ray

        from funcnn.interop.ray import RayExecutor

        ray.init(log_to_driver=False)
        pool = RayExecutor()
        kill_one(pool, folder, seed)
        yield pool
    else:
        from distributed import Client

        if name.startswith("tcp:"):  # a scheduler that runs already
            with Client(name) as client:
                yield client.get_executor()
            return
        options = {"threads_per_worker": 1, "dashboard_address": ":0", "local_directory": str(folder)}
        with Client(n_workers=n, processes=name != "Dask", **options) as client:
            yield client.get_executor()

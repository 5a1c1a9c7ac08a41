"""Data larger than memory: seconds and bytes of one epoch, and of a prediction, by the number of rows in the files."""

import json
import re
import subprocess
import sys
import time
import tracemalloc
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from funcnn import Tanh, TrainState, batches, mlp, mse, predict, train, value_and_grad
from funcnn.data import prefetch, windowed_batches

FEATURES, BATCH, BLOCK, WINDOW = 4, 1000, 2048, 8
GROUP, GROUPS = 32_768, 2  # rows of a row group, and row groups of a window
PIECE = 100_000  # rows that are made and written at a time


def write(folder, rows, *, is_parquet):
    """x and y in float32, as files of NumPy and as one of Parquet."""
    shapes = {"x": (rows, FEATURES), "y": (rows, 1), "out": (rows, 1)}
    files = {name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", "f4", s) for name, s in shapes.items()}
    for start in range(0, rows, PIECE):
        x = np.random.default_rng(start).standard_normal((min(PIECE, rows - start), FEATURES), "f4")
        files["x"][start : start + PIECE] = x
        files["y"][start : start + PIECE] = x[:, :1] * x[:, 1:2]
    if is_parquet:
        import pyarrow as pa
        from pyarrow import parquet

        schema = pa.schema([(name, pa.float32()) for name in ("a", "b", "c", "d", "y")])
        with parquet.ParquetWriter(folder / "rows.parquet", schema) as writer:
            for start in range(0, rows, GROUP):
                block = np.concatenate([files[name][start : start + GROUP] for name in "xy"], axis=1)
                columns = [pa.array(np.ascontiguousarray(column)) for column in block.T]
                writer.write_table(pa.table(columns, schema=schema))


def _epoch(data):
    net = mlp([FEATURES, 16, 1], hidden=Tanh(), seed=0, dtype=np.float32)
    for _ in train(TrainState(net), data, value_and_grad(mse), 0.01):
        pass


def _of_maps(make, folder):
    _epoch(make(*[np.load(folder / f"{name}.npy", mmap_mode="r") for name in "xy"]))


def _of_parquet(folder):
    from funcnn.interop.arrow import arrow_batches

    names = ["a", "b", "c", "d"]
    _epoch(prefetch(arrow_batches(folder / "rows.parquet", BATCH, x=names, y=["y"], window=GROUPS, seed=0), 2))


def _of_prediction(folder):
    x, out = (np.load(folder / f"{name}.npy", mmap_mode=mode) for name, mode in (("x", "r"), ("out", "r+")))
    predict(mlp([FEATURES, 16, 1], hidden=Tanh(), seed=0, dtype=np.float32), x, rows=BATCH, out=out)


def _windowed(x, y):
    return prefetch(windowed_batches(x, y, BATCH, block=BLOCK, window=WINDOW, seed=0), 2)


WAYS = {
    "windowed_batches, prefetch, .npy": partial(_of_maps, _windowed),
    "arrow_batches, prefetch, Parquet": _of_parquet,
    "predict(rows=, out=), .npy": _of_prediction,
    "batches, .npy": partial(_of_maps, partial(batches, size=BATCH, seed=0)),
}


def here(way, folder, first, *, traced):
    """CPU seconds of this process, or the most bytes allocated at a time by NumPy, Python and pyarrow together.

    Before it there is an epoch of the folder `first`, which loads modules and compiles kernels.
    """
    pool = None
    if "arrow" in way:
        import pyarrow as pa

        pool = pa.default_memory_pool()
    WAYS[way](Path(first))
    if traced:
        tracemalloc.start()
    began = time.process_time()
    WAYS[way](Path(folder))
    took = time.process_time() - began
    peak = (tracemalloc.get_traced_memory()[1] if traced else 0) + (pool.max_memory() if pool else 0)
    return {"seconds": took, "allocated": peak, "resident": most_resident()}


def most_resident():
    """The most bytes of this process in memory, pages of mapped files too; ru_maxrss would begin with its parent's."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024


def measured(way, folder, first):
    """Seconds, bytes allocated and bytes resident, each from a process of its own."""
    found = []
    for traced in (False, True):
        call = f"here({way!r}, {str(folder)!r}, {str(first)!r}, traced={traced})"
        code = f"import json; from tests.benchmarks.memory import here; print(json.dumps({call}))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    plain, traced = found
    return plain["seconds"], traced["allocated"], plain["resident"]


def ways():
    """Those whose libraries are installed."""
    return [way for way in WAYS if "arrow" not in way or find_spec("pyarrow")]

"""How many workers the process that trains can keep busy: the time of all work by its own time, on two processes."""
# ruff: noqa: T201  a command prints

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from funcnn import Relu, mlp, softmax_cross_entropy, value_and_grad
from funcnn.parallel import sharded, shards
from tests.benchmarks.tables import table

BLOCKS, CLASSES, WARM = 64, 10, 2
WAYS = {  # whether rows are sent in each step; and how many sums come back, as from so many workers
    "rows sent, 64 gradients": (True, 64),
    "rows sent, 16 sums": (True, 16),
    "rows read by workers, 64 gradients": (False, 64),
    "rows read by workers, 16 sums": (False, 16),
    "rows read by workers, 2 sums": (False, 2),
}
SIZES = [(32, 10_000), (32, 100_000), (128, 10_000), (128, 100_000), (512, 10_000)]  # units of a layer, and rows


def bounds(width, m, steps):
    """Seconds of all work on one core; and of each way, seconds of the processor in the process that trains."""
    random = np.random.default_rng(0)
    params, function = mlp([width, width, width, CLASSES], hidden=Relu(), seed=0), value_and_grad(softmax_cross_entropy)
    y, rows = random.integers(0, CLASSES, m), -(-m // BLOCKS)
    with TemporaryDirectory() as folder, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        x = random.uniform(-1, 1, (m, width))
        data = [(x, y), (x + 0.1, y)]  # in turn, since rows of the last step are not sent again
        files = []
        for name, array in (("x", x), ("y", y)):
            paths = [Path(folder) / f"{name}{i}.npy" for i in range(BLOCKS)]
            for path, some in zip(paths, np.array_split(array, BLOCKS), strict=True):
                np.save(path, some)
            files.append(shards(paths))
        work, alone = [], sharded(function, rows=rows)
        for _ in range(steps):
            began = time.process_time()
            alone(params, x, y)
            work.append(time.process_time() - began)
        found = {}
        for way, (is_sent, workers) in WAYS.items():
            step, times = sharded(function, rows=rows, executor=pool, workers=workers), []
            for i in range(WARM + steps):
                given = data[i % 2] if is_sent else files
                began = time.process_time()
                step(params, *given)
                times.append(time.process_time() - began)
            found[way] = median(times[WARM:])
    return median(work), found


def print_bounds(steps):
    """One table: milliseconds of all work, and of each way milliseconds and the bound."""
    rows = {}
    for width, m in SIZES:
        work, found = bounds(width, m, steps)
        cells = [f"{1e3 * seconds:.3g} ms: {work / seconds:.2g}" for seconds in found.values()]
        rows[f"{width} x {m:,}"] = [f"{1e3 * work:.3g} ms", *cells]
    print(f"\nBounds: processor time of the process that trains, in a step of {BLOCKS} blocks ({steps} steps)\n")
    print(table(["all work", *WAYS], rows))

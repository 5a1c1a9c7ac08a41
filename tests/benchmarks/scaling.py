"""The model of a sharded step: its constants on each engine, and what it predicts beside what was measured."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from funcnn import Grads, mlp, softmax_cross_entropy, tree_map
from funcnn.parallel import sharded, threads
from funcnn.parallel.blocks import blocks, bounds_of, places_of
from funcnn.parallel.worker import computed
from funcnn.trees.walks import arrays_in
from tests.benchmarks.sharded import RUNS, made
from tests.benchmarks.timing import Contender, interleaved

SMALL, LARGE = [8, 8, 8, 1], [64, 512, 512, 10]  # of three layers, as the networks that are predicted
WARM = 5  # steps that are not measured: in them, imports and rows travel to the workers
# The networks of `sharded`, by their default blocks; and one whose blocks take ten times as long.
NETWORKS = {name: (*run, None) for name, run in RUNS.items()}
NETWORKS["64-256-256-10, 24,576 rows"] = ([64, 256, 256, 10], 24576, softmax_cross_entropy, 6144)
ENGINES = {"none": 1, "two threads": 2, "two processes": 2, "Dask, two processes": 2}  # and the workers of each


class Cost(NamedTuple):
    """What an engine costs beside the computation of blocks: seconds a step, a sum, and a byte of the parameters."""

    a_step: float
    a_block: float
    a_byte: float


def predicted(k: int, workers: int, block: float, cost: Cost, size: int, sums: int | None = None) -> float:
    """Seconds of a step of k blocks, with so many bytes of parameters: T = l + s (c + b / B) + ceil(k / w) t

    s sums are received and added: one of each worker, or one of each block.
    """
    return cost.a_step + (sums or k) * (cost.a_block + size * cost.a_byte) + math.ceil(k / workers) * block


def sums_of(engine: str, k: int) -> int:
    """How many sums the process that trains receives: threads and a single process return one for each block."""
    return min(k, ENGINES[engine]) if "processes" in engine else k


def unchanged(params: Any, x: Any, y: Any) -> Any:
    """A gradient that takes no time: the parameters themselves."""
    return 0.0, Grads(params, None)


@contextmanager
def executor(engine: str) -> Iterator[Executor | None]:
    """The executor of an engine, open."""
    if engine == "none":
        yield None
    elif engine == "two threads":
        with threads(2) as pool:
            yield pool
    elif engine == "two processes":
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            yield pool
    else:
        from distributed import Client

        with Client(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as client:
            yield client.get_executor()


def cost_of(given: Executor | None, repeats: int) -> Cost:
    """The constants of an engine, from steps whose gradient takes no time: few blocks, many, and large ones."""
    small, large = mlp(SMALL, seed=0), mlp(LARGE, seed=0)
    step = sharded(unchanged, rows=1, executor=given, workers=16)  # of each block a sum
    three = ("few", small, 2), ("many", small, 16), ("large", large, 16)
    ways = {name: (net, _empty(step, k)) for name, net, k in three}
    found = _turns(ways, repeats)
    a_byte = max(0.0, (found["large"] - found["many"]) / 16 / (size_of(large) - size_of(small)))
    a_block = (found["many"] - found["few"]) / 14
    return Cost(max(0.0, found["few"] - 2 * a_block), a_block - a_byte * size_of(small), a_byte)


def _empty(step: Any, k: int) -> Callable[[Any], Any]:
    x = np.zeros((k, 1))
    return lambda params: step(params, x, x)


def block_and_step(name: str, given: Executor | None, repeats: int) -> tuple[int, int, float, float]:
    """Of one of `NETWORKS`: bytes of its parameters, the number of blocks, seconds of one, and seconds of a step."""
    *run, rows = NETWORKS[name]
    params, x, y, function = made(*run)
    bounds = bounds_of(len(x), rows, params, x)
    parts = [(block.x, block.y) for block in blocks(places_of(bounds, x, y), len(x), x, y)]
    step = sharded(function, rows=rows, executor=given)
    ways = {
        "blocks": (params, lambda params: [computed(function, params, *part) for part in parts]),
        "step": (params, lambda params: step(params, x, y)),
    }
    found = _turns(ways, repeats if rows is None else min(repeats, 7))
    return size_of(params), len(parts), found["blocks"] / len(parts), found["step"]


def constants_and_predictions(repeats: int) -> tuple[dict[str, Cost], dict[str, dict[str, Any]]]:
    """The constants of each engine that is installed; of each network and engine (k, t, predicted, measured)."""
    costs: dict[str, Cost] = {}
    found: dict[str, dict[str, Any]] = {name: {} for name in NETWORKS}
    for engine, workers in ENGINES.items():
        if engine.startswith("Dask") and not find_spec("distributed"):
            continue
        with executor(engine) as given:
            cost = costs[engine] = cost_of(given, repeats)
            for name in NETWORKS:
                size, k, block, measured = block_and_step(name, given, repeats)
                found[name][engine] = k, block, predicted(k, workers, block, cost, size, sums_of(engine, k)), measured
    return costs, found


def size_of(params: Any) -> int:
    """Bytes of the parameters."""
    return sum([a.nbytes for a in arrays_in(params)])


def _turns(ways: dict[str, tuple[Any, Callable[[Any], Any]]], repeats: int) -> dict[str, float]:
    """Median seconds of each function of parameters, which are new in each step, as in training."""
    return {name: median(times) for name, times in interleaved(dict(map(_contender, ways.items())), repeats).items()}


def _contender(way: tuple[str, tuple[Any, Callable[[Any], Any]]]) -> tuple[str, Contender]:
    name, (params, function) = way
    for _ in range(WARM):
        function(params)

    def step(params: Any) -> tuple[Any, Any]:
        return function(params), tree_map(lambda a: a * (1 + 1e-9), params)

    return name, Contender(lambda: params, step, lambda _: [])

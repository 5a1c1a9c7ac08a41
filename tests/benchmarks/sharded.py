"""Gradients by blocks of rows: two threads beside the plain function, and the bytes of a step on two processes."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from threadpoolctl import threadpool_limits

from funcnn import Relu, binary_cross_entropy_with_logits, mlp, sgd, softmax_cross_entropy, value_and_grad
from funcnn.parallel import sharded, threads
from funcnn.parallel.blocks import default_number
from tests.benchmarks.timing import interleaved, steady

ONE, TWO, SHARDED = "plain, BLAS with one thread", "plain, BLAS with two threads", "two threads, sharded"
RUNS = {
    "2-27-31-31-1, 9400 rows": ([2, 27, 31, 31, 1], 9400, binary_cross_entropy_with_logits),
    "2-27-31-31-1, 37,600 rows": ([2, 27, 31, 31, 1], 37600, binary_cross_entropy_with_logits),
    "64-256-256-10, 1024 rows": ([64, 256, 256, 10], 1024, softmax_cross_entropy),
    "64-256-256-10, 4096 rows": ([64, 256, 256, 10], 4096, softmax_cross_entropy),
}


def workload(name):
    """The network, its data and its gradient, in float64."""
    return made(*RUNS[name])


def made(sizes, m, loss):
    """A network of these sizes, m rows of data, and the gradient."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (m, sizes[0]))
    y = random.integers(0, sizes[-1], m) if sizes[-1] > 1 else random.integers(0, 2, (m, 1)).astype(float)
    return mlp(sizes, hidden=Relu(), seed=0), x, y, value_and_grad(loss)


def times_and_blocks(name, repeats):
    """Seconds of the wall clock for each way, in each repeat; and the number of blocks."""
    params, x, y, function = workload(name)
    with threads(2) as pool:  # BLAS has one thread
        step = sharded(function, executor=pool)
        ways = {ONE: lambda: function(params, x, y), SHARDED: lambda: step(params, x, y)}
        times = interleaved({way: steady(call, lambda _: []) for way, call in ways.items()}, repeats)
    with threadpool_limits(2, "blas"):  # apart, since the threads of BLAS go on to wait on their core after a product
        times |= interleaved({TWO: steady(ways[ONE], lambda _: [])}, repeats)
    return times, default_number(len(x), params, x)


def bytes_of_steps(steps):
    """The bytes of x and y; and those sent to two processes in each step and returned, where x and y stay."""
    found = {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for name in RUNS:
            params, x, y, function = workload(name)
            step, counts = sharded(function, executor=pool), []
            for _ in range(steps):
                _, grads = step(params, x, y)
                params = sgd(params, grads, 0.001)
                counts.append((step.traffic.sent, step.traffic.returned, step.traffic.missed))
            found[name] = x.nbytes + y.nbytes, counts
    return found

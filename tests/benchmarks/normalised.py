"""Training steps of networks with two BatchNorms: by NumPy, with the kernel of the layer, and with a compiled loss."""

from typing import Any

import numpy as np

from funcnn import BatchNorm, Dense, Relu, TrainState, mse, sgd, train, value_and_grad
from funcnn.trees import astype, leaves
from tests.benchmarks.contenders import COMPILED, FOLDED
from tests.benchmarks.house import MOST_STEPS
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import FOLD, Contender, interleaved

LR = 1e-3
# Features of x, units of both hidden layers, outputs, rows.
SHAPES = [(2, 8, 1, 32), (5, 16, 3, 100), (14, 32, 1, 792), (27, 64, 4, 1024), (8, 31, 1, 9400), (128, 256, 10, 1000)]


def network(n: int, width: int, k: int) -> tuple[Any, ...]:
    """Dense, BatchNorm and Relu, twice, and the outputs."""
    first, second = Dense.init(n, width, seed=0, bias=False), Dense.init(width, width, seed=1, bias=False)
    hidden = (first, BatchNorm.init(width), Relu(), second, BatchNorm.init(width), Relu())
    return (*hidden, Dense.init(width, k, seed=2))


def times_of_networks(repeats: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of a step in each repeat, by network and contender; float64 and float32."""
    from funcnn.compilation import compiled

    found = {}
    for dtype in (np.float64, np.float32):
        for n, width, k, rows in SHAPES:
            random = np.random.default_rng(0)
            x, y = random.standard_normal((rows, n)).astype(dtype), random.standard_normal((rows, k)).astype(dtype)
            net, loss = astype(network(n, width, k), dtype), compiled(mse)
            contenders = ours(by_steps(value_and_grad(mse), net, x, y))
            contenders |= {COMPILED: by_steps(loss, net, x, y), FOLDED: by_folds(loss, net, x, y)}
            name = f"{n}-{width}-{width}-{k}, {rows} rows, {np.dtype(dtype)}"
            found[name] = interleaved(contenders, repeats)
    return found


def by_steps(gradients: Any, net: Any, x: np.ndarray, y: np.ndarray) -> Contender:
    """`value_and_grad`, then `sgd`."""

    def step(params):
        cost, grads = gradients(params, x, y)
        return cost, sgd(params, grads, LR)

    return Contender(lambda: net, step, leaves)


def by_folds(gradients: Any, net: Any, x: np.ndarray, y: np.ndarray) -> Contender:
    """One run of `train`, FOLD steps a call."""
    batches = [(x, y)] * MOST_STEPS

    def step(run):
        return next(run).cost, run

    return Contender(lambda: train(TrainState(net), batches, gradients, LR, every=FOLD), step, leaves, FOLD)

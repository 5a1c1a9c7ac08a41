"""A network of 64 layers in blocks of Remat: the bytes kept for backward, and the time of a step."""

import numpy as np

from funcnn import Tanh, forward, mlp, mse, sgd, value_and_grad
from funcnn.layers import Remat
from funcnn.trees import leaves
from tests.benchmarks.timing import Contender, interleaved

LAYERS, WIDTH, ROWS = 64, 64, 1024
BLOCKS = (1, 4, 8, 16)
PLAIN = "no Remat"


def networks():
    """The plain one, and the same in blocks, each within a Remat."""
    net = mlp([WIDTH] * (LAYERS + 1), hidden=Tanh(), seed=0)
    size = {n: 2 * LAYERS // n for n in BLOCKS}  # a Dense and a Tanh a layer
    blocks = {f"{n} blocks": tuple([Remat(net[i : i + k]) for i in range(0, len(net), k)]) for n, k in size.items()}
    return {PLAIN: net} | blocks


def bytes_kept(params, x):
    """Of all arrays in the cache, each once: what one layer gives and the next keeps is one array."""
    return sum({id(a): a.nbytes for a in leaves((forward(params, x)[1],))}.values())


def most_bytes(params, x):
    """While a block is made again: what the others wait with, and all of its own."""
    again = [part for part in params if type(part) is Remat]
    return bytes_kept(params, x) + max([bytes_kept(part.layer, x) for part in again], default=0)


def memory_and_times(repeats):
    """Seconds of a step in each repeat, by network; and the bytes."""
    x, y = np.random.default_rng(0).standard_normal((2, ROWS, WIDTH))
    gradient = value_and_grad(mse)

    def contender(net):
        def step(params):
            cost, grads = gradient(params, x, y)
            return cost, sgd(params, grads, 0.01)

        return Contender(lambda: net, step, leaves)

    nets = networks()
    kept = {name: (bytes_kept(net, x), most_bytes(net, x)) for name, net in nets.items()}
    return interleaved({name: contender(net) for name, net in nets.items()}, repeats), kept

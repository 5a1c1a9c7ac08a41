"""What the tests of `funcnn.parallel` share: networks with every kind of state, executors, and runs of a few steps."""

import pickle
from concurrent.futures import Executor, Future
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import numpy as np

import funcnn as nn
from funcnn import layers, losses
from funcnn.compilation import compiled
from funcnn.core import backward_params
from funcnn.files import fingerprint
from funcnn.parallel import sharded, shards
from funcnn.trees import astype
from funcnn.trees.walks import arrays_in, map_arrays, row_count
from tests.cards import OPTIMIZERS as OF_CARDS
from tests.cards import optimizers_of

gradient_by_machine_code = compiled if find_spec("llvmlite") else nn.value_and_grad
random = np.random.default_rng(0)
X = random.normal(size=(24, 6))
Y = np.sin(X[:, :2])
LABELS = random.integers(0, 3, 24)
WORDS, MASK = random.integers(0, 9, (24, 5)), random.uniform(size=(24, 5)) < 0.8
MASK[:, 0] = True
IMAGES = random.normal(size=(24, 6, 6, 1))


def normalising(out, y):
    """A mean over the rows whose y is positive: the divisor depends on them."""
    y = y.astype(out.dtype)
    weight = (y > 0).astype(out.dtype)
    return float((weight * (out - y) ** 2).sum() / weight.sum()), 2 * weight * (out - y) / weight.sum()


class Pull:
    """A loss that is an object with an array."""

    def __init__(self, towards):
        self.towards = towards

    def __call__(self, out, y):
        """The distance of out - y from a vector"""
        return nn.mse(out - self.towards, y)


of_classes = nn.value_and_grad(nn.softmax_cross_entropy)
STATES = *nn.mlp([6, 9], seed=0), nn.BatchNorm.init(9), nn.Relu(), nn.Dropout(0.3, seed=1), *nn.mlp([9, 2], seed=2)
SEQUENCE = layers.First(nn.Embedding.init(9, 4, seed=0)), nn.GRU.init(4, 5, seed=1), layers.Last()
PICTURE = nn.Conv2d.init(1, 3, (3, 3), seed=0), nn.Tanh(), nn.MaxPool(2), nn.Flatten(), *nn.mlp([12, 3], seed=1)
TWICE = layers.Shared(nn.mlp([8, 8], seed=1), (layers.Here(), nn.Tanh(), layers.Here()))
HEADS = layers.Copy(2), layers.Parallel((nn.mlp([6, 2], seed=0), nn.mlp([6, 3], seed=1)))
# Networks with every kind of state and of data: dropout, ghost batch normalisation, frozen layers; masks, weights and
# tuples; float32; images; and rules that a compiler follows.
NETS = {
    "dropout, batch norm": (STATES, nn.value_and_grad(losses.weighted(nn.mse)), X, (Y, random.uniform(size=24))),
    "masked words": ((*SEQUENCE, *nn.mlp([5, 3], seed=2)), of_classes, (WORDS, MASK), LABELS),
    "images in float32": (astype(PICTURE, np.float32), of_classes, IMAGES.astype(np.float32), LABELS),
    "frozen, shared, noisy, compiled": (
        (nn.Frozen(nn.mlp([6, 8], seed=0)), TWICE, nn.Dropout(0.5, seed=3), *nn.mlp([8, 2], seed=2)),
        *(gradient_by_machine_code(nn.mse), X, Y),
    ),
    "two heads, a loss with an array": (
        (nn.LayerNorm.init(6), layers.GaussianNoise(0.1, seed=4), *HEADS),
        nn.value_and_grad(losses.joint(Pull(np.ones(2)), nn.softmax_cross_entropy)),
        *(X, (Y, LABELS)),
    ),
}
OPTIMIZERS = {cls.__name__: optimizers_of(cls)[0] for cls in OF_CARDS}


def run(name, optimizer=(), steps=5, **options):
    """The fingerprint of network, optimizer and cost after a few steps in blocks of at most 5 rows."""
    net, function, x, y = NETS[name]
    return after(sharded(function, rows=5, **options), net, optimizer, x, y, steps)


CUTS = 5, 12  # the first rows of the second part and of the third, of 24 rows


def in_parts(tree, folder=None):
    """The arrays of a tree in three parts as shards: arrays, or the files in a folder that `write_parts` made."""
    numbers = count()

    def shards_of(a):
        return shards(paths_of(folder, next(numbers)) if folder else np.split(a, CUTS))

    return map_arrays(shards_of, tree)


def paths_of(folder, number):
    """The files of the parts of an array."""
    return [Path(folder) / f"rows-{number}-{part}.npy" for part in range(1 + len(CUTS))]


def write_parts(tree, folder):
    """Write the parts of each array of a tree."""
    for number, array in enumerate(arrays_in(tree)):
        for path, rows in zip(paths_of(folder, number), np.split(array, CUTS), strict=True):
            np.save(path, rows)


def run_in_parts(name, folder=None, **options):
    """The fingerprint after steps on all rows, and after steps on batches, if these have no batch statistics."""
    net, function, x, y = NETS[name]
    (x, y), step = in_parts((x, y), folder), sharded(function, rows=5, **options)
    data = [] if "batch norm" in name else nn.batches(x, y, 10, epochs=1, seed=0)
    *_, last = nn.train(nn.TrainState(net, nn.Adam()), [(x, y)] * 3 + [*data], step, 0.05)
    return fingerprint(last)


def after(function, net, optimizer, x, y, steps=5):
    """The fingerprint of network, optimizer and cost after these steps."""
    for _ in range(steps):
        cost, grads = function(net, x, y)
        grads, optimizer = nn.update(optimizer, grads, net)
        net = nn.sgd(net, grads, 0.05)
    return fingerprint((net, optimizer, cost))


def gradient_of(params, x, y):
    """The cost mean sin(out) of any layer."""
    (out, cache), m = nn.forward(params, x), row_count("test", "x", x)
    cost = sum([float(np.sin(a).sum()) for a in arrays_in(out) if a.dtype.kind == "f"]) / m
    return cost, nn.Grads(backward_params(params, cache, _slope(out, m)), None)


def _slope(out, m):
    if type(out) is tuple:
        return tuple([_slope(part, m) for part in out])
    return None if out is None or out.dtype.kind != "f" else (np.cos(out) / m).astype(out.dtype)


class Copying(Executor):
    """An executor that computes at once, with pickled copies of what it is given, as a process would."""

    def __init__(self):
        self.tasks, self.is_open = [], True

    def submit(self, function, /, *given):
        """The future of a task that is done."""
        if not self.is_open:
            raise RuntimeError("cannot schedule new futures after shutdown")
        self.tasks.append(given)
        future = Future()
        try:
            copies = pickle.loads(pickle.dumps((function, *given)))
            future.set_result(pickle.loads(pickle.dumps(self.computed(*copies))))
        except Exception as error:  # noqa: BLE001  a future holds any error
            future.set_exception(error)
        return future

    def computed(self, function, *given):
        """What a subclass may break"""
        return function(*given)

    def shutdown(self, wait=True, *, cancel_futures=False):  # noqa: FBT002  as Executor has it
        """From now on no task is taken"""
        self.is_open = False

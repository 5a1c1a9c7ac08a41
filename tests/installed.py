"""The bits of all layers, losses and optimizers, also for large arrays, from a process of its own."""

import json
import pickle
import subprocess
import sys
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np

import funcnn as nn
from funcnn import layers
from funcnn.arrays import is_float
from funcnn.core import backward_params, forward_only
from funcnn.extras import LIBRARIES
from funcnn.trees import astype, leaves
from tests.narrow import LOSSES
from tests.sharding import OPTIMIZERS

OTHERS = {"sklearn", "cloudpickle", "numba", "numexpr", "pandas", "rich"}
OPTIONAL = sorted({*LIBRARIES, *OTHERS} - {"hypothesis", "pytest"})  # less those by which tests run
ENTRIES = 1 << 16  # of x
WIDE = {  # of shapes that strategies do not draw
    "Gelu": (layers.Gelu(), (5, 24)),
    "Softmax": (layers.Softmax(), (5, 24)),
    "LogSoftmax": (layers.LogSoftmax(), (5, 24)),
    "LayerNorm": (layers.LayerNorm.init(24), (5, 24)),
    "RMSNorm": (layers.RMSNorm.init(24), (5, 24)),
    "BatchNorm": (layers.BatchNorm.init(24), (5, 24)),
    "Affine": (nn.inference(layers.BatchNorm.init(24)), (5, 24)),
    "Conv2d": (layers.Conv2d.init(4, 8, 3, seed=0), (5, 8, 8, 4)),
    "Conv2d of channels": (layers.Conv2d.init(4, 4, 3, seed=0, groups=4), (5, 8, 8, 4)),
    "MaxPool": (layers.MaxPool(2), (5, 8, 8, 4)),
    "LSTM": (layers.LSTM.init(3, 8, seed=0), (5, 16, 3)),
    "GRU": (layers.GRU.init(3, 8, seed=0), (5, 16, 3)),
    "Embedding": (layers.Embedding.init(40, 8, seed=0), None),
}
NET = nn.mlp([30, 200, 200, 10], seed=0)  # 48,210 parameters


def bits_of(cases, *, without=()):
    """{name: bits} for these cases of layers, and all losses and optimizers, where packages cannot be imported."""
    blocked = f"import sys; sys.modules.update(dict.fromkeys({list(without)}))"
    code = f"{blocked}; import tests.installed; tests.installed.main()"
    command, root = [sys.executable, "-c", code], Path(__file__).parents[1]
    done = subprocess.run(command, input=pickle.dumps(cases), cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def main():
    """Print the bits; cases come from the standard input."""
    cases = pickle.load(sys.stdin.buffer)
    wide = {f"{name}, wide": (layer, x_of(shape)) for name, (layer, shape) in WIDE.items()}
    found = {name: digest(of_layer(*case)) for name, case in {**cases, **wide}.items()}
    found |= {name: digest(of_loss(*case)) for name, case in LOSSES.items()}
    found |= {name: digest(of_optimizer(optimizer)) for name, optimizer in OPTIMIZERS.items()}
    json.dump(found, sys.stdout)


def x_of(shape):
    return drawn(np.random.default_rng(0), shape) if shape else np.arange(60).reshape(5, 12) % 40


def of_layer(params, x):
    """All that the verbs give, in float32 and float64."""
    random = np.random.default_rng(0)
    size = max([a.size for a in leaves((x,))])
    x = nn.tree_map(partial(repeated, random, -(-ENTRIES // max(1, size))), x)
    for dtype in (np.float32, np.float64):
        layer, given = astype((params, x), dtype)
        out, cache = nn.forward(layer, given)
        dA = nn.tree_map(lambda a: drawn(random, a.shape).astype(a.dtype) if is_float(a) else None, out)
        yield from (out, nn.backward(layer, cache, dA), backward_params(layer, cache, dA), forward_only(layer, given))


def repeated(random, times, a):
    """As many rows; numbers between 0 and 1 stay there."""
    rows = np.concatenate([a] * times)
    return rows * random.uniform(0.5, 1, rows.shape).astype(a.dtype) if is_float(a) else rows


def drawn(random, shape):
    return random.uniform(-1, 1, shape)


def of_loss(loss, out, y):
    for dtype in (np.float32, np.float64):
        yield from loss(astype(out, dtype), y)


def of_optimizer(optimizer):
    """Some updates, and a run."""
    random, x = np.random.default_rng(0), np.linspace(0, 1, 600).reshape(20, 30)
    for dtype in (np.float32, np.float64):
        net, now = astype(NET, dtype), optimizer
        for _ in range(3):
            grads = nn.Grads(nn.tree_map(lambda p: drawn(random, p.shape).astype(p.dtype), net), None)
            grads, now = nn.update(now, grads, net)
            net = nn.sgd(net, grads, 0.01)
            yield from (net, now)
        data = [(x.astype(dtype), x[:, :10].astype(dtype))] * 3
        yield from nn.train(nn.TrainState(net, optimizer), data, nn.value_and_grad(nn.mse), 0.01)


def digest(made):
    """A number of all arrays and numbers, in order."""
    found = sha256()
    for a in map(np.asarray, leaves(tuple(made))):
        found.update(f"{a.dtype} {a.shape}".encode() + a.tobytes())
    return found.hexdigest()

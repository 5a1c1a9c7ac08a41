"""Networks that are trained with Adam, float32: in funcnn, and as functions of torch and JAX, as their users write."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

import funcnn as nn
from funcnn.layers import Rotary
from funcnn.trees import astype
from tests.benchmarks import transformer
from tests.benchmarks.limits import Limit
from tests.benchmarks.recurrent import lstm_in_jax

MLP, MLP_ROWS = (64, 256, 256, 10), (32, 128, 1024)
SYMBOLS, WIDTH, LENGTH = 100, 64, 64  # of the transformer
ROWS, STEPS, UNITS = 32, 50, 64  # of the LSTM
ADAM = 3  # arrays for each parameter: itself, and the two of Adam's memory


class Task(NamedTuple):
    """A network, its loss and its batch; functions (x, *arrays) -> out of torch and JAX; operations of its products.

    `for_torch` are x and the arrays in torch's layout, if that is another one.
    """

    net: Any
    loss: Callable[..., Any]
    x: np.ndarray
    y: np.ndarray
    torch: Callable[..., Any]
    jax: Callable[..., Any]
    flops: float
    for_torch: Callable[..., list[np.ndarray]] = lambda *arrays: [*arrays]

    @property
    def arrays(self) -> list[np.ndarray]:
        """The parameters."""
        return [np.array(array) for array in nn.parameters(self.net).values()]

    @property
    def limit(self) -> Limit:
        """Parameters and memory are read and written, x and y are read."""
        kept = sum([array.nbytes for array in self.arrays])
        return Limit(self.flops, 2 * ADAM * kept + self.x.nbytes + self.y.nbytes, np.float32)


def dense(rows: int) -> Task:
    """A network 64-256-256-10 for digits."""
    random = np.random.default_rng(0)
    x, y = random.standard_normal((rows, MLP[0])).astype(np.float32), random.integers(0, MLP[-1], rows)
    net = astype(nn.mlp(list(MLP), hidden=nn.Relu(), seed=0), np.float32)
    products = [a * b for a, b in pairwise(MLP)]
    flops = 2 * rows * (3 * sum(products) - products[0])
    return Task(net, nn.softmax_cross_entropy, x, y, mlp_in_torch, mlp_in_jax, flops)


def characters() -> Task:
    """16 sequences of 64 of 100 characters, 2 blocks of 64 features and 4 heads."""
    options = {"causal": True, "rotary": Rotary()}
    blocks = [nn.transformer_block(WIDTH, 4, 4 * WIDTH, seed=(1, i), **options) for i in range(2)]
    ends = nn.LayerNorm.init(WIDTH), nn.Dense.init(WIDTH, SYMBOLS, seed=2)
    net = astype((nn.Embedding.init(SYMBOLS, WIDTH, seed=0), *blocks, *ends), np.float32)
    x, y = np.random.default_rng(0).integers(0, SYMBOLS, (2, 16, LENGTH))
    functions = [transformer.characters(library, 4, WIDTH, LENGTH) for library in ("torch", "jax")]
    # A block: 4 + 8 products of WIDTH x WIDTH a character, and scores and sums, half of them as it is causal.
    each = 2 * (12 * WIDTH * WIDTH + LENGTH * WIDTH) + WIDTH * SYMBOLS
    return Task(net, nn.softmax_cross_entropy, x, y, *functions, 3 * 2 * x.size * each)


def images() -> Task:
    """The network of examples/digits_conv.py."""
    random = np.random.default_rng(0)
    x, y = random.uniform(0, 1, (32, 8, 8, 1)).astype(np.float32), random.integers(0, 10, 32)
    first, second = [nn.Conv2d.init(*sizes, 3, seed=i, padding="same") for i, sizes in enumerate([(1, 16), (16, 32)])]
    net = (
        *(first, nn.Relu(), nn.MaxPool(2), second, nn.Relu(), nn.MaxPool(2), nn.Flatten()),
        nn.Dense.init(128, 10, seed=2),
    )
    flops = 2 * len(x) * (2 * 64 * 9 * 16 + 3 * 16 * 9 * 16 * 32 + 3 * 128 * 10)

    def for_torch(x, W1, b1, W2, b2, W3, b3):
        channels_first = W3.reshape(2, 2, 32, 10).transpose(2, 0, 1, 3).reshape(128, 10)
        return [x.transpose(0, 3, 1, 2), W1.transpose(3, 2, 0, 1), b1, W2.transpose(3, 2, 0, 1), b2, channels_first, b3]

    net = astype(net, np.float32)
    return Task(net, nn.softmax_cross_entropy, x, y, images_in_torch, images_in_jax, flops, for_torch)


def sequences() -> Task:
    """An LSTM of 64 units, whose states are compared with given ones."""
    x, y = np.random.default_rng(0).standard_normal((2, ROWS, STEPS, UNITS)).astype(np.float32)
    net = nn.LSTM.init(UNITS, UNITS, seed=0, dtype=np.float32)

    def for_torch(x, W, U, b):
        i, f, o, g = range(4)
        return [x, *[np.concatenate([np.split(a, 4, axis=-1)[k] for k in (i, f, g, o)], axis=-1).T for a in (W, U, b)]]

    return Task(net, nn.mse, x, y, lstm_in_torch, lstm_in_jax, 2 * ROWS * STEPS * 4 * UNITS * UNITS * 5, for_torch)


TASKS = {
    **{f"mlp-{m}": (dense, m) for m in MLP_ROWS},
    "characters": (characters,),
    "digits-conv": (images,),
    "lstm-adam": (sequences,),
}


def task(name: str) -> Task:
    """The task of a row."""
    make, *sizes = TASKS[name]
    return make(*sizes)


def mlp_in_torch(x: Any, *arrays: Any) -> Any:
    """Dense layers with Relu between them."""
    import torch

    for i in range(0, len(arrays), 2):
        x = torch.addmm(arrays[i + 1], torch.relu(x) if i else x, arrays[i])
    return x


def mlp_in_jax(x: Any, *arrays: Any) -> Any:
    """Dense layers with Relu between them."""
    import jax

    for i in range(0, len(arrays), 2):
        x = (jax.nn.relu(x) if i else x) @ arrays[i] + arrays[i + 1]
    return x


def images_in_torch(x: Any, *arrays: Any) -> Any:
    """Two convolutions, each with Relu and pooling, and a Dense layer; channels first."""
    import torch
    from torch.nn import functional

    for W, b in (arrays[:2], arrays[2:4]):
        x = functional.max_pool2d(torch.relu(functional.conv2d(x, W, b, padding=1)), 2)
    return torch.addmm(arrays[5], x.flatten(1), arrays[4])


def images_in_jax(x: Any, *arrays: Any) -> Any:
    """Two convolutions, each with Relu and pooling, and a Dense layer; channels last."""
    import jax

    form, window = {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}, (1, 2, 2, 1)
    for W, b in (arrays[:2], arrays[2:4]):
        x = jax.nn.relu(jax.lax.conv_general_dilated(x, W, (1, 1), "SAME", **form) + b)
        x = jax.lax.reduce_window(x, -float("inf"), jax.lax.max, window, window, "VALID")
    return x.reshape(len(x), -1) @ arrays[4] + arrays[5]


def lstm_in_torch(x: Any, W: Any, U: Any, b: Any) -> Any:
    """Its fused kernels, as `torch.nn.LSTM` calls them, with one trained bias."""
    import torch

    start, nothing = torch.zeros(1, len(x), U.shape[1]), torch.zeros_like(b, requires_grad=False)
    biases, layers, dropout, train, both_ways, batch_first = True, 1, 0.0, True, False, True
    weights = [W, U, b, nothing]
    return torch.lstm(x, (start, start), weights, biases, layers, dropout, train, both_ways, batch_first)[0]

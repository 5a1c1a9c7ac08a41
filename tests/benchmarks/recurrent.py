"""Forward and backward of an LSTM or a GRU, 32 sequences of 50 steps in float32: funcnn, torch and `jax.lax.scan`."""

from typing import Any

import numpy as np

from funcnn import GRU, LSTM
from tests.benchmarks.both_ways import with_jax, with_rules
from tests.benchmarks.contenders import installed
from tests.benchmarks.limits import Limit
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import Contender, cores, equally, steady

RECURRENT = {"lstm-64": (LSTM, 64), "lstm-256": (LSTM, 256), "gru-64": (GRU, 64), "gru-256": (GRU, 256)}
ROWS, STEPS = 32, 50


def times_of_recurrent(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    kind, k = RECURRENT[name]
    x, dA = np.random.default_rng(0).standard_normal((2, ROWS, STEPS, k)).astype(np.float32)
    layer = kind.init(k, k, seed=0, dtype=np.float32)
    made = ours(with_rules(layer, x, dA))
    if installed("torch"):
        made["torch"] = with_torch(layer, x, dA)
    if installed("jax") and kind is LSTM:
        made["JAX"] = with_jax(lstm_in_jax, [x, *map(np.array, (layer.W, layer.U, layer.b))], dA)
    return equally({who: compared(contender) for who, contender in made.items()}, 1e-4, repeats)


def limit(name: str) -> Limit:
    """The products, three for each of W and U; x, dA, out and dx, and the weights and their gradients."""
    kind, k = RECURRENT[name]
    gates = 4 if kind is LSTM else 3
    return Limit(6 * ROWS * STEPS * 2 * gates * k * k, 4 * (4 * ROWS * STEPS * k + 4 * gates * k * k), np.float32)


def compared(contender: Contender) -> Contender:
    """By out and dx alone: torch has the weights in an order of its own."""
    return contender._replace(arrays=lambda made: contender.arrays(made)[:2])


def with_torch(layer: Any, x: np.ndarray, dA: np.ndarray) -> Contender:
    """Its fused kernels and autograd."""
    import torch

    from funcnn.interop.torch import to_torch

    torch.set_num_threads(cores())
    module = to_torch(layer).layer
    given, cotangent, weights = torch.tensor(x, requires_grad=True), torch.tensor(dA), list(module.parameters())

    def run():
        out, _ = module(given)
        return out, torch.autograd.grad(out, [given, *weights], cotangent)

    return steady(run, lambda made: [made[0].detach().numpy(), made[1][0].numpy()])


def lstm_in_jax(x: Any, W: Any, U: Any, b: Any) -> Any:
    """A scan over the steps, as its users write it."""
    import jax
    from jax import numpy as jnp

    k = U.shape[0]

    def cell(state, z):
        h, c = state
        a = z + h @ U
        s, g = jax.nn.sigmoid(a[:, : 3 * k]), jnp.tanh(a[:, 3 * k :])
        c = s[:, k : 2 * k] * c + s[:, :k] * g
        h = s[:, 2 * k :] * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((2, x.shape[0], k), x.dtype)
    return jax.lax.scan(cell, tuple(start), (x @ W + b).swapaxes(0, 1))[1].swapaxes(0, 1)

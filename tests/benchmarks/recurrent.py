"""Forward and backward of an LSTM, 32 sequences of 50 steps in float32: funcnn next to torch and `jax.lax.scan`."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from funcnn import GRU, LSTM, backward, forward
from tests.benchmarks.timing import cores, equally, steady

RECURRENT = {"lstm-64": (LSTM, 64), "lstm-256": (LSTM, 256), "gru-64": (GRU, 64), "gru-256": (GRU, 256)}
ROWS, STEPS = 32, 50
OURS, TORCH, JAX = "funcnn", "torch", "jax, scan"


def times_of_recurrent(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    kind, k = RECURRENT[name]
    x, dA = np.random.default_rng(0).standard_normal((2, ROWS, STEPS, k)).astype(np.float32)
    layer = kind.init(k, k, seed=0, dtype=np.float32)
    makers = {OURS: with_funcnn, **({TORCH: with_torch} if find_spec("torch") else {})}
    if find_spec("jax") and kind is LSTM:
        makers[JAX] = with_jax
    return equally({who: steady(*maker(layer, x, dA)) for who, maker in makers.items()}, 1e-4, repeats)


def with_funcnn(layer: Any, x: np.ndarray, dA: np.ndarray) -> tuple[Any, Any]:
    """The two rules."""

    def run():
        out, cache = forward(layer, x)
        return out, backward(layer, cache, dA)

    return run, lambda made: [made[0], made[1].x]


def with_torch(layer: Any, x: np.ndarray, dA: np.ndarray) -> tuple[Any, Any]:
    """Its fused kernels and autograd."""
    import torch

    from funcnn.interop.torch import to_torch

    torch.set_num_threads(cores())
    module = to_torch(layer).layer
    given, cotangent, weights = torch.tensor(x, requires_grad=True), torch.tensor(dA), list(module.parameters())

    def run():
        out, _ = module(given)
        return out, torch.autograd.grad(out, [given, *weights], cotangent)

    return run, lambda made: [made[0].detach().numpy(), made[1][0].numpy()]


def with_jax(layer: Any, x: np.ndarray, dA: np.ndarray) -> tuple[Any, Any]:
    """A scan over the steps as its users write it, and its vjp, in one jitted function."""
    import jax
    from jax import numpy as jnp

    def lstm(weights, x):
        W, U, b = weights
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

    @jax.jit
    def both(weights, x, dA):
        out, vjp = jax.vjp(lstm, weights, x)
        return out, vjp(dA)

    given = jax.tree.map(jnp.asarray, ((layer.W, layer.U, layer.b), x, dA))
    return lambda: jax.block_until_ready(both(*given)), lambda made: [np.asarray(a) for a in (made[0], made[1][1])]

"""Forward and backward of normalisation layers in float32: funcnn next to torch and JAX."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from funcnn import BatchNorm, Dropout, LayerNorm, backward, forward
from funcnn.layers import RMSNorm
from tests.benchmarks.timing import equally, interleaved, steady

NORMS = {
    "layer-norm": (2048, 256),
    "layer-norm-small": (128, 64),
    "rms-norm": (2048, 256),
    "batch-norm": (2048, 256),
    "dropout": (2048, 256),
}
OURS, TORCH, JAX = "funcnn", "torch", "jax, jit"


def times_of_norm(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    random = np.random.default_rng(0)
    x, dA = random.standard_normal((2, *NORMS[name])).astype(np.float32)
    makers = {OURS: with_funcnn, **({TORCH: with_torch} if find_spec("torch") else {})}
    if find_spec("jax"):
        makers[JAX] = with_jax
    contenders = {who: steady(*maker(name, x, dA)) for who, maker in makers.items()}
    return interleaved(contenders, repeats) if name == "dropout" else equally(contenders, 1e-3, repeats)


def with_funcnn(name: str, x: np.ndarray, dA: np.ndarray) -> tuple[Any, Any]:
    """The two rules."""
    kinds = {"layer": LayerNorm, "rms": RMSNorm, "batch": BatchNorm}
    if name == "dropout":
        layer = Dropout(0.5, seed=1)
    else:
        layer = kinds[name.split("-", maxsplit=1)[0]].init(x.shape[1], eps=1e-5, dtype=np.float32)

    def run():
        out, cache = forward(layer, x)
        return out, backward(layer, cache, dA)

    return run, lambda made: [made[0], made[1].x, getattr(made[1].params, "scale", np.zeros(1))]


def with_torch(name: str, x: np.ndarray, dA: np.ndarray) -> tuple[Any, Any]:
    """Its fused kernels and autograd."""
    import torch

    F, n = torch.nn.functional, x.shape[1]
    functions = {
        "layer": lambda a, g, b: F.layer_norm(a, (n,), g, b, 1e-5),
        "rms": lambda a, g, b: F.rms_norm(a, (n,), g, 1e-5) + 0 * b.sum(),
        "batch": lambda a, g, b: F.batch_norm(a, torch.zeros(n), torch.ones(n), g, b, True, 0.1, 1e-5),  # noqa: FBT003  torch's order
        "dropout": lambda a, g, b: F.dropout(a, 0.5),
    }
    function, given = functions[name.split("-", maxsplit=1)[0]], torch.tensor(x, requires_grad=True)
    scale, shift, cotangent = torch.ones(n, requires_grad=True), torch.zeros(n, requires_grad=True), torch.tensor(dA)

    def run():
        out = function(given, scale, shift)
        return out, torch.autograd.grad(out, (given, scale, shift), cotangent, allow_unused=True)

    return run, lambda made: [made[0].detach().numpy(), made[1][0].numpy(), made[1][1].numpy()]


def with_jax(name: str, x: np.ndarray, dA: np.ndarray) -> tuple[Any, Any]:
    """A formula as its users write it, and its vjp, in one jitted function."""
    import jax
    from jax import numpy as jnp

    def standard(a, axis):
        return (a - a.mean(axis, keepdims=True)) * jax.lax.rsqrt(a.var(axis, keepdims=True) + 1e-5)

    functions = {
        "layer": lambda a, g, b: standard(a, 1) * g + b,
        "rms": lambda a, g, b: a * jax.lax.rsqrt((a * a).mean(1, keepdims=True) + 1e-5) * g,
        "batch": lambda a, g, b: standard(a, 0) * g + b,
        "dropout": lambda a, g, b: jnp.where(jax.random.bernoulli(jax.random.key(0), 0.5, a.shape), 2 * a, 0),
    }
    function = functions[name.split("-", maxsplit=1)[0]]

    @jax.jit
    def both(a, g, b, dA):
        out, vjp = jax.vjp(function, a, g, b)
        return out, vjp(dA)

    given = [jnp.asarray(a) for a in (x, np.ones(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype), dA)]
    return lambda: jax.block_until_ready(both(*given)), lambda made: [np.asarray(a) for a in (made[0], *made[1][:2])]

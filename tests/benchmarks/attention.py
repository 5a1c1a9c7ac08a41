"""Self-attention, forward and backward in float32: funcnn next to torch, as a module and as functions, and JAX.

All get the same x, weights and dA, are first shown to find the same out and gradients, and are then timed.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np

from funcnn import Attention, backward, forward, parameters
from funcnn.trees import astype, leaves
from tests.benchmarks.timing import Contender, equally

ATTENTIONS = {  # sequences, places, features, heads, causal
    "attention-8x64x64": (8, 64, 64, 4, False),
    "attention-causal": (8, 64, 64, 4, True),
    "attention-32x16x64": (32, 16, 64, 4, False),
    "attention-2x256x128": (2, 256, 128, 8, False),
}
OURS, MODULE, FUNCTION, JAX = "funcnn", "torch module", "torch function", "jax, jit"


def times_of_attention(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of forward and backward in each repeat, by contender; to be called in a fresh process."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    m, t, n, heads, causal = ATTENTIONS[name]
    random = np.random.default_rng(0)
    layer = astype(Attention.init(n, heads, seed=0, causal=causal), np.float32)
    x, dA = random.standard_normal((2, m, t, n)).astype(np.float32)
    contenders = {OURS: with_funcnn(layer, x, dA)}
    if find_spec("torch"):
        contenders[MODULE] = with_module(layer, x, dA)
        contenders[FUNCTION] = with_function(layer, x, dA)
    if find_spec("jax"):
        contenders[JAX] = with_jax(layer, x, dA)
    return equally(contenders, 1e-4, repeats)


def with_funcnn(layer: Attention, x: Any, dA: Any) -> Contender:
    """The two verbs."""

    def step(_):
        out, cache = forward(layer, x)
        return None, (out, backward(layer, cache, dA))

    return Contender(lambda: None, step, lambda made: [made[0], made[1].x, *leaves(made[1].params)])


def tensors(layer: Attention, x: Any, dA: Any) -> tuple[Any, Any, Any]:
    """The arrays as torch has them, and the mask of what may not be seen."""
    import torch

    t = x.shape[1]
    later = torch.ones(t, t, dtype=torch.bool).triu(1) if layer.causal else None
    return torch.tensor(x, requires_grad=True), torch.tensor(dA), later


def with_module(layer: Attention, x: Any, dA: Any) -> Contender:
    """`torch.nn.MultiheadAttention`, whose weights do not leave it."""
    import torch

    from funcnn.interop.torch import to_torch

    x, dA, later = tensors(layer, x, dA)
    module = to_torch(layer).attention
    weights = list(module.parameters())
    n = x.shape[-1]

    def step(_):
        out, _ = module(x, x, x, attn_mask=later, need_weights=False)
        return None, (out, torch.autograd.grad(out, [x, *weights], dA))

    def arrays(made):
        out, (dx, dW, db, dWo, dbo) = made
        parts = [part for i in range(3) for part in (dW[i * n : (i + 1) * n].T, db[i * n : (i + 1) * n])]
        return [a.detach().numpy() for a in (out, dx, *parts, dWo.T, dbo)]

    return Contender(lambda: None, step, arrays)


def with_function(layer: Attention, x: Any, dA: Any) -> Contender:
    """`scaled_dot_product_attention` between four products."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    x, dA, _ = tensors(layer, x, dA)
    weights = [torch.tensor(a, requires_grad=True) for a in parameters(layer).values()]
    m, t, n = x.shape

    def step(_):
        parts = [(x @ weights[i] + weights[i + 1]).view(m, t, layer.heads, -1).transpose(1, 2) for i in (0, 2, 4)]
        out = scaled_dot_product_attention(*parts, is_causal=layer.causal)
        out = out.transpose(1, 2).reshape(m, t, n) @ weights[6] + weights[7]
        return None, (out, torch.autograd.grad(out, [x, *weights], dA))

    return Contender(lambda: None, step, lambda made: [a.detach().numpy() for a in (made[0], *made[1])])


def with_jax(layer: Attention, x: Any, dA: Any) -> Contender:
    """The same formula and its `vjp`, in one jitted function that is waited for."""
    import jax
    from jax import numpy as jnp

    weights = [jnp.asarray(a) for a in parameters(layer).values()]
    m, t, n = x.shape
    x, dA = map(jnp.asarray, (x, dA))

    def attention(x, weights):
        q, k, v = [(x @ weights[i] + weights[i + 1]).reshape(m, t, layer.heads, -1) for i in (0, 2, 4)]
        out = jax.nn.dot_product_attention(q, k, v, is_causal=layer.causal)
        return out.reshape(m, t, n) @ weights[6] + weights[7]

    @jax.jit
    def both(x, weights, dA):
        out, vjp = jax.vjp(attention, x, weights)
        return out, vjp(dA)

    def arrays(made):
        out, (dx, dweights) = made
        return list(map(np.asarray, (out, dx, *dweights)))

    return Contender(lambda: None, lambda _: (None, jax.block_until_ready(both(x, weights, dA))), arrays)

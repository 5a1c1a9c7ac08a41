"""Self-attention, forward and backward in float32: funcnn next to torch, as a module and as functions, and JAX."""

from typing import Any

import numpy as np

from funcnn import Attention, parameters
from funcnn.trees import astype
from tests.benchmarks.both_ways import with_jax, with_rules, with_torch
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import Contender, equally, steady

ATTENTIONS = {  # sequences, positions, features, heads, causal
    "attention-8x64x64": (8, 64, 64, 4, False),
    "attention-causal": (8, 64, 64, 4, True),
    "attention-32x16x64": (32, 16, 64, 4, False),
    "attention-2x256x128": (2, 256, 128, 8, False),
}


def times_of_attention(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of forward and backward in each repeat, by contender; to be called in a fresh process."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    m, t, n, heads, causal = ATTENTIONS[name]
    random = np.random.default_rng(0)
    layer = astype(Attention.init(n, heads, seed=0, causal=causal), np.float32)
    x, dA = random.standard_normal((2, m, t, n)).astype(np.float32)
    made, given = ours(with_rules(layer, x, dA)), [x, *map(np.array, parameters(layer).values())]
    if installed("torch"):
        made["torch (module)"] = with_module(layer, x, dA)
        made["torch (functions)"] = with_torch(in_torch(layer), given, dA)
    if installed("jax"):
        made["JAX"] = with_jax(in_jax(layer), given, dA)
    return equally(made, 1e-4, repeats)


def with_module(layer: Attention, x: Any, dA: Any) -> Contender:
    """`torch.nn.MultiheadAttention`, whose weights do not leave it."""
    import torch

    from funcnn.interop.torch import to_torch

    t, n = x.shape[1:]
    later = torch.ones(t, t, dtype=torch.bool).triu(1) if layer.causal else None
    x, dA, module = torch.tensor(x, requires_grad=True), torch.tensor(dA), to_torch(layer).attention
    weights = list(module.parameters())

    def run():
        out, _ = module(x, x, x, attn_mask=later, need_weights=False)
        return out, torch.autograd.grad(out, [x, *weights], dA)

    def arrays(made):
        out, (dx, dW, db, dWo, dbo) = made
        parts = [part for i in range(3) for part in (dW[i * n : (i + 1) * n].T, db[i * n : (i + 1) * n])]
        return [a.detach().numpy() for a in (out, dx, *parts, dWo.T, dbo)]

    return steady(run, arrays)


def in_torch(layer: Attention) -> Any:
    """`scaled_dot_product_attention` between four products."""
    from torch.nn.functional import scaled_dot_product_attention

    def attention(x, *weights):
        m, t, n = x.shape
        parts = [(x @ weights[i] + weights[i + 1]).view(m, t, layer.heads, -1).transpose(1, 2) for i in (0, 2, 4)]
        out = scaled_dot_product_attention(*parts, is_causal=layer.causal)
        return out.transpose(1, 2).reshape(m, t, n) @ weights[6] + weights[7]

    return attention


def in_jax(layer: Attention) -> Any:
    """The same formula."""
    import jax

    def attention(x, *weights):
        m, t, n = x.shape
        q, k, v = [(x @ weights[i] + weights[i + 1]).reshape(m, t, layer.heads, -1) for i in (0, 2, 4)]
        out = jax.nn.dot_product_attention(q, k, v, is_causal=layer.causal)
        return out.reshape(m, t, n) @ weights[6] + weights[7]

    return attention

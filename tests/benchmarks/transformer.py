"""A transformer block in torch and in JAX as their users write it, next to funcnn's; and one that reads characters."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcnn import parameters, transformer_block
from funcnn.trees import astype
from tests.benchmarks.both_ways import with_jax, with_rules, with_torch
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import equally

BLOCKS = {"transformer-block": (8, 64, 64, 4)}  # sequences, positions, features, heads; 4 times as many features inside


def times_of_block(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    m, t, n, heads = BLOCKS[name]
    layer = astype(transformer_block(n, heads, 4 * n, seed=0), np.float32)
    x, dA = np.random.default_rng(0).standard_normal((2, m, t, n)).astype(np.float32)
    given, made = [x, *map(np.array, parameters(layer).values())], ours(with_rules(layer, x, dA))
    if installed("torch"):
        made["torch"] = with_torch(lambda x, *arrays: block(torch_parts(heads), x, arrays), given, dA)
    if installed("jax"):
        made["JAX"] = with_jax(lambda x, *arrays: block(jax_parts(heads), x, arrays), given, dA)
    return equally(made, 1e-4, repeats)


class Parts(NamedTuple):
    """What a block is made of."""

    norm: Callable[..., Any]  # (x, scale, shift)
    dense: Callable[..., Any]  # (x, W, b)
    attend: Callable[..., Any]  # (q, k, v), each (m, t, n)
    gelu: Callable[..., Any]


def block(parts: Parts, x: Any, arrays: Any) -> Any:
    """The arrays come in the order of funcnn's parameters."""
    norm, dense = parts.norm, parts.dense
    h = norm(x, *arrays[0:2])
    x = x + dense(parts.attend(*[dense(h, *arrays[i : i + 2]) for i in (2, 4, 6)]), *arrays[8:10])
    return x + dense(parts.gelu(dense(norm(x, *arrays[10:12]), *arrays[12:14])), *arrays[14:16])


def torch_parts(heads: int, waves: Any = None) -> Parts:
    """Its fused functions; with waves, the cosine and the sine of each angle, attention is causal and rotary."""
    import torch
    from torch.nn import functional as F

    def attend(*qkv):
        q, k, v = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in qkv]
        if waves:
            q, k = [torch.stack(rotated(part, *waves), -1).flatten(-2) for part in (q, k)]
        return F.scaled_dot_product_attention(q, k, v, is_causal=bool(waves)).transpose(1, 2).flatten(-2)

    return Parts(
        norm=lambda x, scale, shift: F.layer_norm(x, x.shape[-1:], scale, shift),
        dense=lambda x, W, b: F.linear(x, W.T, b),
        attend=attend,
        gelu=lambda x: F.gelu(x, approximate="tanh"),
    )


def jax_parts(heads: int, waves: Any = None) -> Parts:
    """Formulas that XLA fuses; waves as for torch."""
    import jax
    from jax import numpy as jnp

    def norm(x, scale, shift):
        return (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * scale + shift

    def attend(*qkv):
        q, k, v = [part.reshape(*part.shape[:2], heads, -1) for part in qkv]
        if waves:
            wide = [wave[:, None] for wave in waves]
            q, k = [jnp.stack(rotated(part, *wide), -1).reshape(part.shape) for part in (q, k)]
        return jax.nn.dot_product_attention(q, k, v, is_causal=bool(waves)).reshape(qkv[0].shape)

    return Parts(norm, lambda x, W, b: x @ W + b, attend, jax.nn.gelu)


def rotated(x: Any, cos: Any, sin: Any) -> list[Any]:
    """Pairs of features, each rotated by its angle."""
    a, b = x[..., ::2], x[..., 1::2]
    return [a * cos - b * sin, a * sin + b * cos]


def characters(library: str, heads: int, width: int, length: int) -> Callable[..., Any]:
    """Embedding, two causal blocks with rotary positions, layer norm, and a dense layer."""
    d = width // heads
    angles = np.arange(length)[:, None] * 10000.0 ** (-np.arange(0, d, 2) / d)
    waves = [wave.astype(np.float32) for wave in (np.cos(angles), np.sin(angles))]

    def logits(ids, embedding, *arrays):
        if library == "torch":
            import torch

            parts = torch_parts(heads, [torch.from_numpy(wave) for wave in waves])
        else:
            parts = jax_parts(heads, waves)
        x = embedding[ids]
        for i in (0, 16):
            x = block(parts, x, arrays[i : i + 16])
        return parts.dense(parts.norm(x, *arrays[32:34]), *arrays[34:36])

    return logits

"""Forward and backward of normalisation layers and of dropout in float32: funcnn next to torch and JAX."""

import numpy as np

from funcnn import BatchNorm, Dropout, LayerNorm
from funcnn.layers import RMSNorm
from tests.benchmarks.both_ways import with_jax, with_rules, with_torch
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import equally, interleaved

NORMS = {  # the layer, rows, features
    "layer-norm": (LayerNorm, 2048, 256),
    "layer-norm-small": (LayerNorm, 128, 64),
    "rms-norm": (RMSNorm, 2048, 256),
    "batch-norm": (BatchNorm, 2048, 256),
    "dropout": (Dropout, 2048, 256),
}
EPS = 1e-5


def times_of_norm(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    kind, m, n = NORMS[name]
    x, dA = np.random.default_rng(0).standard_normal((2, m, n)).astype(np.float32)
    layer = Dropout(0.5, seed=1) if kind is Dropout else kind.init(n, eps=EPS, dtype=np.float32)
    own = {LayerNorm: ("scale", "shift"), BatchNorm: ("scale", "shift"), RMSNorm: ("scale",), Dropout: ()}[kind]
    given = [x, *[np.array(getattr(layer, field)) for field in own]]
    made = ours(with_rules(layer, x, dA))
    if installed("torch"):
        made["torch"] = with_torch(in_torch(kind, n), given, dA)
    if installed("jax"):
        made["JAX"] = with_jax(in_jax(kind), given, dA)
    return interleaved(made, repeats) if kind is Dropout else equally(made, 1e-3, repeats)


def in_torch(kind: type, n: int):
    """Its fused kernels."""
    import torch

    F = torch.nn.functional
    return {
        LayerNorm: lambda x, g, b: F.layer_norm(x, (n,), g, b, EPS),
        RMSNorm: lambda x, g: F.rms_norm(x, (n,), g, EPS),
        BatchNorm: lambda x, g, b: F.batch_norm(x, torch.zeros(n), torch.ones(n), g, b, training=True, eps=EPS),
        Dropout: lambda x: F.dropout(x, 0.5),
    }[kind]


def in_jax(kind: type):
    """A formula as its users write it."""
    import jax
    from jax import numpy as jnp

    def standard(x, axis):
        return (x - x.mean(axis, keepdims=True)) * jax.lax.rsqrt(x.var(axis, keepdims=True) + EPS)

    return {
        LayerNorm: lambda x, g, b: standard(x, 1) * g + b,
        RMSNorm: lambda x, g: x * jax.lax.rsqrt((x * x).mean(1, keepdims=True) + EPS) * g,
        BatchNorm: lambda x, g, b: standard(x, 0) * g + b,
        Dropout: lambda x: jnp.where(jax.random.bernoulli(jax.random.key(0), 0.5, x.shape), 2 * x, 0),
    }[kind]

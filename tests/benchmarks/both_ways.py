"""Contenders for a forward and a backward: funcnn's two rules, autograd of torch, and a vjp in JAX under jit.

Each finds [out, *gradients]. All must get and find the same arrays in the same order.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn import backward, forward, parameters
from tests.benchmarks.timing import Contender, steady

Arrays = list[np.ndarray]


def with_rules(layer: Any, x: np.ndarray, dA: np.ndarray) -> Contender:
    """The gradients of x, if x has one, and of the parameters."""

    def run():
        out, cache = forward(layer, x)
        return out, backward(layer, cache, dA)

    def arrays(made):
        out, grads = made
        return [out, *([] if grads.x is None else [grads.x]), *parameters(grads.params).values()]

    return steady(run, arrays)


def with_torch(function: Callable[..., Any], given: Arrays, dA: np.ndarray | None = None) -> Contender:
    """`function` of tensors, and the gradients of all that are floats; a loss needs no dA."""
    import torch

    tensors = [torch.tensor(array) for array in given]
    trained = [tensor.requires_grad_() for tensor in tensors if tensor.is_floating_point()]
    cotangent = None if dA is None else torch.tensor(dA)

    def run():
        out = function(*tensors)
        return out, torch.autograd.grad(out, trained, cotangent)

    return steady(run, lambda made: [tensor.detach().numpy() for tensor in (made[0], *made[1])])


def with_jax(function: Callable[..., Any], given: Arrays, dA: np.ndarray | None = None) -> Contender:
    """`function` and its vjp in one jitted function, waited for; a loss needs no dA."""
    import jax
    from jax import numpy as jnp

    arrays, cotangent = [jnp.asarray(array) for array in given], jnp.asarray(np.float32(1) if dA is None else dA)
    floats = [i for i, array in enumerate(given) if array.dtype.kind == "f"]

    @jax.jit
    def both(arrays, cotangent):
        out, vjp = jax.vjp(function, *arrays)
        grads = vjp(cotangent)
        return out, *[grads[i] for i in floats]

    return steady(lambda: jax.block_until_ready(both(arrays, cotangent)), lambda made: list(map(np.asarray, made)))

"""A step of Adam alone, for given float32 gradients: the two calls of funcnn next to torch and optax.

All start from the same parameters and gradients, are first shown to give the same result, and are then timed.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from funcnn import Adam, Grads, mlp, sgd, tree_map, update
from funcnn.trees import leaves
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours, plain
from tests.benchmarks.timing import Contender, interleaved

LR = 1e-5  # a turn may have thousands of steps
NETWORKS = {  # sizes of the layers, by about how many parameters that makes
    "adam-2k": (12, 27, 31, 31, 1),
    "adam-50k": (64, 256, 128, 10),
    "adam-536k": (784, 512, 256, 10),
    "adam-5M": (1024, 1536, 2048, 200),
}
OURS, ALONE = "funcnn", "update alone"
FUSED, FOREACH, OPTAX = "torch (fused)", "torch (foreach)", "JAX"


def times_of_adam(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a step in each repeat, by contender; to be called in a fresh process, as `times_of_a_step`."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    params, grads = arrays_of(NETWORKS[name])
    contenders = {**ours(with_funcnn(params, grads)), ALONE: plain(with_update(params, grads))}
    if installed("torch"):
        contenders[FUSED] = with_torch(params, grads, fused=True)
        contenders[FOREACH] = with_torch(params, grads, foreach=True)
    if installed("optax"):
        contenders[OPTAX] = with_optax(params, grads)
    reference = after_three_steps(contenders[OURS])
    for who in contenders.keys() - {OURS, ALONE}:
        for mine, other in zip(reference, after_three_steps(contenders[who]), strict=True):
            assert np.abs(mine - other).max() < 1e-6, who
    return interleaved(contenders, repeats)


def arrays_of(sizes: tuple[int, ...]) -> tuple[Any, Any]:
    """A float32 network, and gradients for it."""
    params = tree_map(lambda a: a.astype(np.float32), mlp(list(sizes), seed=0))
    assert sum([a.size for a in leaves(params)]) == sum([(n_in + 1) * n_out for n_in, n_out in pairwise(sizes)])
    random = np.random.default_rng(1)
    return params, Grads(tree_map(lambda a: random.standard_normal(a.shape).astype(np.float32), params), None)


def with_funcnn(params: Any, grads: Any) -> Contender:
    """The two calls of every training."""

    def step(now):
        params, optimizer = now
        steps, optimizer = update(optimizer, grads, params)
        return None, (sgd(params, steps, LR), optimizer)

    return Contender(lambda: (params, Adam()), step, lambda now: leaves(now[0]))


def with_update(params: Any, grads: Any) -> Contender:
    """The first of them."""

    def step(now):
        params, optimizer = now
        return None, (params, update(optimizer, grads, params)[1])

    return Contender(lambda: (params, Adam()), step, lambda now: leaves(now[0]))


def with_torch(params: Any, grads: Any, **how: bool) -> Contender:
    """`torch.optim.Adam`, in place."""
    import torch

    def start():
        tensors = [torch.tensor(array, requires_grad=True) for array in leaves(params)]
        for tensor, g in zip(tensors, leaves(grads.params), strict=True):
            tensor.grad = torch.tensor(g)
        return tensors, torch.optim.Adam(tensors, lr=LR, **how)

    def step(now):
        now[1].step()
        return None, now

    return Contender(start, step, lambda now: [tensor.detach().numpy() for tensor in now[0]])


def with_optax(params: Any, grads: Any) -> Contender:
    """`optax.adam` and `apply_updates` in one jitted function that may write to what it is given."""
    import jax
    import optax

    given, optimizer = [jax.numpy.asarray(g) for g in leaves(grads.params)], optax.adam(LR)

    def both(arrays, memory, grads):
        changes, memory = optimizer.update(grads, memory, arrays)
        return optax.apply_updates(arrays, changes), memory

    jitted = jax.jit(both, donate_argnums=(0, 1))

    def start():
        arrays = [jax.numpy.array(array) for array in leaves(params)]
        return arrays, optimizer.init(arrays)

    def step(now):
        return None, jax.block_until_ready(jitted(*now, given))

    return Contender(start, step, lambda now: list(map(np.asarray, now[0])))


def after_three_steps(contender: Contender) -> list[np.ndarray]:
    """The parameters then."""
    now = contender.start()
    for _ in range(3):
        _, now = contender.step(now)
    return contender.arrays(now)

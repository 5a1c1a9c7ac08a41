"""A training step with Adam on softmax cross-entropy, float32: a dense network, and a transformer of characters."""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn import (
    Adam,
    Dense,
    Embedding,
    LayerNorm,
    Relu,
    mlp,
    parameters,
    sgd,
    softmax_cross_entropy,
    transformer_block,
    update,
    value_and_grad,
)
from funcnn.layers import Rotary
from funcnn.trees import astype
from tests.benchmarks import transformer
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import Contender, interleaved

LR = 1e-3
ROWS = {"mlp-32": 32, "mlp-128": 128, "mlp-1024": 1024}  # of 64-256-256-10
CHARACTERS = "characters"  # 16 sequences of 64 of 100 characters, 2 blocks of 64 features and 4 heads
TRAINED = [*ROWS, CHARACTERS]
SIZES, SYMBOLS, WIDTH, LENGTH = (64, 256, 256, 10), 100, 64, 64


def times_of_trained(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a step in each repeat, by contender; to be called in a fresh process."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    random = np.random.default_rng(0)
    if name == CHARACTERS:
        options = {"causal": True, "rotary": Rotary()}
        blocks = [transformer_block(WIDTH, 4, 4 * WIDTH, seed=(1, i), **options) for i in range(2)]
        ends = LayerNorm.init(WIDTH), Dense.init(WIDTH, SYMBOLS, seed=2)
        net = (Embedding.init(SYMBOLS, WIDTH, seed=0), *blocks, *ends)
        x, y = random.integers(0, SYMBOLS, (2, 16, LENGTH))
        functions = {library: transformer.characters(library, 4, WIDTH, LENGTH) for library in ("torch", "jax")}
    else:
        net = mlp(list(SIZES), hidden=Relu(), seed=0)
        x = random.standard_normal((ROWS[name], SIZES[0])).astype(np.float32)
        y, functions = random.integers(0, SIZES[-1], ROWS[name]), {"torch": mlp_in_torch, "jax": mlp_in_jax}
    net = astype(net, np.float32)
    arrays = [np.array(array) for array in parameters(net).values()]
    contenders = ours(with_funcnn(net, x, y))
    if installed("torch"):
        contenders["torch"] = with_torch(functions["torch"], arrays, x, y)
    if installed("optax"):
        contenders["JAX"] = with_optax(functions["jax"], arrays, x, y)
    costs = {who: third_cost(contender) for who, contender in contenders.items()}
    assert max(costs.values()) - min(costs.values()) < 1e-4, costs
    return interleaved(contenders, repeats)


def third_cost(contender: Contender) -> float:
    """After two steps."""
    now = contender.start()
    for _ in range(3):
        cost, now = contender.step(now)
    return float(cost)


def with_funcnn(net: Any, x: np.ndarray, y: np.ndarray) -> Contender:
    """The three calls of every training."""
    gradients = value_and_grad(softmax_cross_entropy)

    def step(now):
        params, optimizer = now
        cost, grads = gradients(params, x, y)
        grads, optimizer = update(optimizer, grads, params)
        return cost, (sgd(params, grads, LR), optimizer)

    return Contender(lambda: (net, Adam()), step, lambda now: list(parameters(now[0]).values()))


def with_torch(function: Callable[..., Any], arrays: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> Contender:
    """Autograd, and its fused Adam in place."""
    import torch

    tx, ty = torch.tensor(x), torch.tensor(y).flatten()

    def start():
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        return tensors, torch.optim.Adam(tensors, lr=LR, fused=True)

    def step(now):
        tensors, optimizer = now
        optimizer.zero_grad()
        cost = torch.nn.functional.cross_entropy(function(tx, *tensors).flatten(0, -2), ty)
        cost.backward()
        optimizer.step()
        return cost.detach(), now

    return Contender(start, step, lambda now: [tensor.detach().numpy() for tensor in now[0]])


def with_optax(function: Callable[..., Any], arrays: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> Contender:
    """The whole step with `optax.adam` in one jitted function that may write to what it is given."""
    import jax
    import optax

    tx, ty, optimizer = jax.numpy.asarray(x), jax.numpy.asarray(y), optax.adam(LR)

    def cost_of(given):
        return optax.softmax_cross_entropy_with_integer_labels(function(tx, *given), ty).mean()

    def both(given, memory):
        cost, grads = jax.value_and_grad(cost_of)(given)
        changes, memory = optimizer.update(grads, memory, given)
        return cost, (optax.apply_updates(given, changes), memory)

    jitted = jax.jit(both, donate_argnums=(0, 1))

    def start():
        given = [jax.numpy.array(array) for array in arrays]
        return given, optimizer.init(given)

    return Contender(start, lambda now: jax.block_until_ready(jitted(*now)), lambda now: list(map(np.asarray, now[0])))


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

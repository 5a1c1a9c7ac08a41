"""The same step in other libraries, as their users write it; None for a library that is missing or has no such step."""

from importlib.util import find_spec

import numpy as np

from tests.benchmarks.timing import Contender
from tests.benchmarks.workloads import LR, Workload


def with_jax(workload: Workload) -> Contender | None:
    """One jitted step in float64, waited for."""
    if find_spec("jax") is None:
        return None
    import jax
    from jax import nn
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", val=True)
    x, y = map(jnp.asarray, workload.data())
    hidden = {"relu": nn.relu, "tanh": jnp.tanh}[workload.hidden]

    def cost(params):
        out = x
        for i, (W, b) in enumerate(params):
            out = (hidden(out) if i else out) @ W + b
        if workload.sigmoid:
            out = nn.sigmoid(out)
        return jnp.mean((out - y) ** 2 if workload.loss == "mse" else nn.softplus(out) - y * out)

    @jax.jit
    def step(params):
        value, grads = jax.value_and_grad(cost)(params)
        return value, jax.tree.map(lambda p, g: p - LR * g, params, grads)

    start = jax.tree.map(jnp.asarray, workload.parameters())
    return Contender(
        lambda: start,
        lambda params: jax.block_until_ready(step(params)),
        lambda params: list(map(np.asarray, jax.tree.leaves(params))),
    )


def with_torch(workload: Workload) -> Contender | None:
    """Autograd and a step in place, in float64."""
    if find_spec("torch") is None:
        return None
    import torch
    from torch.nn import functional

    x, y = map(torch.from_numpy, workload.data())
    hidden = {"relu": torch.relu, "tanh": torch.tanh}[workload.hidden]
    losses = {"mse": functional.mse_loss, "cross-entropy": functional.binary_cross_entropy_with_logits}
    loss = losses[workload.loss]

    def start():
        return [torch.tensor(array, requires_grad=True) for layer in workload.parameters() for array in layer]

    def step(params):
        out = x
        for i in range(0, len(params), 2):
            out = torch.addmm(params[i + 1], hidden(out) if i else out, params[i])
        cost = loss(torch.sigmoid(out) if workload.sigmoid else out, y)
        grads = torch.autograd.grad(cost, params)
        with torch.no_grad():
            for p, g in zip(params, grads, strict=True):
                p.sub_(g, alpha=LR)
        return cost.detach(), params

    return Contender(start, step, lambda params: [p.detach().numpy() for p in params])


def with_sklearn(workload: Workload) -> Contender | None:
    """`MLPClassifier.partial_fit` with all rows as one batch; it has no mean squared error of a sigmoid."""
    if find_spec("sklearn") is None or workload.loss == "mse":
        return None
    from sklearn.neural_network import MLPClassifier

    x, y = workload.data()
    y = y[:, 0]

    def start():
        model = MLPClassifier(
            workload.sizes[1:-1],
            workload.hidden,
            solver="sgd",
            alpha=0,
            batch_size=workload.rows,
            learning_rate_init=LR,
            shuffle=False,
            momentum=0,
            nesterovs_momentum=False,
        ).partial_fit(x, y, classes=[0, 1])
        for layer, W, b in zip(workload.parameters(), model.coefs_, model.intercepts_, strict=True):
            W[:], b[:] = layer
        return model

    def step(model):
        model.partial_fit(x, y)
        return model.loss_, model

    def arrays(model):
        return [array for layer in zip(model.coefs_, model.intercepts_, strict=True) for array in layer]

    return Contender(start, step, arrays)

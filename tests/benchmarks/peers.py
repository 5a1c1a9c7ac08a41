"""The same step in other libraries, as their users write it; None where a library has no such step."""

from functools import partial

import numpy as np

from tests.benchmarks.timing import FOLD, Contender
from tests.benchmarks.workloads import LR, Workload


def with_jax(workload: Workload) -> Contender:
    """One jitted step, waited for."""
    import jax

    start, step = _jax_start_and_step(workload)
    jitted = jax.jit(step)
    return Contender(lambda: start, lambda params: jax.block_until_ready(jitted(params)), _jax_arrays)


def with_fori_loop(workload: Workload) -> Contender:
    """FOLD steps in one jitted loop, waited for."""
    import jax

    start, step = _jax_start_and_step(workload)

    @jax.jit
    def steps(params):
        body = lambda _, now: step(now[1])
        return jax.lax.fori_loop(0, FOLD, body, (jax.numpy.zeros((), workload.dtype), params))

    return Contender(lambda: start, lambda params: jax.block_until_ready(steps(params)), _jax_arrays, FOLD)


def _jax_start_and_step(workload):
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

    def step(now):
        params, memory = now
        value, grads = jax.value_and_grad(cost)(params)
        if optimizer is None:
            return value, (jax.tree.map(lambda p, g: p - LR * g, params, grads), memory)
        changes, memory = optimizer.update(grads, memory, params)
        return value, (optax.apply_updates(params, changes), memory)

    start = jax.tree.map(jnp.asarray, workload.parameters())
    optimizer = None
    if workload.optimizer != "sgd":
        import optax

        optimizer = {"Momentum": lambda: optax.sgd(LR, 0.9), "Adam": lambda: optax.adam(LR)}[workload.optimizer]()
    return (start, optimizer and optimizer.init(start)), step


def _jax_arrays(now):
    import jax

    return list(map(np.asarray, jax.tree.leaves(now[0])))


def with_torch(workload: Workload) -> Contender:
    """Autograd and a step in place."""
    import torch
    from torch.nn import functional

    x, y = map(torch.from_numpy, workload.data())
    hidden = {"relu": torch.relu, "tanh": torch.tanh}[workload.hidden]
    losses = {"mse": functional.mse_loss, "cross-entropy": functional.binary_cross_entropy_with_logits}
    loss = losses[workload.loss]

    optimizers = {"Momentum": partial(torch.optim.SGD, momentum=0.9), "Adam": partial(torch.optim.Adam, fused=True)}

    def start():
        params = [torch.tensor(array, requires_grad=True) for layer in workload.parameters() for array in layer]
        return params, workload.optimizer != "sgd" and optimizers[workload.optimizer](params, lr=LR)

    def step(now):
        params, optimizer = now
        out = x
        for i in range(0, len(params), 2):
            out = torch.addmm(params[i + 1], hidden(out) if i else out, params[i])
        cost = loss(torch.sigmoid(out) if workload.sigmoid else out, y)
        if optimizer:
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
            return cost.detach(), now
        grads = torch.autograd.grad(cost, params)
        with torch.no_grad():
            for p, g in zip(params, grads, strict=True):
                p.sub_(g, alpha=LR)
        return cost.detach(), now

    return Contender(start, step, lambda now: [p.detach().numpy() for p in now[0]])


def with_sklearn(workload: Workload) -> Contender | None:
    """`partial_fit` with all rows as one batch; its squared error is halved, and it has none of a sigmoid."""
    if workload.sigmoid:
        return None
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    squared = workload.loss == "mse"
    x, y = workload.data()
    y = y[:, 0]

    def start():
        model = (MLPRegressor if squared else MLPClassifier)(
            hidden_layer_sizes=workload.sizes[1:-1],
            activation=workload.hidden,
            solver="sgd",
            alpha=0,
            batch_size=workload.rows,
            learning_rate_init=2 * LR if squared else LR,
            shuffle=False,
            momentum=0,
            nesterovs_momentum=False,
        )
        model.partial_fit(x, y, **({} if squared else {"classes": [0, 1]}))
        for layer, W, b in zip(workload.parameters(), model.coefs_, model.intercepts_, strict=True):
            W[:], b[:] = layer
        return model

    def step(model):
        model.partial_fit(x, y)
        return 2 * model.loss_ if squared else model.loss_, model

    def arrays(model):
        return [array for layer in zip(model.coefs_, model.intercepts_, strict=True) for array in layer]

    return Contender(start, step, arrays)


def with_autograd(workload: Workload) -> Contender:
    """`value_and_grad` of a function in its NumPy, and a step by NumPy."""
    import autograd
    from autograd import numpy as anp

    x, y = workload.data()
    hidden = {"relu": lambda z: anp.maximum(z, 0), "tanh": anp.tanh}[workload.hidden]

    def cost(params):
        out = x
        for i, (W, b) in enumerate(params):
            out = anp.dot(hidden(out) if i else out, W) + b
        if workload.sigmoid:
            out = 1 / (1 + anp.exp(-out))
        return anp.mean((out - y) ** 2 if workload.loss == "mse" else anp.logaddexp(0, out) - y * out)

    both = autograd.value_and_grad(cost)

    def step(params):
        value, grads = both(params)
        return value, [(W - LR * dW, b - LR * db) for (W, b), (dW, db) in zip(params, grads, strict=True)]

    return Contender(workload.parameters, step, lambda params: [array for layer in params for array in layer])


def with_mygrad(workload: Workload) -> Contender:
    """Tensors, `backward`, and a step that makes new tensors."""
    import mygrad as mg
    from mygrad.nnet.activations import relu, sigmoid, tanh

    x, y = workload.data()
    hidden = {"relu": relu, "tanh": tanh}[workload.hidden]

    def start():
        return [mg.tensor(array) for layer in workload.parameters() for array in layer]

    def step(params):
        out = x
        for i in range(0, len(params), 2):
            out = mg.matmul(hidden(out) if i else out, params[i]) + params[i + 1]
        if workload.sigmoid:
            out = sigmoid(out)
        cost = mg.mean((out - y) ** 2 if workload.loss == "mse" else mg.logaddexp(0, out) - y * out)
        cost.backward()
        return cost.item(), [mg.tensor(p.data - LR * p.grad) for p in params]

    return Contender(start, step, lambda params: [p.data for p in params])

"""A training step with Adam, float32: dense networks, digits by convolution, an LSTM, a transformer of characters."""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn import Adam, TrainState, mse, parameters, sgd, train, update, value_and_grad
from tests.benchmarks.contenders import COMPILED, CONTENDERS, FOLDED, FORI, OURS, STEP, installed
from tests.benchmarks.house import MOST_STEPS
from tests.benchmarks.switched import ours, plain
from tests.benchmarks.tasks import Task, task
from tests.benchmarks.timing import FOLD, Contender, interleaved

LR = 1e-3


def times_of_trained(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a step in each repeat, by contender; to be called in a fresh process."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    given = task(name)
    contenders = ours(with_funcnn(given, value_and_grad))
    if installed("llvmlite"):
        from funcnn.compilation import compiled

        contenders[COMPILED] = plain(with_funcnn(given, compiled))
        contenders[FOLDED] = plain(folded(given))
    if installed(CONTENDERS[STEP][0]):
        contenders[STEP] = plain(with_compiled_step(given))
    if installed("torch"):
        contenders["torch"] = with_torch(given)
    if installed("optax"):
        contenders["JAX"], contenders[FORI] = with_optax(given), with_optax(given, FOLD)
    for calls in {contender.calls for contender in contenders.values()}:
        steps = max(3, calls)
        costs = {who: cost_after(each, steps) for who, each in contenders.items() if who == OURS or each.calls == calls}
        assert max(costs.values()) - min(costs.values()) < 1e-4, costs
    return interleaved(contenders, repeats)


def cost_after(contender: Contender, steps: int) -> float:
    """The cost of the last of so many steps."""
    now = contender.start()
    for _ in range(0, steps, contender.calls):
        cost, now = contender.step(now)
    return float(cost)


def with_funcnn(given: Task, gradients_of: Callable[..., Any]) -> Contender:
    """The three calls of every training."""
    gradients = gradients_of(given.loss)

    def step(now):
        params, optimizer = now
        cost, grads = gradients(params, given.x, given.y)
        grads, optimizer = update(optimizer, grads, params)
        return cost, (sgd(params, grads, LR), optimizer)

    return Contender(lambda: (given.net, Adam()), step, lambda now: list(parameters(now[0]).values()))


def folded(given: Task) -> Contender:
    """A run of `train` with a compiled loss, which makes FOLD steps in one call."""
    from funcnn.compilation import compiled

    begun, gradients, batches = TrainState(given.net, Adam()), compiled(given.loss), [(given.x, given.y)] * MOST_STEPS

    def step(run):
        return next(run).cost, run

    return Contender(lambda: train(begun, batches, gradients, LR, every=FOLD), step, lambda _: [], FOLD)


def with_compiled_step(given: Task) -> Contender:
    """The whole step in one call, which returns a state."""
    from funcnn.compilation import compiled_step

    step = compiled_step(given.loss)

    def one(now):
        now = step(now, given.x, given.y, LR)
        return now.cost, now

    return Contender(lambda: TrainState(given.net, Adam()), one, lambda now: list(parameters(now.params).values()))


def with_torch(given: Task) -> Contender:
    """Autograd, and its fused Adam in place."""
    import torch
    from torch.nn import functional

    x, *arrays = [np.ascontiguousarray(array) for array in given.for_torch(given.x, *given.arrays)]
    tx, ty = torch.tensor(x), torch.tensor(given.y)
    is_mse = given.loss is mse

    def start():
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        return tensors, torch.optim.Adam(tensors, lr=LR, fused=True)

    def step(now):
        tensors, optimizer = now
        optimizer.zero_grad()
        out = given.torch(tx, *tensors)
        cost = functional.mse_loss(out, ty) if is_mse else functional.cross_entropy(out.flatten(0, -2), ty.flatten())
        cost.backward()
        optimizer.step()
        return cost.detach(), now

    return Contender(start, step, lambda now: [tensor.detach().numpy() for tensor in now[0]])


def with_optax(given: Task, calls: int = 1) -> Contender:
    """Whole steps with `optax.adam` in one jitted function that may write to what it is given; several in a loop."""
    import jax
    import optax

    tx, ty, optimizer = jax.numpy.asarray(given.x), jax.numpy.asarray(given.y), optax.adam(LR)

    def cost_of(arrays):
        out = given.jax(tx, *arrays)
        if given.loss is mse:
            return jax.numpy.mean((out - ty) ** 2)
        return optax.softmax_cross_entropy_with_integer_labels(out, ty).mean()

    def both(arrays, memory):
        cost, grads = jax.value_and_grad(cost_of)(arrays)
        changes, memory = optimizer.update(grads, memory, arrays)
        return cost, (optax.apply_updates(arrays, changes), memory)

    def steps(*now):
        if calls == 1:
            return both(*now)
        return jax.lax.fori_loop(0, calls, lambda _, made: both(*made[1]), (jax.numpy.float32(0), now))

    jitted = jax.jit(steps, donate_argnums=(0, 1))

    def start():
        arrays = [jax.numpy.array(array) for array in given.arrays]
        return arrays, optimizer.init(arrays)

    step = lambda now: jax.block_until_ready(jitted(*now))
    return Contender(start, step, lambda now: list(map(np.asarray, now[0])), calls)

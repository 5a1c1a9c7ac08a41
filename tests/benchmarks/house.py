"""The step in funcnn: the four lines, and the step of `train`, which does not compute the gradient of x."""

from functools import partial
from typing import Any

from funcnn import Adam, Momentum, TrainState, backward, forward, layers, mse, sgd, train, update, value_and_grad
from funcnn import binary_cross_entropy_with_logits as cross_entropy
from funcnn.trees import leaves
from tests.benchmarks.timing import FOLD, Contender
from tests.benchmarks.workloads import LR, Workload

LOSSES = {"mse": mse, "cross-entropy": cross_entropy}
MOST_STEPS = 1 << 18  # of a turn
OPTIMIZERS = {"Momentum": Momentum(), "Adam": Adam()}
HIDDEN = {"relu": layers.Relu(), "tanh": layers.Tanh()}


def network(workload: Workload) -> tuple[Any, ...]:
    """The chain of Dense and hidden layers."""
    first, *others = [layers.Dense(W, b) for W, b in workload.parameters()]
    net = (first,)
    for dense in others:
        net += (HIDDEN[workload.hidden], dense)
    return (*net, layers.Sigmoid()) if workload.sigmoid else net


def state(workload: Workload) -> TrainState[Any]:
    """The state before a run."""
    return TrainState(network(workload), *[OPTIMIZERS[name] for name in {workload.optimizer} & OPTIMIZERS.keys()])


def folded(workload: Workload) -> Contender:
    """One run of `train` with a compiled loss, which makes FOLD steps in one call; a thread for each core."""
    from funcnn.compilation import compiled

    gradients = compiled(LOSSES[workload.loss], threads=workload.cores)
    begun, batches = state(workload), [workload.data()] * MOST_STEPS

    def start():
        return train(begun, batches, gradients, LR, every=FOLD), None

    def step(now):
        run, _ = now
        state = next(run)
        return state.cost, (run, state)

    return Contender(start, step, lambda now: leaves(now[1].params), FOLD)


def four_lines(workload: Workload) -> Contender:
    """The four lines, word for word."""
    net, (x, y), loss, lr = network(workload), workload.data(), LOSSES[workload.loss], LR

    def step(params):
        out, cache = forward(params, x)
        cost, dA = loss(out, y)
        grads = backward(params, cache, dA)
        params = sgd(params, grads, lr)
        return cost, params

    return Contender(lambda: net, step, leaves)


def with_compiled(workload: Workload) -> Contender:
    """`training`, with the gradients of a compiled loss; a thread for each core."""
    from funcnn.compilation import compiled

    return training(workload, partial(compiled, threads=workload.cores))


def with_compiled_step(workload: Workload) -> Contender:
    """The whole step in one call, which returns a state."""
    from funcnn.compilation import compiled_step

    step, (x, y) = compiled_step(LOSSES[workload.loss], threads=workload.cores), workload.data()

    def one(now):
        now = step(now, x, y, LR)
        return now.cost, now

    return Contender(lambda: state(workload), one, lambda now: leaves(now.params))


def with_one_thread(workload: Workload) -> Contender | None:
    """`with_compiled` in one thread, where there are several cores."""
    return None if workload.cores == 1 else with_compiled(workload._replace(cores=1))


def folded_in_one_thread(workload: Workload) -> Contender | None:
    """`folded` in one thread, where there are several cores."""
    return None if workload.cores == 1 else folded(workload._replace(cores=1))


def training(workload: Workload, gradients_of: Any = value_and_grad) -> Contender:
    """`value_and_grad`, then `update` if there is an optimizer, then `sgd`."""
    net, (x, y), gradients = network(workload), workload.data(), gradients_of(LOSSES[workload.loss])

    def step(params):
        cost, grads = gradients(params, x, y)
        return cost, sgd(params, grads, LR)

    def optimized(now):
        params, optimizer = now
        cost, grads = gradients(params, x, y)
        grads, optimizer = update(optimizer, grads, params)
        return cost, (sgd(params, grads, LR), optimizer)

    if workload.optimizer == "sgd":
        return Contender(lambda: net, step, leaves)
    return Contender(lambda: (net, OPTIMIZERS[workload.optimizer]), optimized, lambda now: leaves(now[0]))

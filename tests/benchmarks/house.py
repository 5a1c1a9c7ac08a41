"""The step in funcnn: the four lines, and the step of `train`, which does not compute the gradient of x."""

from functools import partial
from typing import Any

from funcnn import Dense, Relu, Sigmoid, Tanh, TrainState, backward, forward, mse, sgd, train, value_and_grad
from funcnn import binary_cross_entropy_with_logits as cross_entropy
from funcnn.trees import leaves
from tests.benchmarks.timing import FOLD, Contender
from tests.benchmarks.workloads import LR, Workload

LOSSES = {"mse": mse, "cross-entropy": cross_entropy}
MOST_STEPS = 1 << 18  # of a turn
HIDDEN = {"relu": Relu(), "tanh": Tanh()}


def network(workload: Workload) -> tuple[Any, ...]:
    """The chain of Dense and hidden layers."""
    first, *others = [Dense(W, b) for W, b in workload.parameters()]
    net = (first,)
    for dense in others:
        net += (HIDDEN[workload.hidden], dense)
    return (*net, Sigmoid()) if workload.sigmoid else net


def folded(workload: Workload) -> Contender:
    """One run of `train` with a compiled loss, which makes FOLD steps in one call; a thread for each core."""
    from funcnn.compilation import compiled

    gradients = compiled(LOSSES[workload.loss], threads=workload.cores)
    net, batches = network(workload), [workload.data()] * MOST_STEPS

    def start():
        return train(TrainState(net), batches, gradients, LR, every=FOLD), None

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


def with_one_thread(workload: Workload) -> Contender | None:
    """`with_compiled` in one thread, where there are several cores."""
    return None if workload.cores == 1 else with_compiled(workload._replace(cores=1))


def folded_in_one_thread(workload: Workload) -> Contender | None:
    """`folded` in one thread, where there are several cores."""
    return None if workload.cores == 1 else folded(workload._replace(cores=1))


def training(workload: Workload, gradients_of: Any = value_and_grad) -> Contender:
    """`value_and_grad`, then `sgd`."""
    net, (x, y), gradients = network(workload), workload.data(), gradients_of(LOSSES[workload.loss])

    def step(params):
        cost, grads = gradients(params, x, y)
        return cost, sgd(params, grads, LR)

    return Contender(lambda: net, step, leaves)

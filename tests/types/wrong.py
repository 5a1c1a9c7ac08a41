"""Wrong user code: a type checker must report exactly the marked lines."""

from typing import Any

import numpy as np

import funcnn
from funcnn import (
    Adam,
    Array,
    ClipNorm,
    Dense,
    Dropout,
    Grads,
    Momentum,
    Relu,
    TrainState,
    backward,
    batches,
    forward,
    mse,
    record,
    sgd,
    state,
    train,
    value_and_grad,
)
from funcnn.optimizers import Decay
from funcnn.testing import check_gradient, check_jvp, check_layer
from funcnn.training import WithBest
from funcnn.trees import with_parameters


@record
class Mine:
    W: Array
    seen: int = state(default=0)


@record(kw_only=True)
class ByName:
    share: float
    width: float = 1.0


@forward.register(Mine)  # WRONG
def mine_forward(params: Mine, x: Array) -> Array:
    return x


@backward.register(Mine)  # WRONG
def mine_backward(params: Mine, cache: Any, dA: Array) -> tuple[Mine, Array]:
    return params, dA


def steps(net: tuple[Dense, Relu], grads: Grads[tuple[Dense]]) -> None:
    sgd(net, grads, 0.1)  # WRONG
    net[0].W = net[0].W  # WRONG
    sgd(net, grads, "fast")  # WRONG


Dense([[1.0]], None)  # WRONG
Dense(np.ones((1, 1)))  # WRONG
Dropout(0.5)  # WRONG
Dropout(0.5, 1)  # WRONG
Adam(1e-3)  # WRONG
Adam(lr=1e-3)  # WRONG
Momentum(0.9)  # WRONG
ClipNorm()  # WRONG
ClipNorm("1")  # WRONG
Decay()  # WRONG
Mine(W=np.ones(2), seen="no")  # WRONG
float(Mine(np.ones(2), seen=1).W.shap)  # WRONG
ByName(0.5)  # WRONG
ByName(width=0.5)  # WRONG
ByName(share=0.5).share = 1.0  # WRONG
with_parameters(Mine(np.ones(2)), [np.ones(2)])  # WRONG
record(3)  # WRONG
state(7)  # WRONG
x = np.ones((1, 1))
batches(x, x, "2", seed=0)  # WRONG
batches(x, x, 2)  # WRONG


def best(s: WithBest[Dense]) -> Dense:
    return s.best_or_none.params  # WRONG


def lr(step: int) -> str:
    return "x"


train(TrainState(Dense(x, None)), [(x, x)], value_and_grad(mse), lr)  # WRONG
check_layer(Relu(), x, tolerance="small")  # WRONG
check_layer(Relu(), x, at_kinks="any")  # WRONG
check_layer(Relu(), x, structure={"x": 3})  # WRONG
check_jvp(np.sin, lambda args, v: v[0] * np.cos(args[0]), [x], fast="yes")  # WRONG
check_gradient(np.sum, np.ones_like, x, layout=False)  # WRONG
funcnn.Nonsense()  # WRONG
funcnn.leaves(x)  # WRONG

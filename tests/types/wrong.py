"""Wrong user code: a type checker must report exactly the marked lines."""

from typing import Any

import numpy as np

import funcnn
import funcnn as nn
from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor
from funcnn.optimizers import Decay
from funcnn.testing import check_gradient, check_jvp, check_layer
from funcnn.training import WithBest
from funcnn.trees import with_parameters


@nn.record
class Mine:
    W: nn.Array
    seen: int = nn.state(default=0)


@nn.record(kw_only=True)
class ByName:
    share: float
    width: float = 1.0


@nn.forward.register(Mine)  # WRONG
def mine_forward(params: Mine, x: nn.Array) -> nn.Array:
    return x


@nn.backward.register(Mine)  # WRONG
def mine_backward(params: Mine, cache: Any, dA: nn.Array) -> tuple[Mine, nn.Array]:
    return params, dA


def steps(net: tuple[nn.Dense, nn.Relu], grads: nn.Grads[tuple[nn.Dense]]) -> None:
    nn.sgd(net, grads, 0.1)  # WRONG
    net[0].W = net[0].W  # WRONG
    nn.sgd(net, grads, "fast")  # WRONG


nn.Dense([[1.0]], None)  # WRONG
nn.Dense(np.ones((1, 1)))  # WRONG
nn.Dropout(0.5)  # WRONG
nn.Dropout(0.5, 1)  # WRONG
nn.Adam(1e-3)  # WRONG
nn.Adam(lr=1e-3)  # WRONG
nn.Momentum(0.9)  # WRONG
nn.ClipNorm()  # WRONG
nn.ClipNorm("1")  # WRONG
Decay()  # WRONG
Mine(W=np.ones(2), seen="no")  # WRONG
float(Mine(np.ones(2), seen=1).W.shap)  # WRONG
ByName(0.5)  # WRONG
ByName(width=0.5)  # WRONG
ByName(share=0.5).share = 1.0  # WRONG
with_parameters(Mine(np.ones(2)), [np.ones(2)])  # WRONG
nn.record(3)  # WRONG
nn.state(7)  # WRONG
x = np.ones((1, 1))
nn.batches(x, x, "2", seed=0)  # WRONG
nn.batches(x, x, 2)  # WRONG
float(nn.batches(x, x, 2, seed=0)[0][0].shap)  # WRONG
float(nn.forward(nn.Relu(), x)[0].shap)  # WRONG
float(nn.predict(nn.Relu(), x).shap)  # WRONG
str(nn.mse(x, x)[0].shape)  # WRONG
float(nn.load("net.npz", nn.Dense).w)  # WRONG
nn.load("net.npz", "Dense")  # WRONG


def best(s: WithBest[nn.Dense]) -> nn.Dense:
    return s.best_or_none.params  # WRONG


def lr(step: int) -> str:
    return "x"


nn.train(nn.TrainState(nn.Dense(x, None)), [(x, x)], nn.value_and_grad(nn.mse), lr)  # WRONG
check_layer(nn.Relu(), x, tolerance="small")  # WRONG
check_layer(nn.Relu(), x, at_kinks="any")  # WRONG
check_layer(nn.Relu(), x, structure={"x": 3})  # WRONG
check_jvp(np.sin, lambda args, v: v[0] * np.cos(args[0]), [x], fast="yes")  # WRONG
check_gradient(np.sum, np.ones_like, x, layout=False)  # WRONG
funcnn.Nonsense()  # WRONG
funcnn.leaves(x)  # WRONG
NetworkRegressor("100")  # WRONG
NetworkRegressor(lr="0.1")  # WRONG
NetworkRegressor(loss=0.5)  # WRONG
NetworkClassifier(class_weight="even")  # WRONG
NetworkClassifier(random_state=0.5)  # WRONG
NetworkClassifier().fit(x, x, sample_weight=nn.Relu())  # WRONG
NetworkRegressor().predict_interval(x, "0.9")  # WRONG

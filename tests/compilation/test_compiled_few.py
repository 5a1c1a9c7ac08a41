"""A few rows, in kernels whose vectors are features: the plain path's result, and folds with the bits of steps."""

from functools import partial

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Adam, Dense, Dropout, Residual, Tanh, TrainState, layers, losses, mlp, record, train
from funcnn.compilation import compiled, explain, few
from funcnn.core import backward, forward
from funcnn.errors import RangeError
from funcnn.gradients import Grads, gradient
from funcnn.trees import astype
from tests.compilation.test_compiled import ACTIVATIONS, N_IN, N_OUT, WIDTH, check
from tests.compilation.test_compiled import LOSSES as ALL_LOSSES

rng = np.random.default_rng(0)
x, y = rng.normal(size=(16, N_IN)), rng.normal(size=(16, N_OUT))
dense = partial(Dense.init, seed=0)
OTHERS = [
    *[layers.Softmax(), layers.RMSNorm.init(WIDTH), layers.PRelu.init(WIDTH), layers.PRelu.init()],
    *[layers.Scale.init(value=0.3), Dropout(0.3, seed=1), layers.GaussianNoise(0.1, seed=2), layers.LogSoftmax()],
    *[Residual((dense(WIDTH, WIDTH), Tanh())), dense(WIDTH, WIDTH, bias=False), layers.LayerNorm.init(WIDTH)],
]


@record
class Tied:
    """x W and then, with the same weights, (x W) W^T: two sums at the place of one gradient."""

    W: np.ndarray


@forward.register(Tied)
def _(params, x):
    h = x @ params.W
    return h @ params.W.T, (x, h)


@backward.register(Tied)
def _(params, cache, dA):
    x, h = cache
    dh = dA @ params.W
    return Grads(gradient(params, W=dA.T @ h + x.T @ dh), dh @ params.W.T)


@record
class OfColumns:
    """A parameter whose column is a factor of each row, and computed weights with one output."""

    W: np.ndarray


@forward.register(OfColumns)
def _(params, x):
    h = x * params.W[:, 1]
    return h * (h @ (params.W[:, :1] * 2.0)), (x, h)


@backward.register(OfColumns)
def _(params, cache, dA):
    """With dW = 0, which is no gradient: the plain path and the kernel compute the same."""
    x, h = cache
    return Grads(gradient(params, W=np.zeros_like(params.W)), dA * h + x)


NETWORKS = {
    "activations": (dense(N_IN, WIDTH), *ACTIVATIONS, dense(WIDTH, N_OUT)),
    "others": (dense(N_IN, WIDTH), *OTHERS, dense(WIDTH, N_OUT)),
    "one feature": mlp([N_IN, 1, 1, N_OUT], hidden=Tanh(), seed=1),
    "one random feature": (dense(N_IN, 1), Dropout(0.5, seed=1), layers.GaussianNoise(0.5, seed=2), dense(1, N_OUT)),
    "wide": mlp([N_IN, 107, 64, 16, N_OUT], hidden=layers.Relu(), seed=2),
    "normalised": (dense(N_IN, 107), layers.RMSNorm.init(107), dense(107, 64), layers.Softmax(), dense(64, N_OUT)),
    "columns": (dense(N_IN, 4), OfColumns(rng.normal(size=(4, 3))), dense(4, N_OUT)),
    "tied": (dense(N_IN, 7), Tied(rng.normal(size=(7, 19))), dense(7, N_OUT)),
}


@pytest.mark.parametrize("m", [1, 3, 12])
@pytest.mark.parametrize("net", NETWORKS.values(), ids=NETWORKS)
def test_networks(net, m):
    check(net, x[:m], y[:m], digits=1e-10)
    if m < 3:
        check(astype(net, np.float32), x[:m].astype(np.float32), y[:m].astype(np.float32), digits=2e-4)


@pytest.mark.parametrize(("loss", "y"), ALL_LOSSES[::2])
def test_losses(loss, y):
    check(mlp([N_IN, 6, N_OUT], seed=3), x[:2], y[:2], loss)


def test_the_rows_decide_on_the_vectors():
    function, net = compiled(losses.mse), NETWORKS["wide"]
    assert " over tiles of 1 rows" in explain(function, net, x[:1], y[:1])
    assert " over tiles of 1 rows" not in explain(function, net, np.tile(x, (4, 1)), np.tile(y, (4, 1)))


def test_a_long_program_takes_the_code_for_many_rows(monkeypatch):
    monkeypatch.setattr(few, "MOST_OPERATIONS", 4)
    assert " over tiles of 1 rows" not in explain(compiled(losses.mse), NETWORKS["wide"], x[:1], y[:1])


def test_dropout_has_the_masks_of_the_rule():
    net = (dense(N_IN, 40), Dropout(0.5, seed=5), dense(40, N_OUT))
    grads = check(net, x[:3], y[:3])
    assert 0 < np.count_nonzero(grads.params[2].W.any(axis=1)) < 40


@pytest.mark.parametrize("optimizer", [(), Adam()], ids=["sgd", "adam"])
def test_a_fold_has_the_bits_of_steps(optimizer):
    data = [(x[i : i + 1], y[i : i + 1]) for i in range(12)]
    for net in (NETWORKS["wide"], NETWORKS["one feature"]):
        run = partial(train, TrainState(net, optimizer), data, lr=0.01)
        folded, single = [list(run(value_and_grad=compiled(losses.mse), every=k))[-1] for k in (6, 1)]
        assert folded == single


def test_a_label_that_is_no_class_has_the_error_of_the_plain_path():
    function, net = compiled(losses.softmax_cross_entropy), mlp([N_IN, N_OUT], seed=0)
    function(net, x[:1], np.array([2]))
    with pytest.raises(RangeError, match=r"y must hold the classes 0 \.\. 2; it has 3"):
        function(net, x[:1], np.array([3]))
    function(net, x[:1], np.array([0]))

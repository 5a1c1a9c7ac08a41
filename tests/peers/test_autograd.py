"""Gradients of a dense network against HIPS autograd, which differentiates plain NumPy code."""

import numpy as np
import pytest

from funcnn import Dense, Sigmoid, Tanh, backward, binary_cross_entropy_with_logits, forward, mse, softmax_cross_entropy
from funcnn.layers import Softplus
from funcnn.trees import leaves

autograd = pytest.importorskip("autograd", reason="it is the oracle")
anp = pytest.importorskip("autograd.numpy", reason="it is the oracle")

HIDDEN = {
    "tanh": (Tanh(), anp.tanh),
    "sigmoid": (Sigmoid(), lambda x: 1 / (1 + anp.exp(-x))),
    "softplus": (Softplus(), lambda x: anp.log(1 + anp.exp(x))),
}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 3))
Y = RNG.integers(0, 2, (6, 2)).astype(float)
LOSSES = {
    "mse": (mse, Y, lambda out: anp.mean((out - Y) ** 2)),
    "binary": (binary_cross_entropy_with_logits, Y, lambda out: anp.mean(anp.log(1 + anp.exp(out)) - Y * out)),
    "softmax": (
        softmax_cross_entropy,
        Y.argmax(1),
        lambda out: anp.mean(anp.log(anp.sum(anp.exp(out), axis=1)) - out[np.arange(6), Y.argmax(1)]),
    ),
}


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_parameters_and_x_are_those_of_autograd(hidden, loss):
    (layer, plain_layer), (loss, y, plain_loss) = HIDDEN[hidden], LOSSES[loss]
    rng = np.random.default_rng(1)
    net = (
        Dense(rng.standard_normal((3, 5)), rng.standard_normal(5)),
        layer,
        Dense(rng.standard_normal((5, 2)), rng.standard_normal(2)),
    )
    out, cache = forward(net, X)
    cost, dA = loss(out, y)
    grads = backward(net, cache, dA)

    def plain(W0, b0, W2, b2, x):
        return plain_loss(anp.dot(plain_layer(anp.dot(x, W0) + b0), W2) + b2)

    arguments = [*leaves(net), X]
    assert cost == pytest.approx(plain(*arguments), rel=1e-12)
    theirs = autograd.grad(plain, argnum=tuple(range(5)))(*arguments)
    for ours, peer in zip([*leaves(grads.params), grads.x], theirs, strict=True):
        np.testing.assert_allclose(ours, peer, rtol=1e-12, atol=1e-12)

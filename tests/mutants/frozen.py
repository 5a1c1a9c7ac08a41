"""A layer that is not trained between a trained layer and the output: dx needs its weights."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family


def fixed(n, k):
    """The weights of the frozen layer: full, of both signs, and not symmetric."""
    return np.sin(1.0 + np.arange(n * k)).reshape(n, k)


head = lambda h: np.tanh(h @ fixed(h.shape[1], h.shape[1]))


def dh(h, dA, slope=lambda out: 1 - out**2):
    """dx of the frozen layer. Only the gradient of its own weights is left out."""
    return dA * slope(head(h)) @ fixed(h.shape[1], h.shape[1]).T


def through(dx):
    """The gradients of the trained layer below, x @ W + b, from dx of the frozen one above."""

    def vjp(x, W, b, dA):
        d = dx(x @ W + b, dA)
        return [d @ W.T, x.T @ d, d.sum(axis=0)]

    return vjp


below = family("frozen above a dense layer", fst.tensors("m n", "n k", "k"))(
    lambda x, W, b: head(x @ W + b), through(dh)
)

features = family(  # with the gradient of x, as for an adversarial example
    "dense above frozen features", fst.tensors("m n", "n k")
)(lambda x, W: head(x) @ W, lambda x, W, dA: [dh(x, dA @ W.T), head(x).T @ dA])

normalised = family(  # its statistics do not change, so they are constants
    "frozen statistics", fst.tensors("m n", "n", "n")
)(
    lambda x, gain, shift: (x - 0.5) / 1.5 * gain + shift,
    lambda x, gain, shift, dA: [dA * gain / 1.5, (dA * (x - 0.5) / 1.5).sum(axis=0), dA.sum(axis=0)],
)


def of_the_batch(x, gain, shift, dA):
    _, dgain, dshift = normalised.vjp(x, gain, shift, dA)
    d = dA * gain / 1.5
    return [d - d.mean(axis=0), dgain, dshift]


MUTANTS = [
    below.but("no dx: stop_gradient, which freezes all that comes before")(through(lambda h, dA: np.zeros_like(h))),
    below.but("dA passed on: the layer was skipped, not only its weights")(through(lambda h, dA: dA.copy())),
    below.but("the slope left out: only the last of the frozen layers has a backward")(
        through(lambda h, dA: dh(h, dA, slope=np.ones_like))
    ),
    below.but("no gradient of the layers below: the walk back ends at the first frozen layer it meets")(
        lambda x, W, b, dA: [dh(x @ W + b, dA) @ W.T, np.zeros_like(W), np.zeros_like(b)]
    ),
    below.but("the bias frozen too: a path that begins alike")(
        lambda x, W, b, dA: [*through(dh)(x, W, b, dA)[:2], np.zeros_like(b)]
    ),
    below.but("weights kept in float32: they need no digits any more")(
        through(lambda h, dA: dA * (1 - head(h) ** 2) @ fixed(h.shape[1], h.shape[1]).astype("f4").T)
    ),
    features.of(0).but("no dx: nothing is trained down there")(lambda x, W, dA: np.zeros_like(x)),
    features.of(1).but("dW from x where the widths are equal: frozen features were taken for the input")(
        lambda x, W, dA: x.T @ dA
    ),
    normalised.but("statistics of the batch: the backward of batch normalisation in training")(of_the_batch),
    normalised.but("gain and shift frozen too: they are arrays of the same layer")(
        lambda x, gain, shift, dA: [dA * gain / 1.5, np.zeros_like(gain), np.zeros_like(shift)]
    ),
]

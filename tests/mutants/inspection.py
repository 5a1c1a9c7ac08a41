"""Probes: storing values must change neither forward nor backward."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family

slope = lambda h: 1 - np.tanh(h) ** 2

probe = family(  # around tanh(x @ W)
    "probe", fst.tensors("m n", "n k")
)(lambda x, W: np.tanh(x @ W) ** 2, lambda x, W, dA: through(x, W, 2 * np.tanh(x @ W) * dA))


def through(x, W, d):
    d = d * slope(x @ W)
    return [d @ W.T, x.T @ d]


MUTANTS = [
    probe.but("the layer receives the gradient of the state, not dA: the state and the gradient exchanged")(
        lambda x, W, dA: through(x, W, np.tanh(x @ W))
    ),
    probe.but("dA counted twice: the layer's backward has had it, and the probe adds what it saw")(
        lambda x, W, dA: through(x, W, 4 * np.tanh(x @ W) * dA)
    ),
    probe.of(1).but("the gradient of the layer left out: only the state is given back")(
        lambda x, W, dA: np.zeros_like(W)
    ),
    probe.of(0).but(
        "dA led past the slope of the layer: what was seen is out, and the slope was taken for that of a linear layer"
    )(lambda x, W, dA: 2 * np.tanh(x @ W) * dA @ W.T),
]

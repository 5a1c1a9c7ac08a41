"""The printed network."""

from typing import Any

import numpy as np

from funcnn import Dense, Grads, LeakyRelu, Sigmoid, backward, forward, gradient, mlp, record, summary

x = np.ones((9400, 2))


def test_the_network_of_the_article():
    text = summary((*mlp([2, 27, 31, 31, 1], seed=1), Sigmoid()), x)
    assert (
        text
        == """\
[
  0 -> Dense (W: 2x27, b: 27)   9400x2 -> 9400x27   81 parameters
  1 -> Relu                     9400x27 -> 9400x27
  2 -> Dense (W: 27x31, b: 31)  9400x27 -> 9400x31  868 parameters
  3 -> Relu                     9400x31 -> 9400x31
  4 -> Dense (W: 31x31, b: 31)  9400x31 -> 9400x31  992 parameters
  5 -> Relu                     9400x31 -> 9400x31
  6 -> Dense (W: 31x1, b: 1)    9400x31 -> 9400x1   32 parameters
  7 -> Sigmoid                  9400x1 -> 9400x1
]
There are 1973 trainable parameters in the model."""
    )


def test_nested_chains_single_layers_and_tuples():
    @record
    class Both:
        inner: Any

    @forward.register(Both)
    def both_forward(params, x):
        out, cache = forward(params.inner, x)
        return (out, x, np.float64(1) + np.zeros(())), cache

    @backward.register(Both)
    def both_backward(params, cache, dA):
        inner = backward(params.inner, cache, dA[0])
        return Grads(gradient(params, inner=inner.params), inner.x + dA[1])

    text = summary((LeakyRelu(0.2), (Dense.init(2, 3, seed=0, bias=False), Both(Dense.init(3, 9, seed=0)))), x[:5])
    assert (
        text
        == """\
[
  0 -> LeakyRelu (alpha=0.2)  5x2 -> 5x2
  1.0 -> Dense (W: 2x3)       5x2 -> 5x3                 6 parameters
  1.1 -> Both (inner=Dense)   5x3 -> (5x9, 5x3, number)  36 parameters
]
There are 42 trainable parameters in the model."""
    )
    assert summary(Dense.init(2, 3, seed=0), x).startswith(
        "[\n  Dense (W: 2x3, b: 3)  9400x2 -> 9400x3  9 parameters\n]"
    )
    assert summary((), x) == "[\n]\nThere are 0 trainable parameters in the model."

"""Softmax and its logarithm, over the last axis."""

from __future__ import annotations

from funcnn.arrays import Array, as_dtype, namespace, wide
from funcnn.core import backward, forward
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.records import record
from funcnn.shapes import shapes
from funcnn.traits import gives_probabilities, shares


@shapes(x="m ... n+", out="m ... n", cache="out")
@record
class Softmax:
    """out_i = e^x_i / sum over j of e^x_j

    out is positive, and sums to 1 along the last axis. The largest x of each row is subtracted first, so that no
    exponential overflows; this does not change out. With d out_i / d x_j = out_i (delta_ij - out_j),

        dx = out (dA - sum over j of dA_j out_j)

    out are probabilities, while `softmax_cross_entropy` takes logits: train `net` without a Softmax at its end, and
    `predict((*net, Softmax()), x)` gives the probabilities.

    Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs.

    >>> import numpy as np
    >>> from funcnn import Softmax, forward
    >>> forward(Softmax(), np.array([[0.0, 0.0, np.log(2)]]))[0]
    array([[0.25, 0.25, 0.5 ]])

    Raises:
        ShapeError: x has fewer than two axes, or no features.
    """


@forward.register(Softmax)
def softmax_forward(params: Softmax, x: Array) -> tuple[Array, Array]:
    """out = e^x / sum of e^x"""
    below = _below_the_largest(x)
    powers = namespace(x).exp(below)
    powers /= powers.sum(axis=-1, keepdims=True)
    out = as_dtype(powers, x.dtype)
    return out, out


@backward.register(Softmax)
def softmax_backward(params: Softmax, out: Array, dA: Array) -> Grads[Softmax]:
    """dx = out (dA - sum of dA out)"""
    p = wide(out)
    dx = p * (dA - (dA * p).sum(axis=-1, keepdims=True))
    return Grads(gradient(params), as_dtype(dx, out.dtype))


@shapes(x="m ... n+", out="m ... n", cache="out")
@record
class LogSoftmax:
    """out_i = x_i - log(sum over j of e^x_j)

    out is the logarithm of Softmax, finite also where Softmax rounds to 0.

        dx = dA - e^out (sum over j of dA_j)

    LogSoftmax of out is out itself, so out are logits too: `softmax_cross_entropy` has the same value and the same
    gradients with a LogSoftmax before it as without.

    Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.LogSoftmax(), np.array([[0.0, 800.0]]))[0]
    array([[-800.,    0.]])

    Raises:
        ShapeError: x has fewer than two axes, or no features.
    """


@forward.register(LogSoftmax)
def log_softmax_forward(params: LogSoftmax, x: Array) -> tuple[Array, Array]:
    """out = x - log(sum of e^x)"""
    below = _below_the_largest(x)
    xp = namespace(x)
    out = as_dtype(below - xp.log(xp.exp(below).sum(axis=-1, keepdims=True)), x.dtype)
    return out, out


@backward.register(LogSoftmax)
def log_softmax_backward(params: LogSoftmax, out: Array, dA: Array) -> Grads[LogSoftmax]:
    """dx = dA - e^out (sum of dA)"""
    dx = dA - namespace(out).exp(wide(out)) * wide(dA).sum(axis=-1, keepdims=True)
    return Grads(gradient(params), as_dtype(dx, out.dtype))


def _below_the_largest(x: Array) -> Array:
    """x minus the largest x of its row"""
    return wide(x) - x.max(axis=-1, keepdims=True)


for _layer in (Softmax, LogSoftmax):
    step.register(_layer)(positionwise)
gives_probabilities.register(Softmax)(shares)

"""The dense layer: a linear map of the last axis."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward
from funcnn.elementary import product, sum_over_rows
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, draw, draw_bias, glorot_uniform
from funcnn.needs import Flag, FloatDtype, Seed
from funcnn.records import record
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@shapes(x="m ... n_in", out="m ... n_out")  # checked before the rules below: see funcnn.guards
@record
class Dense:
    """out = x @ W + b

        dx = dA @ W^T,  dW = x^T @ dA,  db = sum(dA), the sums over all axes but the last

    >>> import numpy as np
    >>> from funcnn import Dense, forward
    >>> forward(Dense(np.array([[2.0]]), np.array([1.0])), np.array([[12.0]]))[0]
    array([[25.]])

    Raises:
        ShapeError: W and b do not fit together.
        KindError: W or b is not an array of floats, or their dtypes differ.
    """

    W: Array = axes("n_in n_out", torch=True)
    b: Array | None = axes("n_out")

    @classmethod
    @checked
    def init(
        cls,
        n_in: Size,
        n_out: Size,
        *,
        seed: Seed,
        weights: Initializer = glorot_uniform,
        bias: Flag = True,
        dtype: FloatDtype = np.float64,
    ) -> Dense:
        """W is drawn by an initializer; b is 0, or None without a bias.

        >>> Dense.init(2, 27, seed=1)
        Dense(W=<f64 2x27>, b=<f64 27>)
        """
        W = draw(f"{cls.__name__}.init", "weights", weights, seed, (n_in, n_out), dtype)
        return cls(W, draw_bias(n_out, dtype, bias=bias))


@forward.register(Dense)
def dense_forward(params: Dense, x: Array) -> tuple[Array, Array]:
    """out = x @ W + b"""
    out = product(x, params.W)  # x @ W, stored by columns where that is faster
    if params.b is not None:
        out += params.b
    return out, x


@backward.register(Dense)
def dense_backward(params: Dense, x: Array, dA: Array) -> Grads[Dense]:
    """dx = dA @ W^T; dW = x^T @ dA, db = sum(dA), as in `dense_backward_params`"""
    return Grads(dense_backward_params(params, x, dA), product(dA, params.W.T))


@backward_params.register(Dense)
def dense_backward_params(params: Dense, x: Array, dA: Array) -> Dense:
    """dW = x^T @ dA, db = sum(dA)"""
    if x.ndim != 2:
        x, dA = x.reshape(-1, x.shape[-1]), dA.reshape(-1, dA.shape[-1])
    return gradient(params, W=x.T @ dA, b=None if params.b is None else sum_over_rows(dA))


step.register(Dense)(positionwise)  # in generation each position is mapped alone

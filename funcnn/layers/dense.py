"""The dense layer: a linear map of the last axis."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, sum_of_rows
from funcnn.checked import checked
from funcnn.core import backward, backward_params, forward
from funcnn.errors import ShapeError
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, draw, draw_bias, glorot_uniform
from funcnn.layers.checks import check_out_gradient, check_rows, dtype_error, foreign_cache_error
from funcnn.needs import Flag, FloatDtype, Seed
from funcnn.records import record
from funcnn.sizes import Size


@record
class Dense:
    """out = x @ W + b

    x: (m, ..., n_in), W: (n_in, n_out), b: (n_out,) or None, out: (m, ..., n_out).

    >>> import numpy as np
    >>> from funcnn import Dense, forward
    >>> forward(Dense(np.array([[2.0]]), np.array([1.0])), np.array([[12.0]]))[0]
    array([[25.]])

    Raises:
        ShapeError: W and b do not fit together.
        KindError: W or b is not an array of floats, or their dtypes differ.
    """

    W: Array
    b: Array | None

    def __attrs_post_init__(self) -> None:
        b = self.b
        if len(self.W.shape) != 2 or (b is not None and b.shape != self.W.shape[1:]):
            shapes = f"W: {self.W.shape}, b: {None if b is None else b.shape}"
            remedy = "; for a W of torch write W.T" if b is not None and b.shape == self.W.shape[:1] else ""
            raise ShapeError(f"{type(self).__name__}: W must be (n_in, n_out) and b (n_out,) or None; {shapes}{remedy}")
        if b is not None and b.dtype != self.W.dtype:
            raise dtype_error(type(self).__name__, "b", b, "W", self.W)

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
    W = params.W
    check_rows(params, "x", x, W.shape[0], W)
    out = (W.T @ x.T).T if by_columns(x, W.shape[1]) else x @ W
    if params.b is not None:
        out += params.b
    return out, x


@backward.register(Dense)
def dense_backward(params: Dense, x: Array, dA: Array) -> Grads[Dense]:
    """dx = dA @ W^T, and the gradients of W and b as in `dense_backward_params`"""
    grads, W = dense_backward_params(params, x, dA), params.W
    if W.shape[1] == 1:  # elementwise is faster
        return Grads(grads, (W * dA.T).T if by_columns(dA, W.shape[0]) else dA * W[:, 0])
    return Grads(grads, (W @ dA.T).T if by_columns(dA, W.shape[0]) else dA @ W.T)


@backward_params.register(Dense)
def dense_backward_params(params: Dense, x: Array, dA: Array) -> Dense:
    """dW = x^T @ dA, db = 1^T @ dA"""
    W = params.W
    if getattr(x, "shape", ())[-1:] != W.shape[:1]:
        raise foreign_cache_error(params, x)
    check_out_gradient(params, dA, (*x.shape[:-1], W.shape[1]), W.dtype)
    if x.ndim != 2:
        x, dA = x.reshape(-1, x.shape[-1]), dA.reshape(-1, dA.shape[-1])
    return gradient(params, W=x.T @ dA, b=None if params.b is None else sum_of_rows(dA))


def by_columns(x: Array, n: int) -> bool:
    """Whether x @ W, with n columns, is stored by columns: x has many rows and few columns, and so has the product.

    A bias, and the elementwise layers that follow, then loop over long columns instead of over short rows.
    """
    return type(x) is np.ndarray and 1 < n <= len(x) / _TALL and x.ndim == 2 and x.shape[1] <= _TALL


_TALL = 128  # rows for each column, and the most columns of x, both measured


step.register(Dense)(positionwise)

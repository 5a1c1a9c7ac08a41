"""Residual connections: x is added to the output of a layer."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import as_array, short
from funcnn.errors import KindError, ShapeError
from funcnn.generation import step
from funcnn.gradients import added
from funcnn.layers.wrapper import L, Wrapper, step_inside
from funcnn.records import record


@record
class Residual(Wrapper[L]):
    """out = x + layer(x); dx = dA + dx of the layer

    The derivative of the sum is I + J, where J is the derivative of the layer, so dA is a term of dx for every J. This
    is why deep networks train. The layer must keep the shape of x. A tuple (x, mask, ...) enters the layer as a whole;
    x is added to the first part of its output, and the other parts stay as they are.

    He, Zhang, Ren & Sun 2016, Deep Residual Learning for Image Recognition, equation 1.

    >>> import numpy as np
    >>> from funcnn import Relu, Residual, forward
    >>> forward(Residual(Relu()), np.array([[-1.0, 2.0]]))[0]
    array([[-1.,  4.]])

    Raises:
        KindError: `layer` is not a layer, changes the dtype of x, or gives a tuple for an array.
        ShapeError: the layer changes the shape of x.
    """

    def enter(self, x: Any) -> tuple[Any, Any]:
        """x, for the layer and for the sum"""
        return x, x

    def leave(self, out: Any, aside: Any) -> tuple[Any, None]:
        return _past(aside, out), None

    def enter_back(self, dx: Any, dA: Any, kept: None) -> Any:
        return (added((dx[0], dA[0])), *dx[1:]) if type(dA) is tuple else added((dx, dA))


def _past(x: Any, out: Any) -> Any:
    """x + out, or the sum of the first parts of two tuples."""
    if (type(x) is tuple) != (type(out) is tuple):
        raise KindError(f"Residual: layer must return a tuple, as x is one; x: {short(x)}, out: {short(out)}")
    if type(x) is tuple:
        return (_past(x[0], out[0]), *out[1:])
    if x.shape != out.shape:
        raise ShapeError(f"Residual: layer must keep the shape of x, {x.shape}, not return {out.shape}")
    if x.dtype != out.dtype:
        raise KindError(f"Residual: layer must keep the dtype of x, {x.dtype}, not return {out.dtype}")
    return as_array(x + out)


step.register(Residual)(step_inside)

"""A layer, and a way past it."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from funcnn.arrays import short
from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import KindError, ShapeError
from funcnn.gradients import Grads
from funcnn.layers.parts import added, check_held, holding, visit
from funcnn.records import record
from funcnn.stepping import passing, step

L = TypeVar("L")


@record
class Residual(Generic[L]):
    """out = x + layer(x); dx = dA + dx of the layer

    The derivative of the sum is I + J, with J that of the layer: whatever J is, dA itself arrives, so deep networks
    train. The layer must keep the shape of x. A tuple (x, mask, ...) goes through the layer as a whole; x is added to
    the first part of what it gives back, whose other parts stay.

    He, Zhang, Ren & Sun 2016, Deep Residual Learning for Image Recognition, equation 1.

    >>> import numpy as np
    >>> from funcnn import Relu, Residual, forward
    >>> forward(Residual(Relu()), np.array([[-1.0, 2.0]]))[0]
    array([[-1.,  4.]])

    Raises:
        KindError: `layer` is no layer, or makes another dtype of x, or a tuple of an array.
        ShapeError: the layer changes the shape of x.
    """

    layer: L

    def __attrs_post_init__(self) -> None:
        """A layer."""
        check_held("Residual", "layer", self.layer)


def _past(x: Any, out: Any) -> Any:
    """x + out, of the first parts where they are tuples."""
    if (type(x) is tuple) != (type(out) is tuple):
        raise KindError(f"Residual: the layer must give back a tuple for a tuple; x: {short(x)}, out: {short(out)}")
    if type(x) is tuple:
        return (_past(x[0], out[0]), *out[1:])
    if x.shape != out.shape:
        raise ShapeError(f"Residual: the layer must keep the shape of x, {x.shape}; it gives {out.shape}")
    if x.dtype != out.dtype:
        raise KindError(f"Residual: the layer must keep the dtype of x, {x.dtype}; it gives {out.dtype}")
    return x + out


@forward.register(Residual)
def residual_forward(params: Residual[Any], x: Any) -> tuple[Any, Any]:
    """out = x + layer(x)"""
    out, cache = visit("in Residual", forward, params.layer, x)
    return _past(x, out), cache


@forward_only.register(Residual)
def residual_forward_only(params: Residual[Any], x: Any) -> Any:
    """out = x + layer(x)"""
    return _past(x, visit("in Residual", forward_only, params.layer, x))


@backward.register(Residual)
def residual_backward(params: Residual[Any], cache: Any, dA: Any) -> Grads[Residual[Any]]:
    """dx = dA + dx of the layer"""
    grads = visit("in Residual", backward, params.layer, cache, dA)
    if type(dA) is tuple:
        dx: Any = (added((grads.x[0], dA[0])), *grads.x[1:])
    else:
        dx = added((grads.x, dA))
    return Grads(holding(params, layer=grads.params), dx)


@backward_params.register(Residual)
def residual_backward_params(params: Residual[Any], cache: Any, dA: Any) -> Residual[Any]:
    """The gradient of the layer, for which x + ... is a constant"""
    return holding(params, layer=visit("in Residual", backward_params, params.layer, cache, dA))


@step.register(Residual)
@passing
def residual_step(params: Residual[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = x + layer(x), and the layer's memory"""
    out, memory = visit("in Residual", step, params.layer, x, memory)
    return _past(x, out), memory

"""Layers around a layer: what goes past it, what is carried beside it, and how much of it counts."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np

from funcnn.arrays import Array, check_out_gradient, float_namespace, short
from funcnn.core import backward, backward_params, forward, forward_only, gives_probabilities
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.gradients import Grads, gradient
from funcnn.layers.checks import only_array, unpacked
from funcnn.layers.parts import added, check_held, check_tuple, fitting, holding, outline, visit
from funcnn.records import record
from funcnn.stepping import step

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
def residual_step(params: Residual[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = x + layer(x), and the layer's memory"""
    out, memory = visit("in Residual", step, params.layer, x, memory)
    return _past(x, out), memory


@record
class First(Generic[L]):
    """out = (layer(x), *rest), for a tuple (x, *rest); dx = (dx of the layer, *drest)

    The way past a mask for layers that know of none: First(Dense.init(8, 8, seed=0)). x alone gives layer(x).

    >>> import numpy as np
    >>> from funcnn import First, Relu, forward
    >>> forward(First(Relu()), (np.array([[-1.0, 2.0]]), np.array([[True, False]])))[0]
    (array([[0., 2.]]), array([[ True, False]]))

    Raises:
        KindError: `layer` is no layer.
        ShapeError: x is an empty tuple.
    """

    layer: L

    def __attrs_post_init__(self) -> None:
        """A layer."""
        check_held("First", "layer", self.layer)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the layer does."""
        return gives_probabilities(self.layer)


def _parted(x: Any) -> tuple[Any, tuple[Any, ...]]:
    if type(x) is not tuple:
        return x, ()
    check_tuple("First", "x", x, why=", (x, *rest)")
    return x[0], x[1:]


def _joined(x: Any, head: Any, rest: Any) -> Any:
    return (head, *rest) if type(x) is tuple else head


@forward.register(First)
def first_forward(params: First[Any], x: Any) -> tuple[Any, tuple[Any, Any]]:
    """out = (layer(x), *rest)"""
    head, rest = _parted(x)
    out, cache = visit("in First", forward, params.layer, head)
    return _joined(x, out, rest), (cache, outline(rest) if type(x) is tuple else None)


@forward_only.register(First)
def first_forward_only(params: First[Any], x: Any) -> Any:
    """out = (layer(x), *rest)"""
    head, rest = _parted(x)
    return _joined(x, visit("in First", forward_only, params.layer, head), rest)


@backward.register(First)
def first_backward(params: First[Any], cache: tuple[Any, Any], dA: Any) -> Grads[First[Any]]:
    """dx = (dx of the layer, *drest)"""
    own, kept = unpacked(params, cache, 2)
    if kept is None:
        grads = visit("in First", backward, params.layer, own, dA)
        return Grads(holding(params, layer=grads.params), grads.x)
    check_tuple("First", "dA", dA, 1 + len(kept), ", like out")
    grads = visit("in First", backward, params.layer, own, dA[0])
    return Grads(holding(params, layer=grads.params), (grads.x, *fitting(dA[1:], kept)))


@backward_params.register(First)
def first_backward_params(params: First[Any], cache: tuple[Any, Any], dA: Any) -> First[Any]:
    """The gradient of the layer, from the first part of dA"""
    own, kept = unpacked(params, cache, 2)
    if kept is not None:
        check_tuple("First", "dA", dA, 1 + len(kept), ", like out")
        dA = dA[0]
    return holding(params, layer=visit("in First", backward_params, params.layer, own, dA))


@step.register(First)
def first_step(params: First[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = (layer(x), *rest), and the layer's memory"""
    head, rest = _parted(x)
    out, memory = visit("in First", step, params.layer, head, memory)
    return _joined(x, out, rest), memory


@record
class Scale:
    """out = factor * x; dx = factor * dA, dfactor = the sum of x * dA over all that one factor multiplies

    x: (m, ..., n), factor: (n,), one for each feature, or (), one for all. It is trained; one that is not is
    `Frozen(Scale(...))`. At the end of a residual branch, small or 0, it makes the block the identity at the start.

    Touvron et al. 2021, Going Deeper with Image Transformers (LayerScale), section 2; Bachlechner et al. 2021, ReZero
    is All You Need, equation 1.

    >>> import numpy as np
    >>> from funcnn import Scale, forward
    >>> forward(Scale(np.array([1.0, 10.0])), np.array([[1.0, 2.0]]))[0]
    array([[ 1., 20.]])

    Raises:
        ShapeError: factor has two axes or more, or another number of entries than x has features.
        KindError: factor is no array of floats, or of another dtype than x.
    """

    factor: Array

    def __attrs_post_init__(self) -> None:
        """One number, or a row of them."""
        if len(self.factor.shape) > 1:
            raise ShapeError(f"Scale: factor must be (n,), or () for one number; it is {self.factor.shape}")

    @classmethod
    def init(cls, n: int | None = None, *, value: float, dtype: Any = np.float64) -> Scale:
        """The same value for each of n features; without n, one number for all.

        >>> Scale.init(3, value=1e-4)
        Scale(factor=<f64 [0.0001 0.0001 0.0001]>)

        Raises:
            RangeError: n is less than 1.
        """
        if n is not None and n < 1:
            raise RangeError(f"Scale.init: n must be at least 1; it is {n}")
        return cls(np.full(() if n is None else n, value, dtype))


@forward.register(Scale)
def scale_forward(params: Scale, x: Array) -> tuple[Array, Array]:
    """out = factor * x"""
    float_namespace(x)
    factor = params.factor
    if not x.ndim:
        raise ShapeError("x must be (m, ..., n), rows first; x: ()")
    if factor.ndim and x.shape[-1:] != factor.shape:
        raise ShapeError(f"x has {x.shape[-1]} features, factor has {len(factor)}; x: {x.shape}")
    if x.dtype != factor.dtype:
        raise KindError(f"x is {x.dtype}, factor is {factor.dtype}; write x.astype({factor.dtype.name!r})")
    return x * factor, x


@backward.register(Scale)
def scale_backward(params: Scale, x: Array, dA: Array) -> Grads[Scale]:
    """dx = factor * dA, dfactor = sum x * dA"""
    check_out_gradient(dA, only_array(params, x).shape, x.dtype)
    per_entry = x * dA
    axes = tuple(range(per_entry.ndim - params.factor.ndim))
    return Grads(gradient(params, factor=per_entry.sum(axes)), dA * params.factor)

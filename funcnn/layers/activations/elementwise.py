"""The base of activations, which are elementwise layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np

from funcnn.arrays import Array, short
from funcnn.core import backward, forward, forward_only
from funcnn.errors import KindError
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient, returned_by
from funcnn.layers.checks import as_like_x, gradient_with_own
from funcnn.records import record
from funcnn.shapes import shapes


@shapes(x="...", out="...")
@record
class Elementwise(ABC):
    """out = value(x), dx = dA * slope(kept), for x of any shape.

    The base of activations, also of your own: `value` and its derivative, `slope`. `slope` gets the array in the cache
    that `keeps` names: "x", or "out" if the derivative is a function of out, so that x need not stay in memory. It
    returns a number, or an array of x's dtype that broadcasts to x. With "slope", `slope` is a function of x as well,
    but the cache holds its result, which `value_and_slope` computes in forward. `own_gradients` gives gradients of own
    parameters.

    >>> from funcnn import Array, Elementwise, forward, record
    >>> import numpy as np
    >>> @record
    ... class Square(Elementwise):
    ...     def value(self, x: Array) -> Array:
    ...         return x * x
    ...     def slope(self, kept: Array) -> Array:
    ...         return 2 * kept
    >>> forward(Square(), np.array([[3.0]]))[0]
    array([[9.]])

    Raises:
        KindError: x is not an array of floats, or a method returns another shape or dtype; `keeps` is another word.
        ShapeError: dA does not have the shape of x.
    """

    keeps: ClassVar[Literal["x", "out", "slope"]] = "x"

    @abstractmethod
    def value(self, x: Array) -> Array:
        """The output for x, of x's shape and dtype."""

    @abstractmethod
    def slope(self, kept: Array) -> Array | float:
        """The derivative of the output with respect to x, elementwise."""

    def value_and_slope(self, x: Array) -> tuple[Array, Array | float]:
        """`value(x)` and `slope(x)`, for `keeps = "slope"`; override it where the two share work."""
        return self.value(x), self.slope(x)

    def own_gradients(self, dA: Array, kept: Array) -> dict[str, Any]:
        """The gradients of the activation's own parameters and the next values of its own states, by name."""
        return {}

    def __init_subclass__(cls) -> None:
        is_own, calls_both = "value_and_slope" in vars(cls), Elementwise.value_and_slope
        if not is_own and vars(cls).keys() & {"value", "slope"} and cls.value_and_slope is not calls_both:
            cls.value_and_slope = calls_both  # type: ignore[method-assign]  # of a class, not an instance
        for name, value in vars(cls).items():
            is_known = type(value) is str and value in {"x", "out", "slope"}
            if is_known and name in {"keep", "kept"}:
                raise KindError(f'{cls.__name__}: there is no setting {name}; write keeps = "{value}"')
            if name == "keeps" and not is_known:
                raise KindError(f'{cls.__name__}: keeps must be "x", "out" or "slope", not {short(value)}')


@forward.register(Elementwise)
def elementwise_forward(params: Elementwise, x: Array) -> tuple[Array, Array]:
    """out = value(x)"""
    if params.keeps != "slope":
        out = elementwise_forward_only(params, x)
        return out, out if params.keeps == "out" else x
    if not x.ndim:
        out, kept = elementwise_forward(params, x[None])
        return out.reshape(()), kept.reshape(())
    both: Any = params.value_and_slope(x)
    value, slope = both
    if (
        not type(value) is type(slope) is np.ndarray
        or not value.dtype == slope.dtype == x.dtype
        or not value.shape == slope.shape == x.shape
    ):
        value = as_like_x(params, "value_and_slope", value, x)
        slope = as_like_x(params, "value_and_slope", slope, x)
    return value, slope


@forward_only.register(Elementwise)
def elementwise_forward_only(params: Elementwise, x: Array) -> Array:
    """out = value(x)"""  # NumPy turns 0-d results into scalars, which have no namespace
    out = params.value(x) if x.ndim else params.value(x[None]).reshape(())
    if not type(out) is type(x) is np.ndarray or out.shape != x.shape or out.dtype != x.dtype:
        out = as_like_x(params, "value", out, x)
    return out


@backward.register(Elementwise)
def elementwise_backward(params: Elementwise, kept: Array, dA: Array) -> Grads[Elementwise]:
    """dx = dA * slope"""
    if not kept.ndim:  # NumPy turns 0-d results into scalars
        grads = elementwise_backward(params, kept[None], dA[None])
        return Grads(grads.params, grads.x.reshape(()))
    is_kept = params.keeps == "slope"
    dx: Any = kept if is_kept else params.slope(kept)
    if type(dx) is not np.ndarray or dx.shape != kept.shape or dx.dtype != kept.dtype:
        dx = as_like_x(params, "slope", dx, kept)
    has_own = type(params).own_gradients is not Elementwise.own_gradients
    own = gradient_with_own(params, params.own_gradients(dA, kept)) if has_own else gradient(params)
    if type(params).__module__.startswith("funcnn.") and not is_kept:
        dx *= dA  # in place, since every slope in funcnn is a new array
    else:
        dx = dx * dA  # not in place, since it may be an array of the user or the cache
    return Grads(own, dx)


step.register(Elementwise)(positionwise)
returned_by[Elementwise] = "own_gradients"  # for the error if a gradient is left out

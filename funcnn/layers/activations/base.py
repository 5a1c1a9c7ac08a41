"""The base of activations, which are elementwise layers, and the most common activations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np

from funcnn.arrays import Array, namespace, short
from funcnn.core import backward, forward, forward_only
from funcnn.elementary import (
    broken_slope,
    is_positive,
    positive_part,
    sigmoid,
    sigmoid_and_slope,
    softplus,
    tanh_slope,
)
from funcnn.errors import KindError
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient, returned_by
from funcnn.layers.checks import as_like_x, gradient_with_own
from funcnn.needs import Rate
from funcnn.records import record
from funcnn.shapes import shapes
from funcnn.traits import gives_probabilities, like_x, probabilities


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
        if vars(cls).keys() & {"value", "slope"} and "value_and_slope" not in vars(cls):
            cls.value_and_slope = Elementwise.value_and_slope  # type: ignore[method-assign]
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
    both = params.value_and_slope(x)
    return as_like_x(params, "value", both[0], x), as_like_x(params, "value_and_slope", both[1], x)


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
    if params.keeps == "slope":
        dx: Any = kept * dA if kept.ndim else (kept[None] * dA[None]).reshape(())
        return Grads(_own(params, dA, kept), dx)
    if not kept.ndim:  # NumPy turns 0-d results into scalars
        grads = elementwise_backward(params, kept[None], dA[None])
        return Grads(grads.params, grads.x.reshape(()))
    dx = params.slope(kept)
    if type(dx) is not np.ndarray or dx.shape != kept.shape or dx.dtype != kept.dtype:
        dx = as_like_x(params, "slope", dx, kept)
    own = _own(params, dA, kept)
    if type(params).__module__.startswith("funcnn."):
        dx *= dA  # in place, since every slope in funcnn is a new array
    else:
        dx = dx * dA  # not in place, since it may be an array of the user
    return Grads(own, dx)


def _own(params: Elementwise, dA: Array, kept: Array) -> Any:
    has_own = type(params).own_gradients is not Elementwise.own_gradients
    return gradient_with_own(params, params.own_gradients(dA, kept)) if has_own else gradient(params)


step.register(Elementwise)(positionwise)
returned_by[Elementwise] = "own_gradients"  # for the error if a gradient is left out


@record
class Identity(Elementwise):
    """out = x; dx = dA"""

    def value(self, x: Array) -> Array:
        return x

    def slope(self, kept: Array) -> Array:
        return namespace(kept).ones_like(kept)


gives_probabilities.register(Identity)(like_x)


@record
class Relu(Elementwise):
    """out = max(x, 0)

    The slope at 0 is 0. Nair & Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines.

    >>> forward(Relu(), np.array([[-1.0, 0.0, 2.0]]))[0]
    array([[0., 0., 2.]])
    """

    keeps = "out"

    value = staticmethod(positive_part)

    def slope(self, kept: Array) -> Array:
        """1 where out > 0, else 0"""
        return is_positive(kept)


@record
class LeakyRelu(Elementwise):
    """out = x where x > 0, else alpha x

    Maas, Hannun & Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models. At 0 the slope is alpha.

    >>> forward(LeakyRelu(0.1), np.array([[-1.0, 2.0]]))[0]
    array([[-0.1,  2. ]])

    Raises:
        RangeError: `alpha` is negative: out would not have the sign of x, from which the slope is computed.
    """

    alpha: Rate = 0.01
    keeps = "out"

    def value(self, x: Array) -> Array:
        return namespace(x).where(x > 0, x, self.alpha * x)

    def slope(self, kept: Array) -> Array:
        """1 where out > 0, else alpha"""
        return broken_slope(kept, self.alpha)


@record
class Sigmoid(Elementwise):
    """out = 1 / (1 + e^-x)

    out is exact to rounding in both tails. out is a probability, as `binary_cross_entropy` takes it; losses of logits
    take x. Rumelhart, Hinton & Williams 1986, Learning Representations by Back-Propagating Errors, eq. 2.

    >>> forward(Sigmoid(), np.array([[-800.0, 0.0, 800.0]]))[0].round(4)
    array([[0. , 0.5, 1. ]])
    """

    keeps = "slope"

    value = staticmethod(sigmoid)

    def slope(self, kept: Array) -> Array:
        """out (1 - out), as out / (1 + e^x), which keeps its digits where out rounds to 1"""
        return sigmoid_and_slope(kept)[1]

    value_and_slope = staticmethod(sigmoid_and_slope)


gives_probabilities.register(Sigmoid)(probabilities)


@record
class Tanh(Elementwise):
    """out = tanh(x)

    LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.4.

    >>> forward(Tanh(), np.array([[0.0, 800.0]]))[0]
    array([[0., 1.]])
    """

    keeps = "slope"

    def value(self, x: Array) -> Array:
        return namespace(x).tanh(x)

    def slope(self, kept: Array) -> Array:
        """1 - tanh(x)^2, from e^-2|x|, since out rounds to 1 or -1 where the slope is small"""
        return tanh_slope(kept)


@record
class Softplus(Elementwise):
    """out = log(1 + e^x), as max(x, 0) + log(1 + e^-|x|), which cannot overflow.

    Dugas et al. 2001, Incorporating Second-Order Functional Knowledge for Better Option Pricing.

    >>> forward(Softplus(), np.array([[0.0, 800.0]]))[0].round(4)
    array([[6.931e-01, 8.000e+02]])
    """

    value = staticmethod(softplus)

    def slope(self, kept: Array) -> Array:
        """1 / (1 + e^-x)"""
        return sigmoid(kept)


@record
class Elu(Elementwise):
    """out = x where x > 0, else alpha (e^x - 1)

    Clevert, Unterthiner & Hochreiter 2016, Fast and Accurate Deep Network Learning by Exponential Linear Units, eq. 15.

    >>> forward(Elu(), np.array([[-1.0, 2.0]]))[0].round(4)
    array([[-0.6321,  2.    ]])

    Raises:
        RangeError: `alpha` is negative.
    """

    alpha: Rate = 1.0

    def value(self, x: Array) -> Array:
        xp = namespace(x)
        return xp.where(x > 0, x, self.alpha * xp.expm1(xp.where(x > 0, 0, x)))

    def slope(self, kept: Array) -> Array:
        """1 where x > 0, else alpha e^x, and not the equal out + alpha, which cancels where out is near -alpha"""
        xp = namespace(kept)
        return xp.where(kept > 0, 1, self.alpha * xp.exp(xp.minimum(kept, 0)))

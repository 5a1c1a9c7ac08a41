"""Types of the verbs: their calls, `register` and `dispatch`.

The type of an output follows that of x: for an array it is an array. It is a tuple if the network ends in a Copy or a
Parallel, or if x is a tuple, such as a pair `(x, mask)`; then the type is Any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from funcnn.arrays import Array
from funcnn.gradients import Grads
from funcnn.seeds import Key

P = TypeVar("P")  # a layer
X = TypeVar("X")  # its input
Y = TypeVar("Y")  # its output
C = TypeVar("C")  # its cache
K_co = TypeVar("K_co", covariant=True)  # the cost: a number, or for single rows an array
Rule = Callable[..., Any]


class Forward(Protocol):
    """`forward(params, x) -> (out, cache)`."""

    @overload
    def __call__(self, params: Any, x: Array, /) -> tuple[Array, Any]: ...
    @overload
    def __call__(self, params: Any, x: Any, /) -> tuple[Any, Any]: ...
    def dispatch(self, cls: type, /) -> Rule: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X], tuple[Y, C]]], Callable[[P, X], tuple[Y, C]]]: ...


class Backward(Protocol):
    """`backward(params, cache, dA) -> Grads(params, x)`."""

    def __call__(self, params: P, cache: Any, dA: Any, /) -> Grads[P]: ...
    def dispatch(self, cls: type, /) -> Rule: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, C, Y], Grads[P]]], Callable[[P, C, Y], Grads[P]]]: ...


class ForwardOnly(Protocol):
    """`forward_only(params, x) -> out`."""

    @overload
    def __call__(self, params: Any, x: Array, /) -> Array: ...
    @overload
    def __call__(self, params: Any, x: Any, /) -> Any: ...
    def dispatch(self, cls: type, /) -> Rule: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X], Y]], Callable[[P, X], Y]]: ...


class BackwardParams(Protocol):
    """`backward_params(params, cache, dA) -> params`."""

    def __call__(self, params: P, cache: Any, dA: Any, /) -> P: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, C, Y], P]], Callable[[P, C, Y], P]]: ...


class Inference(Protocol):
    """`inference(params) -> params`."""

    def __call__(self, params: Any, /) -> Any: ...
    def dispatch(self, cls: type, /) -> Rule: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P], Y]], Callable[[P], Y]]: ...


class Reseed(Protocol):
    """`reseed(params, i) -> params`."""

    def __call__(self, params: P, i: int | Key, /) -> P: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, int], P]], Callable[[P, int], P]]: ...


class ValueAndGrad(Protocol[K_co]):
    """`(params, x, y) -> (cost, Grads)`: what `value_and_grad(loss)` returns."""

    def __call__(self, params: P, x: Any, y: Any, /) -> tuple[K_co, Grads[P]]: ...

"""The base of wrappers, which are layers around a layer: how x enters, how out leaves, and the gradients of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import FuncnnError, KindError
from funcnn.generation import check_can_step, fixed_memory, mixes_positions, positionwise, refuses, step
from funcnn.gradients import Grads, returned_by
from funcnn.layers.checks import as_cache_parts, check_held, gradient_with_own, shown
from funcnn.layers.notes import noted
from funcnn.records import record
from funcnn.remedies import has_mask
from funcnn.traits import gives_probabilities
from funcnn.trees.libraries import is_of_jax

L = TypeVar("L")


@record
class Wrapper(ABC, Generic[L]):
    """out = leave(layer(enter(x))), for a layer in the field `layer`

    A subclass writes `enter`, and the other three methods where they are not the identity:

        enter(x) -> (x of the layer, aside)            leave(out of the layer, aside) -> (out, kept)
        enter_back(dx of the layer, dA, kept) -> dx    leave_back(dA, kept) -> dA of the layer

    `aside` is passed from `enter` to `leave`. `kept`, an array or a tuple of arrays, is stored in the cache for
    `leave_back` and `enter_back`. The base registers `forward`, `backward`, `forward_only` and `backward_params`, with
    a note on every error inside. `step` is refused, since enter and leave might mix positions, until
    `step.register(Mine)(step_inside)` declares that they do not. A wrapper with parameters or states of its own returns
    their gradients and next values in `own_gradients`, which gets dA, the gradient of the wrapper's out. So such
    parameters must be used in `leave`, after the layer.

    >>> import numpy as np
    >>> from funcnn import GRU, Array, forward, layers, record
    >>> @record
    ... class Backwards(layers.Wrapper):
    ...     '''out = layer(x reversed in time), reversed in time'''
    ...     def enter(self, x: Array):
    ...         return x[:, ::-1], None
    ...     def leave(self, out: Array, aside: None):
    ...         return out[:, ::-1], None
    ...     def enter_back(self, dx: Array, dA: Array, kept: None):
    ...         return dx[:, ::-1]
    ...     def leave_back(self, dA: Array, kept: None):
    ...         return dA[:, ::-1]
    >>> forward(Backwards(GRU.init(2, 3, seed=0)), np.ones((5, 7, 2)))[0].shape
    (5, 7, 3)

    Raises:
        KindError: `layer` is not a layer.
        RangeError: records and tuples in `layer` are nested more than 99 deep.
    """

    layer: L

    def __attrs_post_init__(self) -> None:
        check_held(type(self).__name__, "layer", self.layer)

    @abstractmethod
    def enter(self, x: Any) -> tuple[Any, Any]:
        """(x for the layer, values for `leave`)"""

    def leave(self, out: Any, aside: Any) -> tuple[Any, Any]:
        """(out, arrays for `leave_back` and `enter_back`), given out of the layer"""
        return out, None

    def leave_back(self, dA: Any, kept: Any) -> Any:
        """The gradient of out of the layer, given dA, the gradient of out"""
        return dA

    def enter_back(self, dx: Any, dA: Any, kept: Any) -> Any:
        """The gradient of x, given the gradient of the layer's x; dA is used for values that bypass the layer"""
        return dx

    def own_gradients(self, dA: Any, kept: Any) -> dict[str, Any]:
        """The gradients of the wrapper's own parameters and the next values of its own states, by name"""
        return {}

    def held(self) -> Any:
        """The layer that x goes through"""
        return self.layer

    def held_gradients(self, gradient_of_held: Any) -> dict[str, Any]:
        """The gradients of the fields used in `held`, given the gradient of the layer that `held` returns"""
        return {"layer": gradient_of_held}


class Through:
    """A mixin for wrappers: `enter` does not change x."""

    __slots__ = ()

    def enter(self, x: Any) -> tuple[Any, None]:
        return x, None


def _noted(params: Wrapper[Any], verb: Any, *given: Any) -> Any:
    return noted(f"in {type(params).__name__}", verb, params.held(), *given)


def _pair(params: Wrapper[Any], method: str, x: Any, *aside: Any) -> tuple[Any, Any]:
    """The result of `enter` or `leave`, checked to be a pair; a method of arrays alone is refused for (x, mask)."""
    function = type(params).__name__
    try:
        made = getattr(params, method)(x, *aside)
        if has_mask(x) and type(made) is tuple:
            _check_not_repeated(made[0], x)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        if has_mask(x) and not isinstance(error, FuncnnError) and not is_of_jax(error):
            argument = "x" if method == "enter" else "out of the layer"
            raise KindError(
                f"{function}: {argument} must be an array, not tuple; for (x, mask) write First(layer)"
            ) from error
        raise
    if type(made) is not tuple or len(made) != 2:
        needed = "(the layer's x, aside)" if method == "enter" else "(out, kept)"
        raise KindError(f"{function}: {method} must return {needed}, not {shown(made)}")
    return made


def _check_not_repeated(made: Any, x: tuple[Any, ...]) -> None:
    """Raise an error if `made` is 2 * x, or another multiple of the tuple, instead of the products of its parts."""
    if type(made) is tuple and len(made) != len(x) and all([part is x[i % len(x)] for i, part in enumerate(made)]):
        raise TypeError


@forward.register(Wrapper)
def wrapper_forward(params: Wrapper[Any], x: Any) -> tuple[Any, tuple[Any, Any]]:
    """out = leave(layer(enter(x))); the cache is the cache of the layer, and `kept`"""
    inner, aside = _pair(params, "enter", x)
    made, cache = _noted(params, forward, inner)
    out, kept = _pair(params, "leave", made, aside)
    return out, (cache, kept)


@forward_only.register(Wrapper)
def wrapper_forward_only(params: Wrapper[Any], x: Any) -> Any:
    """out = leave(layer(enter(x)))"""
    inner, aside = _pair(params, "enter", x)
    return _pair(params, "leave", _noted(params, forward_only, inner), aside)[0]


@backward.register(Wrapper)
def wrapper_backward(params: Wrapper[Any], cache: tuple[Any, Any], dA: Any) -> Grads[Any]:
    """dx = enter_back(dx of the layer), where the layer gets leave_back(dA)"""
    own, kept = as_cache_parts(params, cache, 2)
    grads = _noted(params, backward, own, params.leave_back(dA, kept))
    try:
        dx = params.enter_back(grads.x, dA, kept)
    except (TypeError, AttributeError) as error:
        if grads.x is not None:
            raise
        needed = "accept a dx of None, since the layer gives no gradient of its x, as for ids"
        raise KindError(f"{type(params).__name__}: enter_back must {needed}") from error
    return Grads(_gradient(params, grads.params, dA, kept), dx)


@backward_params.register(Wrapper)
def wrapper_backward_params(params: Wrapper[Any], cache: tuple[Any, Any], dA: Any) -> Any:
    """The gradient of the layer, where the layer gets leave_back(dA)"""
    own, kept = as_cache_parts(params, cache, 2)
    return _gradient(params, _noted(params, backward_params, own, params.leave_back(dA, kept)), dA, kept)


def _gradient(params: Wrapper[Any], gradient_of_held: Any, dA: Any, kept: Any) -> Any:
    return gradient_with_own(params, params.own_gradients(dA, kept), **params.held_gradients(gradient_of_held))


@step.register(Wrapper)
@refuses
def wrapper_step(params: Wrapper[Any], x: Any, memory: Any = None) -> Any:
    """Refused by default, since enter and leave might mix positions"""
    cls = type(params).__name__
    raise KindError(
        f"step: there is no rule for {cls}; if its enter and leave treat each position on its own, write "
        f"step.register({cls})(step_inside)"
    )


def step_inside(params: Wrapper[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """The rule for `step` of a wrapper whose enter and leave map each position alone, with the layer's memory"""
    inner, aside = _pair(params, "enter", x)
    made, memory = _noted(params, step, inner, memory)
    return _pair(params, "leave", made, aside)[0], memory


@fixed_memory.register(Wrapper)
def wrapper_fixed_memory(params: Wrapper[Any], m: int, t_most: int) -> Any:
    """The memory of the layer; None if the wrapper itself is declared to map each position alone"""
    if step.dispatch(type(params)) is step_inside:
        return _noted(params, fixed_memory, m, t_most)
    return check_can_step(params)


@mixes_positions.register(Wrapper)
def wrapper_mixes_positions(params: Wrapper[Any]) -> bool:
    """Whether the layer mixes positions, if enter and leave map each position alone; else True"""
    rule = step.dispatch(type(params))
    return bool(mixes_positions(params.held())) if rule is step_inside else rule is not positionwise


returned_by[Wrapper] = "own_gradients"


def given_by_layer(params: Wrapper[Any]) -> Any:
    """The rule for `gives_probabilities` of a wrapper that returns the output of its layer; False if that is None"""
    return params.layer is not None and gives_probabilities(params.layer)

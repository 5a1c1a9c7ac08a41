"""Generation: a network that is given one symbol after another, and remembers what it needs of those before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from funcnn.core import forward_only
from funcnn.dispatch import verb
from funcnn.errors import KindError
from funcnn.records import is_record, values

P = TypeVar("P")
X = TypeVar("X")
R = TypeVar("R", bound=Callable[..., Any])

passing_rules: set[Callable[..., Any]] = set()


class Step(Protocol):
    """`step(params, x, memory) -> (out, memory)`."""

    def __call__(self, params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]: ...
    def dispatch(self, cls: type, /) -> Callable[..., Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X, Any], Any]], Callable[[P, X, Any], Any]]: ...


@cast("Callable[[Any], Step]", verb(returns=(tuple, "(out, memory)")))
def step(params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]:
    """`(out, memory)`: what the network makes of the next part of a sequence, and of what it remembers of the others.

    x is (m, t, ...), of which t is mostly 1; the memory is None at first, then what the last step returned. Parts given
    one after another lead to what `forward` makes of the whole: of recurrent layers, and of attention that is causal.
    What looks at each place alone, as most layers do, remembers nothing. It predicts: with dropout or batch
    normalisation in the network, call it with `inference(params)`. A layer of
    your own that holds one with a memory needs a rule, `@step.register(Layer)`, which carries that memory.

    >>> import numpy as np
    >>> from funcnn import mlp, step
    >>> out, memory = step(mlp([2, 3, 1], seed=0), np.ones((5, 1, 2)))
    >>> out.shape, memory
    ((5, 1, 1), (None, None, None))

    Raises:
        KindError: a layer inside one without a rule has a memory, or looks at several places at once; or a layer trains
            otherwise than it predicts.
        What `forward` raises.
    """
    held = _bound_to_places(params)
    if held is not None and step.dispatch(type(held)) is only_trains:
        return only_trains(held, x)
    if held is not None:
        cls, inner = type(params).__name__, type(held).__name__
        remedy = f"write a rule with @step.register({cls}), which carries its memory"
        raise KindError(f"step: {cls} holds {inner}, which does not look at each place alone; {remedy}")
    return forward_only(params, x), None


def passing(rule: R) -> R:
    """Mark a rule for `step` that gives each layer it holds a step, and does nothing else that depends on the place."""
    passing_rules.add(rule)
    return rule


def _bound_to_places(layer: Any) -> Any:
    """The first layer inside, at any depth, for which it is not enough to go forward; None where there is none."""
    for part in layer if type(layer) is tuple else values(layer) if is_record(layer) else ():
        found = None
        if type(part) is tuple:
            found = _bound_to_places(part)
        elif is_record(part):
            rule = step.dispatch(type(part))
            if rule is _DEFAULT or rule in passing_rules:
                found = _bound_to_places(part)
            elif rule is not alone:
                found = part
        if found is not None:
            return found
    return None


_DEFAULT = step.dispatch(object)


def alone(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` of what knows nothing of other places, whatever it holds."""
    return forward_only(params, x), None


def only_trains(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` of what predicts otherwise than it trains."""
    raise KindError(f"step: {type(params).__name__} is here for training alone; write step(inference(net), x, memory)")


def no_step(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` of what looks ahead, or at all places at once."""
    raise KindError(f"step: {type(params).__name__} looks at several places at once, so it cannot go on step by step")

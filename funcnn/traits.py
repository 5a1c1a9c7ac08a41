"""Traits: verbs for properties of a layer, such as whether its output holds probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar, cast

from funcnn.arrays import is_array
from funcnn.dispatch import trait
from funcnn.records import is_record, plans, values
from funcnn.refusals import check_tree_of_layers

__all__ = ["gives_probabilities", "like_x", "probabilities", "rests", "shares", "takes_complex"]

P = TypeVar("P")


class Trait(Protocol):
    """`trait(params) -> answer`."""

    def __call__(self, params: Any, /) -> Any: ...
    def dispatch(self, cls: type, /) -> Callable[..., Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P], Any]], Callable[[P], Any]]: ...


@cast("Callable[[Any], Trait]", trait)
def gives_probabilities(params: Any, /) -> Any:
    """Whether out holds probabilities: True, False, or None if the answer for out is the answer for x, as for Reshape.

    A loss of logits refuses a network that gives probabilities, since it would squash them a second time. By default
    False. The value for a chain is the value of its last layer whose value is not None; the value for a layer with
    several outputs is a tuple.

    >>> from funcnn import Dense, Sigmoid
    >>> from funcnn.traits import gives_probabilities
    >>> net = (Dense.init(2, 1, seed=0), Sigmoid())
    >>> gives_probabilities(net), gives_probabilities(net[:1]), gives_probabilities(())
    (True, False, None)

    Raises:
        KindError: `params` is not a layer.
    """
    check_tree_of_layers("gives_probabilities", params)
    return False


@gives_probabilities.register(tuple)
def chain_gives_probabilities(params: tuple[Any, ...]) -> Any:
    """The value of the last layer for which it is not None"""
    for layer in reversed(params):
        if (answer := gives_probabilities(layer)) is not None:
            return answer
    return None


def like_x(params: Any) -> None:
    """The rule of a layer that only moves, scales or drops numbers of x: None, the same answer as for x."""


def probabilities(params: Any) -> bool:
    """The rule of a layer that gives probabilities."""
    return True


def shares(params: Any) -> bool:
    """The rule of a layer that gives probabilities with the sum 1 along the last axis, such as Softmax."""
    return True


@cast("Callable[[Any], Trait]", trait)
def rests(params: Any, /) -> bool:
    """Whether training leaves the states of a layer unchanged, as for Frozen, whose state is the layer inside.

    By default False. Backward stops at the first layer of a chain that has a parameter or a state that changes.

    Raises:
        KindError: `params` is not a layer.
    """
    check_tree_of_layers("rests", params)
    return False


def is_inert(layer: Any) -> bool:
    """Whether nothing in `layer` is trained and none of its states changes, so that backward is needed for dx alone."""
    if type(layer) is tuple:
        return all(map(is_inert, layer))
    for name, is_state in plans.get(type(layer), ()):
        if not (rests(layer) if is_state else is_inert(getattr(layer, name))):
            return False
    return not is_array(layer)


@cast("Callable[[Any], Trait]", trait)
def takes_complex(params: Any, /) -> bool:
    """Whether `forward` and `backward` compute with complex arrays as with real ones, so that a complex step is exact.

    By default True for the layers of funcnn, if it is True for every layer inside, and False for layers of your own. A
    rule is fit for a complex step if it is made of analytic functions, such as `exp` and products, and compares real
    parts; `abs`, `sign` and `.real` lose the step.

    >>> from funcnn import Elementwise, mlp, record
    >>> from funcnn.traits import takes_complex
    >>> takes_complex(mlp([2, 3, 1], seed=0))
    True

    Raises:
        KindError: `params` is not a layer.
    """
    check_tree_of_layers("takes_complex", params)
    return all(map(takes_complex, parts)) if (parts := _inside(params)) is not None else False


def _inside(params: Any) -> list[Any] | None:
    """The records in `params`; None if it is a record of a class that is not of funcnn."""
    cls = type(params)
    if cls is tuple:
        return list(_records(params))
    if not cls.__module__.startswith(("funcnn.layers.", "funcnn.inspection.")):
        return None
    return list(_records(values(params)))


def _records(parts: tuple[Any, ...]) -> Iterator[Any]:
    for part in parts:
        if type(part) is tuple:
            yield from _records(part)
        elif is_record(part):
            yield part


def refuses_complex(params: Any) -> str:
    """The class of the first layer in `params` that does not compute with complex arrays; empty if all of them do."""
    if takes_complex(params):
        return ""
    found = [name for part in _inside(params) or [] if (name := refuses_complex(part))]
    return found[0] if found else type(params).__name__

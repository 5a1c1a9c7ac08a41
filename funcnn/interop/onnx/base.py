"""The verb `to_graph`. Each family of layers registers its rules in a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import attrs
import spox

from funcnn.about.card import Card
from funcnn.about.table import card_of, cards
from funcnn.about.twins import twin_of
from funcnn.arrays import kind
from funcnn.core import is_layer
from funcnn.dispatch import verb
from funcnn.errors import KindError
from funcnn.interop.onnx.recorded import recorded_to_graph
from funcnn.interop.onnx.values import Operators, check_single
from funcnn.layers.combinators.branches import Take
from funcnn.layers.notes import noted
from funcnn.refusals import no_rule_error

P = TypeVar("P")  # a layer
V = TypeVar("V")  # values of spox
W = TypeVar("W")
Values = Any
"""A value of spox, which stands for an array; a tuple of values; or None."""


class ToGraph(Protocol):
    """`to_graph(layer, x) -> out`."""

    def __call__(self, layer: Any, x: Values, /) -> Values: ...
    def dispatch(self, cls: type, /) -> Callable[..., Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, V], W]], Callable[..., W]]: ...


def _check_graph(layer: Any, x: Values) -> None:
    """Check that x is made of values of spox."""
    if not _is_made_of_values(x) or (x is None and type(layer) is not tuple):
        given = f"not {kind(x)}; to_onnx takes arrays"
        raise KindError(f"to_graph: x must be a value of spox, or a tuple of them, {given}")


def _is_made_of_values(x: Values) -> bool:
    return x != () and all(map(_is_made_of_values, x)) if type(x) is tuple else x is None or isinstance(x, spox.Var)


def _may_return(layer: Any, made: Values) -> bool:
    """Whether a rule may return this: None is a part of x that is absent, which chains and `Take` pass on."""
    return _is_made_of_values(made) and (made is not None or type(layer) in (tuple, Take))


@verb(ToGraph, accepts=_may_return, needed="a value of spox, or a tuple of them", check=_check_graph, inherits=False)
def to_graph(layer: Any, x: Values, /) -> Values:
    """out of the layer in prediction, written with operators of ONNX; x and out are values of spox.

    A layer registers its rule with `@to_graph.register(Layer)`, and `to_onnx` calls the rules. A value stands for an
    array: `x.unwrap_tensor()` has its dtype and its shape, in which axes that are free have a name or None. `(x, mask)`
    is a tuple of two values. Operators take values alone: `weight(layer.W)` is the value of a parameter.

    A rule holds for its class alone, and not for subclasses, since these may compute something else. A layer that has
    neither a rule nor a twin in its card is written as it is recorded: operation by operation.

    >>> import spox.opset.ai.onnx.v17 as op
    >>> from funcnn import Array, Elementwise, record
    >>> from funcnn.interop.onnx import to_graph
    >>> @record
    ... class Squared(Elementwise):
    ...     def value(self, x: Array) -> Array:
    ...         return x * x
    ...     def slope(self, kept: Array) -> Array:
    ...         return 2 * kept
    >>> @to_graph.register(Squared)
    ... def squared_to_graph(layer, x):
    ...     return op.mul(x, x)

    Raises:
        KindError: there is no rule for the layer, and it cannot be recorded; x, or what the rule returns, is not made
            of values of spox.
    """
    card = card_of(type(layer), bases=False)  # not of a base, since a subclass may compute something else
    if card is not None and card.onnx:
        return graph_of_card(layer, x)
    if not is_layer(layer):
        raise no_rule_error("to_graph", layer)
    return recorded_to_graph(layer, x)


def graph_of_card(layer: Any, x: Values) -> Values:
    """The function of ONNX that the card names or writes"""
    card = cast("Card", card_of(type(layer)))
    if not card.double:
        check_single(layer, x)
    settings = {field.name: getattr(layer, field.name) for field in attrs.fields(type(layer))}
    return twin_of(card.onnx, settings, op=Operators(x))(x, **settings)


for _layer in [layer for layer, card in cards("activations").items() if card.onnx]:
    to_graph.register(_layer)(graph_of_card)


@to_graph.register(tuple)
def chain_to_graph(layer: tuple[Any, ...], x: Values) -> Values:
    """x through each layer in turn"""
    for i, part in enumerate(layer):
        x = noted(f"in layer {i}", to_graph, part, x)
    return x

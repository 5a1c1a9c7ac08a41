"""Weight sharing: one layer in several places of a network, with one sum of gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funcnn.errors import KindError
from funcnn.generation import step
from funcnn.gradients import added
from funcnn.layers.checks import Held
from funcnn.layers.wrapper import Through, Wrapper, given_by_layer, step_inside
from funcnn.records import build, is_record, plans, record, values
from funcnn.traits import gives_probabilities


@record
class Here(Through, Wrapper[Any]):
    """out = layer(x), where layer is the layer of the `Shared` of the same name around this `Here`

    In the net of a Shared, `Here` is empty and marks a place where the shared layer is called.

    >>> from funcnn.layers import Here
    >>> Here()
    Here(name='', layer=None)

    Raises:
        KindError: the name is not a string; or in forward, no Shared of that name is around the Here.
    """

    name: str = ""
    layer: Any = None

    def __attrs_post_init__(self) -> None:
        if self.layer is not None:
            super().__attrs_post_init__()

    def held(self) -> Any:
        """The layer of the Shared"""
        if self.layer is None:
            named = f" with name={self.name!r}" if self.name else ""
            raise KindError(f"Here: {_called(self.name)} must be in the net of a Shared{named}, whose layer it calls")
        return self.layer


def _called(name: str) -> str:
    return f"Here({name!r})" if name else "Here()"


step.register(Here)(step_inside)
gives_probabilities.register(Here)(given_by_layer)


@record
class Shared(Through, Wrapper[Any]):
    """out = net(x), where `layer` stands in each place of `net` that is `Here()`; dlayer = the sum over the places

    If w is used as w_1 = ... = w_k = w, the chain rule gives dw = dw_1 + ... + dw_k. The layer is trained, counted,
    saved and printed once. The layer is the same function in all places: dropout drops the same entries of arrays of
    one shape. A state starts with the same value in all places; its next value is taken from the last place in the
    order of `net`. For several shared layers, nest a Shared in a Shared, each with a name.

    A place inside a `Frozen` uses the layer and adds nothing to its gradient.

    Bromley et al. 1993, Signature Verification using a Siamese Time Delay Neural Network; Lan et al. 2020, ALBERT.

    >>> import numpy as np
    >>> from funcnn import Dense, Tanh, layers, parameters, predict
    >>> net = layers.Shared(Dense.init(8, 8, seed=0), (layers.Here(), Tanh(), layers.Here(), Tanh(), layers.Here()))
    >>> predict(net, np.zeros((5, 8))).shape, list(parameters(net))
    ((5, 8), ['layer.W', 'layer.b'])

    Raises:
        KindError: `layer` or `net` is not a layer, the name is not a string, `net` has no `Here` of that name outside
            of a `Frozen`, a `Here` holds a layer already, or a Shared of the same name is in `net`.
    """

    layer: Any
    net: Held[Any]
    name: str = ""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if any([found.name == self.name for found in _inside(Shared, self.net)]):
            same = f"another Shared with name={self.name!r}"
            raise KindError(f"{type(self).__name__}: net must not contain {same}; rename one of them")
        here = _called(self.name)
        if not _places(self.net, self.name):
            needed = f"contain {here} outside of any Frozen, as a place where layer is called"
            raise KindError(f"{type(self).__name__}: net must {needed}")
        if _filled(self.net, self.name, None) != self.net:
            raise KindError(f"{type(self).__name__}: each Here in net must hold no layer of its own; write {here}")

    def held(self) -> Any:
        """The net with the layer in its places"""
        return _filled(self.net, self.name, self.layer)

    def held_gradients(self, gradient_of_held: Any) -> dict[str, Any]:
        """dlayer, the sum over the places; and the gradient of the net around them"""
        layer = added([here.layer for here in _places(gradient_of_held, self.name)])
        return {"layer": layer, "net": _filled(gradient_of_held, self.name, None)}


def _inside(cls: type, tree: Any) -> Iterator[Any]:
    """Every record of a class that is not in a state, in the order of the fields."""
    if type(tree) is cls:
        yield tree
    if type(tree) is tuple:
        parts = tree
    else:
        parts = tuple([getattr(tree, name) for name, is_state in plans.get(type(tree), ()) if not is_state])
    for part in parts:
        yield from _inside(cls, part)


def _places(tree: Any, name: str) -> list[Here]:
    return [here for here in _inside(Here, tree) if here.name == name]


def _filled(tree: Any, name: str, layer: Any) -> Any:
    """`tree` with the layer, or None, in each place of the name."""
    if type(tree) is Here and tree.name == name:
        return build(Here, (name, layer))
    if type(tree) is tuple:
        return tuple([_filled(part, name, layer) for part in tree])
    return build(type(tree), [_filled(part, name, layer) for part in values(tree)]) if is_record(tree) else tree


step.register(Shared)(step_inside)
gives_probabilities.register(Shared)(lambda params: gives_probabilities(params.held()))

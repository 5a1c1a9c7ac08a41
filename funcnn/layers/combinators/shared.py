"""One layer in several places: it is there once, and the gradients of its places add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.layers.parts import added, check_held, holding, visit
from funcnn.logits import gives_probabilities
from funcnn.records import build, is_record, plans, record, values
from funcnn.stepping import passing, step


@record
class Here:
    """out = layer(x), with the layer that the `Shared` of this name around it puts in

    In the net of a Shared it holds nothing, and says where the layer stands.

    >>> from funcnn import Here
    >>> Here()
    Here(name='', layer=None)

    Raises:
        KindError: the name is no string; or in forward, no Shared of the name is around it.
    """

    name: str = ""
    layer: Any = None

    def __attrs_post_init__(self) -> None:
        """A layer if any."""
        if self.layer is not None:
            check_held("Here", "layer", self.layer)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the layer does."""
        return gives_probabilities(self.layer)


def _found(params: Here) -> Any:
    if params.layer is None:
        named = f" of the name {params.name!r}" if params.name else ""
        raise KindError(f"Here: there is no Shared{named} around it, to put a layer in")
    return params.layer


@forward.register(Here)
def here_forward(params: Here, x: Any) -> tuple[Any, Any]:
    """out = layer(x)"""
    return forward(_found(params), x)


@forward_only.register(Here)
def here_forward_only(params: Here, x: Any) -> Any:
    """out = layer(x)"""
    return forward_only(_found(params), x)


@backward.register(Here)
def here_backward(params: Here, cache: Any, dA: Any) -> Grads[Here]:
    """The layer's own"""
    grads = backward(_found(params), cache, dA)
    return Grads(holding(params, layer=grads.params), grads.x)


@backward_params.register(Here)
def here_backward_params(params: Here, cache: Any, dA: Any) -> Here:
    """The layer's own"""
    return holding(params, layer=backward_params(_found(params), cache, dA))


@step.register(Here)
@passing
def here_step(params: Here, x: Any, memory: Any = None) -> tuple[Any, Any]:
    """The layer's own, with a memory for each place"""
    return step(_found(params), x, memory)


@record
class Shared:
    """out = net(x), where `layer` stands in each place of `net` that is `Here()`; dlayer = the sum over the places

    If w is used as w_1 = ... = w_k = w, the chain rule gives dw = dw_1 + ... + dw_k. The layer is trained, counted,
    saved and printed once. It is the same function in all places: dropout drops the same entries of arrays of one
    shape, and a state begins everywhere with the same value and ends with that which the last place gives it, in the
    order of `net`. Several shared layers are Shared in Shared, each with a name.

    A place in a `Frozen` uses the layer, and adds nothing to its gradient.

    Bromley et al. 1993, Signature Verification using a Siamese Time Delay Neural Network; Lan et al. 2020, ALBERT,
    section 3.1.

    >>> import numpy as np
    >>> from funcnn import Dense, Here, Shared, Tanh, parameters, predict
    >>> net = Shared(Dense.init(8, 8, seed=0), (Here(), Tanh(), Here(), Tanh(), Here()))
    >>> predict(net, np.zeros((5, 8))).shape, list(parameters(net))
    ((5, 8), ['layer.W', 'layer.b'])

    Raises:
        KindError: `layer` or `net` is no layer, the name is no string, no place of the name in `net` is trained, one
            holds a layer already, or a Shared of the same name is in `net`.
    """

    layer: Any
    net: Any
    name: str = ""

    def __attrs_post_init__(self) -> None:
        """There are places to stand in, and nobody else puts something there."""
        check_held("Shared", "layer", self.layer)
        check_held("Shared", "net", self.net)
        if any([found.name == self.name for found in _inside(Shared, self.net)]):
            raise KindError(f"Shared: in net is a Shared of the same name, {self.name!r}; give one of them another")
        here = f"Here({self.name!r})" if self.name else "Here()"
        if not _places(self.net, self.name):
            raise KindError(f"Shared: there is no {here} in net that is trained, so the layer would learn nothing")
        if _filled(self.net, self.name, None) != self.net:
            raise KindError(f"Shared: a Here in net holds a layer already; write {here}, where the shared one goes")

    @property
    def gives_probabilities(self) -> bool:
        """Whether the net does."""
        return gives_probabilities(filled(self))


def _inside(cls: type, tree: Any) -> Iterator[Any]:
    """Every record of a class in what is trained, in the order of the fields."""
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


def filled(params: Shared) -> Any:
    """The net with the layer in all its places: what x goes through.

    >>> from funcnn import Relu
    >>> from funcnn.layers.combinators.shared import Here, Shared, filled
    >>> filled(Shared(Relu(), (Here(), Here())))
    (Here(name='', layer=Relu()), Here(name='', layer=Relu()))
    """
    return _filled(params.net, params.name, params.layer)


def _shared(params: Shared, net: Any) -> Shared:
    """The gradient of all, from that of the net with the layer in its places."""
    layer = added([here.layer for here in _places(net, params.name)])
    return holding(params, layer=layer, net=_filled(net, params.name, None))


@forward.register(Shared)
def shared_forward(params: Shared, x: Any) -> tuple[Any, Any]:
    """out = net(x)"""
    return visit("in Shared", forward, filled(params), x)


@forward_only.register(Shared)
def shared_forward_only(params: Shared, x: Any) -> Any:
    """out = net(x)"""
    return visit("in Shared", forward_only, filled(params), x)


@backward.register(Shared)
def shared_backward(params: Shared, cache: Any, dA: Any) -> Grads[Shared]:
    """dx of the net; dlayer, the sum over the places"""
    grads = visit("in Shared", backward, filled(params), cache, dA)
    return Grads(_shared(params, grads.params), grads.x)


@backward_params.register(Shared)
def shared_backward_params(params: Shared, cache: Any, dA: Any) -> Shared:
    """dlayer, the sum over the places"""
    return _shared(params, visit("in Shared", backward_params, filled(params), cache, dA))


@step.register(Shared)
@passing
def shared_step(params: Shared, x: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = net(x), with a memory for each place"""
    return visit("in Shared", step, filled(params), x, memory)

"""A layer that is looked at: what went through it comes back as a value, with the gradient."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from funcnn.arrays import short
from funcnn.core import backward, backward_params, forward
from funcnn.gradients import Grads
from funcnn.layers.checks import foreign
from funcnn.layers.parts import check_held, holding
from funcnn.logits import gives_probabilities
from funcnn.records import record, state
from funcnn.stepping import passing, step

L = TypeVar("L")


class Seen(NamedTuple):
    """What went through a layer: x and out on the way forward, and dA, the gradient of out, on the way back.

    No record, so that whoever adds up the gradients of one layer in several places does not add these.
    """

    x: Any
    out: Any
    dA: Any  # noqa: N815  as everywhere


class Kept(NamedTuple):
    """What backward needs, the layer's own cache; and what went forward."""

    own: Any
    x: Any
    out: Any


@record
class Probe(Generic[L]):
    """out = layer(x); the next value of the state `seen` is Seen(x, out, dA)

    As batch normalisation gives its running statistics back with the gradient, so a probe gives back what it saw: in
    `grads.params`, and after `sgd` in the network. Nothing is computed otherwise than without it, and nothing is noted
    down anywhere else. Where nobody walks back, because nothing so far is trained, `seen` stays what it was. Of a layer
    that is called several times, it is the last call, or what whoever adds up its gradients makes of them.

    What else is asked of a probe, its layer answers. `save` refuses one that has seen something: save its `layer`.

    >>> import numpy as np
    >>> from funcnn import Probe, Tanh, mlp, mse, value_and_grad
    >>> first, *rest = mlp([2, 3, 1], hidden=Tanh(), seed=0)
    >>> _, grads = value_and_grad(mse)((Probe(first), *rest), np.ones((5, 2)), np.ones((5, 1)))
    >>> grads.params[0].seen.out.shape
    (5, 3)

    Raises:
        KindError: `layer` is no layer.
    """

    layer: L
    seen: Any = state(default=None)
    rests: ClassVar[bool] = True  # so that nobody walks back for a probe alone

    def __attrs_post_init__(self) -> None:
        """A layer."""
        check_held("Probe", "layer", self.layer)

    def __getattr__(self, name: str) -> Any:
        """What is not a probe's own is its layer's: an attention reads the weights of the Dense that it holds."""
        if name.startswith("__") or name == "layer":  # what Python, NumPy and JAX ask of all objects
            raise AttributeError(name)
        return getattr(self.layer, name)

    def __repr__(self) -> str:
        """The layer, so that an error reads as it would without the probe."""
        return short(self.layer)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the layer does."""
        return gives_probabilities(self.layer)


@forward.register(Probe)
def probe_forward(params: Probe[Any], x: Any) -> tuple[Any, Kept]:
    """out = layer(x)"""
    out, own = forward(params.layer, x)
    return out, Kept(own, x, out)


@backward.register(Probe)
def probe_backward(params: Probe[Any], cache: Kept, dA: Any) -> Grads[Probe[Any]]:
    """The layer's own, and what was seen"""
    grads = backward(params.layer, _kept(params, cache).own, dA)
    return Grads(holding(params, layer=grads.params, seen=Seen(cache.x, cache.out, dA)), grads.x)


@backward_params.register(Probe)
def probe_backward_params(params: Probe[Any], cache: Kept, dA: Any) -> Probe[Any]:
    """The layer's own, and what was seen"""
    own = backward_params(params.layer, _kept(params, cache).own, dA)
    return holding(params, layer=own, seen=Seen(cache.x, cache.out, dA))


def _kept(params: Probe[Any], cache: Any) -> Kept:
    if type(cache) is not Kept:
        raise foreign(params, cache)
    return cache


@step.register(Probe)
@passing
def probe_step(params: Probe[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """The layer's own"""
    return step(params.layer, x, memory)

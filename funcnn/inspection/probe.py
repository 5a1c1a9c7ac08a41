"""A layer that is looked at: what went through it comes back as a value, with the gradient."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from funcnn.arrays import short
from funcnn.layers.wrapper import Wrapper, given_by_layer, step_inside
from funcnn.records import record, state
from funcnn.stepping import step
from funcnn.traits import gives_probabilities, rests

L = TypeVar("L")


class Seen(NamedTuple):
    """What went through a layer: x and out on the way forward, and dA, the gradient of out, on the way back.

    No record, so that whoever adds up the gradients of one layer in several places does not add these.
    """

    x: Any
    out: Any
    dA: Any  # noqa: N815  as everywhere


@record
class Probe(Wrapper[L]):
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

    def enter(self, x: Any) -> tuple[Any, Any]:
        """x as it is"""
        return x, x

    def leave(self, out: Any, aside: Any) -> tuple[Any, Any]:
        """out as it is; x and out are kept"""
        return out, (aside, out)

    def own_gradients(self, dA: Any, kept: Any) -> dict[str, Any]:
        """What went through the layer, as the next value of `seen`"""
        x, out = kept
        return {"seen": Seen(x, out, dA)}

    def __getattr__(self, name: str) -> Any:
        """What is not a probe's own is its layer's: an attention reads the weights of the Dense that it holds."""
        if name.startswith("__") or name == "layer":  # what Python, NumPy and JAX ask of all objects
            raise AttributeError(name)
        return getattr(self.layer, name)

    def __repr__(self) -> str:
        """The layer, so that an error reads as it would without the probe."""
        return short(self.layer)


@rests.register(Probe)
def probe_rests(params: Probe[Any]) -> bool:
    """No backward is done for a probe alone"""
    return True


step.register(Probe)(step_inside)
gives_probabilities.register(Probe)(given_by_layer)

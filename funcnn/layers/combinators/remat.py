"""Memory for time: a layer whose caches are thrown away and made again."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.gradients import Grads
from funcnn.layers.parts import check_held, holding, visit
from funcnn.logits import gives_probabilities
from funcnn.records import record
from funcnn.stepping import passing, step

L = TypeVar("L")


@record
class Remat(Generic[L]):
    """out = layer(x); the cache is x alone, and backward begins with the forward of the layer once more

    Rematerialisation, or gradient checkpointing. A chain of n layers keeps n arrays; in k blocks, each within a Remat,
    it keeps k, and those of one block at a time. With k = sqrt(n) the memory grows as sqrt(n), for one more forward:
    about a third more work. The layer is a value and forward a pure function of it, so the second forward is the first,
    bit for bit: dropout drops the same entries, and a state moves on once.

    Chen, Xu, Zhang & Guestrin 2016, Training Deep Nets with Sublinear Memory Cost, section 4.

    >>> import numpy as np
    >>> from funcnn import Remat, forward, leaves, mlp
    >>> net, x = mlp([8] * 9, seed=0), np.ones((100, 8))
    >>> for layer in (net, Remat(net)):
    ...     kept = {id(a): a.nbytes for a in leaves((forward(layer, x)[1],))}
    ...     print(sum(kept.values()), "bytes")
    51200 bytes
    6400 bytes

    Raises:
        KindError: `layer` is no layer.
    """

    layer: L

    def __attrs_post_init__(self) -> None:
        """A layer."""
        check_held("Remat", "layer", self.layer)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the layer does."""
        return gives_probabilities(self.layer)


@forward.register(Remat)
def remat_forward(params: Remat[Any], x: Any) -> tuple[Any, Any]:
    """out = layer(x), without the caches of the layer"""
    return visit("in Remat", forward_only, params.layer, x), x


@forward_only.register(Remat)
def remat_forward_only(params: Remat[Any], x: Any) -> Any:
    """out = layer(x)"""
    return visit("in Remat", forward_only, params.layer, x)


@backward.register(Remat)
def remat_backward(params: Remat[Any], x: Any, dA: Any) -> Grads[Remat[Any]]:
    """The layer's own, with the cache that its forward makes of x again"""
    _, cache = visit("in Remat", forward, params.layer, x)
    grads = visit("in Remat", backward, params.layer, cache, dA)
    return Grads(holding(params, layer=grads.params), grads.x)


@backward_params.register(Remat)
def remat_backward_params(params: Remat[Any], x: Any, dA: Any) -> Remat[Any]:
    """The layer's own, with the cache that its forward makes of x again"""
    _, cache = visit("in Remat", forward, params.layer, x)
    return holding(params, layer=visit("in Remat", backward_params, params.layer, cache, dA))


@step.register(Remat)
@passing
def remat_step(params: Remat[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = layer(x), and the layer's memory"""
    return visit("in Remat", step, params.layer, x, memory)

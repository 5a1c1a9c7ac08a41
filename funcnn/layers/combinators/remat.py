"""Rematerialisation: a layer whose caches are dropped and computed again, which trades time for memory."""

from __future__ import annotations

from typing import Any, cast

from funcnn.core import backward, backward_params, forward
from funcnn.generation import step
from funcnn.gradients import Grads
from funcnn.layers.notes import noted
from funcnn.layers.wrapper import (
    L,
    Through,
    Wrapper,
    given_by_layer,
    step_inside,
    wrapper_backward,
    wrapper_backward_params,
    wrapper_forward_only,
)
from funcnn.records import record
from funcnn.traits import gives_probabilities


@record
class Remat(Through, Wrapper[L]):
    """out = layer(x); the cache is x alone, and backward begins with the forward of the layer once more

    Rematerialisation, or gradient checkpointing. Until its backward, a chain of n layers keeps n arrays. If the chain
    is cut into k blocks, each in a Remat, only the k inputs of the blocks are kept; during backward, the arrays of one
    block at a time are added. With k = sqrt(n) the memory grows as sqrt(n), and the work by one forward, about a third.
    The second forward equals the first bit for bit, since forward is a pure function of layer and x: dropout drops the
    same entries, and a state advances once.

    Chen, Xu, Zhang & Guestrin 2016, Training Deep Nets with Sublinear Memory Cost, section 4.

    >>> import numpy as np
    >>> from funcnn import forward, layers, mlp
    >>> from funcnn.trees import leaves
    >>> net, x = mlp([8] * 9, seed=0), np.ones((100, 8))
    >>> [len({id(a) for a in leaves((forward(layer, x)[1],))}) for layer in (net, layers.Remat(net))]  # arrays kept
    [8, 1]

    Raises:
        KindError: `layer` is not a layer.
    """


@forward.register(Remat)
def remat_forward(params: Remat[Any], x: Any) -> tuple[Any, Any]:
    """out = layer(x), without the caches of the layer"""
    return wrapper_forward_only(params, x), x


@backward.register(Remat)
def remat_backward(params: Remat[Any], x: Any, dA: Any) -> Grads[Remat[Any]]:
    """The backward of the layer, with the cache that its forward computes again from x"""
    return cast("Grads[Remat[Any]]", wrapper_backward(params, _again(params, x), dA))


@backward_params.register(Remat)
def remat_backward_params(params: Remat[Any], x: Any, dA: Any) -> Remat[Any]:
    """The backward of the layer, with the cache that its forward computes again from x"""
    return cast("Remat[Any]", wrapper_backward_params(params, _again(params, x), dA))


def _again(params: Remat[Any], x: Any) -> tuple[Any, None]:
    return noted("in Remat", forward, params.layer, x)[1], None


step.register(Remat)(step_inside)
gives_probabilities.register(Remat)(given_by_layer)

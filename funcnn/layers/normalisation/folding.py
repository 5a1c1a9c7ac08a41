"""Folding: affine maps merged into the layers before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from funcnn.dispatch import verb
from funcnn.layers.activations.base import Identity
from funcnn.layers.convolution.base import Convolution
from funcnn.layers.convolution.transposed import ConvTranspose2d
from funcnn.layers.dense import Dense
from funcnn.layers.normalisation.affine import Affine
from funcnn.nested import inside
from funcnn.trees.edits import evolve

P = TypeVar("P")  # a layer


class Merge(Protocol):
    """`merge(layer, affine) -> layer or None`."""

    def __call__(self, layer: Any, affine: Affine, /) -> Any: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, Affine], Any]], Callable[..., Any]]: ...


def folded(net: Any) -> Any:
    """The network with each `Affine` merged into the linear layer before it: fewer layers, equal outputs

    The last axis of W of a dense layer or a convolution is the axis of its outputs, so

        (x W + b) scale + shift = x (W scale) + (b scale + shift)

    `folded(inference(net))` is a network without its batch normalisations. Each `Identity`, such as one that replaces a
    dropout, is dropped too. An `Affine` behind any other layer stays.

    Networks inside layers are folded too. Layers in a field declared with `branches`, such as `layers` of Parallel, are
    folded separately, and none is dropped; in any other field a tuple is a chain.

    >>> from funcnn import BatchNorm, Dense, Dropout, Relu, inference, layers
    >>> net = Dense.init(2, 4, seed=0), BatchNorm.init(4), Relu(), Dropout(0.5, seed=0), Dense.init(4, 9, seed=1)
    >>> layers.folded(inference(net))
    (Dense(W=<f64 2x4>, b=<f64 [0. 0. 0. 0.]>), Relu(), Dense(W=<f64 4x9>, b=<f64 9>))

    Raises:
        KindError: `net` is a class, a list or a NamedTuple.
    """
    if type(net) is not tuple:
        return inside(folded, net)
    layers: list[Any] = []
    for layer in map(folded, net):
        merged = merge(layers[-1], layer) if layers and type(layer) is Affine else None
        if merged is not None:
            layers[-1] = merged
        elif type(layer) is not Identity:
            layers.append(layer)
    return tuple(layers)


@verb(Merge)
def merge(layer: Any, affine: Affine, /) -> Any:
    """One layer equal to `layer` followed by `affine`; None, the default, if there is no such layer."""
    return None


@merge.register(Convolution)
@merge.register(Dense)
def merge_linear(layer: Any, affine: Affine) -> Any:
    """W' = W scale, b' = b scale + shift, for a layer whose W has its outputs as the last axis"""
    b = affine.shift if layer.b is None else layer.b * affine.scale + affine.shift
    return evolve(layer, W=layer.W * affine.scale, b=b)


@merge.register(ConvTranspose2d)
def merge_transposed(layer: ConvTranspose2d, affine: Affine) -> Any:
    """As `merge_linear` for one group; for several groups None, since the last axis of W has one group's outputs"""
    return merge_linear(layer, affine) if layer.groups == 1 else None


@merge.register(Affine)
def merge_affine(layer: Affine, affine: Affine) -> Affine:
    """scale' = scale_1 scale_2, shift' = shift_1 scale_2 + shift_2"""
    return Affine(layer.scale * affine.scale, layer.shift * affine.scale + affine.shift)


@merge.register(tuple)
def merge_chain(layer: tuple[Any, ...], affine: Affine) -> tuple[Any, ...] | None:
    """Merge into the last layer of a chain"""
    merged = merge(layer[-1], affine) if layer else None
    return None if merged is None else (*layer[:-1], merged)

"""A layer that sees only the first part of a tuple; the rest, mostly a mask, is carried past it."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from funcnn.arrays import is_array
from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import ShapeError
from funcnn.gradients import Grads
from funcnn.layers.checks import unpacked
from funcnn.layers.parts import check_held, check_tuple, fitting, holding, outline, shown, visit
from funcnn.layers.sequences import blank, mask_of
from funcnn.logits import gives_probabilities
from funcnn.records import record
from funcnn.stepping import passing, step

L = TypeVar("L")


@record
class First(Generic[L]):
    """out = (layer(x), *rest), for a tuple (x, *rest); dx = (dx of the layer, *drest)

    The way past a mask for layers that know of none: First(Dense.init(8, 8, seed=0)). x alone gives layer(x).

    Of a sequence with its mask, x of floats (m, t, ...) and rest[0] bool (m, t), the layer sees 0 where nothing is:
    what x holds there is not read, NaN included, and its dx is 0. What the layer makes of the 0 is carried on.

    >>> import numpy as np
    >>> from funcnn import First, Relu, forward
    >>> forward(First(Relu()), (np.array([[[-1.0], [2.0], [np.nan]]]), np.array([[True, True, False]])))[0]
    (array([[[0.],
            [2.],
            [0.]]]), array([[ True,  True, False]]))

    Raises:
        KindError: `layer` is no layer.
        ShapeError: x is an empty tuple, or out has other places than the mask.
    """

    layer: L

    def __attrs_post_init__(self) -> None:
        """A layer."""
        check_held("First", "layer", self.layer)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the layer does."""
        return gives_probabilities(self.layer)


def _parted(x: Any) -> tuple[Any, tuple[Any, ...], Any]:
    """What the layer is given, the rest, and the mask of a sequence if there is one."""
    if type(x) is not tuple:
        return x, (), None
    check_tuple("First", "x", x, why=", (x, *rest)")
    mask = mask_of(x)
    return blank(x[0], mask), x[1:], mask


def _joined(x: Any, head: Any, rest: Any, mask: Any) -> Any:
    if mask is not None and is_array(head) and head.shape[:2] != mask.shape:
        raise ShapeError(
            f"First: with a mask, {mask.shape}, the layer must look at each place by itself; it made {shown(head)}"
        )
    return (head, *rest) if type(x) is tuple else head


@forward.register(First)
def first_forward(params: First[Any], x: Any) -> tuple[Any, tuple[Any, Any, Any]]:
    """out = (layer(x), *rest)"""
    head, rest, mask = _parted(x)
    out, cache = visit("in First", forward, params.layer, head)
    return _joined(x, out, rest, mask), (cache, outline(rest) if type(x) is tuple else None, mask)


@forward_only.register(First)
def first_forward_only(params: First[Any], x: Any) -> Any:
    """out = (layer(x), *rest)"""
    head, rest, mask = _parted(x)
    return _joined(x, visit("in First", forward_only, params.layer, head), rest, mask)


@backward.register(First)
def first_backward(params: First[Any], cache: tuple[Any, Any, Any], dA: Any) -> Grads[First[Any]]:
    """dx = (dx of the layer, *drest)"""
    own, kept, mask = unpacked(params, cache, 3)
    if kept is None:
        grads = visit("in First", backward, params.layer, own, dA)
        return Grads(holding(params, layer=grads.params), grads.x)
    check_tuple("First", "dA", dA, 1 + len(kept), ", like out")
    grads = visit("in First", backward, params.layer, own, dA[0])
    dx = grads.x if grads.x is None else blank(grads.x, mask)
    return Grads(holding(params, layer=grads.params), (dx, *fitting(dA[1:], kept)))


@backward_params.register(First)
def first_backward_params(params: First[Any], cache: tuple[Any, Any, Any], dA: Any) -> First[Any]:
    """The gradient of the layer, from the first part of dA"""
    own, kept, _ = unpacked(params, cache, 3)
    if kept is not None:
        check_tuple("First", "dA", dA, 1 + len(kept), ", like out")
        dA = dA[0]
    return holding(params, layer=visit("in First", backward_params, params.layer, own, dA))


@step.register(First)
@passing
def first_step(params: First[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """out = (layer(x), *rest), and the layer's memory"""
    head, rest, mask = _parted(x)
    out, memory = visit("in First", step, params.layer, head, memory)
    return _joined(x, out, rest, mask), memory

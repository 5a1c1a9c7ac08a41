"""A layer applied to the first part of a tuple; the other parts, such as a mask, are passed through."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import check_arrays, is_array
from funcnn.errors import KindError, ShapeError
from funcnn.generation import mixes_positions, only_trains, pads_with_zeros, step
from funcnn.layers.checks import check_tuple, shown
from funcnn.layers.outlines import as_gradient_like, outline
from funcnn.layers.sequences import blank, mask_of
from funcnn.layers.wrapper import L, Wrapper, given_by_layer, step_inside
from funcnn.records import record
from funcnn.remedies import has_mask
from funcnn.traits import gives_probabilities


@record
class First(Wrapper[L]):
    """out = (layer(x), *rest), for a tuple (x, *rest); dx = (dx of the layer, *drest)

    `First` passes a mask around a layer that takes none: First(Dense.init(8, 8, seed=0)). For an array x, out is
    layer(x).

    For a sequence with its mask, x of floats (m, t, ...) and rest[0] bool (m, t), x is replaced by 0 at padded
    positions: values there, NaN included, are not read, and their dx is 0. A layer that mixes positions, such as
    BatchNorm or Attention, is refused, since the zeros would enter its result; see `mixes_positions`. A Conv1d that is
    the first layer is accepted: it sees the zeros as its own padding.

    >>> import numpy as np
    >>> from funcnn import Relu, forward, layers
    >>> forward(layers.First(Relu()), (np.array([[[-1.0], [2.0], [np.nan]]]), np.array([[True, True, False]])))[0]
    (array([[[0.],
            [2.],
            [0.]]]), array([[ True,  True, False]]))

    Raises:
        KindError: `layer` is not a layer; or x has a mask, and the layer mixes positions.
        ShapeError: x is an empty tuple, or out has other positions than the mask.
    """

    def enter(self, x: Any) -> tuple[Any, Any]:
        """The first part, with zeros at padded positions"""
        if type(x) is not tuple:
            return x, None
        check_tuple("First", "x", x, why=", (x, *rest)")
        check_arrays("First", "x", x)
        mask = mask_of(x)
        if mask is not None or _is_ids_and_mask(x):
            behind = _behind_padding(self.layer)
            if mixes_positions(behind):
                reason = _reason(type(_mixing(behind)))
                needed = "not mix positions if x has a mask, since the padding would enter the result"
                raise KindError(f"First: layer must {needed}; {reason}")
        return blank(x[0], mask), (x[1:], mask)

    def leave(self, out: Any, aside: Any) -> tuple[Any, Any]:
        if aside is None:
            return out, None
        rest, mask = aside
        if mask is not None and is_array(out) and out.shape[:2] != mask.shape:
            needed = f"return (m, t, ...) with the m and t of the mask, {mask.shape}"
            raise ShapeError(f"First: layer must {needed}, not {shown(out)}")
        return (out, *rest), (outline(rest), mask)

    def leave_back(self, dA: Any, kept: Any) -> Any:
        if kept is None:
            return dA
        check_tuple("First", "dA", dA, 1 + len(kept[0]), ", like out")
        return dA[0]

    def enter_back(self, dx: Any, dA: Any, kept: Any) -> Any:
        if kept is None:
            return dx
        rest, mask = kept
        return (dx if dx is None else blank(dx, mask), *as_gradient_like(self, dA[1:], rest))


def _is_ids_and_mask(x: Any) -> bool:
    """Whether x is (ids, mask, ...), both (m, t), as an Embedding takes them."""
    ids = x[0]
    return has_mask(x) and is_array(ids) and ids.ndim == 2 and ids.shape == x[1].shape and ids.dtype.kind in "iu"


def _reason(cls: type) -> str:
    """The reason for the refusal, and how a user's layer declares that it maps each position alone"""
    rule, name = step.dispatch(cls), cls.__name__
    if rule not in _DECLARED or mixes_positions.dispatch(cls) not in _BY_STEP:
        return f"{name} mixes them"
    what = "enter and leave of {} treat" if rule is step.dispatch(Wrapper) else "{} treats"
    return f"if {what.format(name)} each position on its own, write {_DECLARED[rule].format(name)}"


# The declarations to write, by the rule for `step` of the layer.
_DECLARED = {
    step.dispatch(object): "step.register({})(positionwise)",
    step.dispatch(Wrapper): "step.register({})(step_inside)",
    only_trains: "mixes_positions.register({})(maps_alone)",
}
_BY_STEP = mixes_positions.dispatch(object), mixes_positions.dispatch(Wrapper)


def _behind_padding(layer: Any) -> Any:
    """`layer`, without its first layer if that pads with zeros"""
    if type(layer) is tuple and layer:
        return (_behind_padding(layer[0]), *layer[1:])
    return () if pads_with_zeros(layer) else layer


def _mixing(layer: Any) -> Any:
    """The first layer inside `layer` that mixes positions, else `layer` itself"""
    layer = getattr(layer, "logged", layer)  # a trace puts each layer into a Logged
    if type(layer) is tuple:
        return _mixing(next(filter(mixes_positions, layer)))
    inside = isinstance(layer, Wrapper) and step.dispatch(type(layer)) is step_inside
    return _mixing(layer.held()) if inside else layer


step.register(First)(step_inside)
gives_probabilities.register(First)(given_by_layer)

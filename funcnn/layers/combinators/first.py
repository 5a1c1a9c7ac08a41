"""A layer that takes only the first part of a tuple; the rest, mostly a mask, is carried past it."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import check_arrays, is_array
from funcnn.errors import ShapeError
from funcnn.generation import step
from funcnn.layers.checks import check_tuple, shown
from funcnn.layers.outlines import fitting, outline
from funcnn.layers.sequences import blank, mask_of
from funcnn.layers.wrapper import L, Wrapper, given_by_layer, step_inside
from funcnn.records import record
from funcnn.traits import gives_probabilities


@record
class First(Wrapper[L]):
    """out = (layer(x), *rest), for a tuple (x, *rest); dx = (dx of the layer, *drest)

    It carries a mask past a layer that takes none: First(Dense.init(8, 8, seed=0)). x alone gives layer(x).

    For a sequence with its mask, x of floats (m, t, ...) and rest[0] bool (m, t), x is replaced by 0 at padded
    positions: what stands there is not read, NaN included, and its dx is 0. The layer maps those zeros like others.

    >>> import numpy as np
    >>> from funcnn import Relu, forward, layers
    >>> forward(layers.First(Relu()), (np.array([[[-1.0], [2.0], [np.nan]]]), np.array([[True, True, False]])))[0]
    (array([[[0.],
            [2.],
            [0.]]]), array([[ True,  True, False]]))

    Raises:
        KindError: `layer` is not a layer.
        ShapeError: x is an empty tuple, or out has other positions than the mask.
    """

    def enter(self, x: Any) -> tuple[Any, Any]:
        """The first part, with zeros at padded positions"""
        if type(x) is not tuple:
            return x, None
        check_tuple("First", "x", x, why=", (x, *rest)")
        check_arrays("First", x)
        mask = mask_of(x)
        return blank(x[0], mask), (x[1:], mask)

    def leave(self, out: Any, aside: Any) -> tuple[Any, Any]:
        """(out of the layer, *rest)"""
        if aside is None:
            return out, None
        rest, mask = aside
        if mask is not None and is_array(out) and out.shape[:2] != mask.shape:
            needed = f"with a mask, {mask.shape}, the layer must map each position alone"
            raise ShapeError(f"First: {needed}; it gives {shown(out)}")
        return (out, *rest), (outline(rest), mask)

    def leave_back(self, dA: Any, kept: Any) -> Any:
        """The first part of dA"""
        if kept is None:
            return dA
        check_tuple("First", "dA", dA, 1 + len(kept[0]), ", like out")
        return dA[0]

    def enter_back(self, dx: Any, dA: Any, kept: Any) -> Any:
        """(dx of the layer, *drest)"""
        if kept is None:
            return dx
        rest, mask = kept
        return (dx if dx is None else blank(dx, mask), *fitting(dA[1:], rest))


step.register(First)(step_inside)
gives_probabilities.register(First)(given_by_layer)

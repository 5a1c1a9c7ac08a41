"""A layer for each moment of a sequence: the moments are rows that know nothing of one another."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from funcnn.arrays import Array, is_array, namespace
from funcnn.core import backward, backward_params, forward, forward_only
from funcnn.errors import KindError, ShapeError
from funcnn.gradients import Grads
from funcnn.layers.checks import foreign, unpacked
from funcnn.layers.parts import check_held, holding, shown, visit
from funcnn.layers.sequences import mask_of
from funcnn.logits import gives_probabilities
from funcnn.records import record
from funcnn.stepping import alone, step
from funcnn.tree import leaves, tree_map

L = TypeVar("L")


@record
class Map(Generic[L]):
    """out[:, s] = layer(x[:, s]) for each moment s of a sequence; dx[:, s] = dx of the layer there

    x: (m, t, ...), or a tuple of such arrays, out: (m, t, ...). The layer sees m t rows at once, (m t, ...): the
    moments are rows that know nothing of one another, so gradients of its parameters add up over all of them. It is for
    layers that need rows, such as a convolution on each picture of a film; a Dense takes (m, t, n) as it is. With a
    mask, First(Map(layer)).

    >>> import numpy as np
    >>> from funcnn import Flatten, Map, forward
    >>> forward(Map(Flatten()), np.zeros((5, 7, 8, 8)))[0].shape
    (5, 7, 64)

    Raises:
        KindError: `layer` is no layer, or x holds no array.
        ShapeError: an array has less than two axes, or they differ in the first two; or x is a sequence and its mask.
    """

    layer: L

    def __attrs_post_init__(self) -> None:
        """A layer."""
        check_held("Map", "layer", self.layer)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the layer does."""
        return gives_probabilities(self.layer)


def _folded(x: Any) -> tuple[Any, Any, tuple[int, int]]:
    """x as rows, an array of 0 bytes and of shape (0, m, t), and (m, t)."""
    arrays = leaves(x) if is_array(x) or type(x) is tuple else []
    if not arrays:
        raise KindError(f"Map: x must be an array, or a tuple of arrays, not {shown(x)}")
    sizes = {array.shape[:2] for array in arrays}
    if len(sizes) > 1 or len(arrays[0].shape) < 2:
        shapes = ", ".join([str(array.shape) for array in arrays])
        raise ShapeError(f"Map: x must be (m, t, ...), with the same m and t in all arrays; x: {shapes}")
    if mask_of(x) is not None:
        remedy = "write First(Map(layer)), or for a layer over time the layer alone"
        raise ShapeError(f"Map: it splits the time axis itself, so that its layer can have no mask; {remedy}")
    m, t = arrays[0].shape[:2]
    return (
        tree_map(lambda a: a.reshape(m * t, *a.shape[2:]), x),
        namespace(arrays[0]).zeros((0, m, t), dtype=arrays[0].dtype),
        (m, t),
    )


def _unfolded(tree: Any, m: int, t: int) -> Any:
    """Each array of m t rows as (m, t, ...)."""
    return tree_map(lambda a: a.reshape(m, t, *a.shape[1:]), tree)


@forward.register(Map)
def map_forward(params: Map[Any], x: Any) -> tuple[Any, tuple[Any, Array]]:
    """out[:, s] = layer(x[:, s])"""
    rows, kept, (m, t) = _folded(x)
    out, cache = visit("in Map", forward, params.layer, rows)
    return _unfolded(out, m, t), (cache, kept)


@forward_only.register(Map)
def map_forward_only(params: Map[Any], x: Any) -> Any:
    """out[:, s] = layer(x[:, s])"""
    rows, _, (m, t) = _folded(x)
    return _unfolded(visit("in Map", forward_only, params.layer, rows), m, t)


@backward.register(Map)
def map_backward(params: Map[Any], cache: tuple[Any, Array], dA: Any) -> Grads[Map[Any]]:
    """dx[:, s], and the gradient of the layer, the sum over all m t rows"""
    own, kept = _opened(params, cache)
    grads = visit("in Map", backward, params.layer, own, _blame(dA, kept))
    return Grads(holding(params, layer=grads.params), _unfolded(grads.x, *kept.shape[1:]))


@backward_params.register(Map)
def map_backward_params(params: Map[Any], cache: tuple[Any, Array], dA: Any) -> Map[Any]:
    """The gradient of the layer, the sum over all m t rows"""
    own, kept = _opened(params, cache)
    return holding(params, layer=visit("in Map", backward_params, params.layer, own, _blame(dA, kept)))


def _opened(params: Map[Any], cache: Any) -> tuple[Any, Array]:
    """The cache of the layer, and the array of shape (0, m, t)."""
    own, kept = unpacked(params, cache, 2)
    if getattr(kept, "ndim", 0) != 3:
        raise foreign(params, cache)
    return own, kept


def _blame(dA: Any, kept: Array) -> Any:
    """dA as rows."""
    m, t = kept.shape[1:]
    for array in leaves(dA):
        if array.shape[:2] != (m, t):
            raise ShapeError(f"dA must have the shape of out, ({m}, {t}, ...); it has {array.shape}")
    return tree_map(lambda a: a.reshape(m * t, *a.shape[2:]), dA)


step.register(Map)(alone)

"""Layers that move no number: rows of another shape, and a layer for each moment of a sequence."""

from __future__ import annotations

from math import prod
from typing import Any, Generic, TypeVar

from funcnn.arrays import Array, is_array, kind, namespace, short
from funcnn.core import backward, backward_params, forward, forward_only, gives_probabilities
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.gradients import Grads
from funcnn.layers.checks import foreign, only_array, unpacked
from funcnn.layers.parts import check_held, fitting, holding, outline, shown, visit
from funcnn.records import record
from funcnn.stepping import no_step, step
from funcnn.tree import leaves, tree_map

L = TypeVar("L")


@record
class Flatten:
    """out = x as (m, k), with k the entries of a row; dx = dA in the shape of x

    x: (m, ...), of any kind; the last axis runs fastest. An x in one piece is not copied: out is a view of it.

    >>> import numpy as np
    >>> from funcnn import Flatten, forward
    >>> forward(Flatten(), np.zeros((9, 8, 8, 3)))[0].shape
    (9, 192)

    Raises:
        ShapeError: x has less than two axes.
    """


@forward.register(Flatten)
def flatten_forward(params: Flatten, x: Array) -> tuple[Array, Array]:
    """out = x as (m, k)"""
    namespace(x, whose="Flatten: ")
    if x.ndim < 2:
        raise ShapeError(f"Flatten: x must be (m, ...), with two axes or more; x: {x.shape}")
    return _shaped(x, (x.shape[0], prod(x.shape[1:])))


@backward.register(Flatten)
def flatten_backward(params: Flatten, cache: tuple[Array, Array], dA: Any) -> Grads[Flatten]:
    """dx = dA in the shape of x"""
    return Grads(params, _unshaped(params, cache, dA))


@record
class Reshape:
    """out = x as (m, *shape); dx = dA in the shape of x

    x: (m, ...), of any kind; the last axis runs fastest. One number in `shape` may be -1: what is left. An x in
    one piece is not copied: out is a view of it.

    >>> import numpy as np
    >>> from funcnn import Reshape, forward
    >>> forward(Reshape((8, 8, -1)), np.zeros((9, 192)))[0].shape
    (9, 8, 8, 3)

    Raises:
        KindError: `shape` is no tuple of whole numbers.
        RangeError: a number in it is less than 1, and no single -1.
        ShapeError: a row of x has another number of entries.
    """

    shape: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        """Sizes, of which one may be -1."""
        if type(self.shape) is not tuple or any([type(size) is not int for size in self.shape]):
            given = short(self.shape) if type(self.shape) is tuple else kind(self.shape)
            raise KindError(f"Reshape: shape must be a tuple of ints, that of a row, not {given}")
        if self.shape.count(-1) > 1 or any([size < 1 and size != -1 for size in self.shape]):
            raise RangeError(f"Reshape: sizes must be at least 1, and one may be -1; shape: {self.shape}")


@forward.register(Reshape)
def reshape_forward(params: Reshape, x: Array) -> tuple[Array, Array]:
    """out = x as (m, *shape)"""
    namespace(x, whose="Reshape: ")
    if x.ndim < 1:
        raise ShapeError("Reshape: x must be (m, ...), rows first; x: ()")
    entries, known = prod(x.shape[1:]), prod([size for size in params.shape if size > 0])
    left = entries // known
    if left * known != entries or (left != 1 and -1 not in params.shape) or not left:
        raise ShapeError(f"Reshape: a row of {entries} entries cannot be {params.shape}; x: {x.shape}")
    return _shaped(x, (x.shape[0], *[left if size == -1 else size for size in params.shape]))


@backward.register(Reshape)
def reshape_backward(params: Reshape, cache: tuple[Array, Array], dA: Any) -> Grads[Reshape]:
    """dx = dA in the shape of x"""
    return Grads(params, _unshaped(params, cache, dA))


for _layer in (Flatten, Reshape):
    step.register(_layer)(no_step)


def _shaped(x: Array, shape: tuple[int, ...]) -> tuple[Any, Any]:
    out = x.reshape(shape)
    return out, (outline(x), outline(out))


def _unshaped(params: Flatten | Reshape, cache: tuple[Array, Array], dA: Any) -> Any:
    of_x, of_out = [only_array(params, part) for part in unpacked(params, cache, 2)]
    d = fitting(dA, of_out)
    return None if d is None else d.reshape(of_x.shape[1:])


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
        ShapeError: an array has less than two axes, or they differ in the first two.
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

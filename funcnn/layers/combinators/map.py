"""A layer applied at each moment of a sequence, with the moments as rows."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, is_array, namespace
from funcnn.core import inference
from funcnn.errors import KindError, ShapeError
from funcnn.generation import fixed_memory, mixes_positions, mode_error, positionwise, step
from funcnn.layers.checks import foreign_cache_error, shown
from funcnn.layers.sequences import mask_of
from funcnn.layers.wrapper import L, Wrapper, given_by_layer
from funcnn.records import is_record, record, values
from funcnn.traits import gives_probabilities
from funcnn.trees.walks import arrays_in, map_arrays


@record
class Map(Wrapper[L]):
    """out[:, s] = layer(x[:, s]) for each moment s of a sequence; dx[:, s] = dx of the layer at s

    x: (m, t, ...), or a tuple of such arrays, out: (m, t, ...). The layer is given m t rows at once, (m t, ...), so the
    gradients of its parameters are sums over all moments. Use `Map` for layers that need rows, such as a convolution on
    each picture of a film; a Dense takes (m, t, n) as it is. With a mask, write First(Map(layer)).

    >>> import numpy as np
    >>> from funcnn import Flatten, forward, layers
    >>> forward(layers.Map(Flatten()), np.zeros((5, 7, 8, 8)))[0].shape
    (5, 7, 64)

    Raises:
        KindError: `layer` is not a layer, or x is neither an array nor a tuple of arrays.
        ShapeError: an array has less than two axes, arrays differ in the first two, or x is a sequence with its mask.
    """

    def enter(self, x: Any) -> tuple[Any, Array]:
        """x as rows; and an array of shape (0, m, t)"""
        arrays = arrays_in(x) if is_array(x) or type(x) is tuple else []
        if not arrays:
            raise KindError(f"Map: x must be an array, or a tuple of arrays, not {shown(x)}")
        sizes = {array.shape[:2] for array in arrays}
        if len(sizes) > 1 or len(arrays[0].shape) < 2:
            shapes = ", ".join([str(array.shape) for array in arrays])
            raise ShapeError(f"Map: x must be (m, t, ...), with the same m and t in all arrays; x: {shapes}")
        if mask_of(x) is not None:
            remedy = "write First(Map(layer)), or leave out Map if the layer takes a mask"
            raise ShapeError(f"Map: x must not have a mask, since the layer is given rows; {remedy}")
        return _rows(x), namespace(arrays[0]).zeros((0, *arrays[0].shape[:2]), dtype=arrays[0].dtype)

    def leave(self, out: Any, aside: Array) -> tuple[Any, Array]:
        return _moments(out, aside), aside

    def leave_back(self, dA: Any, kept: Array) -> Any:
        if getattr(kept, "ndim", 0) != 3:
            raise foreign_cache_error(self, kept)
        for array in arrays_in(dA):
            if array.shape[:2] != kept.shape[1:]:
                m, t = kept.shape[1:]
                raise ShapeError(f"Map: dA must have the shape of out, ({m}, {t}, ...), not {array.shape}")
        return _rows(dA)

    def enter_back(self, dx: Any, dA: Any, kept: Array) -> Any:
        return _moments(dx, kept)


def _rows(tree: Any) -> Any:
    """Each array of (m, t, ...) as m t rows."""
    return map_arrays(lambda a: a.reshape(a.shape[0] * a.shape[1], *a.shape[2:]), tree)


def _moments(tree: Any, outline: Array) -> Any:
    """Each array of m t rows as (m, t, ...)."""
    return map_arrays(lambda a: a.reshape(*outline.shape[1:], *a.shape[1:]), tree)


@step.register(Map)
def map_step(params: Map[Any], x: Any, memory: Any = None) -> tuple[Any, Any]:
    """Each position is mapped alone, for any layer"""
    if inference(params.layer) is not params.layer:
        raise mode_error("step", params)
    return positionwise(params, x, memory)


@fixed_memory.register(Map)
def map_fixed_memory(params: Map[Any], m: int, t_most: int) -> None:
    """None, as each position is mapped alone"""
    if inference(params.layer) is not params.layer:
        raise mode_error("fixed_memory", params)


def _mixes_rows(layer: Any) -> bool:
    """Whether a layer inside mixes rows, as BatchNorm does: a layer with a rule for inference that is not random."""
    if type(layer) is not tuple:
        if not is_record(layer):
            return False
        if inference.dispatch(type(layer)) is not inference.dispatch(object):
            return bool(mixes_positions(layer))
        layer = values(layer)
    return any(map(_mixes_rows, layer))


mixes_positions.register(Map)(lambda params: _mixes_rows(params.layer))
gives_probabilities.register(Map)(given_by_layer)

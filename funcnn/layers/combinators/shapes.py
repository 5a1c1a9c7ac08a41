"""Layers that change the shape of rows and keep the order of their entries."""

from __future__ import annotations

from math import prod
from typing import Any

from funcnn.arrays import Array, counted, namespace, short
from funcnn.core import backward, forward
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import no_step, step
from funcnn.gradients import Grads
from funcnn.layers.checks import as_cache_array, as_cache_parts
from funcnn.layers.outlines import as_gradient_like, outline
from funcnn.records import record
from funcnn.traits import gives_probabilities, like_x


@record
class Flatten:
    """out = x as (m, k), with k the entries of a row; dx = dA in the shape of x

    x: (m, ...), of any kind; the last axis runs fastest. A contiguous x is not copied: out is a view of x.

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


@record
class Reshape:
    """out = x as (m, *shape); dx = dA in the shape of x

    x: (m, ...), of any kind; the last axis runs fastest. One number in `shape` may be -1, which is computed from the
    others. A contiguous x is not copied: out is a view of x.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Reshape((8, 8, -1)), np.zeros((9, 192)))[0].shape
    (9, 8, 8, 3)

    Raises:
        KindError: `shape` is not a tuple of whole numbers.
        RangeError: a number in `shape` is less than 1, except for one -1.
        ShapeError: a row of x has another number of entries.
    """

    shape: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        if any([type(size) is not int for size in self.shape]):
            needed = "a tuple of ints, the shape of a row"
            raise KindError(f"{type(self).__name__}: shape must be {needed}, not {short(self.shape)}")
        if self.shape.count(-1) > 1 or any([size < 1 and size != -1 for size in self.shape]):
            needed = "sizes of at least 1, of which one may be -1"
            raise RangeError(f"{type(self).__name__}: shape must have {needed}, not {self.shape}")


@forward.register(Reshape)
def reshape_forward(params: Reshape, x: Array) -> tuple[Array, Array]:
    """out = x as (m, *shape)"""
    namespace(x, whose="Reshape: ")
    if x.ndim < 1:
        raise ShapeError("Reshape: x must be (m, ...), rows first; x: ()")
    entries, known = prod(x.shape[1:]), prod([size for size in params.shape if size > 0])
    left = entries // known
    if left * known != entries or (left != 1 and -1 not in params.shape) or not left:
        row = f"a row of {counted(entries, 'entry', 'entries')}"
        raise ShapeError(f"Reshape: {row} cannot have the shape {params.shape}; x: {x.shape}")
    return _shaped(x, (x.shape[0], *[left if size == -1 else size for size in params.shape]))


def _shaped(x: Array, shape: tuple[int, ...]) -> tuple[Any, Any]:
    out = x.reshape(shape)
    return out, (outline(x), outline(out))


def shape_backward(params: Any, cache: tuple[Array, Array], dA: Any) -> Grads[Any]:
    """dx = dA in the shape of x"""
    of_x, of_out = [as_cache_array(params, part) for part in as_cache_parts(params, cache, 2)]
    d = as_gradient_like(params, dA, of_out)
    return Grads(params, None if d is None else d.reshape(of_x.shape[1:]))


for _layer in (Flatten, Reshape):
    backward.register(_layer)(shape_backward)
    step.register(_layer)(no_step)
    gives_probabilities.register(_layer)(like_x)

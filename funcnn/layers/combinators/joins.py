"""Joins of several arrays: the outputs of branches are added, or concatenated along the features."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, float_namespace, is_array, is_float
from funcnn.core import backward, forward
from funcnn.errors import KindError, ShapeError
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, added
from funcnn.layers.checks import as_cache_parts, check_tuple, foreign_cache_error, shown
from funcnn.layers.outlines import as_gradient_like, outline
from funcnn.records import record

Parts = tuple[Any, ...]


@record
class Sum:
    """out = x_1 + ... + x_n, for x = (x_1, ..., x_n) of one shape; dx_i = dA

    The derivative of out by each x_i is 1, so each x_i receives dA. For pairs (x_i, mask), such as padded sequences,
    the x_i are added, and out is (sum, mask) with the first mask.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Sum(), (np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])))[0]
    array([[11., 22.]])

    Raises:
        KindError: x is not a tuple of arrays of floats, or of tuples that begin with one; or the dtypes differ.
        ShapeError: the shapes differ, since arrays are not broadcast.
    """


@forward.register(Sum)
def sum_forward(params: Sum, x: Parts) -> tuple[Any, Any]:
    """out = sum_i x_i"""
    heads, rest = _heads("Sum", x)
    if len({head.shape for head in heads}) > 1:
        raise ShapeError(f"Sum: the parts of x must have one shape; shapes: {_shapes(heads)}")
    return _with(added(heads), rest), outline(x)


@backward.register(Sum)
def sum_backward(params: Sum, kept: Parts, dA: Any) -> Grads[Sum]:
    """dx_i = dA"""
    if type(kept) is not tuple or not kept:
        raise foreign_cache_error(params, kept)
    d = as_gradient_like(params, dA, kept[0])
    return Grads(params, (d,) * len(kept))


@record
class Concat:
    """out = [x_1, ..., x_n] along the last axis; dx_i = the part of dA at the features of x_i

    x_i: (m, ..., n_i), out: (m, ..., n_1 + ... + n_n). For pairs (x_i, mask), such as padded sequences, the x_i are
    joined, and out is (joined, mask) with the first mask.

    Huang, Liu, van der Maaten & Weinberger 2017, Densely Connected Convolutional Networks, equation 2.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Concat(), (np.array([[1.0, 2.0]]), np.array([[3.0]])))[0]
    array([[1., 2., 3.]])

    Raises:
        KindError: x is not a tuple of arrays of floats, or of tuples that begin with one; or the dtypes differ.
        ShapeError: the shapes differ in more than the last axis.
    """


@forward.register(Concat)
def concat_forward(params: Concat, x: Parts) -> tuple[Any, Any]:
    """out = [x_1, ..., x_n]"""
    heads, rest = _heads("Concat", x)
    if len({head.shape[:-1] for head in heads}) > 1 or heads[0].ndim < 2:
        raise ShapeError(
            f"Concat: the parts of x must be (m, ..., n_i), equal in all axes but the last; shapes: {_shapes(heads)}"
        )
    out = _with(float_namespace("Concat", "x", heads[0]).concatenate(heads, -1), rest)
    return out, (outline(out), outline(x))


@backward.register(Concat)
def concat_backward(params: Concat, cache: tuple[Any, Parts], dA: Any) -> Grads[Concat]:
    """dx_i = dA[..., n_1 + ... + n_(i-1) : n_1 + ... + n_i]"""
    of_out, of_parts = as_cache_parts(params, cache, 2)
    if type(of_parts) is not tuple:
        raise foreign_cache_error(params, cache)
    d, end, dx = as_gradient_like(params, dA, of_out), 0, []
    for part in of_parts:
        head, dhead = (part[0], d[0]) if type(part) is tuple else (part, d)
        start, end = end, end + head.shape[-1]
        own = None if dhead is None else dhead[..., start:end]
        dx.append((own, *d[1:]) if type(part) is tuple else own)
    return Grads(params, tuple(dx))


def _heads(function: str, x: Any) -> tuple[list[Array], Parts]:
    """The arrays to be joined; and, if they come in tuples, the other entries of the first tuple."""
    check_tuple(function, "x", x, why=" of the parts to be joined")
    tuples = [part if type(part) is tuple else (part,) for part in x]
    alike = len({(type(part) is tuple, len(own)) for part, own in zip(x, tuples, strict=True)}) == 1
    if not alike or not all([own and _is_floats(own[0]) and not any(map(_is_floats, own[1:])) for own in tuples]):
        needed = "all be arrays of floats, or all pairs (array of floats, mask)"
        raise KindError(f"{function}: the parts of x must {needed}; x: {shown(x)}")
    heads = [own[0] for own in tuples]
    if len({head.dtype for head in heads}) > 1:
        raise KindError(
            f"{function}: the parts of x must have one dtype, not {', '.join([h.dtype.name for h in heads])}"
        )
    return heads, tuples[0][1:]


def _is_floats(part: Any) -> bool:
    return is_array(part) and is_float(part)


def _with(head: Array, rest: Parts) -> Any:
    return (head, *rest) if rest else head


def _shapes(heads: list[Array]) -> str:
    return ", ".join([str(tuple(head.shape)) for head in heads])


for _layer in (Sum, Concat):
    step.register(_layer)(positionwise)

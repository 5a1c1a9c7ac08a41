"""What the weights of a convolution must be, and the x they meet."""

from __future__ import annotations

from typing import Any

from funcnn.annotations import Seed
from funcnn.arrays import Array, namespace, short
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import check_sizes
from funcnn.initializers import Initializer, draw, draw_bias
from funcnn.layers.convolution.sizes import numbers


def check_kernel(params: Any, form: str, *, transposed: bool = False) -> None:
    """W has the axes of this form, none of them empty, b is as long as out has channels, and the groups divide them."""
    W, b, name = params.W, params.b, type(params).__name__
    shapes = f"W: {W.shape}, b: {None if b is None else b.shape}"
    if len(W.shape) != form.count(",") + 1 or min(W.shape) < 1:
        raise ShapeError(f"{name}: W must be {form}, none of them 0; {shapes}")
    c_in, c_out = (W.shape[-2], W.shape[-1] * params.groups) if transposed else (None, W.shape[-1])
    if b is not None and b.shape != (c_out,):
        raise ShapeError(f"{name}: W must be {form} and b (c_out,) or None; {shapes}")
    if b is not None and b.dtype != W.dtype:
        raise KindError(f"{name}: b is {b.dtype}, W is {W.dtype}; write b.astype({W.dtype.name!r})")
    if (c_in or c_out) % params.groups:
        which = f"c_in, {c_in}" if transposed else f"c_out, {c_out}"
        raise RangeError(f"{name}: groups must divide {which}; it is {params.groups}")


def first_weights(
    whose: str,
    axes: int,
    kernel: Any,
    channels: tuple[int, int, int],
    draws: tuple[Initializer, Seed, Any],
    *,
    bias: bool,
    transposed: bool = False,
) -> tuple[Array, Array | None]:
    """(W, b) for a kernel over so many axes, c_in, c_out and groups, and an initializer, a seed and a dtype."""
    c_in, c_out, groups = channels
    check_sizes(whose, {"c_in": c_in, "c_out": c_out, "groups": groups})
    if c_in % groups or c_out % groups:
        raise RangeError(f"{whose}: groups must divide c_in, {c_in}, and c_out, {c_out}; it is {groups}")
    size, (weights, seed, dtype) = numbers(whose, "kernel", kernel, axes), draws
    of_one = (c_in, c_out // groups) if transposed else (c_in // groups, c_out)
    return draw(whose, weights, seed, (*size, *of_one), dtype), draw_bias(whose, c_out, dtype, bias=bias)


def check_places(x: Array, axes: str, W: Array, c: int) -> None:
    """x is an array of W's dtype, with rows first, these axes of places and c channels."""
    form = f"(m, {', '.join(axes)}, {c})"
    namespace(x)  # refuses what is no array
    if x.ndim != len(axes) + 2:
        remedy = "; write x[None] for one row, x[..., None] for one channel" if x.ndim == len(axes) + 1 else ""
        raise ShapeError(f"x must be {form}; x: {x.shape}{remedy}")
    if x.shape[-1] != c:
        raise ShapeError(f"x has {x.shape[-1]} channels, the layer needs {c}; x: {x.shape}")
    if x.dtype != W.dtype:
        raise KindError(f"x is {x.dtype}, W is {W.dtype}; write x.astype({W.dtype.name!r})")


def check_cache(x: Any, ndim: int, c: int, W: Array) -> None:
    """x, which is the cache, has so many axes and channels."""
    shape = getattr(x, "shape", ())
    if len(shape) != ndim or shape[-1:] != (c,):
        raise ShapeError(f"backward: the cache is of another network; cache: {short(x)}, W: {short(W)}")

"""What the weights of a convolution must be, and the x they meet."""

from __future__ import annotations

from typing import Any

from funcnn.annotations import Seed
from funcnn.arrays import Array, namespace
from funcnn.errors import RangeError, ShapeError
from funcnn.fields import check_sizes
from funcnn.initializers import Initializer, draw, draw_bias
from funcnn.layers.checks import channels_first, foreign, missing_axis, mixed, wrong_shape
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
        raise mixed(name, "b", b, "W", W)
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


def check_places(params: Any, x: Any, axes: str, c: int) -> None:
    """x is (m, *axes, c), an array of W's dtype."""
    namespace(x, whose=f"{type(params).__name__}: ")
    missing = len(axes) + 2 - x.ndim
    if missing or x.shape[-1] != c:
        remedy = missing_axis(x, c, "channel") if missing == 1 else "" if missing else channels_first(x, c)
        raise wrong_shape(params, f"(m, {', '.join(axes)}, {c})", x, remedy)
    if x.dtype != params.W.dtype:
        raise mixed(type(params).__name__, "x", x, "W", params.W)


def check_cache(params: Any, x: Any, c: int) -> None:
    """x, which is the cache, has as many axes as W, and c channels."""
    shape = getattr(x, "shape", ())
    if len(shape) != len(params.W.shape) or shape[-1:] != (c,):
        raise foreign(params, x)

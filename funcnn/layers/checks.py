"""Checks for layers: of inputs, gradients, caches, and of layers and tuples in fields."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import numpy as np

from funcnn.arrays import (
    Array,
    is_array,
    is_float,
    is_plain,
    kind,
    namespace,
    short,
)
from funcnn.core import forward
from funcnn.errors import FuncnnError, KindError, RangeError, ShapeError
from funcnn.fields import is_number
from funcnn.generation import mixes_positions, pads_with_zeros
from funcnn.gradients import gradient
from funcnn.needs import passing
from funcnn.records import is_record, plans
from funcnn.remedies import becomes_floats, call_of, dtype_word, has_mask
from funcnn.trees.walks import DEEPEST, is_deeper

# Inputs. The name of the layer is computed only for an error, since these run at every call.


def check_array(layer: Any, argument: str, x: Any) -> None:
    """Check that x is an array."""
    if type(x) is not np.ndarray:
        check_no_mask(layer, x)
        namespace(x, argument, f"{type(layer).__name__}: ")


def check_no_mask(layer: Any, x: Any) -> None:
    """Refuse a pair (x, mask): only First passes a mask around a layer that takes none."""
    if type(x) is tuple and has_mask(x) and (pads_with_zeros(layer) or not mixes_positions(layer)):
        remedy = "for (x, mask) write First(layer)"
        raise KindError(f"{type(layer).__name__}: x must be an array, not tuple; {remedy}")


def check_out_gradient(
    layer: Any, dA: Any, shape: tuple[int, ...], dtype: Any, names: tuple[str, str] = ("dA", "out")
) -> None:
    """Check that dA has the shape and dtype of out; errors name `layer`, a layer or the name of a function.

    `names` are those of dA and out.
    """
    if not is_plain(dA) or dA.shape != shape or dA.dtype != dtype:
        raise _out_gradient_error(_name(layer), names[0], dA, names[1], shape, dtype)


def _out_gradient_error(
    function: str, argument: str, dA: Any, out: str, shape: tuple[int, ...], dtype: Any
) -> FuncnnError:
    if not is_plain(dA):
        return KindError(f"{function}: {argument} must be an array like {out}, of shape {shape}, not {kind(dA)}")
    if dA.shape != shape:
        return ShapeError(f"{function}: {argument} must have the shape of {out}, {shape}, not {dA.shape}")
    remedy = _cast(argument, dA, dtype)
    return KindError(f"{function}: {argument} must be {dtype}, as {out} is, not {dA.dtype}{remedy}")


def _name(layer: Any) -> str:
    return layer if type(layer) is str else type(layer).__name__


def shape_error(layer: Any, argument: str, x: Array, needed: str, remedy: str = "") -> ShapeError:
    """The error for an x of another shape than the layer needs."""
    return ShapeError(f"{type(layer).__name__}: {argument} must be {needed}, not {x.shape}{remedy}")


def missing_axis(x: Array, n: int, of: str = "feature") -> str:
    """The remedy if x lacks one axis of (..., n), and no other axis can be the missing one."""
    if x.shape[-1] == n and (n > 1 or x.ndim == 1):
        return "; write x[None] for one row"
    return f"; write x[..., None] for one {of}" if n == 1 != x.shape[-1] else ""


def channels_first(x: Array, n: int) -> str:
    """The remedy if the n channels of x are in axis 1 instead of the last axis."""
    axes = ", ".join(map(str, range(2, x.ndim)))
    return f"; channels are last, so write x.transpose(0, {axes}, 1)" if x.shape[1] == n != x.shape[-1] else ""


def dtype_error(function: str, argument: str, array: Any, name: str, like: Any) -> KindError:
    """The error for an array whose dtype is not the dtype of `like`, the array called `name`."""
    loses = not (is_float(array) or becomes_floats(array)) or (array.dtype.kind == "c" != like.dtype.kind)
    remedy = "" if loses or "." in argument else _cast(argument, array, like.dtype)
    becomes_like_x = isinstance(like, np.ndarray) or array.dtype.itemsize < 8
    if argument in {"x", "memory"} and array.dtype in (np.float32, np.float64) and becomes_like_x:
        # An x that another layer computed, which x.astype does not reach.
        remedy += f"{' or' if remedy else '; write'} trees.astype(params, {array.dtype.name!r})"
    return KindError(
        f"{function}: {argument} must be {like.dtype}, as {name} is, not {dtype_word(array.dtype)}{remedy}"
    )


def _cast(argument: str, array: Any, dtype: Any) -> str:
    """The remedy for an array of another dtype; an array of JAX may stay float32, so there is none for float64."""
    return f"; write {argument}.astype({dtype.name!r})" if isinstance(array, np.ndarray) or dtype.itemsize < 8 else ""


def as_like_x(layer: Any, method: str, made: Any, x: Array) -> Any:
    """Check what a method of an activation returned: like x; a slope is a number, or broadcasts to the shape of x."""
    shape, dtype = getattr(made, "shape", None), getattr(made, "dtype", None)
    if shape == x.shape and dtype == x.dtype:
        return made
    if method == "slope":
        if is_number(made):
            return made.astype(x.dtype) if dtype else made
        axes = zip((shape or ())[::-1], x.shape[::-1], strict=False)
        if shape and dtype == x.dtype and len(shape) <= x.ndim and all([n in {1, m} for n, m in axes]):
            return made
    raise KindError(
        f"{type(layer).__name__}: {method} must return a {x.dtype} array of shape {x.shape}, not {short(made)}"
    )


def gradient_with_own(layer: Any, own: Any, /, **of_base: Any) -> Any:
    """The gradient of a user's layer: the result of `own_gradients`, checked, and the gradients `of_base`."""
    if type(own) is not dict or own.keys() & of_base.keys():
        needed = "a dict of gradients and next values, by the names of its own fields"
        raise KindError(f"{type(layer).__name__}: own_gradients must return {needed}, not {kind(own)}")
    return gradient(layer, **of_base, **own)


# Caches.


def foreign_cache_error(params: Any, cache: Any) -> FuncnnError:
    """The error for the cache of another layer, or for what is no cache."""
    if cache is not None and type(cache) is not tuple and not is_array(cache):
        return KindError(f"backward: cache must be the cache that forward(params, x) returned, not {kind(cache)}")
    return ShapeError(
        f"backward: cache must be what forward returned for this layer; cache: {short(cache)}, layer: {short(params)}"
    )


def as_cache_parts(params: Any, cache: Any, n: int) -> tuple[Any, ...]:
    """Check that the cache is a tuple of n parts; the result is the cache."""
    if type(cache) is not tuple or len(cache) != n:
        raise foreign_cache_error(params, cache)
    return cache


def as_cache_array(params: Any, cache: Any) -> Array:
    """Check that the cache is an array; the result is the cache."""
    if not is_plain(cache):
        raise foreign_cache_error(params, cache)
    only: Array = cache
    return only


# Layers and tuples.


def check_held(function: str, argument: str, value: Any) -> None:
    """Check that `value` is a layer, or a tuple of layers, which can stand in one more layer and be saved with it."""
    if is_deeper(value, DEEPEST - 1):
        raise RangeError(f"{function}: {argument} must be nested at most {DEEPEST - 1} deep")
    _check_layers(function, argument, value)


def _check_layers(function: str, argument: str, value: Any) -> None:
    """Check that `value` is a layer, which is a record with a rule for `forward`, or a tuple of layers."""
    if type(value) is tuple:
        for i, layer in enumerate(value):
            _check_layers(function, f"{argument}[{i}]", layer)
    elif not is_record(value) or forward.dispatch(type(value)) is _NO_RULE:
        remedy = f"; write tuple({argument})" if type(value) is list else ""
        if isinstance(value, type) and value in plans and forward.dispatch(value) is not _NO_RULE:
            remedy = f"; write {call_of(value)}"
        needed = "a layer, such as Relu(), or a tuple of layers"
        raise KindError(f"{function}: {argument} must be {needed}, not {kind(value)}{remedy}")


_NO_RULE = forward.dispatch(object)


L = TypeVar("L")
Held = Annotated[L, passing("a layer or a tuple of layers", check_held)]


def check_tuple(
    function: str, argument: str, value: Any, n: int | None = None, why: str = "", remedy: str = ""
) -> None:
    """Check that `value` is a tuple of n parts; without n, of one part or more."""
    size = "a tuple" if n is None else f"a tuple of {n}"
    if type(value) is not tuple:
        remedy = f"; write tuple({argument})" if type(value) is list and argument.isidentifier() else remedy
        raise KindError(f"{function}: {argument} must be {size}{why}, not {shown(value)}{remedy}")
    if len(value) != (n if n is not None else len(value) or 1):
        given = f"a tuple of {len(value)}" if value else "an empty one"
        raise ShapeError(f"{function}: {argument} must be {size}{why}, not {given}{remedy}")


def shown(value: Any) -> str:
    """The text of arrays with their shapes, also within tuples; of other values the kind, since a list may be long."""
    if type(value) is tuple:
        return f"({', '.join(map(shown, value))}{',' * (len(value) == 1)})"
    return short(value) if is_array(value) else kind(value)

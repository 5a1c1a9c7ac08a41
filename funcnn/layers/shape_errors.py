"""Errors for arrays that do not have the declared axes: entered where the fast test of a guard fails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs

from funcnn.arrays import Array, float_namespace, is_plain
from funcnn.errors import ShapeError
from funcnn.layers.checks import (
    as_cache_parts,
    channels_first,
    check_array,
    check_no_mask,
    check_out_gradient,
    dtype_error,
    foreign_cache_error,
    missing_axis,
    shape_error,
)
from funcnn.layers.sequences import as_triple, check_sequence
from funcnn.records import build, plans
from funcnn.shapes import LayerShapes, axes_of, filled, parts_of, placed, places_of


def check_fields(params: Any) -> None:
    """Raise the error for arrays of a record that do not have the declared axes, or not one dtype."""
    arrays = _arrays(params)
    (name, like), *others = arrays.items()
    if _fit(params) and all([0 not in array.shape for array in arrays.values()]):
        other, array = next((other, array) for other, array in others if array.dtype != like.dtype)
        raise dtype_error(type(params).__name__, other, array, name, like)
    raise _fields_error(params)


def _declared(params: Any) -> dict[str, list[str]]:
    cls: Any = type(params)
    return axes_of(cls)


def _places(params: Any) -> dict[str, tuple[str, int]]:
    cls: Any = type(params)
    return places_of(cls)


def _arrays(params: Any) -> dict[str, Any]:
    """The arrays in the fields with declared axes."""
    return {name: array for name in _declared(params) if (array := getattr(params, name)) is not None}


def _fit(params: Any) -> bool:
    """Whether all arrays have the declared axes."""
    return all([_fits(params, array, _declared(params)[name]) for name, array in _arrays(params).items()])


def _fields_error(params: Any) -> ShapeError:
    cls: Any = type(params)
    fields = [field for field in attrs.fields(cls) if field.name in axes_of(cls)]
    needed = [_needed(params, field) for field in fields]
    needed[0] = needed[0].replace(" ", " must be ", 1)
    given = ", ".join([f"{field.name}: {getattr(getattr(params, field.name), 'shape', None)}" for field in fields])
    words = " and ".join([", ".join(needed[:-1]), needed[-1]] if needed[1:] else needed)
    words += ", no size 0" * any([0 in array.shape for array in _arrays(params).values()])
    return ShapeError(f"{cls.__name__}: {words}; {given}{_of_torch(params, fields)}")


def _needed(params: Any, field: attrs.Attribute[Any]) -> str:
    """The axes of a field: W (n_in, n_out), or b (n_out,) or None"""
    names = [_named(params, axis) for axis in _declared(params)[field.name]]
    return f"{field.name} ({', '.join(names)}{',' * (len(names) == 1)}){' or None' * ('None' in str(field.type))}"


def _named(params: Any, axis: str) -> str:
    """An axis in words, in which attributes have their values: 3 k"""
    known = _places(params)
    factors = [factor if factor in known else str(size_of(params, f"{factor}*1")) for factor in axis.split("*")]
    return " ".join([factor for factor in factors if factor != "1"])


def _of_torch(params: Any, fields: Sequence[attrs.Attribute[Any]]) -> str:
    """The remedy if an array fits with its axes in the order of torch."""
    name, array = fields[0].name, getattr(params, fields[0].name)
    others = [getattr(params, field.name) for field in fields[1:]]
    if not fields[0].metadata.get("torch") or array.ndim < 2 or any([other is None for other in others]):
        return ""
    order = (*range(2, array.ndim), 1, 0)
    contents = {field: getattr(params, field) for field, _ in plans[type(params)]} | {name: array.transpose(order)}
    if not _fit(build(type(params), [*contents.values()])) or others[0].size in array.shape[1:]:
        return ""
    written = "W.T" if array.ndim == 2 else f"W.transpose({', '.join(map(str, order))})"
    return f"; for a W of torch write {written}"


def _fits(params: Any, array: Any, wanted: list[str]) -> bool:
    """Whether an array has these axes, as far as the fields determine their sizes."""
    n = len(wanted) - ("..." in wanted)
    if array.ndim < n or (array.ndim > n and "..." not in wanted):
        return False
    if any([array.shape[i] == 0 for i in filled(wanted)]):
        return False
    return all([array.shape[i] == known for i, axis in placed(wanted) if (known := size_of(params, axis)) is not None])


def size_of(params: Any, axis: str) -> int | None:
    """The size of an axis; None if the fields do not determine it."""
    places = _places(params)
    if "*" not in axis and not axis.isdecimal() and axis not in places:
        return None
    sizes = [_factor(params, factor, places) for factor in axis.split("*")]
    return None if None in sizes else math.prod(sizes)


def _factor(params: Any, factor: str, places: dict[str, tuple[str, int]]) -> Any:
    """A number, the value of an attribute, or the size of an axis of a field; None if the field has fewer axes."""
    if factor not in places:
        return int(factor) if factor.isdecimal() else getattr(params, factor)
    name, i = places[factor]
    return next(iter(getattr(params, name).shape[i : i + 1]), None)


def check_x(shapes: LayerShapes, params: Any, given: Any) -> None:
    """Check that x has the declared axes and the dtype of the parameters."""
    function, wanted = type(params).__name__, shapes.x.split()
    state = "(h, c)" if getattr(params, "states", 1) == 2 else ""
    x, mask, _ = as_triple(function, given, shapes.forms, state) if shapes.forms > 1 else (given, None, None)
    if shapes.forms > 1:
        state = (state or "state") if shapes.forms > 2 else ""
        check_sequence(function, "x", x, mask, n=size_of(params, wanted[-1]) or 0, state=state)
    like = next(iter(_declared(params)), "")
    if like:
        check_array(params, "x", x)
    else:
        check_no_mask(params, x)
        float_namespace(function, "x", x)
    if not _fits(params, x, wanted):
        raise shape_error(params, "x", x, shown(params, wanted, x), _remedy(params, x, wanted))
    if like and x.dtype != getattr(params, like).dtype:
        raise dtype_error(function, "x", x, like, getattr(params, like))


def shown(params: Any, wanted: list[str], x: Array) -> str:
    """Axes for messages, with the sizes that the fields determine: (m, ..., 3)"""
    sizes = [(axis.removesuffix("+"), size_of(params, axis.removesuffix("+"))) for axis in wanted]
    has_axes = len(wanted) - ("..." in wanted) <= x.ndim and 0 not in x.shape
    least = "".join([f", {axis[:-1]} at least 1" for axis in wanted if axis.endswith("+") and not has_axes])
    return f"({', '.join([axis if known is None else str(known) for axis, known in sizes])}){least}"


def _remedy(params: Any, x: Array, wanted: list[str]) -> str:
    if (n := size_of(params, wanted[-1])) is None:
        return ""
    least, is_channel = len(wanted) - ("..." in wanted), "c" in wanted[-1].split("*")
    if x.ndim == least - 1:
        return missing_axis(x, n, "channel" if is_channel else "feature")
    return channels_first(x, n) if x.ndim == (least if is_channel else 4) else ""


def check_gradient(shapes: LayerShapes, params: Any, cache: Any, dA: Any) -> None:
    """Check that the cache has the declared parts, and that dA has the axes and the dtype of out."""
    parts, like = parts_of(shapes.cache), next(iter(_declared(params)), "")
    i = next(i for i, part in enumerate(parts) if part != "_")
    kept = as_cache_parts(params, cache, len(parts))[i] if "," in shapes.cache else cache
    wanted, is_mask = shapes.axes_of(parts[i]), parts[i] == "mask"
    is_of_dtype = not like or is_mask or getattr(kept, "dtype", None) == getattr(params, like).dtype
    can_be_kept = is_plain(kept) and (is_mask or getattr(kept.dtype, "kind", "f") not in "biu")
    if not can_be_kept or not is_of_dtype or not _fits(params, kept, wanted):
        raise foreign_cache_error(params, cache)
    dtype = getattr(params, like).dtype if like else getattr(dA, "dtype", None) if is_mask else kept.dtype
    sizes = {axis: kept.shape[i] for i, axis in placed(wanted)}
    dots = (
        [*kept.shape[wanted.index("...") : kept.ndim - (len(wanted) - wanted.index("...") - 1)]]
        if "..." in wanted
        else []
    )
    shape: list[Any] = []
    for axis in shapes.out.replace("+", "").split():
        known = size_of(params, axis)
        shape += dots if axis == "..." else [sizes.get(axis) if known is None else known]
    if None not in shape:
        check_out_gradient(params, dA, tuple(shape), dtype)
    if is_mask:
        float_namespace(type(params).__name__, "dA", dA)

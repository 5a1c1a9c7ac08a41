"""Errors for arrays that do not have the declared axes: entered where the fast test of a guard fails."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

import attrs

from funcnn.arrays import Array, float_namespace, is_plain
from funcnn.errors import KindError, ShapeError
from funcnn.guard_code import fits, size_of
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
from funcnn.layers.sequences import as_out_gradients, as_triple, check_mask, check_sequence, is_mask
from funcnn.records import build, plans
from funcnn.shapes import (
    Alternative,
    LayerShapes,
    alternatives_in,
    alternatives_of,
    around,
    fewest,
    in_words,
    kept_part,
    least,
    listed,
    parts_of,
    placed,
)


def check_fields(params: Any) -> None:
    """Raise the error for arrays of a record that do not have the declared axes, or not one dtype."""
    arrays = _arrays(params)
    (name, like), *others = arrays.items()
    if _fitting(params) and all([0 not in array.shape for array in arrays.values()]):
        other, array = next((other, array) for other, array in others if array.dtype != like.dtype)
        error = dtype_error(type(params).__name__, other, array, name, like)
        raise (
            error if other.isidentifier() else KindError(str(error).partition(";")[0])
        )  # the remedy is for an argument
    raise _fields_error(params, arrays)


def _alternatives(params: Any) -> list[Alternative]:
    cls: Any = type(params)
    return alternatives_of(cls)


def _fitting(params: Any, part: str = "", array: Any = None) -> list[Alternative]:
    """The alternatives whose axes the fields have, and an array as x or as out."""
    return [one for one in _alternatives(params) if fits(one, part)(params, array)]


def _arrays(params: Any) -> dict[str, Any]:
    """The arrays in the fields with declared axes."""
    names = _alternatives(params)[0].fields
    return {name: array for name in names if (array := attrgetter(name)(params)) is not None}


def _fields_error(params: Any, arrays: dict[str, Any]) -> ShapeError:
    cls: Any = type(params)
    alternatives = alternatives_of(cls)
    optional = {field.name for field in attrs.fields(cls) if "None" in str(field.type)}
    needed, given = [], []
    for name in alternatives[0].fields:
        forms = dict.fromkeys([in_words(one.fields[name], partial(_named, params, one)) for one in alternatives])
        needed.append(f"{name} {' or '.join([*forms, *['None'] * (name in optional)])}")
        given.append(f"{name}: {getattr(arrays.get(name), 'shape', None)}")
    needed[0] = needed[0].replace(" ", " must be ", 1)
    words = listed(needed) + ", with no axis of length 0" * any([0 in array.shape for array in arrays.values()])
    return ShapeError(f"{cls.__name__}: {words}; {', '.join(given)}{_of_torch(params, arrays)}")


def _named(params: Any, one: Alternative, axis: str) -> str:
    """An axis of a field in words, in which attributes have their values: 3 k"""
    factors = [factor if factor in one.places else str(getattr(params, factor, factor)) for factor in axis.split("*")]
    return " ".join([factor for factor in factors if factor != "1"] or factors)


def _of_torch(params: Any, arrays: dict[str, Any]) -> str:
    """The remedy if an array fits with its axes in the order of torch."""
    cls: Any = type(params)
    of_torch = [field.name for field in attrs.fields(cls) if field.metadata.get("torch")]
    others = [other for name, other in arrays.items() if name not in of_torch]
    if not of_torch or arrays[of_torch[0]].ndim < 2 or len(others) < len(_alternatives(params)[0].fields) - 1:
        return ""
    array = arrays[of_torch[0]]
    order = (*range(2, array.ndim), 1, 0)
    contents = {name: getattr(params, name) for name, _ in plans[cls]} | {of_torch[0]: array.transpose(order)}
    if not _fitting(build(cls, [*contents.values()])) or others[0].size in array.shape[1:]:
        return ""
    written = "W.T" if array.ndim == 2 else f"W.transpose({', '.join(map(str, order))})"
    return f"; for a W of torch write {written}"


def check_x(shapes: LayerShapes, params: Any, given: Any) -> None:
    """Check that x has the declared axes and the dtype of the parameters, and that a mask has its axes."""
    function, like, state = type(params).__name__, next(iter(_alternatives(params)[0].fields), ""), _state_of(params)
    x, mask, _ = as_triple(function, given, shapes.forms, state) if shapes.forms > 1 else (given, None, None)
    one = _alternatives(params)[0]
    if mask is not None or (shapes.forms > 1 and around(one.x) is None):
        check_sequence(function, "x", x, n=size_of(one, one.x[-1])(params) or 0)
    if like:
        check_array(params, "x", x)
    else:
        check_no_mask(params, x)
        float_namespace(function, "x", x)
    if not (fitting := _fitting(params, "x", x)):
        raise _x_error(params, x)
    if like and x.dtype != attrgetter(like)(params).dtype:
        raise dtype_error(function, "x", x, like, attrgetter(like)(params))
    if mask is not None:
        state = (state or "state") if shapes.forms > 2 else ""
        check_mask(function, mask, _shapes_of_mask(shapes, fitting[0], x), state=state)


def _state_of(params: Any) -> str:
    """The form of the state of a layer that takes (x, mask, state), if it is not one array."""
    if hasattr(params, "behind"):
        return "(ahead, behind)"
    return "(h, c)" if getattr(params, "states", 1) == 2 else ""


def _shapes_of_mask(shapes: LayerShapes, one: Alternative, x: Array) -> dict[str, tuple[int, ...]]:
    """The shapes that a mask of x may have, each with its axes in words; none if x is not a sequence."""
    if x.ndim != 3:
        return {}
    sizes = {axis: x.shape[i] for i, axis in placed(one.x)}
    return {in_words(names): tuple([sizes[axis] for axis in names]) for names in alternatives_in(shapes.mask)}


def _x_error(params: Any, x: Array) -> ShapeError:
    every = _fitting(params)
    forms = [*dict.fromkeys([in_words(one.x, partial(_shown, params, one)) for one in every])]
    is_short = 0 in x.shape or all([x.ndim < fewest(one.x) for one in every])
    needed = " or ".join(forms) + least([one.x for one in every]) * is_short
    return shape_error(params, "x", x, needed, "" if forms[1:] else _remedy(params, every[0], x))


def _shown(params: Any, one: Alternative, axis: str) -> str:
    """An axis of x by its size, if the fields determine it, else by its name."""
    known = size_of(one, axis)(params)
    return axis.replace("*", " ") if known is None else str(known)


def _remedy(params: Any, one: Alternative, x: Array) -> str:
    if (n := size_of(one, one.x[-1])(params)) is None:
        return ""
    is_channel = "c" in one.x[-1].split("*")
    if x.ndim == fewest(one.x) - 1:
        return missing_axis(x, n, "channel" if is_channel else "feature")
    return channels_first(x, n) if x.ndim == (fewest(one.x) if is_channel else 4) else ""


def _can_be_kept(part: str, array: Any) -> bool:
    """Whether an array may be what a rule has kept: numbers, or a mask."""
    return is_plain(array) and (part == "mask" or getattr(array.dtype, "kind", "f") not in "biu")


def check_gradient(shapes: LayerShapes, params: Any, cache: Any, dA: Any) -> None:
    """Check that the cache has the declared parts, and that dA has the axes and the dtype of out."""
    parts, key, like = parts_of(shapes.cache), kept_part(shapes.cache), next(iter(_alternatives(params)[0].fields), "")
    held = [*as_cache_parts(params, cache, len(parts))] if "," in shapes.cache else [cache]
    dtype, given, mask = attrgetter(like)(params).dtype if like else None, None, None
    if shapes.forms > 1 and "x" in parts and type(given := held[parts.index("x")]) is tuple:
        held[parts.index("x")], mask, *_ = given if 1 < len(given) <= shapes.forms else (None, None)
    kept = [(part, array) for part, array in zip(parts, held, strict=True) if part != "_"]
    if not all([_can_be_kept(part, a) and (not like or part == "mask" or a.dtype == dtype) for part, a in kept]):
        raise foreign_cache_error(params, cache)
    every = [one for one in _alternatives(params) if all([fits(one, part)(params, array) for part, array in kept])]
    if not every or (mask is not None and not is_mask(mask, _shapes_of_mask(shapes, every[0], held[parts.index("x")]))):
        raise foreign_cache_error(params, cache)
    if type(given) is tuple and shapes.passes_mask:
        dA, _ = as_out_gradients(params, given, dA)
    shape, like_out = _shape_of_out(params, every[0], parts[key], held[key]), dA if parts[key] == "mask" else held[key]
    if None not in shape:
        check_out_gradient(params, dA, shape, dtype or getattr(like_out, "dtype", None))
    if parts[key] == "mask":
        float_namespace(type(params).__name__, "dA", dA)


def _shape_of_out(params: Any, one: Alternative, part: str, kept: Array) -> tuple[Any, ...]:
    """The shape of out, as far as the fields and a part of the cache determine it; else with None."""
    wanted, shape = one.of(part), list[Any]()
    sizes = {axis: kept.shape[i] for i, axis in placed(wanted)}
    before, behind = around(wanted) or (0, 0)
    for axis in one.out:
        known = size_of(one, axis)(params)
        shape += kept.shape[before : kept.ndim - behind] if axis == "..." else [known or sizes.get(axis, known)]
    return tuple(shape)

"""Checks that layers share: of the layers and tuples that they are given, and of the cache in backward."""

from __future__ import annotations

from typing import Any, cast

from funcnn.arrays import Array, is_array, kind, short
from funcnn.errors import KindError, ShapeError
from funcnn.records import is_record


def foreign(params: Any, cache: Any) -> ShapeError:
    """What to say to the cache of another layer."""
    return ShapeError(f"backward: the cache is of another network; cache: {short(cache)}, layer: {short(params)}")


def unpacked(params: Any, cache: Any, n: int) -> tuple[Any, ...]:
    """The cache, which is a tuple of n."""
    if type(cache) is not tuple or len(cache) != n:
        raise foreign(params, cache)
    return cache


def only_array(params: Any, cache: Any) -> Array:
    """The cache, which is an array."""
    if not is_array(cache):
        raise foreign(params, cache)
    return cast("Array", cache)


def check_held(whose: str, name: str, value: Any) -> None:
    """`value` is a layer: a record, or a tuple of layers."""
    if type(value) is not tuple and not is_record(value):
        raise KindError(f"{whose}: {name} must be a layer, such as Relu(), or a tuple of layers, not {kind(value)}")


def check_tuple(whose: str, name: str, value: Any, n: int | None = None, why: str = "", remedy: str = "") -> None:
    """`value` is a tuple of n parts; without n, of one part or more."""
    size = f"a tuple of {n}" if n else "a tuple"
    if type(value) is not tuple:
        raise KindError(f"{whose}: {name} must be {size}{why}, not {shown(value)}{remedy}")
    if len(value) != (n or len(value) or 1):
        given = f"one of {len(value)}" if value else "an empty one"
        raise ShapeError(f"{whose}: {name} must be {size}{why}, not {given}{remedy}")


def shown(value: Any) -> str:
    """Arrays with their shapes, also within tuples; the kind of anything else, since a list may be long."""
    if type(value) is tuple:
        return f"({', '.join(map(shown, value))})"
    return short(value) if is_array(value) else kind(value)

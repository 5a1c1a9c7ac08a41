"""What the cache of a layer must be: a cache of another network is refused."""

from __future__ import annotations

from typing import Any, cast

from funcnn.arrays import Array, is_array, short
from funcnn.errors import ShapeError


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

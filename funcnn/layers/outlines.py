"""Outlines: the shape and dtype of an array without its numbers, for caches."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import is_array, is_float, namespace, short
from funcnn.errors import ShapeError
from funcnn.layers.checks import check_out_gradient, foreign_cache_error


def outline(x: Any) -> Any:
    """x as arrays of shape `(0, *x.shape)`, which take no memory, and which jit can trace."""
    if type(x) is tuple:
        return tuple(map(outline, x))
    return namespace(x).zeros((0, *x.shape), dtype=x.dtype) if is_array(x) else x


def as_gradient_like(layer: Any, dA: Any, kept: Any, place: str = "") -> Any:
    """Check that dA is like the value with outline `kept`; the result is dA, or None where there is no gradient.

    For errors, dA and kept are at `place`, such as `[0]`, in the gradient and in out.
    """
    names = (f"dA{place}", f"out{place}") if place else ("dA", "out")
    if type(kept) is tuple:
        if dA is None:
            return (None,) * len(kept)
        if type(dA) is not tuple or len(dA) != len(kept):
            needed = f"like {names[1]}, a tuple of {len(kept)}"
            raise ShapeError(f"{type(layer).__name__}: {names[0]} must be {needed}, not {short(dA)}")
        parts = enumerate(zip(dA, kept, strict=True))
        return tuple([as_gradient_like(layer, *each, f"{place}[{i}]") for i, each in parts])
    if not is_array(kept):
        if kept is not None:
            raise foreign_cache_error(layer, kept)
        return None
    if dA is None or not is_float(kept):
        return None
    check_out_gradient(layer, dA, kept.shape[1:], kept.dtype, names)
    return dA


def nothing(kept: Any) -> Any:
    """The gradient of an unused input: zeros, and None for ids, masks and values without a gradient."""
    if type(kept) is tuple:
        return tuple(map(nothing, kept))
    if not is_array(kept) or not is_float(kept):
        return None
    return namespace(kept).zeros(kept.shape[1:], dtype=kept.dtype)

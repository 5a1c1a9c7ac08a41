"""Masks of attention: which places there are, (m, s), or for each query which keys it may attend to, (m, t, s)."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array
from funcnn.errors import ShapeError
from funcnn.layers.sequences import check_mask, check_sequence


def check_attended(name: str, x: Any, mask: Any, queries: Any) -> None:
    """x is a sequence, (m, s, n), and the mask one of its places, (m, s), or of pairs, (m, t, s), or None."""
    check_sequence(name, x)
    if mask is None:
        return
    check_mask(name, mask, getattr(mask, "shape", ()))  # of bools, for now
    (m, s), t, letter = x.shape[:2], queries.shape[1], "t" if x is queries else "s"
    if mask.shape not in ((m, s), (m, t, s)):
        forms = f"(m, {letter}), {(m, s)}, or (m, t, {letter}), {(m, t, s)}"
        raise ShapeError(f"the mask must be {forms}; it is {mask.shape}")


def check_no_pairs(mask: Array | None) -> None:
    """The mask is none of pairs, for what is given part by part."""
    if mask is not None and mask.ndim == 3:
        raise ShapeError(f"step: a mask of pairs is for whole sequences; write one of places; it is {mask.shape}")


def of_places(mask: Array | None) -> Array | None:
    """A mask of places; of pairs there is none, as with them every place is there."""
    return None if mask is None or mask.ndim == 3 else mask


def sights(mask: Array | None, order: Array | None) -> tuple[Array | None, Array | None, Array | None]:
    """(which queries see something, which keys are seen, what `attend` allows), of those keys that come in time.

    The first two, (m, t) and (m, s), are None for a mask of places: what it leaves out is blank already.
    """
    if mask is None:
        return None, None, order
    pairs: Any = mask[:, None] if mask.ndim == 2 else mask
    pairs = pairs if order is None else pairs & order
    looks, seen = (None, None) if mask.ndim == 2 else (pairs.any(axis=2), pairs.any(axis=1))
    return looks, seen, pairs[:, None]

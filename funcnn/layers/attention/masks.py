"""Masks of attention: of positions, (m, s), or of pairs of a query and a key, (m, t, s)."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array
from funcnn.errors import ShapeError
from funcnn.layers.checks import dtype_error, shape_error
from funcnn.layers.sequences import check_mask, check_sequence


def check_attended(params: Any, argument: str, x: Any, mask: Any, queries: Any, W: Array) -> None:
    """Check that x is (m, s, n), for W of (n, ...), and that the mask is (m, s), (m, t, s) or None."""
    function, W_name = type(params).__name__, "key.W" if argument == "memory" else "query.W"
    check_sequence(function, argument, x)
    if x.shape[2] != len(W):
        raise shape_error(params, argument, x, f"(m, {'s' if argument == 'memory' else 't'}, {len(W)})")
    if x.dtype != W.dtype:
        raise dtype_error(function, argument, x, W_name, W)
    (m, s), t, letter = x.shape[:2], queries.shape[1], "t" if x is queries else "s"
    check_mask(function, mask, {f"(m, {letter})": (m, s), f"(m, t, {letter})": (m, t, s)}, argument)


def check_no_pairs(mask: Array | None) -> None:
    """Refuse a mask of pairs, since `step` needs a mask of positions."""
    if mask is not None and mask.ndim == 3:
        needed = "(m, t), True at the positions that are not padding"
        raise ShapeError(f"step: mask must be {needed}, not a mask of pairs of positions, {mask.shape}")


def of_positions(mask: Array | None) -> Array | None:
    """The mask of positions; None for a mask of pairs, which has no padding."""
    return None if mask is None or mask.ndim == 3 else mask


def allowed_pairs(mask: Array | None, order: Array | None) -> tuple[Array | None, Array | None, Array | None]:
    """(queries that may attend to some key, keys to which some query may attend, pairs for `attend`); only pairs in
    `order` are allowed.

    The first two, (m, t) and (m, s), are None for a mask of positions, since padded positions are 0 already.
    """
    if mask is None:
        return None, None, order
    pairs: Any = mask[:, None] if mask.ndim == 2 else mask
    pairs = pairs if order is None else pairs & order
    queries, keys = (None, None) if mask.ndim == 2 else (pairs.any(axis=2), pairs.any(axis=1))
    return queries, keys, pairs[:, None]

"""Masks of torch's attention as masks of funcnn: of positions, of pairs of positions, or the setting `causal`."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.interop.torch.modules import Given
from funcnn.interop.torch.tensors import array_of


def barred(module: Any, given: Given, name: str) -> Any:
    """The argument `name` as an array of bools, True where torch does not attend, or None."""
    tensor = given.argument(module, name)
    if tensor is None:
        return None
    array = array_of("from_torch", name, tensor)
    is_bool = array.dtype == bool
    holds = is_bool or bool(((array == 0) | (array == -np.inf)).all())
    given.check_setting(module, f"bools, or 0 and -inf, in {name}", "other numbers", holds=holds)
    return array if is_bool else array == -np.inf


def padding(module: Any, given: Given, name: str) -> Any:
    """The mask (m, t) of positions that are not padding, or None."""
    array = barred(module, given, name)
    return None if array is None else ~np.atleast_2d(array)


def is_causal(pairs: Any) -> bool:
    """Whether the mask hides the later positions from each position, and no others."""
    return pairs.ndim == 2 and np.array_equal(pairs, np.triu(np.ones(pairs.shape, bool), 1))


def allowed(module: Any, given: Given, keys: Array, *, of_itself: bool) -> tuple[Any, bool]:
    """(the mask of positions, (m, s), or of pairs, (m, t, s), or None; whether the attention is causal)

    `keys`: (m, s, n), where m counts sequences
    """
    pairs, mask = barred(module, given, "attn_mask"), padding(module, given, "key_padding_mask")
    if of_itself and pairs is not None:
        why = ", since a mask of one position may be causal or not"
        given.check_setting(module, "x of two positions or more", "one", holds=pairs.shape[-1] > 1, why=why)
    if pairs is None or not pairs.any():
        return mask, False
    m = len(keys)
    if pairs.ndim == 3:
        heads = pairs.reshape(m, -1, *pairs.shape[1:])
        holds = bool((heads == heads[:, :1]).all())
        given.check_setting(module, "one attn_mask for all heads", "one for each", holds=holds)
        pairs = heads[:, 0]
    elif of_itself and is_causal(pairs):
        return mask, True
    free = np.broadcast_to(~pairs, (m, *pairs.shape[-2:]))
    return free if mask is None else free & mask[:, None], False


def compared(mask: Any, x: Array, *, of_itself: bool) -> Any:
    """The positions of out to compare, (m, t): those that are not padding and may attend to some position."""
    if mask is None:
        return ...
    if of_itself and mask.ndim == 2:
        return mask
    some = mask.any(-1)
    return np.broadcast_to(some if some.ndim == 2 else some[:, None], x.shape[:2])

"""Augmentations of sequences (m, t, ...): each sequence is changed by its own random numbers."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, is_array, is_plain, kind, namespace
from funcnn.checked import checked
from funcnn.data.checks import Generator, sizes_of
from funcnn.draws import below, bools, key_of
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.needs import Count, Fraction, Whole
from funcnn.remedies import span
from funcnn.trees.walks import map_arrays

T = TypeVar("T")


@checked
def random_window(x: T, rng: Generator, *, size: Count, lengths: Array | None = None) -> T:
    """`size` consecutive positions of each sequence, from a random position on

    x: (m, t, ...), or a tuple of such arrays, such as `(x, mask)` or x and a label for each position, from which the
    same positions are taken. For padded sequences, `lengths` is the number of positions of each, `mask.sum(axis=1)`: a
    window ends in the padding only if the sequence is shorter than the window.

    >>> import numpy as np
    >>> from funcnn.data import random_window
    >>> x = np.arange(10)[None] + np.array([[0], [100]])
    >>> random_window(x, np.random.default_rng(0), size=3)
    array([[  3,   4,   5],
           [105, 106, 107]])

    Raises:
        KindError: x is not an array or a tuple of arrays, or `lengths` is not an array of whole numbers.
        ShapeError: x is not (m, t, ...), the arrays of a tuple differ in m or t, or `lengths` is not (m,).
        RangeError: `size` is greater than t, a length is not in 0 .. t, or an axis of x has size 0.
    """
    m, t = sizes_of("random_window", x, "(m, t, ...)", 2)
    if size > t:
        raise RangeError(f"random_window: size must be at most {t}, the number of positions, not {size}")
    ends = np.full(m, t) if lengths is None else _as_lengths("random_window", lengths, m, t)
    begins = below(key_of(rng), np.maximum(ends - size, 0) + 1, (m,))
    at = np.arange(m)[:, None], begins[:, None] + np.arange(size)
    return map_arrays(lambda a: a[at], x)


def _as_lengths(function: str, lengths: Any, m: int, t: int) -> Array:
    if not is_array(lengths) or lengths.dtype.kind not in "iu":
        raise KindError(f"{function}: lengths must be an array of whole numbers, not {kind(lengths)}")
    if lengths.shape != (m,):
        raise ShapeError(f"{function}: lengths must be ({m},), one for each sequence, not {lengths.shape}")
    if lengths.min() < 0 or lengths.max() > t:
        raise RangeError(f"{function}: lengths must be in 0 .. {t}; they are {span(lengths)}")
    return np.asarray(lengths, int)


@checked
def token_dropout(ids: Array, rng: Generator, *, rate: Fraction, token: Whole) -> Array:
    """ids, where each is replaced by `token` with the probability `rate`

    Bowman et al. 2016, Generating Sentences from a Continuous Space, section 3.1, with the token of unknown words.

    >>> import numpy as np
    >>> from funcnn.data import token_dropout
    >>> token_dropout(np.arange(1, 9)[None], np.random.default_rng(2), rate=0.3, token=0)
    array([[1, 0, 3, 4, 5, 0, 7, 8]])

    Raises:
        KindError: ids is not an array of whole numbers.
        RangeError: `token` does not fit the dtype of ids.
    """
    if not is_plain(ids) or ids.dtype.kind not in "iu":
        raise KindError(f"token_dropout: ids must be an array of whole numbers, not {kind(ids)}")
    bounds = np.iinfo(ids.dtype)
    if not bounds.min <= token <= bounds.max:
        raise RangeError(f"token_dropout: token must fit {ids.dtype}, {bounds.min} .. {bounds.max}; it is {token}")
    return namespace(ids).where(bools(key_of(rng), ids.shape, rate), np.asarray(token, ids.dtype), ids)

"""Draws of initial weights and of data: functions of a key, with the same bits on every processor.

They are made of the words of `funcnn.bits` by operations that each processor rounds alike. After its seed, a key has
one of the words below, which no seed and no step has: so weights, orders, symbols and layers of one seed differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.bits import words

Key = tuple[Any, ...]
WEIGHTS, ROWS, BLOCKS, BATCHES, SYMBOLS = range(2**31, 2**31 + 5)


def symmetric(key: Key, shape: tuple[int, ...], limit: float = 1.0) -> Array:
    """limit (k + 1/2) / 2^31, k = word as a signed number: uniform in (-limit, limit), and never 0

    >>> from funcnn.draws import symmetric
    >>> symmetric((7, 0), (3,)).round(3)
    array([0.212, 0.522, 0.565])
    """
    u = words(np, key, shape).view(np.int32).astype(np.float64)
    u += 0.5
    u *= limit * 2.0**-31
    return u


def bools(key: Key, shape: tuple[int, ...], rate: float) -> Array:
    """True with the probability `rate`, below 1"""
    return words(np, key, shape) < np.uint32(min(round(rate * 2**32), 2**32 - 1))


def below(key: Key, bound: Array | int, shape: tuple[int, ...]) -> Array:
    """floor(word bound / 2^32): whole numbers from 0 to bound - 1, for bounds of at most 2^32

    The probabilities of two numbers differ by at most 2^-32.
    """
    return (words(np, key, shape).astype(np.uint64) * np.asarray(bound, np.uint64) >> np.uint64(32)).astype(np.int64)


def permutation(key: Key, n: int) -> Array:
    """The numbers from 0 to n - 1, sorted by their words, which differ; n is at most 2^32.

    >>> from funcnn.draws import permutation
    >>> permutation((7, 0), 5)
    array([0, 1, 2, 4, 3])
    """
    order = words(np, key, (n,)).astype(np.uint64)
    order <<= np.uint64(32)
    order |= np.arange(n, dtype=np.uint64)  # sorting these is several times as fast as `argsort`
    order.sort()
    order &= np.uint64(2**32 - 1)
    return order.view(np.int64)


def key_of(rng: np.random.Generator) -> Key:
    """Two words of the stream of bits of a generator, which no version of NumPy changes (NEP 19)."""
    return tuple([word % 2**32 for word in rng.bit_generator.random_raw(2).tolist()])

"""Random numbers as a pure function of a key, without a generator, equal in NumPy and under `jax.jit`.

Word i of a key is a hash of the key and of i. So the mask of a dropout is a function of seed and step, and can be
computed again on another machine or in another library, in any order.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from funcnn.arrays import Array, Namespace, is_array, kind, short
from funcnn.errors import KindError, RangeError
from funcnn.fields import as_float_dtype, is_whole
from funcnn.sizes import MOST_ENTRIES

# np.uint32, not int: without 64-bit integers JAX refuses an int above 2**31 - 1.
GOLDEN = np.uint32(0x9E3779B9)  # 2**32 / golden ratio as an odd number: its multiples are spread evenly
MIX_A, MIX_B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_LANES = np.array([0x243F6A88, 0x85A308D3], np.uint32)  # digits of pi: initial values of the hash of a key
_BLOCK = 1 << 14  # words: these and a copy of them fit the first-level cache of a processor


def words(xp: Namespace, key: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """word_i = mix(mix(i golden + h_1) xor h_2), where (h_1, h_2) is a hash of the key

    An array of uint32, uniformly distributed: the same bits in NumPy and in JAX, with and without 64-bit integers.
    `key` holds ints, which may be traced; their lower 32 bits are used.

    `mix` is lowbias32: Wellons 2018, Prospecting for Hash Functions. Numbers by a hash of a counter: Salmon, Moraes,
    Dror & Shaw 2011, Parallel Random Numbers: As Easy as 1, 2, 3. Steps of the golden ratio: Steele, Lea & Flood 2014,
    Fast Splittable Pseudorandom Number Generators.

    >>> import numpy as np
    >>> from funcnn.bits import words
    >>> words(np, (7, 0), (2, 2))
    array([[ 455756453, 1120889872],
           [1213860322, 3657183425]], dtype=uint32)

    Raises:
        KindError: `xp` is not numpy or jax.numpy, `key` not a tuple of ints, or `shape` not a tuple of sizes.
    """
    return _words(xp, key, _as_shape("words", xp, key, shape))


def _words(xp: Namespace, key: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    (first, second), n = _hash(xp, key), math.prod(shape)
    if hasattr(xp, "words"):  # a compiler has an operation for the rest
        return xp.words(first, second, shape)
    if xp is not np or n <= _BLOCK:
        return _mix(_mix(xp.arange(n, dtype=np.uint32) * GOLDEN + first) ^ second).reshape(shape)
    out, counters = np.empty(n, np.uint32), np.arange(_BLOCK, dtype=np.uint32) * GOLDEN
    for start in range(0, n, _BLOCK):
        block = out[start : start + _BLOCK]
        offset = first + np.full(1, start, np.uint32) * GOLDEN
        block[...] = _mix(_mix(counters[: len(block)] + offset) ^ second)
    return out.reshape(shape)


def _hash(xp: Namespace, key: tuple[Any, ...]) -> tuple[Array, Array]:
    """(h_1, h_2) of a key"""
    lanes = xp.asarray(_LANES)
    for word in key:
        lanes = _mix(lanes + xp.asarray(word).astype(np.uint32) * np.full(1, GOLDEN))  # a scalar that overflows warns
    return lanes[:1], lanes[1:]


def uniform(xp: Namespace, key: tuple[Any, ...], shape: tuple[int, ...], dtype: Any) -> Array:
    """u = floor(word / 2^8) / 2^24: in [0, 1), exact in float32 and float64, so the same numbers in both.

    >>> import numpy as np
    >>> from funcnn.bits import uniform
    >>> uniform(np, (7, 0), (3,), np.float32)
    array([0.10611403, 0.2609775 , 0.28262383], dtype=float32)

    Raises:
        KindError: as `words`, or `dtype` is not a type of real floats.
    """
    shape = _as_shape("uniform", xp, key, shape)
    return _uniform(xp, key, shape, as_float_dtype("uniform", "dtype", dtype))


def _uniform(xp: Namespace, key: tuple[Any, ...], shape: tuple[int, ...], dtype: Any) -> Array:
    return (_words(xp, key, shape) >> np.uint32(8)).astype(dtype) * 2.0**-24


def normal(xp: Namespace, key: tuple[Any, ...], shape: tuple[int, ...], dtype: Any) -> Array:
    """z = r cos(2 pi v) and r sin(2 pi v), r = sqrt(-2 log(1 - u)), with u and v uniform

    Mean 0, variance 1, and absolute values of at most 5.8, since u has 24 bits. NumPy and JAX round cos and log
    differently, so the results differ in the last digits. Box & Muller 1958, A Note on the Generation of Random Normal
    Deviates.

    >>> import numpy as np
    >>> from funcnn.bits import normal
    >>> normal(np, (7, 0), (3,), np.float64).round(3)
    array([-0.096,  0.463,  0.464])

    Raises:
        KindError: as `uniform`.
    """
    shape = _as_shape("normal", xp, key, shape)
    dtype = as_float_dtype("normal", "dtype", dtype)
    if hasattr(xp, "normal"):  # as in `words`
        return xp.normal(*_hash(xp, key), shape, dtype)
    n = math.prod(shape)
    wide = np.float32 if dtype.itemsize < 4 else dtype  # float32 and float64 hold 24 bits exactly
    u, v = _uniform(xp, key, (2, (n + 1) // 2), wide)
    r, angle = xp.sqrt(-2 * xp.log1p(-u)), 2 * math.pi * v
    return xp.concatenate([r * xp.cos(angle), r * xp.sin(angle)])[:n].reshape(shape).astype(dtype, copy=False)


def _as_shape(function: str, xp: Any, key: Any, shape: Any) -> tuple[int, ...]:
    """Check the arguments; the result is the shape in Python's ints, whose product does not overflow."""
    if not hasattr(xp, "concatenate"):
        raise KindError(f"{function}: xp must be numpy or jax.numpy, not {kind(xp)}")
    if type(key) is not tuple or not all(map(_is_word, key)):
        raise KindError(f"{function}: key must be a tuple of 64-bit ints, not {short(key)}")
    if type(shape) is not tuple or not all([is_whole(size) and size >= 0 for size in shape]):
        raise KindError(f"{function}: shape must be a tuple of whole numbers, none negative, not {short(shape)}")
    shape = tuple(map(operator.index, shape))
    if math.prod(shape) > MOST_ENTRIES:
        raise RangeError(f"{function}: shape must be of an array of at most {MOST_ENTRIES} entries, not {short(shape)}")
    return shape


def _is_word(word: Any) -> bool:
    if is_array(word):
        return word.shape == () and word.dtype.kind in "iu"
    return is_whole(word) and -(2**63) <= word < 2**63


def _mix(h: Array) -> Array:
    """A bijection of the 32-bit words in which every bit depends on every other; h is overwritten."""
    for shift, factor in ((16, MIX_A), (15, MIX_B)):
        h ^= h >> np.uint32(shift)
        h *= factor
    h ^= h >> np.uint32(16)
    return h

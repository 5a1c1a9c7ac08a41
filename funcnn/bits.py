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
    """z = the quantile of the standard normal distribution at 1/2 + (k + 1/2) / 2^32, k = word as a signed number

    Mean 0, variance 1, and absolute values of at most 6.34. z is computed with +, -, *, / and sqrt alone, which every
    processor rounds alike, so NumPy gives the same bits everywhere; `jax.jit` may round a product and a sum at once.
    float32 is computed in float32, from the same words. The probability at which z is the quantile has an error below
    2^-33 in float64, and below 2^-22 in float32. Quantiles by fractions of polynomials: Wichura 1988, Algorithm AS 241:
    The Percentage Points of the Normal Distribution.

    >>> import numpy as np
    >>> from funcnn.bits import normal
    >>> normal(np, (7, 0), (3,), np.float64).round(3)
    array([0.269, 0.709, 0.781])

    Raises:
        KindError: as `uniform`.
    """
    shape = _as_shape("normal", xp, key, shape)
    dtype = as_float_dtype("normal", "dtype", dtype)
    if hasattr(xp, "normal"):  # as in `words`
        return xp.normal(*_hash(xp, key), shape, dtype)
    n = math.prod(shape)
    wide = np.float32 if dtype.itemsize < 4 else dtype
    flat = _words(xp, key, (n,)).view(np.int32)
    if xp is not np or n <= _BLOCK:
        return _normal(xp, flat, wide).reshape(shape).astype(dtype, copy=False)
    out = np.empty(n, dtype)
    for start in range(0, n, _BLOCK):
        out[start : start + _BLOCK] = _normal(np, flat[start : start + _BLOCK], wide)
    return out.reshape(shape)


def _normal(xp: Namespace, k: Array, dtype: Any) -> Array:
    """z of whole numbers k; most arrays are written to, since new ones would take half of the time"""
    q = k.astype(dtype)
    q += 0.5
    q *= 2.0**-32
    square = q * q
    square -= CENTRE_END**2
    z = _fraction(CENTRE, square)
    z *= q
    distance = k ^ (k >> 31)  # of k + 1/2 from 0, less 1/2
    if xp is np:
        i = np.flatnonzero(distance >= TAIL_BEGIN)
        z[i] = _tail(np, k[i], distance[i], dtype)
        return z
    return xp.where(distance >= TAIL_BEGIN, _tail(xp, k, distance, dtype), z)


def _tail(xp: Namespace, k: Array, distance: Array, dtype: Any) -> Array:
    p = (2**31 - 1 - distance).astype(dtype)
    p += 0.5
    p *= 2.0**-32
    for _ in range(4):
        p = xp.sqrt(p)
    p -= 0.5
    z = _fraction(TAIL, p)
    return xp.where(k < 0, -z, z)


def _fraction(polynomials: tuple[list[float], list[float]], x: Array) -> Array:
    """A fraction of two polynomials in x, from the highest power down."""
    values = []
    for highest, *rest, last in polynomials:
        value = highest * x
        for coefficient in rest:
            value += coefficient
            value *= x
        value += last
        values.append(value)
    above, below = values
    above /= below
    return above


# z of q = (k + 1/2) / 2^32: q times a fraction in q^2 - CENTRE_END^2, whose terms have one sign, so float32 keeps its
# digits; from |q| = CENTRE_END on a fraction in p^(1/16) - 1/2, p = 1/2 - |q|, with the sign of q. Both were fitted to
# quantiles of 40 digits, in least squares whose weights make the largest relative error least: 4e-10 and 2e-10.
CENTRE_END = 15 / 32
TAIL_BEGIN = 15 << 27
CENTRE = (
    [
        *[-6738.743667656393, 32973.76865698411, -20497.248073073697, 3571.965198590925, -214.20680452950032],
        3.9738279823671294,
    ],
    [-9579.652812813649, 19449.530180820468, -8280.717888067858, 1154.2920485834684, -59.76499758058761, 1.0],
)
TAIL = (
    [
        *[-3.7042299925915825, 4.572203877964489, -24.765466883168106, 11.115758137058851, 35.777384757054136],
        *[-17.406961187855323, -8.673228687599257, 4.169569322652429],
    ],
    [-1.21878630016006, 5.741164630283769, 1.4603429524685263, -5.112596858898675, -0.3309215445803119, 1.0],
)


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

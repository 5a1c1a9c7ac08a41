"""Seeds as words: ints, which may be traced, and the words of a key of `jax.random`."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

import numpy as np

from funcnn.arrays import is_array, kind, short
from funcnn.errors import KindError
from funcnn.fields import is_number, is_whole


class Key(Protocol):
    """A key of `jax.random`, or a traced int, for type checkers."""

    def __array_namespace__(self, *, api_version: str | None = None) -> Any: ...


def as_seed_words(function: str, argument: str, value: Any) -> tuple[Any, ...]:
    """The words of a seed: an int, a key of `jax.random`, or a tuple of them.

    A key of n words of 32 bits becomes 2n ints, the upper and the lower half of each word, so that every int of a
    seed fits into the 32-bit ints of JAX. A key that is traced becomes as many traced ints.
    """
    parts = value if type(value) is tuple else (value,)
    words = tuple([word for part in parts for word in (_halves(part) if is_key(part) else (part,))])
    if not all(map(is_word, words)):
        raise KindError(f"{function}: {argument} must be {NEEDED}, not {_given(argument, value)}")
    return tuple([word.item() if isinstance(word, np.ndarray | np.generic) else word for word in words])


def check_block(i: Any) -> None:
    """Check the number of a row block, which becomes part of a seed: an int, a tracer of an int, or a key of JAX."""
    if type(i) is np.ndarray or not (is_word(i) or is_key(i)):
        raise KindError(f"reseed: i must be an int in [0, 2**31), not {_given('i', i)}")


NEEDED = "an int in [0, 2**31), or a tuple of them"


def is_key(value: Any) -> bool:
    """Whether `value` is one key of `jax.random`, traced or not."""
    return _holds_keys(value) and value.shape == ()


def _holds_keys(value: Any) -> bool:
    return str(getattr(value, "dtype", "")).startswith("key<")


def _halves(key: Any) -> tuple[Any, ...]:
    """The halves of the words of a key, as ints, or as tracers under a transformation of JAX."""
    words = import_module("jax.random").key_data(key)  # the key comes from this module, so it is imported already
    halves = (words[:, None] >> np.array([16, 0], np.uint32) & np.uint32(0xFFFF)).astype(np.int32).reshape(-1)
    try:
        return tuple(halves.tolist())
    except TypeError:  # from JAX, for a tracer, whose value is not known
        return tuple(halves)


def is_word(word: Any) -> bool:
    """Whether `word` is an int in [0, 2**31), also as an array without axes, or a tracer of an int."""
    if is_array(word) and not isinstance(word, np.ndarray):
        return word.shape == () and word.dtype.kind in "iu"  # the value of a tracer is not known
    word = word.item() if isinstance(word, np.ndarray) and word.shape == () else word
    return is_whole(word) and 0 <= word < 2**31  # the range of JAX's 32-bit ints


def _given(argument: str, value: Any) -> str:
    """What was given instead of a seed, with what to write for it."""
    for part in value if type(value) is tuple else (value,):
        if _holds_keys(part) and part.shape:
            return f"keys of the shape {part.shape}"
    if is_array(value) and value.shape:
        is_raw = not isinstance(value, np.ndarray) and value.dtype == np.uint32 and value.shape in {(2,), (4,)}
        remedy = f"; for a key write jax.random.wrap_key_data({argument})" if is_raw else ""  # of jax.random.PRNGKey
        return f"{kind(value)}{remedy}"
    return short(value) if is_number(value) or type(value) in {tuple, str} else kind(value)

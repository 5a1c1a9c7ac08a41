"""Values as trees of JSON with the bytes of arrays beside them; nothing runs when they are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import freeze
from funcnn.files.encoding import DTYPES
from funcnn.lazy import load_all
from funcnn.records import build, is_record, plans, registry, values

PLAIN = (bool, int, float, str, type(None))
BITS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")  # the bit generators of NumPy


class WireError(Exception):
    """A frame of a form that is not written here."""


def encode(value: Any, blobs: list[bytes], stay: Callable[[Any], Any]) -> Any:
    """The tree of a value, whose arrays go to `blobs`; what is not made of numbers and texts becomes `stay(value)`."""

    def inside(part: Any) -> Any:
        return encode(part, blobs, stay)

    if type(value) in PLAIN:
        return value
    if isinstance(value, np.ndarray | np.generic) and value.dtype.str in DTYPES:
        start, is_scalar = sum(map(len, blobs)), not isinstance(value, np.ndarray)
        blobs.append(value.tobytes())
        return {"array": [start, value.dtype.str, value.shape, is_scalar, not value.flags.writeable]}
    if type(value) in (list, tuple):  # a NamedTuple, such as a cache, would lose its class
        return {type(value).__name__: [inside(part) for part in value]}
    if isinstance(value, dict) and all([type(key) is str for key in value]):
        return {"dict": {key: inside(part) for key, part in value.items()}}
    if is_record(value):
        kind = "record" if type(value).__module__.startswith("funcnn.") else "own"
        return {kind: [type(value).__name__, *map(inside, values(value))]}
    is_random = isinstance(value, np.random.Generator)
    return {"random": inside(value.bit_generator.state)} if is_random else stay(value)


def decode(node: Any, data: bytes, find: Callable[[str], type], handle: Callable[[str, Any], Any]) -> Any:
    """The value of a tree; `find` gives the class of a record that is not funcnn's, `handle` what stayed."""

    def inside(part: Any) -> Any:
        return decode(part, data, find, handle)

    if type(node) in PLAIN:
        return node
    [(kind, found)] = node.items()
    makers: dict[str, Callable[[], Any]] = {
        "array": lambda: _array(data, *found),
        "list": lambda: [inside(part) for part in found],
        "tuple": lambda: tuple([inside(part) for part in found]),
        "dict": lambda: {key: inside(part) for key, part in found.items()},
        "record": lambda: _record(known(found[0]), [inside(part) for part in found[1:]]),
        "own": lambda: _record(find(found[0]), [inside(part) for part in found[1:]]),
        "random": lambda: _generator(inside(found)),
    }
    return makers[kind]() if kind in makers else handle(kind, found)


def _array(data: bytes, start: int, dtype: str, shape: list[int], is_scalar: object, is_fixed: object) -> Any:
    if dtype not in DTYPES:
        raise WireError(f"an array of {dtype}")
    array = np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape).copy()  # which reads no other bytes
    return array[()] if is_scalar else freeze(array) if is_fixed else array


def known(name: str) -> type:
    """The record class of funcnn that has this name."""
    if name not in registry:
        load_all()
    return registry[name]


def _record(cls: type, fields: list[Any]) -> Any:
    if len(fields) != len(plans[cls]):
        raise WireError(f"a {cls.__name__} with {len(fields)} fields")
    return build(cls, [freeze(part) if isinstance(part, np.ndarray) else part for part in fields])


def _generator(state: Any) -> np.random.Generator:
    bits = getattr(np.random, BITS[BITS.index(state["bit_generator"])])()
    bits.state = state
    return np.random.Generator(bits)


def can_change(value: Any) -> bool:
    """Whether a function can change a value in place."""
    if isinstance(value, tuple):
        return any(map(can_change, value))
    return (
        value.flags.writeable if isinstance(value, np.ndarray) else isinstance(value, list | dict | np.random.Generator)
    )


def restored(old: Any, new: Any) -> Any:
    """What an argument is after the call: arrays, lists, dicts and generators are changed in place, at any depth."""
    if type(old) is not type(new):
        return new
    if isinstance(old, np.ndarray) and old.flags.writeable and (old.shape, old.dtype) == (new.shape, new.dtype):
        old[...] = new
    elif isinstance(old, np.random.Generator):
        old.bit_generator.state = new.bit_generator.state
    elif isinstance(old, dict):
        parts = {key: restored(old.get(key), part) for key, part in new.items()}
        old.clear()
        old.update(parts)
    elif isinstance(old, list):
        old[:] = [*map(restored, old, new), *new[len(old) :]]
    elif isinstance(old, tuple):
        list(map(restored, old, new))
    else:
        return new
    return old

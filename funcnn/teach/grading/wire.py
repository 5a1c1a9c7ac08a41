"""Frames between two processes: calls, results and errors as JSON, arrays as their bytes, and nothing that runs when it is read."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from funcnn.arrays import freeze
from funcnn.core import backward, backward_params, forward, forward_only, inference, reseed
from funcnn.files.encoding import DTYPES
from funcnn.lazy import load_all
from funcnn.records import build, is_record, plans, registry, values

VERBS = {verb.__name__: verb for verb in (forward, backward, forward_only, backward_params, inference, reseed)}
SIZES = struct.Struct("<QQ")
MOST = 2**27  # bytes of a frame
PLAIN = (bool, int, float, str)
BITS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")  # the bit generators of NumPy


class WireError(Exception):
    """A frame that this module did not write."""


class Handle:
    """A value that stays in the other process: a function, or an object that is not made of numbers and texts."""

    def __init__(self, peer: Peer, number: int) -> None:
        self.peer, self.number = peer, number

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function in the other process."""
        return self.peer.call(self.number, *args, **kwargs)


class Peer:
    """One end of the wire. While it waits for a result it answers calls, as for a function that was an argument.

    `find(name)` is the class of a record that is not funcnn's, and `raising(error)` the exception that stands
    for an error of the other process. What may be called by name is in `named`; by number, what was sent as a handle.
    """

    def __init__(self, source: BinaryIO, sink: BinaryIO, find: Callable[[str], type], raising: Any) -> None:
        self.source, self.sink, self.find, self.raising = source, sink, find, raising
        self.named: dict[str, Callable[..., Any]] = {}
        self._kept: dict[int, Any] = {}
        self.place: Callable[[BaseException], str] = lambda _: ""

    def call(self, target: str | int, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the other process. Arguments that it changes in place are changed here too."""
        given = [args, kwargs]
        self._send({"call": target}, given)
        head, found = self.answer(until="call")
        if "error" in head:
            raise self.raising(head["error"])
        result, *changed = _sized(found, 1, 2)
        for after in changed:
            _restored(given, after)
        return result

    def answer(self, until: str = "") -> Any:
        """Answer calls until a result arrives, or until the other process ends its side of the wire."""
        while (frame := self._receive()) is not None:
            head, found = frame
            if "call" not in head:
                return head, found
            self._run(head["call"], found)
        if until:
            raise EOFError(until)
        return None

    def _run(self, target: Any, given: Any) -> None:
        try:
            args, kwargs = _sized(given, 2)
            function = self.named[target] if type(target) is str else self._kept[target]
            before = self._written(given) if _can_change(given[0]) or kwargs else b""
            result = function(*args, **kwargs)
            changed = [given] if before and self._written(given) != before else []
            frame = self._written([result, *changed], {"result": True})
        except (Exception, SystemExit) as error:  # noqa: BLE001  what a learner wrote raises anything
            told = {"name": type(error).__name__, "text": str(error), "place": self.place(error)}
            frame = self._written([], {"error": told})
        self._write(frame)

    # Frames: the lengths of the head and of the arrays, the head, the bytes of the arrays.

    def _send(self, head: dict[str, Any], value: Any) -> None:
        self._write(self._written(value, head))

    def _written(self, value: Any, head: dict[str, Any] | None = None) -> bytes:
        blobs: list[bytes] = []
        text = json.dumps({**(head or {}), "value": self._encode(value, blobs)}).encode()
        return b"".join([SIZES.pack(len(text), sum(map(len, blobs))), text, *blobs])

    def _write(self, frame: bytes) -> None:
        self.sink.write(frame)
        self.sink.flush()

    def _receive(self) -> tuple[dict[str, Any], Any] | None:
        try:
            if not (start := self.source.read(SIZES.size)):
                return None
            sizes = SIZES.unpack(start)
            if sum(sizes) > MOST:
                raise WireError(f"a frame of {sum(sizes)} bytes")
            text, data = [self.source.read(size) for size in sizes]
            head = json.loads(text)
            return head, self._decode(head["value"], data)
        except (EOFError, OSError, WireError):
            raise
        except Exception as error:
            raise WireError(f"{type(error).__name__}: {error}") from error

    # Values.

    def _encode(self, value: Any, blobs: list[bytes]) -> Any:
        if value is None or type(value) in PLAIN:
            return value
        if isinstance(value, np.ndarray | np.generic) and value.dtype.str in DTYPES:
            blobs.append(value.tobytes())
            start, is_scalar = sum(map(len, blobs[:-1])), not isinstance(value, np.ndarray)
            form = [value.dtype.str, value.shape, is_scalar, is_scalar or not value.flags.writeable]
            return {"array": start, "form": form}
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [self._encode(part, blobs) for part in value]}
        if isinstance(value, dict) and all([type(key) is str for key in value]):
            return {"dict": {key: self._encode(part, blobs) for key, part in value.items()}}
        if is_record(value):
            kind = "record" if type(value).__module__.startswith("funcnn.") else "own"
            return {kind: type(value).__name__, "fields": [self._encode(part, blobs) for part in values(value)]}
        if isinstance(value, np.random.Generator):
            return {"random": self._encode(value.bit_generator.state, blobs)}
        if type(value) is complex:
            return {"complex": [value.real, value.imag]}
        if type(value) is Handle and value.peer is self:
            return {"yours": value.number}
        self._kept[id(value)] = value
        return {"handle": id(value)}

    def _decode(self, node: Any, data: bytes) -> Any:
        if type(node) is not dict:
            return node
        kind = next(iter(node))
        found = node[kind]
        if kind == "array":
            return _array(data, found, *node["form"])
        if kind in ("list", "tuple"):
            parts = [self._decode(part, data) for part in found]
            return parts if kind == "list" else tuple(parts)
        if kind == "dict":
            return {key: self._decode(part, data) for key, part in found.items()}
        if kind in ("record", "own"):
            cls = known(found) if kind == "record" else self.find(found)
            return _record(cls, [self._decode(part, data) for part in node["fields"]])
        if kind == "random":
            return _generator(self._decode(found, data))
        if kind == "complex":
            return complex(*found)
        return Handle(self, found) if kind == "handle" else self._kept[found]


def _record(cls: type, fields: list[Any]) -> Any:
    if len(fields) != len(plans[cls]):
        raise WireError(f"a {cls.__name__} with {len(fields)} fields")
    return build(cls, [freeze(part) if isinstance(part, np.ndarray) else part for part in fields])


def _array(data: bytes, start: int, dtype: str, shape: list[int], is_scalar: bool, is_fixed: bool) -> Any:  # noqa: FBT001  as it was sent
    if dtype not in DTYPES:
        raise WireError(f"an array of {dtype}")
    array = np.ndarray(tuple(shape), dtype, data, start).copy()  # NumPy looks whether there are as many bytes
    return array[()] if is_scalar else freeze(array) if is_fixed else array


def known(name: str) -> type:
    """The record class of funcnn that has this name."""
    if name not in registry:
        load_all()
    return registry[name]


def _sized(parts: Any, *sizes: int) -> Any:
    if type(parts) is not list or len(parts) not in sizes:
        raise WireError("a frame of another form")
    return parts


def _can_change(value: Any) -> bool:
    """Whether a function can change a value in place."""
    if isinstance(value, tuple):
        return any(map(_can_change, value))
    return (
        value.flags.writeable if isinstance(value, np.ndarray) else isinstance(value, list | dict | np.random.Generator)
    )


def _generator(state: Any) -> np.random.Generator:
    bits = getattr(np.random, BITS[BITS.index(state["bit_generator"])])()
    bits.state = state
    return np.random.Generator(bits)


def _restored(old: Any, new: Any) -> Any:
    """What an argument is after the call: arrays, lists, dicts and generators are changed in place, at any depth."""
    if type(old) is not type(new):
        return new
    if isinstance(old, np.ndarray) and old.flags.writeable and (old.shape, old.dtype) == (new.shape, new.dtype):
        old[...] = new
    elif isinstance(old, np.random.Generator):
        old.bit_generator.state = new.bit_generator.state
    elif isinstance(old, dict):
        parts = {key: _restored(old.get(key), part) for key, part in new.items()}
        old.clear()
        old.update(parts)
    elif isinstance(old, list):
        old[:] = [*map(_restored, old, new), *new[len(old) :]]
    elif isinstance(old, tuple):
        list(map(_restored, old, new))
    else:
        return new
    return old

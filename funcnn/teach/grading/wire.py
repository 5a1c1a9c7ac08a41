"""A wire between two processes: calls, results and errors as frames of JSON, with the bytes of arrays."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from funcnn.teach.grading.values import WireError, can_change, decode, encode, restored

SIZES = struct.Struct("<QQ")  # a frame is the lengths of its head and of its arrays, the head, the arrays
MOST = 2**27  # bytes of a frame


class Handle:
    """A value that stays in the other process: a function, or an object that is not made of numbers and texts."""

    def __init__(self, peer: Peer, number: int) -> None:
        self.peer, self.number = peer, number

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function in the other process."""
        return self.peer.call(self.number, *args, **kwargs)


class Peer:
    """One end of the wire. While it waits for a result it answers calls, such as those of a function that it passed.

    `find(name)` is the class of a record that is not funcnn's, `raising(error)` the exception that stands for an error
    of the other process, and `place(error)` the line that is told of an error of this one. The other process may call
    what is in `named`, and what stayed here when it was passed.
    """

    def __init__(self, source: BinaryIO, sink: BinaryIO, find: Callable[[str], type], raising: Any) -> None:
        self.source, self.sink, self.find, self.raising = source, sink, find, raising
        self.named: dict[str, Callable[..., Any]] = {}
        self.place: Callable[[BaseException], str] = lambda _: ""
        self._stayed: dict[int, Any] = {}

    def call(self, target: str | int, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the other process. Arguments that it changes in place are changed here too."""
        given = [args, kwargs]
        self._write(self._frame(given, {"call": target}))
        head, data = self.answer()
        try:
            found = self._value(head, data)
        except Exception as error:  # what NumPy and dicts raise for a frame that is not from here
            raise WireError(f"{type(error).__name__}: {error}") from error
        if "error" in head:
            raise self.raising(head["error"])
        result, *changed = _parts(found, 1, 2)
        for after in changed:
            restored(given, after)
        return result

    def answer(self) -> tuple[dict[str, Any], bytes]:
        """Answer calls until a result arrives, which is returned.

        Raises:
            EOFError: the other process ended.
        """
        while "call" in (frame := self._read())[0]:
            self._write(self._answer(*frame))
        return frame

    def _answer(self, head: dict[str, Any], data: bytes) -> bytes:
        try:
            given, target = self._value(head, data), head["call"]
            args, kwargs = _parts(given, 2)
            function = self.named[target] if type(target) is str else self._stayed[target]
            before = self._frame(given) if can_change(args) or kwargs else b""
            result = function(*args, **kwargs)
            changed = [given] if before and self._frame(given) != before else []
            return self._frame([result, *changed])
        except (Exception, SystemExit) as error:  # noqa: BLE001  what a learner wrote raises anything
            told = {"name": type(error).__name__, "text": str(error), "place": self.place(error)}
            return self._frame([], {"error": told})

    def _frame(self, value: Any, head: dict[str, Any] | None = None) -> bytes:
        blobs: list[bytes] = []
        text = json.dumps({**(head or {}), "value": encode(value, blobs, self._stay)}).encode()
        return b"".join([SIZES.pack(len(text), sum(map(len, blobs))), text, *blobs])

    def _write(self, frame: bytes) -> None:
        self.sink.write(frame)
        self.sink.flush()

    def _read(self) -> tuple[dict[str, Any], bytes]:
        """The next frame."""
        if len(start := self.source.read(SIZES.size)) < SIZES.size:
            raise EOFError
        if sum(sizes := SIZES.unpack(start)) > MOST:
            raise WireError(f"a frame of {sum(sizes)} bytes")
        text, data = [self.source.read(size) for size in sizes]
        try:
            head = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WireError(str(error)) from error
        if type(head) is not dict:
            raise WireError("a frame without a head")
        return head, data

    def _value(self, head: dict[str, Any], data: bytes) -> Any:
        return decode(head["value"], data, self.find, self._handle)

    def _stay(self, value: Any) -> dict[str, int]:
        if type(value) is Handle and value.peer is self:
            return {"yours": value.number}
        self._stayed[id(value)] = value
        return {"stays": id(value)}

    def _handle(self, kind: str, number: Any) -> Any:
        if kind == "yours":
            return self._stayed[number]
        if kind == "stays" and type(number) is int:
            return Handle(self, number)
        raise WireError(f"a value of the kind {kind}")


def _parts(found: Any, *sizes: int) -> Any:
    if type(found) is not list or len(found) not in sizes:
        raise WireError("a frame of another form")
    return found

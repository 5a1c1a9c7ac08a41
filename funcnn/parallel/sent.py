"""What was sent to other processes: an array that stays as it was is not sent in each step.

The first step sends an array, the second sends it with a token under which the workers keep it, and later steps send
the token alone. A worker that does not have the array says so, and gets it. Rows of a memory map travel as the path of
the file and the place in it.
"""

from __future__ import annotations

import hashlib
import os
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from uuid import uuid4
from weakref import WeakKeyDictionary

import attrs
import numpy as np

from funcnn.arrays import Array, owned

_MOST_MISSES = 8  # after so many, an array is sent in each step, since the memory of the workers is too small


@attrs.define
class Traffic:
    """Bytes of the last step that were sent to other processes and came back, and the arrays that were missing."""

    sent: int = 0
    returned: int = 0
    missed: int = 0


class HeldArray(NamedTuple):
    """An array that a worker keeps under this token."""

    token: bytes


class KeptArray(NamedTuple):
    """An array that a worker shall keep under this token."""

    token: bytes
    array: Any


class MappedArray(NamedTuple):
    """An array in a file, which is recognised by its size and the time of its last change."""

    path: str
    size: int
    changed: int
    dtype: Any
    offset: int
    shape: tuple[int, ...]
    order: Any


@attrs.frozen
class _Entry:
    """An array of the last step; it is kept, so that its memory is not used for another array."""

    array: Any
    token: bytes
    digest: bytes | None  # None if nothing can write to the array
    steps: int


class Sent:
    """The arrays of the last step, and how each is sent in this one."""

    def __init__(self) -> None:
        self._last: dict[Any, _Entry] = {}
        self._now: dict[Any, _Entry] = {}
        self._misses: dict[bytes, int] = {}
        self._lock, self._numbers, self._here = Lock(), count(), uuid4().int >> 1

    def next_step(self) -> None:
        """Begin a step."""
        with self._lock:
            self._last, self._now = self._now, {}
            tokens = {entry.token for entry in self._last.values()}
            self._misses = {token: n for token, n in self._misses.items() if token in tokens}

    def form_of(self, a: Array) -> Any:
        """The array, a KeptArray, a HeldArray or a MappedArray."""
        if (found := mapped(a)) is not None:
            return found
        key = (a.ctypes.data, a.shape, a.strides, a.dtype.str)
        with self._lock:
            if (entry := self._now.get(key)) is None:
                entry = self._now[key] = self._entry(a, self._last.get(key))
            if entry.steps == 0 or self._misses.get(entry.token, 0) >= _MOST_MISSES:
                return a
            return KeptArray(entry.token, a) if entry.steps == 1 else HeldArray(entry.token)

    def _entry(self, a: Array, old: _Entry | None) -> _Entry:
        digest = None if owned(a) is a else _digest(a)
        if old is not None and old.digest == digest:
            return attrs.evolve(old, steps=old.steps + 1)
        here = (self._here + os.getpid()).to_bytes(16, "little")  # two processes after a fork may have the same workers
        return _Entry(a, here + next(self._numbers).to_bytes(8, "little"), digest, 0)

    def missed(self, form: Any, array: Array) -> Any:
        """How to send an array that a worker does not have."""
        if not isinstance(form, HeldArray):
            return array
        with self._lock:
            self._misses[form.token] = self._misses.get(form.token, 0) + 1
        return KeptArray(form.token, array)


def _digest(a: Array) -> bytes:
    contents: Any = a.ravel("K").view(np.uint8)
    return hashlib.blake2b(contents, digest_size=16).digest()


# The device and inode of each memory map when it was first sent: a file that took its place later has other rows.
_inodes: WeakKeyDictionary[Any, tuple[int, int]] = WeakKeyDictionary()


def mapped(a: Any) -> MappedArray | None:
    """The place of an array in a file, if it is a part of a memory map that is read only; None otherwise, or if
    another file replaced it.
    """
    root, base = None, a
    while isinstance(base, np.ndarray):
        root, base = base if isinstance(base, np.memmap) else root, base.base
    if root is None or root.mode != "r" or root.filename is None:
        return None
    try:
        status = Path(root.filename).stat()
    except OSError:
        return None  # the file was removed; the memory map is still valid
    if _inodes.setdefault(base, found := (status.st_dev, status.st_ino)) != found:
        return None
    offset = root.offset + a.ctypes.data - root.ctypes.data
    order = "C" if a.flags.c_contiguous else "F"
    return MappedArray(str(root.filename), status.st_size, status.st_mtime_ns, a.dtype, offset, a.shape, order)


def size_of(form: Any) -> int:
    """The bytes that are sent for an array."""
    if isinstance(form, KeptArray):
        return len(form.token) + form.array.nbytes
    if isinstance(form, HeldArray):
        return len(form.token)
    return len(form.path) if isinstance(form, MappedArray) else form.nbytes

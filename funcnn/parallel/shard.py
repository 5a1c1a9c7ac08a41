"""One file or array of shards: what is known of it, and how its rows are read."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, freeze, native
from funcnn.errors import FileError, FuncnnError, KindError, NoFileError
from funcnn.parallel.store import held, keep


@attrs.frozen(eq=False)
class Shard:
    """One of the files or arrays: what is known of it without its rows."""

    source: Any = attrs.field(repr=False)  # the path, or the array
    name: str | None  # of the array in a .npz file
    shape: tuple[int, ...]
    dtype: Any = attrs.field(converter=np.dtype)
    version: tuple[int, int] | None  # the size of the file and the time of its last change; None for an array

    @property
    def where(self) -> str:
        """The path, or words for an array."""
        return "an array" if self.version is None else self.source

    @property
    def titled(self) -> str:
        """The path, with the shape and the dtype."""
        return f"{self.where} has {self.shape} of {self.dtype.name}"

    def __reduce__(self) -> Any:
        return Shard, (self.source, self.name, self.shape, self.dtype.str, self.version)

    def read(self, chosen: Any) -> Array:
        """These rows, C-contiguous and in the machine's byte order, since the bits of a product may depend on both.

        Raises:
            FileError: the file cannot be read, or was changed since the shard was made.
        """
        if self.version is None:
            return np.ascontiguousarray(native(self.source[chosen]))
        self._check_version()
        if (array := held(self._token)) is None:
            array = _opened(self.source, self.name)
            if not isinstance(array, np.memmap):  # an array of a .npz file, which is read as a whole
                array = keep(self._token, array)
        if (array.shape, array.dtype.newbyteorder("=")) != (self.shape, self.dtype):
            raise self._changed_error()  # another file of this size and time, as `rsync -t` may copy
        rows = freeze(np.ascontiguousarray(native(np.array(array[chosen]))))
        self._check_version()  # it may have been changed while its rows were read
        return rows

    @property
    def _token(self) -> Any:
        return self.source, self.name, self.version

    def _check_version(self) -> None:
        if _version_of(self.source) != self.version:
            raise self._changed_error()

    def _changed_error(self) -> FileError:
        needed = f"{self.source} must stay as it was when shards was called"
        return FileError(f"sharded: {needed}, but it was changed or replaced; call shards again")


def _version_of(path: str) -> tuple[int, int]:
    with _reading(path):
        status = Path(path).stat()
    return status.st_size, status.st_mtime_ns


def _opened(path: str, name: str | None) -> Any:
    """The array in a file: of a .npy file a memory map."""
    with _reading(path):
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    if isinstance(found, np.ndarray):
        if name is not None:
            raise KindError(f"shards: {path} must be a .npz file, which has arrays by name, not one array")
        return found
    with found, _reading(path):
        if name not in found.files:
            raise KindError(f"shards: name must be one of the arrays in {path}, {', '.join(found.files)}, not {name!r}")
        return found[name]


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Errors of a file name the process and its machine, since the process that made the shards may have the file."""
    try:
        yield
    except FuncnnError:
        raise
    except Exception as error:
        is_absent = isinstance(error, FileNotFoundError)
        why = f"{type(error).__name__}: {error}"
        if is_absent:
            why = "one that it does not have; copy it there, or to a disk that all machines share"
        needed = f"a file that process {os.getpid()} on {socket.gethostname()} can read"
        raise (NoFileError if is_absent else FileError)(f"shards: {path} must be {needed}, not {why}") from error


def shard_of(part: Any, name: str | None) -> Shard:
    """What is known of a part; a file is read in the process that calls this function."""
    if not isinstance(part, str):
        return Shard(part, None, part.shape, part.dtype.newbyteorder("="), None)
    version = _version_of(part)
    array = _opened(part, name)
    return Shard(part, name, array.shape, array.dtype.newbyteorder("="), version)

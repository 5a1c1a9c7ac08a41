"""The bytes of a file: a zip of a JSON tree and one .npy for each array, written completely or not at all."""

from __future__ import annotations

import errno
import math
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from funcnn.arrays import Array, freeze, kind
from funcnn.errors import FileError, FuncnnError, KindError, NoFileError
from funcnn.files.encoding import FORM, MakeError, array_nodes

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile

VERSION = 1
TREE = "tree.json"


def checksum(data: Any) -> str:
    """A checksum of 32 hex digits, the same on every machine. BLAKE2: RFC 7693."""
    import hashlib  # noqa: PLC0415  imported late, since it takes a fifth of the import time

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def raw(array: Array) -> memoryview:
    """The bytes of a contiguous array in the order of memory."""
    return (array if array.flags.c_contiguous else array.T).reshape(-1).view(np.uint8).data


def npy_header(node: dict[str, Any]) -> bytes:
    """The header of an array in version 1.0 of NumPy's format, padded to a multiple of 64 bytes.

    A reader makes the header from the tree and compares it with the file's, so it never evaluates text from a file.
    """
    order, shape = node["order"] == "F", tuple(node["shape"])
    text = f"{{'descr': {node['dtype']!r}, 'fortran_order': {order}, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def write(file: BinaryIO, tree: Any, parts: Sequence[tuple[dict[str, Any], Array]]) -> None:
    """Write a zip of uncompressed entries: the tree, then the arrays, each given with its node in the tree.

    Equal trees and arrays give equal bytes.
    """
    import json  # noqa: PLC0415  imported late, as hashlib is
    import zipfile  # noqa: PLC0415  imported late, as hashlib is

    text = json.dumps({"format": "funcnn", "version": VERSION, "value": tree}).encode()
    entries: dict[str, tuple[bytes | memoryview, ...]]
    entries = {f"{i}.npy": (npy_header(node), raw(array)) for i, (node, array) in enumerate(parts)}
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = checksum(text).encode()
        for name, chunks in {TREE: (text,), **entries}.items():
            info = zipfile.ZipInfo(name)  # with the constant date of 1980, so equal values give equal bytes
            info.create_system = 3  # Unix, for the same reason
            info.file_size = sum([len(chunk) for chunk in chunks])  # selects 32 or 64 bits for sizes
            with archive.open(info, "w") as entry:
                for chunk in chunks:
                    entry.write(chunk)


def read(file: BinaryIO, file_error: MakeError) -> tuple[Any, list[Array]]:
    """The tree and its read-only arrays. Sizes are compared with the file's length before memory is allocated."""
    import zipfile  # noqa: PLC0415  as in write

    try:
        with zipfile.ZipFile(file) as archive:
            tree = _tree(archive, os.fstat(file.fileno()).st_size, file_error)
            return tree, _arrays(archive, array_nodes(tree, file_error), file_error)
    except (FuncnnError, MemoryError):
        raise
    except Exception as error:  # zipfile and json raise a dozen kinds of errors on damaged files
        raise file_error(f"is damaged, or was not written by save: {str(error) or repr(error)}") from error


def _tree(archive: ZipFile, size: int, file_error: MakeError) -> Any:
    import json  # noqa: PLC0415  as in write

    entries = archive.infolist()
    if any([entry.compress_type or entry.compress_size != entry.file_size for entry in entries]):
        raise file_error("has an entry that is compressed or states two sizes, which save does not write")
    if sum([entry.file_size for entry in entries]) > size:
        raise file_error(f"states sizes that exceed its {size} bytes")
    if TREE not in archive.namelist():
        raise file_error(f"is a zip without {TREE}, so it was not written by save")
    text = archive.read(TREE)
    document = json.loads(text)
    version = document.get("version") if type(document) is dict else None
    if type(version) is int and version > VERSION:
        raise file_error(f"has version {version} of the format, but this funcnn reads {VERSION}; update funcnn")
    if checksum(text).encode() != archive.comment:
        raise file_error(f"is damaged: {TREE} does not match the checksum in the comment of the zip")
    if (type(version), version) != (int, VERSION) or document.keys() != {"format", "version", "value"}:
        raise file_error(FORM)
    return document["value"]


def _arrays(archive: ZipFile, nodes: list[dict[str, Any]], file_error: MakeError) -> list[Array]:
    headers = [npy_header(node) for node in nodes]
    lengths = [math.prod(node["shape"]) * np.dtype(node["dtype"]).itemsize for node in nodes]
    sizes = [len(header) + length for header, length in zip(headers, lengths, strict=True)]
    first, *entries = archive.infolist()
    needed = [(f"{i}.npy", size) for i, size in enumerate(sizes)]
    if first.filename != TREE or [(entry.filename, entry.file_size) for entry in entries] != needed:
        raise file_error("does not hold the arrays that its tree lists")
    arrays = []
    for node, header, entry in zip(nodes, headers, entries, strict=True):
        found = archive.read(entry)
        data = memoryview(found)[len(header) :]
        if not found.startswith(header):
            listed = f"{node['dtype']} {node['shape']}"
            raise file_error(f"is damaged: the header of {entry.filename} does not match {listed}")
        if checksum(data) != node["checksum"]:
            raise file_error(f"is damaged: {entry.filename} does not match the checksum in the tree")
        array: Array = np.ndarray(node["shape"], node["dtype"], found, len(header), order=node["order"])
        arrays.append(freeze(array.astype(array.dtype.newbyteorder("="), copy=False)))
    return arrays


def as_path(function: str, path: Any, remedy: str = "") -> Path:
    """Check that `path` is the path of a file that exists or can be created; the result is a Path."""
    from pathlib import Path  # noqa: PLC0415  imported late, as hashlib is

    try:
        mode = Path(path).stat().st_mode
    except TypeError:
        raise KindError(f"{function}: path must be a string or a Path, not {kind(path)}{remedy}") from None
    except ValueError:
        raise FileError(f"{function}: {path!r} is not a valid path") from None
    except OSError as error:  # the file does not exist, or may not be read
        if error.errno == errno.ELOOP:
            raise FileError(
                f"{function}: {Path(path)} is a link that leads to itself; give the path of a file"
            ) from None
        return Path(path)
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise FileError(f"{function}: {Path(path)} is {what}; give the path of a file")
    return Path(path)


_SPARE = ".funcnn-*.tmp"
_DAY = 24 * 60 * 60  # seconds: no save takes as long


@contextmanager
def replacing(function: str, where: Path) -> Iterator[BinaryIO]:
    """A file to write to. At the end it replaces the file at `where` atomically, or not at all.

    The new file has the mode of the file that it replaces, and its group and owner where the system allows that; a file
    at a new path has the mode of any new file.
    """
    target = where.resolve()  # a link is kept, and the file that it points to is replaced
    spare = target.with_name(_SPARE.replace("*", os.urandom(8).hex()))
    try:
        old = None
        with suppress(FileNotFoundError):
            old = target.stat()
        spare.touch(0o600 if old else 0o666, exist_ok=False)
        with spare.open("r+b") as file:
            if old:
                _take_over(spare, old)
            yield file
            file.flush()
            os.fsync(file.fileno())
        _remove_left(spare)
        spare.replace(target)
    except FileNotFoundError:
        raise NoFileError(
            f"{function}: {where} cannot be written: its folder does not exist; create it first"
        ) from None
    except OSError as error:
        raise FileError(f"{function}: {where} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # after a success the spare file does not exist
            spare.unlink()
    with suppress(OSError):  # Windows cannot open a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _remove_left(spare: Path) -> None:
    """Remove the spare files beside this one that are a day older, whose saves were killed."""
    now = spare.stat().st_mtime  # the clock of the file system, which may be another machine's
    for other in spare.parent.glob(_SPARE):
        with suppress(OSError):  # of another user, or removed by another process
            if now - other.lstat().st_mtime > _DAY:
                other.unlink()


def _take_over(spare: Path, old: os.stat_result) -> None:
    """Give the new file the mode of the old one, and its group and owner where the system allows that."""
    mode = stat.S_IMODE(old.st_mode)
    try:
        os.chown(spare, -1, old.st_gid)
    except (OSError, AttributeError):  # Windows has no chown
        mode &= ~0o070 | (mode & 0o007) << 3  # a new group gets the permissions of others
    with suppress(OSError, AttributeError):  # only root can change the owner
        os.chown(spare, old.st_uid, -1)
    with suppress(OSError):  # some file systems have no modes
        spare.chmod(mode)


@contextmanager
def reading(function: str, path: Any) -> Iterator[BinaryIO]:
    """The file at a path, to read from."""
    where = as_path(function, path)
    try:
        file = where.open("rb")
    except FileNotFoundError:
        raise NoFileError(f"{function}: there is no file {where}") from None
    except OSError as error:
        raise FileError(f"{function}: {where} cannot be read: {error.strerror or error}") from error
    with file:
        yield file

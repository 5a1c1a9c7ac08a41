"""The bytes of a file: a zip of a JSON tree and of one .npy for each array, written whole or not at all."""

from __future__ import annotations

import errno
import math
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from funcnn.arrays import Array
from funcnn.errors import FileError, FuncnnError, KindError, NoFileError
from funcnn.files.encoding import Refuse, array_nodes

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile

VERSION = 1
TREE = "tree.json"


def checksum(data: Any) -> str:
    """32 hex digits, equal everywhere. BLAKE2: RFC 7693."""
    import hashlib  # noqa: PLC0415  only here, since it would be a fifth of the time that importing funcnn takes

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def raw(array: Array) -> memoryview:
    """The bytes of a contiguous array as they lie in memory."""
    return (array if array.flags.c_contiguous else array.T).reshape(-1).view(np.uint8).data


def npy_header(node: dict[str, Any]) -> bytes:
    """What stands before the bytes of an array in version 1.0 of NumPy's format, up to a multiple of 64 bytes.

    Written here, so that a reader compares it and never has to interpret that of a stranger.
    """
    order, shape = node["order"] == "F", tuple(node["shape"])
    text = f"{{'descr': {node['dtype']!r}, 'fortran_order': {order}, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def write(file: BinaryIO, tree: Any, parts: Sequence[tuple[dict[str, Any], Array]]) -> None:
    """A zip of entries that are stored, not compressed: the tree, and each part, an array with its node in the tree.

    Equal trees give equal bytes.
    """
    import json  # noqa: PLC0415  as hashlib
    import zipfile  # noqa: PLC0415  as hashlib

    text = json.dumps({"format": "funcnn", "version": VERSION, "value": tree}).encode()
    entries: dict[str, tuple[bytes | memoryview, ...]]
    entries = {f"{i}.npy": (npy_header(node), raw(array)) for i, (node, array) in enumerate(parts)}
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = checksum(text).encode()
        for name, chunks in {TREE: (text,), **entries}.items():
            info = zipfile.ZipInfo(name)  # dated 1980, on every machine
            info.create_system = 3
            info.file_size = sum([len(chunk) for chunk in chunks])  # from which it knows whether it needs 64 bits
            with archive.open(info, "w") as entry:
                for chunk in chunks:
                    entry.write(chunk)


def read(file: BinaryIO, refuse: Refuse) -> tuple[Any, list[Array]]:
    """The tree and its arrays, read-only. Sizes are compared with that of the file before anything is allocated."""
    import zipfile  # noqa: PLC0415  as in write

    try:
        with zipfile.ZipFile(file) as archive:
            tree = _tree(archive, os.fstat(file.fileno()).st_size, refuse)
            return tree, _arrays(archive, array_nodes(tree, refuse), refuse)
    except (FuncnnError, MemoryError):
        raise
    except Exception as error:  # zipfile and json meet what is damaged with a dozen kinds of errors
        raise refuse(f"is damaged, or no file that save wrote: {str(error) or repr(error)}") from error


def _tree(archive: ZipFile, size: int, refuse: Refuse) -> Any:
    import json  # noqa: PLC0415  as in write

    entries = archive.infolist()
    if any([entry.compress_type or entry.compress_size != entry.file_size for entry in entries]):
        raise refuse("has an entry that is compressed, or of two sizes; save stores them as they are")
    if sum([entry.file_size for entry in entries]) > size:
        raise refuse(f"claims to hold more than its {size} bytes")
    if TREE not in archive.namelist():
        raise refuse(f"is a zip without {TREE}, so it is no file that save wrote")
    text = archive.read(TREE)
    document = json.loads(text)
    version = document.get("version") if type(document) is dict else None
    if type(version) is int and version > VERSION:
        raise refuse(f"has version {version} of the format, this funcnn reads {VERSION}; update funcnn")
    if checksum(text).encode() != archive.comment:
        raise refuse(f"is damaged: {TREE} does not have the checksum in the comment of the zip")
    if (type(version), version) != (int, VERSION) or document.keys() != {"format", "version", "value"}:
        raise refuse("has a tree of another form")
    return document["value"]


def _arrays(archive: ZipFile, nodes: list[dict[str, Any]], refuse: Refuse) -> list[Array]:
    headers = [npy_header(node) for node in nodes]
    lengths = [math.prod(node["shape"]) * np.dtype(node["dtype"]).itemsize for node in nodes]
    sizes = [len(header) + length for header, length in zip(headers, lengths, strict=True)]
    first, *entries = archive.infolist()
    needed = [(f"{i}.npy", size) for i, size in enumerate(sizes)]
    if first.filename != TREE or [(entry.filename, entry.file_size) for entry in entries] != needed:
        raise refuse("does not hold the arrays of its tree, in their order and with their sizes")
    arrays = []
    for node, header, entry in zip(nodes, headers, entries, strict=True):
        found = archive.read(entry)
        data = memoryview(found)[len(header) :]
        if not found.startswith(header):
            raise refuse(f"is damaged: the header of {entry.filename} is not that of {node['dtype']} {node['shape']}")
        if checksum(data) != node["checksum"]:
            raise refuse(f"is damaged: {entry.filename} does not have the checksum in the tree")
        arrays.append(np.ndarray(node["shape"], node["dtype"], found, len(header), order=node["order"]))
    return arrays


def place(verb: str, path: Any) -> Path:
    """The path, at which there is a file or nothing."""
    from pathlib import Path  # noqa: PLC0415  as hashlib

    try:
        mode = Path(path).stat().st_mode
    except TypeError:
        raise KindError(f"{verb}: path must be a string or a Path, not {type(path).__name__}") from None
    except ValueError:
        raise FileError(f"{verb}: {path!r} is no path") from None
    except OSError as error:  # nothing is there, or nothing that may be seen
        if error.errno == errno.ELOOP:
            raise FileError(f"{verb}: {Path(path)} is a link that leads to itself; give the path of a file") from None
        return Path(path)
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
        raise FileError(f"{verb}: {Path(path)} is {what}; give the path of a file")
    return Path(path)


@contextmanager
def replacing(verb: str, path: Any) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of the one at `path` at the end, in one step, or not at all."""
    where = place(verb, path)
    target = where.resolve()  # where a link leads; the link stays
    spare = target.with_name(f".funcnn-{os.urandom(8).hex()}.tmp")
    try:
        with spare.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        spare.replace(target)
    except FileNotFoundError:
        raise NoFileError(f"{verb}: {where} cannot be written: its folder does not exist; make it first") from None
    except OSError as error:
        raise FileError(f"{verb}: {where} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # it is gone if all went well
            spare.unlink()
    with suppress(OSError):  # Windows cannot, and does not need to
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def reading(verb: str, path: Any) -> Iterator[BinaryIO]:
    """The file at a path, to read from."""
    where = place(verb, path)
    try:
        file = where.open("rb")
    except FileNotFoundError:
        raise NoFileError(f"{verb}: there is no file {where}") from None
    except OSError as error:
        raise FileError(f"{verb}: {where} cannot be read: {error.strerror or error}") from error
    with file:
        yield file

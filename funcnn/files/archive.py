"""The bytes of a file: a zip of a JSON tree and one .npy for each array."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from funcnn.arrays import Array, freeze
from funcnn.errors import FuncnnError
from funcnn.files.encoding import FORM, MakeError, array_nodes

if TYPE_CHECKING:
    from zipfile import ZipFile

VERSION = 2  # of trees with a dict or a table; other trees are written as version 1, which older readers read
TREE = "tree.json"
_OTHERS = {
    rb"\x93NUMPY": "a NumPy .npy file; write np.load(path)",
    rb"\x80[\x04\x05]\x95": "a pickle; read it with the library that wrote it, such as pickle or joblib",
    rb"\x08[\x03-\x14][\x12\x3a]": "a model of ONNX; write from_onnx(path)",  # ir_version, then its producer or graph
}


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

    value = json.dumps(tree)
    version = (
        VERSION if '"dict": {' in value or '"table": {' in value else 1
    )  # in a string, the quotes have a backslash
    text = f'{{"format": "funcnn", "version": {version}, "value": {value}}}'.encode()
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
        _check_format(file.read(8), file_error)
        with zipfile.ZipFile(file) as archive:
            tree = _tree(archive, file.seek(0, os.SEEK_END), file_error)
            return tree, _arrays(archive, array_nodes(tree, file_error), file_error)
    except (FuncnnError, MemoryError):
        raise
    except Exception as error:  # zipfile and json raise a dozen kinds of errors on damaged files
        raise file_error(f"is damaged, or was not written by save: {str(error) or repr(error)}") from error


def _check_format(start: bytes, file_error: MakeError) -> None:
    """Refuse a file of another known format by its first bytes."""
    for pattern, named in _OTHERS.items():
        if re.match(pattern, start):
            raise file_error(f"is {named}")


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
    if type(version) is not int or version < 1 or document.keys() != {"format", "version", "value"}:
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

"""Values as files and as fingerprints: networks, optimizers with their memory, whole states of a training."""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np

from funcnn.arrays import Array, freeze, is_array, kind, owned
from funcnn.errors import FileError, KindError
from funcnn.files.archive import checksum, raw, read, reading, replacing, write
from funcnn.files.encoding import DTYPES, Migrate, at, decode, encode
from funcnn.records import name_of, registry

PathLike = str | os.PathLike[str]

# What to write for an array that no file takes, by the kind of its dtype.
_INSTEAD = {
    "f": 'a.astype("float64")',  # longdouble
    "c": 'a.astype("complex128")',
    "V": 'a.astype("float32")',  # bfloat16
    "M": 'a.astype("int64")',
    "m": 'a.astype("int64")',
    "O": "np.array(a, float)",
}


def save(path: PathLike, value: Any) -> None:
    """Write a value to a file, which then holds the whole of it, or what it held before: never a part.

    A value is made of records, tuples, arrays, numbers, strings and None. The file is a zip of a JSON tree and of an
    .npy for each array; arrays of JAX become NumPy's. What `load` would refuse or change is not written.

    >>> import os, tempfile
    >>> from funcnn import load, mlp, save
    >>> net = mlp([2, 3, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(os.path.join(folder, "net.npz"), net)
    ...     load(os.path.join(folder, "net.npz")) == net
    True

    Raises:
        KindError: something in the value is of another kind, an array holds no numbers, a record is of a class that
            was made anew since.
        RangeError: the value is nested more than 100 deep, or an int has more than 2000 bits.
        FileError: the file cannot be written. The one that was there, if any, is still there. It is a NoFileError, and
            so a FileNotFoundError, if there is no such folder.
    """
    parts: list[tuple[dict[str, Any], Array]] = []

    def leaf(part: Any, where: str) -> Any:
        array = _writable(part, where)
        node = {
            "array": len(parts),
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "order": "C" if array.flags.c_contiguous else "F",
            "checksum": checksum(raw(array)),
        }
        parts.append((node, array))
        return node

    tree = encode("save", value, leaf, _newest)
    # What load will do, before the old file goes.
    decode(tree, [array for _, array in parts], None, lambda reason: KindError(f"save: the value {reason}"))
    with replacing("save", path) as file:
        write(file, tree, parts)


def _writable(part: Any, where: str) -> Array:
    """An array as it will be written: contiguous, by rows or by columns, and nobody's to write to."""
    if not is_array(part):
        reason = "a value is made of records, tuples, arrays, numbers and strings"
        if isinstance(part, np.generic):
            reason = "it is a scalar of NumPy; write .item()"
        elif callable(part) and not isinstance(part, type):
            reason = "a function has no place in a file; make a record of it, with two rules"
        raise KindError(f"save: {kind(part)}{at(where)} cannot be saved; {reason}")
    if isinstance(part, np.ndarray) and type(part) is not np.ndarray:
        raise KindError(f"save: {kind(part)}{at(where)} cannot be saved; write np.asarray(a)")
    if part.dtype.str not in DTYPES:
        whole = "tuple(a.tolist())"  # text, and rows of several fields
        instead = whole if part.dtype.fields else _INSTEAD.get(part.dtype.kind, whole)
        raise KindError(f"save: {kind(part)}{at(where)} cannot be saved; write {instead}")
    try:
        array = np.asarray(part)
    except TypeError as error:
        raise KindError(f"save: {kind(part)}{at(where)} has no values yet; save outside of jit") from error
    order: Literal["C", "F"] = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    return freeze(np.asarray(owned(array), order=order))  # a product of matrices depends on it, in its last bits


def _newest(cls: type) -> str:
    name = name_of(cls)
    if registry[name] is not cls:
        raise KindError(f"save: the class {name} was made anew since this value was; make the value of the new one")
    return name


def load(path: PathLike, *, migrate: Migrate | None = None) -> Any:
    """The value that was saved: equal to it, its arrays NumPy's and read-only, its records made by their constructors.

    A state that is declared an `int` or a `float`, and came back from `jax.jit` as an array, is a number again. Nothing
    in the file is executed, and no more is allocated than it is long. `migrate(name, fields) -> (name, fields)` sees
    each record of the file, from the inside out, and may name another class or change the dict of its fields.

    >>> import os, tempfile
    >>> from funcnn import Relu, load, save
    >>> def migrate(name, fields):
    ...     return ("LeakyRelu", {"alpha": 0.0}) if name == "Relu" else (name, fields)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(os.path.join(folder, "net.npz"), (Relu(),))
    ...     load(os.path.join(folder, "net.npz"), migrate=migrate)
    (LeakyRelu(alpha=0.0),)

    Raises:
        FileError: the file cannot be read, is damaged in any byte that matters, is of a newer version, or holds a
            record of a class that is not known or does not take it. It is a NoFileError, and so a FileNotFoundError,
            if there is none.
        KindError: `migrate` returns something else.
    """

    def refuse(reason: str) -> FileError:
        return FileError(f"load: {os.fspath(path)} {reason}")

    with reading("load", path) as file:
        tree, arrays = read(file, refuse)
    return decode(tree, arrays, migrate, refuse)


def fingerprint(value: Any) -> str:
    """16 hex digits that tell values apart: a hash of classes, settings, shapes, dtypes and bytes, equal everywhere.

    Two values have one fingerprint if they are built of the same classes with the same contents, bit for bit: 0.0 and
    -0.0 differ here, as do 1 and 1.0. BLAKE2: RFC 7693.

    >>> from funcnn import fingerprint, mlp
    >>> fingerprint(mlp([2, 3, 1], seed=0)) == fingerprint(mlp([2, 3, 1], seed=0))
    True
    >>> fingerprint(mlp([2, 3, 1], seed=0)) == fingerprint(mlp([2, 3, 1], seed=1))
    False

    Raises:
        KindError: something in the value is no record, tuple, array, number, string or None, or is of longdouble.
        RangeError: as `save`.
    """
    import hashlib  # noqa: PLC0415  only here, since it would be a fifth of the time that importing funcnn takes
    import json  # noqa: PLC0415  as hashlib

    arrays: list[Array] = []

    def leaf(part: Any, where: str) -> Any:
        if not is_array(part) or part.dtype.kind == "O":
            raise KindError(
                f"fingerprint: {kind(part)} has none; a value is made of records, tuples, arrays, numbers and strings"
            )
        if part.dtype.char in "gG":
            raise KindError(
                f"fingerprint: {kind(part)} has none, since there are bytes in it that say nothing; "
                f"write {_INSTEAD[part.dtype.kind]}"
            )
        arrays.append(np.asarray(part))
        return {"array": len(arrays) - 1, "dtype": arrays[-1].dtype.newbyteorder("<").str, "shape": part.shape}

    digest = hashlib.blake2b(json.dumps(encode("fingerprint", value, leaf)).encode(), digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).tobytes())
    return digest.hexdigest()

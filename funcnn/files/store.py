"""Saving, loading and fingerprinting of values: networks, optimizers with their memory, training states."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal, TypeVar, overload

import numpy as np

from funcnn.arrays import Array, freeze, is_array, kind, owned
from funcnn.checked import checked
from funcnn.errors import FileError, KindError
from funcnn.files.archive import checksum, raw, read, write
from funcnn.files.encoding import DTYPES, Migrate, check_unmasked, decode, encode, part_error
from funcnn.files.places import Place, as_place, name_of_place, reading, writing
from funcnn.needs import instance
from funcnn.records import name_of, registry
from funcnn.remedies import for_entries

V = TypeVar("V")
Class = Annotated[type, instance(type, "a class")]

# Remedies for arrays of a dtype that no file takes, by the kind of the dtype.
_INSTEAD = {
    "f": "float64",  # longdouble
    "c": "complex128",
    "V": "float32",  # bfloat16
    "M": "int64",
    "m": "int64",
}


def save(path: Place, value: Any) -> None:
    """Write a value to a file, atomically: at every moment the file holds the complete old value or the new one.

    A value is made of records, tuples, dicts with strings as keys, a Table of `history`, arrays, numbers, strings and
    None. The file is a zip of a JSON tree and an .npy for each array; arrays of JAX become arrays of NumPy. A value
    that `load` would refuse or change is refused. Numbers may be NaN or infinite, so that such a network can be
    examined elsewhere; `checkpoint_every` refuses it. A file that is replaced keeps its permissions. Files
    `.funcnn-*.tmp` of killed saves in the same folder are removed when they are older than a day.

    A number of NumPy of the dtype float64, int64 or bool, such as a result of `np.mean`, becomes the number of Python
    of the same value, so its dtype is lost.

    `path` may be a file object, such as a BytesIO, which holds the value alone afterwards, or an OpenFile or a URL of
    fsspec, such as `s3://bucket/net.npz`. Only a file on this machine is written atomically; an object store replaces
    an object when all bytes have arrived.

    >>> import os, tempfile
    >>> from funcnn import load, mlp, save
    >>> net = mlp([2, 3, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(os.path.join(folder, "net.npz"), net)
    ...     load(os.path.join(folder, "net.npz")) == net
    True

    Raises:
        KindError: `path` is not a path or ends in `.onnx`, a file object is closed, of text or not writable, a part of
            the value is of another kind, an array has a dtype that differs between machines, or the class of a record
            was defined again.
        RangeError: the value is nested more than 100 deep, or an int has more than 2000 bits.
        FileError: the file cannot be written; an old file is not changed. The error is a NoFileError, and so a
            FileNotFoundError, if the folder does not exist.
        MissingError: `path` is a URL, and fsspec is not installed.
    """
    swapped = isinstance(value, str | os.PathLike) or hasattr(value, "write")
    where = as_place("save", path, "; write save(path, value)" if swapped else "")
    if getattr(where, "suffix", "") == ".onnx":
        model = "value" if type(value).__name__ == "ModelProto" else "to_onnx(value, x)"
        written = f"since save writes another format; write onnx.save({model}, path)"
        raise KindError(f"save: path must not end in .onnx, {written}")
    tree, parts = encoded(value)
    with writing("save", where) as file:
        write(file, tree, parts)


def encoded(value: Any) -> tuple[Any, list[tuple[dict[str, Any], Array]]]:
    """The tree of a value, and the nodes of its arrays with the arrays; with the errors of `save`."""
    parts: list[tuple[dict[str, Any], Array]] = []

    def leaf(argument: str, part: Any) -> Any:
        if isinstance(part, np.float64 | np.int64 | np.bool_):
            return part.item()
        array = _writable(argument, part)
        node = {
            "array": len(parts),
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "order": "C" if array.flags.c_contiguous else "F",
            "checksum": checksum(raw(array)),
        }
        parts.append((node, array))
        return node

    tree = encode("save", "value", value, leaf, _newest)
    # The check that `load` will accept the tree, before the old file is replaced.
    decode(tree, [array for _, array in parts], None, lambda reason: KindError(f"save: the value {reason}"))
    return tree, parts


def _writable(argument: str, part: Any) -> Array:
    """An array as it will be written: little-endian, read-only, contiguous by rows or by columns."""
    if not is_array(part):
        raise part_error("save", argument, part)
    check_unmasked("save", argument, part)
    if isinstance(part, np.ndarray) and type(part) is not np.ndarray:
        raise KindError(f"save: {argument} must be a plain array, not {kind(part)}; write np.asarray({argument})")
    if getattr(part.dtype, "str", "") not in DTYPES:
        raise KindError(f"save: {argument} must be an array of numbers, not {kind(part)}{_instead(argument, part)}")
    try:
        array = np.asarray(part)
    except TypeError as error:
        raise KindError(f"save: {argument} is traced and has no numbers yet; save outside of jit") from error
    order: Literal["C", "F"] = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    array = owned(array)
    # The memory order is kept, since the last bits of a matrix product depend on it.
    return freeze(array.astype(array.dtype.newbyteorder("<"), order=order, copy=False))


def _instead(argument: str, array: Any) -> str:
    dtype = array.dtype
    if not hasattr(dtype, "kind"):  # of a library whose dtypes are not NumPy's
        return f"; write np.asarray({argument})"
    if dtype.kind == "O":
        return for_entries(argument, array)
    if dtype.kind == "U" or dtype.fields:
        return f"; write tuple({argument}.tolist())" if len(array.shape) == 1 else ""
    becomes_numbers = dtype.kind in _INSTEAD and dtype.type is not np.void
    return f'; write {argument}.astype("{_INSTEAD[dtype.kind]}")' if becomes_numbers else ""


def _newest(cls: type) -> str:
    name = name_of(cls)
    if registry[name] is not cls:
        raise KindError(f"save: the class {name} was defined again after this value was made; make the value again")
    return name


@overload
def load(path: Place, cls: type[V], *, migrate: Migrate | None = None) -> V: ...
@overload
def load(path: Place, cls: None = None, *, migrate: Migrate | None = None) -> Any: ...
@checked
def load(path: Place, cls: Class | None = None, *, migrate: Migrate | None = None) -> Any:
    """The value that was saved: equal to it, with read-only arrays of NumPy and records made by their constructors.

    A state that is declared an `int` or a `float`, and that `jax.jit` returned as an array, is a number again. Arrays
    have the machine's byte order. Nothing in the file is executed, and the memory allocated is at most as large as the
    file. `migrate(name, fields) -> (name, fields)` is called with each record of the file, inner records first, and may
    return the name of another class and other fields. `load(path, TrainState)` refuses a value of another class, and
    its type is that class, for checkers of types. `path` may be what `save` takes; a file object is read as a whole,
    wherever its position is.

    >>> import os, tempfile
    >>> from funcnn import Relu, load, save
    >>> def migrate(name, fields):
    ...     return ("LeakyRelu", {"alpha": 0.0}) if name == "Relu" else (name, fields)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(os.path.join(folder, "net.npz"), (Relu(),))
    ...     load(os.path.join(folder, "net.npz"), migrate=migrate)
    (LeakyRelu(alpha=0.0),)

    Raises:
        FileError: the file cannot be read, is damaged, is of a newer version, or holds a record of a class that is not
            imported or that refuses its fields, or a value that is not of the class `cls`. The error is a NoFileError,
            and so a FileNotFoundError, if there is no file.
        KindError: `path` is not a path, a file object is closed, of text or not readable, `cls` is not a class, or
            `migrate` does not return a name and fields.
        MissingError: as `save`.
    """
    place = as_place("load", path, mode="rb")

    def file_error(reason: str) -> FileError:
        return FileError(f"load: {name_of_place(place)} {reason}")

    with reading("load", place) as file:
        tree, arrays = read(file, file_error)
    value = decode(tree, arrays, migrate, file_error)
    if cls is not None and not isinstance(value, cls):
        raise file_error(f"must hold a {cls.__name__}, not {kind(value)}")
    return value


def fingerprint(value: Any) -> str:
    """16 hex digits: a hash of classes, settings, shapes, dtypes and bytes, the same on every machine.

    Two values have the same fingerprint if their classes and contents are the same, bit for bit: 0.0 and -0.0 differ
    here, as do 1 and 1.0, 1.0 and `np.float64(1)`, and dicts whose keys are in another order. BLAKE2: RFC 7693.

    >>> from funcnn import mlp
    >>> from funcnn.files import fingerprint
    >>> fingerprint(mlp([2, 3, 1], seed=0)) == fingerprint(mlp([2, 3, 1], seed=0))
    True
    >>> fingerprint(mlp([2, 3, 1], seed=0)) == fingerprint(mlp([2, 3, 1], seed=1))
    False

    Raises:
        KindError: a part of the value is not a record, tuple, dict, Table, array, number, string or None, or an array
            is of objects or of longdouble.
        RangeError: as `save`.
    """
    import hashlib  # noqa: PLC0415  imported late, since it takes a fifth of the import time
    import json  # noqa: PLC0415  imported late, as hashlib is

    arrays: list[Array] = []

    def leaf(argument: str, part: Any) -> Any:
        if isinstance(part, np.generic):  # unlike a number of Python, since it turns float32 into its own dtype
            part = np.asarray(part)
        if not is_array(part):
            raise part_error("fingerprint", argument, part)
        check_unmasked("fingerprint", argument, part)
        code = getattr(part.dtype, "char", "O")
        if code in "gG" or getattr(part.dtype, "hasobject", True):  # padding bytes of any value, or pointers
            needed = "an array of numbers without padding bytes" if code in "gG" else "an array of numbers"
            raise KindError(f"fingerprint: {argument} must be {needed}, not {kind(part)}{_instead(argument, part)}")
        arrays.append(np.asarray(part))
        return {"array": len(arrays) - 1, "dtype": arrays[-1].dtype.newbyteorder("<").str, "shape": part.shape}

    digest = hashlib.blake2b(json.dumps(encode("fingerprint", "value", value, leaf)).encode(), digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).tobytes())
    return digest.hexdigest()
